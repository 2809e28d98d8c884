"""One command under way: its folder and lock, its runs, its progress, and how it is stopped."""

from __future__ import annotations

import math
import re
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Literal

from filelock import FileLock, Timeout
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from tqdm import tqdm

from assignstudy import record
from assignstudy.cli import garbage
from assignstudy.cli.checking import check_anchor_keys_of
from assignstudy.cli.composing import as_typed
from assignstudy.errors import ConfigError, RecordError
from assignstudy.record import SweepManifest

LOCK_FILE = ".lock"


@dataclass
class Launch:
    """One command under way, in the process that the user started.

    Attributes:
        folder: Of the run or the sweep; None as long as nothing was started.
        is_sweep: Which of the two it is.
        is_search: Whether the sweep is not a grid: a sweeper chooses its runs by their objectives.
        direction: Which way it seeks them, ``maximize`` or ``minimize``; None for a grid, or for several at once.
        overrides: Settings as typed.
        runs: Keys of the runs started in this process, in order.
        kept: How many of them had been finished by an earlier command.
        notices: What the user must see of reading the labels for those, which their records cannot know; each once.
        planned: The settings of each run of a grid that this process is to start, as typed, in order.
        known: Keys of the runs that the manifest listed when this command began; None as long as nobody has looked.
        failures: What went wrong with runs that could not even leave a record; each once.
        has_objective: Whether a run of this process came to an objective.
        undefined: Metrics of the objective that a finished run of this process does not define; each once.
        stopped_by: Number of the signal that asked to stop; 0 as long as none did.
        progress: The bar over the runs of a sweep.
        lock: Keeps other commands out of the sweep's folder.
    """

    folder: Path | None = None
    is_sweep: bool = False
    is_search: bool = False
    direction: Literal["maximize", "minimize"] | None = None
    overrides: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    kept: int = 0
    notices: dict[str, None] = field(default_factory=dict)
    planned: list[list[str]] = field(default_factory=list)
    known: list[str] | None = None
    failures: dict[str, None] = field(default_factory=dict)
    has_objective: bool = False
    undefined: dict[str, None] = field(default_factory=dict)
    stopped_by: int = 0
    progress: tqdm[Any] | None = None
    lock: FileLock | None = None

    def start_sweep(self, config: DictConfig) -> None:
        """Take what Hydra knows of a sweep before its first run.

        Raises:
            RefusedError: Another command is at work in its folder, or it cannot be written to.
        """
        self.lock = _locked(Path(config.hydra.sweep.dir))
        self.folder, self.is_sweep = Path(config.hydra.sweep.dir), True
        self.overrides = list(as_typed(config.hydra.overrides.task))
        self.is_search = not config.hydra.sweeper._target_.endswith(".BasicSweeper")
        self.direction = _direction(config.hydra.sweeper) if self.is_search else None
        if config.hydra.launcher._target_.endswith(".BasicLauncher"):  # others run where the bar cannot see it
            self.planned = [] if self.is_search else _planned_runs(config)
            total = len(self.planned) or config.hydra.sweeper.get("n_trials")
            self.progress = tqdm(total=total, desc="runs", unit="run", leave=False)

    def note_run(self, run_key: str) -> None:
        """Enter a run when it starts; into the manifest too, so that even a killed sweep knows its runs."""
        self.runs.append(run_key)
        if self.is_sweep:
            self.write_manifest()

    def note_kept(self, notices: Iterable[str]) -> None:
        """Count a run that had been finished already, and keep what reading its labels had to say now."""
        self.kept += 1
        self.notices.update(dict.fromkeys(notices))

    def release(self) -> None:
        """Let other commands into the sweep's folder."""
        if self.lock is not None:
            self.lock.release()

    def close(self) -> None:
        """Take the bar away."""
        if self.progress is not None:
            self.progress.close()

    def write_manifest(self) -> list[str]:
        """Write the sweep's manifest; returns the keys of its runs.

        Earlier commands' runs come first, then this one's as they were started, then those started by other processes.
        A run whose folder has gone is not listed, but has its old place again when this command does it anew.
        """
        assert self.folder is not None
        before = SweepManifest(runs=[], overrides=[])
        with suppress(RecordError):
            before = record.read_manifest(self.folder)
        self.known = before.runs if self.known is None else self.known
        there = {path.name for path in self.folder.iterdir() if re.fullmatch(record.RUN_KEY_PATTERN, path.name)}
        others = sorted(there.difference(before.runs, self.runs), key=self._place)
        in_order = dict.fromkeys([*self.known, *before.runs, *self.runs, *others])
        runs = [key for key in in_order if key in there]
        if runs:
            direction = self.direction or before.direction
            record.write_manifest(self.folder, SweepManifest(runs=runs, overrides=self.overrides, direction=direction))
        return runs

    def _place(self, run_key: str) -> tuple[float, str]:
        """Where a run that another process did stands among its like: as on the command line, unfinished ones last."""
        assert self.folder is not None
        with suppress(RecordError):
            number = record.read_record(self.folder / run_key).number
            return (math.inf if number is None else number, run_key)
        return (math.inf, run_key)


def _direction(sweeper: DictConfig) -> Literal["maximize", "minimize"] | None:
    """Which way a sweeper seeks one objective; its configuration may hold the word or an enumeration."""
    given = sweeper.get("direction")
    known: dict[str, Literal["maximize", "minimize"]] = {"maximize": "maximize", "minimize": "minimize"}
    return known.get(str(getattr(given, "name", given)))


def _planned_runs(config: DictConfig) -> list[list[str]]:
    """The settings of every run of a sweep: all combinations of values, split as the sweeper will split them."""
    fixed = [f"{key}={values}" for key, values in (config.hydra.sweeper.get("params") or {}).items()]
    parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
    overrides = parser.parse_overrides([*fixed, *as_typed(config.hydra.overrides.task)])
    return BasicSweeper.split_arguments(overrides, None)[0]


LAUNCH: ContextVar[Launch] = ContextVar("launch")
"""Set in the user's process only: a run that a parallel launcher moved elsewhere finds none and does without."""


class RefusedError(BaseException):
    """A run or a sweep that must not start; no Exception, because what a callback raises is a mere warning to Hydra."""


def _locked(folder: Path) -> FileLock:
    """The lock of a sweep's folder, taken; the system takes it back from a process that dies.

    Raises:
        RefusedError: It is taken, or cannot be.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK_FILE, timeout=0)
        lock.acquire()
    except Timeout as error:
        what = "another command is at work in this folder; wait for its end, or give another folder"
        raise RefusedError(f"hydra.sweep.dir: {folder}: {what}") from error
    except OSError as error:
        what = f"cannot be written to ({error.strerror}); make room or give another folder"
        raise RefusedError(f"hydra.sweep.dir: {folder}: {what}") from error
    return lock


class LaunchCallback(Callback):
    """Notes for the command what only Hydra knows: where the results go and how many runs there are."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Note the folder of a single run.

        Raises:
            RefusedError: Its settings of anchors do not go together.
        """
        launch = LAUNCH.get(None)
        if launch is None:
            return
        try:
            check_anchor_keys_of(config)  # the schema lets them in, see composing.py
        except ConfigError as error:
            raise RefusedError(str(error)) from error
        with suppress(OmegaConfBaseException):  # Hydra meets it next, and its error is said
            launch.folder = Path(config.hydra.run.dir)

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Note the folder of a sweep and start its progress bar."""
        launch = LAUNCH.get(None)
        if launch is not None:
            with suppress(HydraException, OmegaConfBaseException):  # Hydra meets it next, and its error is said
                launch.start_sweep(config)
            garbage.search_while_planning()

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        """Move the bar."""
        launch = LAUNCH.get(None)
        if launch is not None and launch.progress is not None:
            launch.progress.update()


@contextmanager
def signals_noted(launch: Launch) -> Iterator[None]:
    """Let Ctrl-C and a polite request to stop end alike, with the page of what is there, and note which it was."""

    def stop(number: int, _frame: FrameType | None) -> None:
        launch.stopped_by = number
        raise KeyboardInterrupt

    before, told = {}, sys.unraisablehook

    def tell(unraisable: sys.UnraisableHookArgs) -> None:
        """Python prints what is raised where nothing can be: a stop that hits there is noted, and that is enough."""
        if not (launch.stopped_by and issubclass(unraisable.exc_type, KeyboardInterrupt)):
            told(unraisable)

    sys.unraisablehook = tell
    if threading.current_thread() is threading.main_thread():  # Python handles signals in the main thread only
        asked = (number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) != signal.SIG_IGN)
        before = {number: signal.signal(number, stop) for number in asked}
    try:
        yield
    finally:
        sys.unraisablehook = told
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stop_prevails(launch: Launch | None) -> Iterator[None]:
    """End the body with KeyboardInterrupt if a stop was asked for, whatever it ends with itself.

    The exception that the signal raised may not arrive: where it hits OmegaConf while that builds a list, the clean-up
    fails and its own error comes out instead, and Hydra swallows errors while it looks up its mode. Without this a stop
    would look like a wrong setting, or like a failed run.
    """
    try:
        yield
    except Exception:  # whatever it is, a stop that was asked for goes before it
        if launch is not None and launch.stopped_by:
            raise KeyboardInterrupt from None
        raise
    if launch is not None and launch.stopped_by:
        raise KeyboardInterrupt
