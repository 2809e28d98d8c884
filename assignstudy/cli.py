"""The command line: the only room that knows Hydra.

Hydra composes the configuration, expands sweeps and calls :func:`job` for each run. What is around that stands here:
names of folders, progress, what is printed at the end, and how errors are said. Three of Hydra's habits shape it:

* Its own error output is several lines long, so it is told to raise, and :func:`main` says one sentence.
* Its callbacks cannot fail (what they raise becomes a warning), and none fires at the end of a sweep that failed or was
  interrupted. So they only note where things are, and :func:`main` builds the sweep page in a ``finally``, from disk.
* It stops a sweep's batch at a job that raises. So a run that fails for a reason a user can mend is recorded and
  returns; only defects of the program raise.
"""

from __future__ import annotations

import difflib
import math
import os
import re
import secrets
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn
from hydra.errors import (
    HydraException,
    InstantiationException,
    MissingConfigException,
    OverrideParseException,
)
from hydra.experimental.callback import Callback
from hydra.utils import get_class, instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
    ValidationError,
)
from tqdm import tqdm

from assignstudy import record
from assignstudy.errors import AssignStudyError, ConfigError, RecordError
from assignstudy.record import RunRecord, SweepManifest
from assignstudy.resources import resource
from assignstudy.settings import Config, Settings, check_thresholds, resolved

if TYPE_CHECKING:
    from assignstudy.assign.rule import Rule
    from assignstudy.job import Order

SHOWN_METRICS = ("bpr", "unmatched", "positives_per_gt", "contested_slots", "unreachable", "seconds")
DECIMALS = {"bpr": 4, "positives_per_gt": 2, "seconds": 1}
SWEEP_PAGE = "index.html"
TYPE_WORDS = {"float | None": "a number", "str": "a word"}
"""How to say the types of :class:`assignstudy.settings.Settings`."""


def main() -> int:
    """Run the command in ``sys.argv``.

    Returns:
        The exit code: 0 if every run finished and every page was built, 128 plus the signal's number after Ctrl-C or
        SIGTERM, else 1.
    """
    launch = Launch()
    token = _LAUNCH.set(launch)
    code = 1
    try:
        with _sigterm_as_ctrl_c():
            code = _start()
    finally:
        _LAUNCH.reset(token)
        code = max(code, _conclude(launch))
    return code


def job(cfg: DictConfig) -> None:
    """Do one run; Hydra calls this. What goes wrong for a reason the user can mend is in the run's record."""
    from assignstudy.job import carry_out, failure_recorded

    order = _order(cfg)
    launch = _LAUNCH.get(None)
    if launch is not None and launch.is_sweep:
        launch.note_run(order.run_key)
    with failure_recorded(order):
        _check(cfg, order)
        rule, transform = (_built(group, order.config[group]) for group in ("assigner", "transform"))
        if not carry_out(order, rule, transform) and launch is not None:
            launch.kept += 1


@dataclass
class Launch:
    """One command under way, in the process that the user started.

    Attributes:
        folder: Of the run or the sweep; None as long as nothing was started.
        is_sweep: Which of the two it is.
        overrides: Settings as typed.
        runs: Keys of the runs started in this process, in order.
        kept: How many of them had been finished by an earlier command.
        progress: The bar over the runs of a sweep.
    """

    folder: Path | None = None
    is_sweep: bool = False
    overrides: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    kept: int = 0
    progress: tqdm[Any] | None = None

    def note_run(self, run_key: str) -> None:
        """Enter a run into the sweep's manifest when it starts, so that even a killed sweep knows its runs."""
        self.runs.append(run_key)
        self.write_manifest()

    def write_manifest(self) -> SweepManifest:
        """Write the manifest: earlier runs first, then this command's, then those that other processes started."""
        assert self.folder is not None
        with suppress(RecordError):
            self.runs[:0] = [key for key in record.read_manifest(self.folder).runs if key not in self.runs]
        found = sorted(path.name for path in self.folder.iterdir() if re.fullmatch(record.RUN_KEY_PATTERN, path.name))
        manifest = SweepManifest(runs=list(dict.fromkeys(self.runs + found)), overrides=self.overrides)
        record.write_manifest(self.folder, manifest)
        return manifest


_LAUNCH: ContextVar[Launch] = ContextVar("launch")
"""Set in the user's process only: a run that a parallel launcher moved elsewhere finds none and does without."""


class LaunchCallback(Callback):
    """Notes for :func:`main` what only Hydra knows: where the results go and how many runs there are."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Note the folder of a single run."""
        launch = _LAUNCH.get(None)
        if launch is not None:
            launch.folder = Path(config.hydra.run.dir)

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Note the folder of a sweep and start its progress bar."""
        launch = _LAUNCH.get(None)
        if launch is None:
            return
        launch.folder, launch.is_sweep = Path(config.hydra.sweep.dir), True
        launch.overrides = list(config.hydra.overrides.task)
        if config.hydra.launcher._target_.endswith(".BasicLauncher"):  # others run where the bar cannot see it
            launch.progress = tqdm(total=_planned_runs(config), desc="runs", unit="run", leave=False)

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        """Move the bar."""
        launch = _LAUNCH.get(None)
        if launch is not None and launch.progress is not None:
            launch.progress.update()


def _start() -> int:
    """Hand over to Hydra; say what stops it in one sentence."""
    try:
        with _hydra_raises() as wants_traceback:
            hydra.main(config_path=str(resource("conf")), config_name="config", version_base="1.3")(job)()
    except (HydraException, OmegaConfBaseException, AssignStudyError) as error:
        if wants_traceback:
            raise
        _say(_sentence(error))
        return 1
    except KeyboardInterrupt as interrupt:
        return 128 + (interrupt.args[0] if interrupt.args else signal.SIGINT)
    return 0


def _register() -> None:
    """Make the schema and the resolvers known to Hydra."""
    ConfigStore.instance().store(name="schema", node=Settings)
    OmegaConf.register_new_resolver("assignstudy.unique_id", _unique_id, use_cache=True, replace=True)
    OmegaConf.register_new_resolver("assignstudy.run_key", _run_key, replace=True)


def _unique_id() -> str:
    """Four hexadecimal digits that keep two commands started in the same second apart."""
    return secrets.token_hex(2)


def _run_key(*, _root_: DictConfig) -> str:
    """Name of a run's folder in its sweep. It never fails: a wrong setting is the run's failure, not the sweep's."""
    return record.run_key(_resolved(_root_), _choices(_root_.hydra.runtime.choices))


def _order(cfg: DictConfig) -> Order:
    from assignstudy.job import Order

    known = HydraConfig.get()
    config, choices = _resolved(cfg), _choices(known.runtime.choices)
    folder = Path(os.path.relpath(known.runtime.output_dir))
    return Order(folder, record.run_key(config, choices), config, choices, tuple(known.overrides.task))


def _choices(choices: Mapping[str, str | None]) -> dict[str, str]:
    """The choices of our own groups."""
    return {name: choice for name, choice in choices.items() if choice is not None and not name.startswith("hydra/")}


def _resolved(cfg: DictConfig) -> Config:
    """The configuration in plain values with everything filled in, as far as it can be used."""
    settings = OmegaConf.masked_copy(cfg, [str(name) for name in cfg if name != "hydra"])
    try:
        plain = OmegaConf.to_container(settings, resolve=True)
    except OmegaConfBaseException:  # _check says what is wrong
        plain = OmegaConf.to_container(settings, resolve=False)
    config = cast("Config", plain)
    try:
        rule = _rule_class(config["assigner"])
    except ConfigError:
        return resolved(config, None, None)
    return resolved(config, rule.threshold_name, rule.published_threshold)


def _check(cfg: DictConfig, order: Order) -> None:
    """Refuse settings that cannot be used.

    Raises:
        ConfigError: Naming the first of them.
    """
    try:
        OmegaConf.to_object(cfg)
    except OmegaConfBaseException as error:
        raise ConfigError(_setting_sentence(error)) from error
    check_thresholds(order.config, order.choices["assigner"], _rule_class(order.config["assigner"]).threshold_name)


def _rule_class(assigner: Mapping[str, Any] | None) -> type[Rule]:
    path = (assigner or {}).get("_target_", "nothing")
    try:
        return get_class(path)
    except (ImportError, ValueError) as error:
        raise ConfigError(f"assigner._target_: expected the class of a rule, got {path}") from error


def _built(group: str, options: Config) -> Any:
    """The object that a group describes; the one place that creates objects from a configuration."""
    try:
        return instantiate(options)
    except InstantiationException as error:
        if isinstance(error.__cause__, ConfigError):
            raise error.__cause__ from error
        raise ConfigError(f"{group}: expected options that fit, got {options}: {error.__cause__}") from error


def _planned_runs(config: DictConfig) -> int:
    """How many runs a sweep has: the product over all settings with several values."""
    fixed = [f"{key}={values}" for key, values in (config.hydra.sweeper.get("params") or {}).items()]
    parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
    overrides = parser.parse_overrides(fixed + list(config.hydra.overrides.task))
    latest = {override.get_key_element(): override for override in overrides}
    return math.prod(len(list(one.sweep_string_iterator())) for one in latest.values() if one.is_sweep_override())


@contextmanager
def _hydra_raises() -> Iterator[bool]:
    """Let Hydra raise instead of printing; says whether the user asked for that, and so for tracebacks, already."""
    key = "HYDRA_FULL_ERROR"
    before = os.environ.get(key)
    os.environ[key] = "1"
    try:
        yield before == "1"
    finally:
        if before is None:
            del os.environ[key]
        else:
            os.environ[key] = before


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """Let a polite request to stop end like Ctrl-C does: with the page of what is there."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt(number)

    if threading.current_thread() is not threading.main_thread():  # Python handles signals in the main thread only
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


# ---- what is said at the end


def _conclude(launch: Launch) -> int:
    """Print what came out; for a sweep, build its page first. Returns the exit code that this alone would give."""
    if launch.progress is not None:
        launch.progress.close()
    if launch.folder is None or not launch.folder.is_dir():
        return 0
    try:
        return _conclude_sweep(launch, launch.folder) if launch.is_sweep else _conclude_run(launch.folder)
    except AssignStudyError as error:
        _say(str(error))
        return 1


def _conclude_run(folder: Path) -> int:
    found = _report([folder])
    page = folder / record.PAGE_FILE
    if found and found[0].metrics:
        _print_table(folder)
        print(f"Page: {page}" if page.is_file() else f"Tables: {folder}")
    return int(not found or found[0].status == "failed")


def _conclude_sweep(launch: Launch, folder: Path) -> int:
    from assignstudy.sweep import write_sweep_page

    runs = launch.write_manifest().runs
    found = _report([folder / key for key in runs])
    unfinished = len(runs) - len(found)
    if unfinished:
        _say(f"{unfinished} of {len(runs)} runs did not finish; the same command with hydra.sweep.dir={folder} goes on")
    if launch.kept:
        print(f"{launch.kept} of {len(launch.runs)} runs had been finished before and were kept")
    if found:
        page = write_sweep_page(folder)
        _print_table(folder)
        print(f"Page: {page}")
    return int(not found or unfinished > 0 or any(run.status == "failed" for run in found))


def _report(folders: Sequence[Path]) -> list[RunRecord]:
    """Say what failed and what the user must see; returns the records of the runs that got to an end."""
    records = []
    for folder in folders:
        with suppress(RecordError):
            records.append(record.read_record(folder))
    for notice in dict.fromkeys(notice for run in records for notice in run.notices):
        _say(f"notice: {notice}")
    for run in records:
        if run.error is not None:
            _say(f"failed: {' '.join(run.overrides)}: {run.error}" if run.overrides else f"failed: {run.error}")
    return records


def _print_table(folder: Path) -> None:
    from assignstudy.results import load_runs
    from assignstudy.statistics.sweep_parameters import differing, value_text

    runs = load_runs(folder)
    columns = [[name, *map(value_text, runs[name])] for name in differing(runs)]
    shown = runs.reindex(columns=list(SHOWN_METRICS)).astype("float64")
    columns += [[name, *(_metric_text(name, value) for value in shown[name])] for name in SHOWN_METRICS]
    widths = [max(map(len, column)) for column in columns]
    for row in zip(*columns, strict=True):
        print("  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)))


def _metric_text(name: str, value: float) -> str:
    return "–" if math.isnan(value) else f"{value:,.{DECIMALS.get(name, 0)}f}"


def _say(sentence: str) -> None:
    print(f"assignstudy: {sentence}", file=sys.stderr)


# ---- Hydra's errors in one sentence each


def _sentence(error: Exception) -> str:
    """What is wrong with the command, beginning with the key."""
    text, cause = " ".join(str(error).split()), error.__cause__
    if isinstance(error, OverrideParseException):
        return f"{error.override}: expected key=value, with lists as [1,2] and special characters in quotes; {text}"
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        group, _, choice = error.missing_cfg_file.rpartition("/")
        return f"{group}: no such choice, got {choice}; {_nearest(choice, error.options)}"
    if isinstance(error, OmegaConfBaseException):
        return _setting_sentence(error)
    if isinstance(cause, OmegaConfBaseException):
        return _setting_sentence(cause)
    if several := re.search("(?:Ambiguous value for argument|Sweep parameters) '(.+?)'", text):
        return f"{several[1]}: several values make a sweep; add -m (a list is written [1,2])"
    return text


def _setting_sentence(error: OmegaConfBaseException) -> str:
    """What is wrong with one setting, beginning with its key."""
    key, first_line = error.full_key or "settings", str(error).partition("\n")[0]
    if isinstance(error, ConfigAttributeError | ConfigKeyError):
        return f"{key}: no such setting; {_nearest(str(error.key), error.parent_node or ())}"
    if isinstance(error, MissingMandatoryValue):
        return f"{key}: expected a value, got none; add {key}=… to the command"
    if isinstance(error, ValidationError) and (expected := TYPE_WORDS.get(Settings.__annotations__.get(key, ""))):
        return f"{key}: expected {expected}, got {error.value}"
    return f"{key}: {first_line}"


def _nearest(word: str, words: Iterable[object]) -> str:
    known = [str(one) for one in words if one != "hydra"]
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}"


_register()
