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

import copy
import difflib
import errno
import functools
import math
import os
import pkgutil
import re
import secrets
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, cast

import hydra
import yaml
from filelock import FileLock, Timeout
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
from hydra.types import RunMode
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
    ValidationError,
)
from tqdm import tqdm

from assignstudy import record
from assignstudy.errors import AssignStudyError, ConfigError, ModelError, RecordError, told
from assignstudy.record import RunRecord, SweepManifest
from assignstudy.resources import resource
from assignstudy.settings import (
    THRESHOLDS,
    Config,
    Published,
    Settings,
    check_anchor_keys,
    check_anchors,
    check_thresholds,
    options_of_fit,
    resolved,
    with_anchor_file,
)
from assignstudy.untrusted import printable

if TYPE_CHECKING:
    from assignstudy.assign.rule import Rule
    from assignstudy.order import Order
    from assignstudy.transforms import Transform

SHOWN_METRICS = ("bpr", "unmatched", "positives_per_gt", "contested_slots", "unreachable", "seconds")
DECIMALS = {"bpr": 4, "positives_per_gt": 2, "seconds": 1}
LOCK_FILE = ".lock"
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS})
NEEDS_PREDICTIONS = {
    f"assigner/{name}": f"assigner: {title} decides by the network's predictions, and a study has labels only, got "
    f"{name}; take a rule that needs no network, such as assigner=yolov5 or assigner=atss"
    for name, title in (("simota", "SimOTA"), ("ota", "OTA"), ("tal", "TAL (task-aligned assignment)"))
}
EXTRAS = {
    "hydra/sweeper/optuna": "optuna",
    "hydra/launcher/joblib": "joblib",
    "hydra/launcher/submitit_local": "submitit",
    "hydra/launcher/submitit_slurm": "submitit",
    "hydra/launcher/ray": "ray",
}
"""Choices that another package brings, and the extra that installs it."""
TYPE_WORDS = {"float | None": "a number", "str": "a word"}
"""How to say the types of :class:`assignstudy.settings.Settings`."""


def main() -> int:
    """Run the command in ``sys.argv``.

    Returns:
        The exit code: 0 if every run finished and every page was built, 128 plus the signal's number after Ctrl-C or
        SIGTERM, else 1.
    """
    # Read when torch is loaded. Threads that wait by spinning made runs eight times slower on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    launch = Launch()
    token = _LAUNCH.set(launch)
    code = 1
    try:
        with _signals_noted(launch):
            try:
                code = _start(launch)
            finally:
                code = max(code, _conclude(launch))
    finally:
        _LAUNCH.reset(token)
        launch.release()
    return code


def job(cfg: DictConfig) -> float:
    """Do one run; Hydra calls this. What goes wrong for a reason the user can mend is in the run's record.

    Returns:
        The run's objective, for sweepers that search; NaN if it failed.
    """
    from assignstudy.job import carry_out, failure_recorded, forget_labels, read_labels
    from assignstudy.models.loading import model_source

    order = _order(cfg)
    is_sweep = HydraConfig.get().mode is RunMode.MULTIRUN
    launch = _LAUNCH.get(None)
    if launch is not None:
        if not launch.runs:
            forget_labels()  # of an earlier command in this process: files may have changed
        launch.note_run(order.run_key)
    with failure_recorded(order), _stop_prevails(launch):  # in this order: a stop is no failure
        _check_anchor_keys(cfg, _typed_options() if is_sweep else frozenset())
        _check(cfg, order)
        rule, transform = (_built(group, order.config[group]) for group in ("assigner", "transform"))
        model = model_source(order.config["model"], functools.partial(_built, "model"))
        if not carry_out(order, rule, transform, model) and launch is not None:
            launch.note_kept(read_labels(order.config["dataset"]).dataset.notices)
    _track(order)
    return _objective(order, launch)


def _track(order: Order) -> None:
    """Log a run where the user tracks runs, also one that failed, unless for that very setting."""
    from assignstudy import tracking

    options, known = order.config["tracking"], HydraConfig.get()
    with suppress(ConfigError):
        tracking.check(options)
        if options["uri"] is not None:
            tracking.track(order.folder, options, str(known.sweep.dir) if known.mode is RunMode.MULTIRUN else None)


def _objective(order: Order, launch: Launch | None) -> float:
    """The objective of a run that was carried out, now or by an earlier command; NaN if it failed."""
    from assignstudy import objective

    found = record.read_record(order.folder)
    value = math.nan if found.status == "failed" else objective.value(order.config["objective"], found.metrics)
    if launch is not None:
        launch.has_objective |= not math.isnan(value)
    return value


def composed(overrides: Sequence[str]) -> tuple[Order, Rule, Transform]:
    """One setting from overrides as the command takes them, without running it.

    Args:
        overrides: ``key=value`` each.

    Returns:
        The order, which has no folder, and what its rule and transform groups describe.

    Raises:
        ConfigError: Naming the first setting that cannot be used.
    """
    from assignstudy.order import Order

    try:
        with hydra.initialize_config_dir(str(resource("conf")), version_base="1.3"):
            cfg = hydra.compose("config", list(overrides), return_hydra_config=True)
        choices = _choices(cfg.hydra.runtime.choices)
        config = with_anchor_file(_resolved(cfg))
        order = Order(Path(), record.run_key(config, choices), config, choices, tuple(overrides))
        with open_dict(cfg):
            del cfg.hydra
        _check_anchor_keys(cfg)
        _check(cfg, order)
    except (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError) as error:
        one_only = "expected one value, as this command takes one setting (a list is written [1,2])"
        raise ConfigError(_sentence(error, one_only)) from error
    return order, _built("assigner", config["assigner"]), _built("transform", config["transform"])


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
        planned: How many runs of a grid this process is to start.
        has_objective: Whether a run of this process came to an objective.
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
    planned: int = 0
    has_objective: bool = False
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
        self.overrides = list(_as_typed(config.hydra.overrides.task))
        self.is_search = not config.hydra.sweeper._target_.endswith(".BasicSweeper")
        self.direction = _direction(config.hydra.sweeper) if self.is_search else None
        if config.hydra.launcher._target_.endswith(".BasicLauncher"):  # others run where the bar cannot see it
            self.planned = 0 if self.is_search else _planned_runs(config)
            total = self.planned or config.hydra.sweeper.get("n_trials")
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
        """
        assert self.folder is not None
        before = SweepManifest(runs=[], overrides=[])
        with suppress(RecordError):
            before = record.read_manifest(self.folder)
        there = {path.name for path in self.folder.iterdir() if re.fullmatch(record.RUN_KEY_PATTERN, path.name)}
        others = sorted(there.difference(before.runs, self.runs), key=self._place)
        runs = [key for key in dict.fromkeys([*before.runs, *self.runs, *others]) if key in there]
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


_LAUNCH: ContextVar[Launch] = ContextVar("launch")
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
    """Notes for :func:`main` what only Hydra knows: where the results go and how many runs there are."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Note the folder of a single run.

        Raises:
            RefusedError: Its settings of anchors do not go together.
        """
        launch = _LAUNCH.get(None)
        if launch is None:
            return
        try:
            _check_anchor_keys(config)  # the schema lets them in, see _register
        except ConfigError as error:
            raise RefusedError(str(error)) from error
        with suppress(OmegaConfBaseException):  # Hydra meets it next, and its error is said
            launch.folder = Path(config.hydra.run.dir)

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Note the folder of a sweep and start its progress bar."""
        launch = _LAUNCH.get(None)
        if launch is not None:
            with suppress(HydraException, OmegaConfBaseException):  # Hydra meets it next, and its error is said
                launch.start_sweep(config)

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        """Move the bar."""
        launch = _LAUNCH.get(None)
        if launch is not None and launch.progress is not None:
            launch.progress.update()


def _start(launch: Launch) -> int:
    """Hand over to Hydra; say what stops it in one sentence."""
    try:
        with _hydra_raises() as wants_traceback, closing(launch), _stop_prevails(launch):
            hydra.main(config_path=str(resource("conf")), config_name="config", version_base="1.3")(job)()
    except KeyboardInterrupt:
        _say("stopped")
        return 128 + (launch.stopped_by or signal.SIGINT)
    except RefusedError as error:
        _say(str(error))
        return 1
    except (HydraException, OmegaConfBaseException, AssignStudyError, yaml.YAMLError, ValueError) as error:
        # Hydra raises a bare ValueError for choices that are no names; later than that, one is a defect of ours.
        if launch.is_search and launch.runs and not launch.has_objective:
            _say("the search ends without a best run: no run came to an objective")
            return 1
        if wants_traceback or (launch.folder is not None and type(error) is ValueError):
            raise
        _say(_sentence(error))
        return 1
    except OSError as error:  # of files that Hydra writes; ours have a sentence
        if wants_traceback or error.errno not in NO_ROOM:
            raise
        _say(f"{error.filename}: cannot be written ({error.strerror}); make room or give another folder")
        return 1
    return 0


@contextmanager
def _stop_prevails(launch: Launch | None) -> Iterator[None]:
    """End the body with KeyboardInterrupt if a stop was asked for, whatever it ends with itself.

    The exception that the signal raised may not arrive: where it hits OmegaConf while that builds a list, the clean-up
    fails and its own error comes out instead, and Hydra swallows errors while it looks up its mode. Without this a stop
    would look like a wrong setting, or like a failed run.
    """
    try:
        yield
    except Exception:
        if launch is not None and launch.stopped_by:
            raise KeyboardInterrupt from None
        raise
    if launch is not None and launch.stopped_by:
        raise KeyboardInterrupt


def _register() -> None:
    """Make the schema and the resolvers known to Hydra."""
    ConfigStore.instance().store(name="schema", node=Settings)
    # Hydra refuses settings that a choice does not know before anybody can say whose they are. Those of anchors are let
    # in, so that -m anchors=coco_p5,fit anchors.n=6 can be meant for the second, and refused by settings.py instead.
    anchors = DictConfig({}, flags={"struct": False})
    ConfigStore.instance().store(name="open_anchors", node=DictConfig({"anchors": anchors}))
    OmegaConf.register_new_resolver("assignstudy.unique_id", _unique_id, use_cache=True, replace=True)
    OmegaConf.register_new_resolver("assignstudy.run_key", _run_key, replace=True)


def _unique_id() -> str:
    """Four hexadecimal digits that keep two commands started in the same second apart."""
    return secrets.token_hex(2)


def _run_key(*, _root_: DictConfig) -> str:
    """Name of a run's folder in its sweep. It never fails: a wrong setting is the run's failure, not the sweep's."""
    return record.run_key(_resolved(_root_), _choices(_root_.hydra.runtime.choices))


def _order(cfg: DictConfig) -> Order:
    from assignstudy.order import Order

    known = HydraConfig.get()
    config, choices = _resolved(cfg), _choices(known.runtime.choices)
    folder = Path(known.runtime.output_dir)
    key = record.run_key(config, choices)
    number = None if OmegaConf.is_missing(known.job, "num") else int(known.job.num)
    unused = _options_of_fit(cfg)
    typed = _as_typed(known.overrides.task)
    overrides = tuple(one for one in typed if one.lstrip("+").partition("=")[0] not in unused)
    notices = tuple(f"{name}: belongs to anchors=fit; anchors={choices['anchors']} does without" for name in unused)
    return Order(folder, key, with_anchor_file(config), choices, overrides, number, notices=notices)


def _options_of_fit(cfg: DictConfig) -> list[str]:
    """Settings of a fit beside anchors that are given, as typed; in a sweep over both they are there for the others."""
    anchors = cfg.get("anchors")
    return [f"anchors.{name}" for name in sorted(options_of_fit(anchors))] if isinstance(anchors, DictConfig) else []


def _check_anchor_keys(cfg: DictConfig, meant_for_others: Set[str] = frozenset()) -> None:
    anchors = cfg.get("anchors")
    if isinstance(anchors, DictConfig):  # else the schema says what is wrong
        check_anchor_keys(anchors, meant_for_others)


def _typed_options() -> Set[str]:
    """The settings of anchors that were typed."""
    typed = (one.lstrip("+").partition("=")[0] for one in _as_typed(HydraConfig.get().overrides.task))
    return {name.removeprefix("anchors.") for name in typed if name.startswith("anchors.")}


def _choices(choices: Mapping[str, str | None]) -> dict[str, str]:
    """The choices of our own groups."""
    return {name: choice for name, choice in choices.items() if choice is not None and not name.startswith("hydra/")}


def _as_typed(overrides: Sequence[str]) -> tuple[str, ...]:
    """Settings as the user wrote them, ``${…}`` included."""
    return tuple(map(str, cast("list[object]", OmegaConf.to_container(overrides, resolve=False))))


def _resolved(cfg: DictConfig) -> Config:
    """The configuration in plain values with everything filled in, as far as it can be used."""
    settings = copy.deepcopy(cfg)
    with read_write(settings), open_dict(settings):
        settings.pop("hydra", None)
    try:
        plain = OmegaConf.to_container(settings, resolve=True)
    except OmegaConfBaseException:  # _check says what is wrong
        plain = OmegaConf.to_container(settings, resolve=False)
    config: Config = dict.fromkeys(entry.name for entry in fields(Settings)) | cast("Config", plain)
    published = None
    with suppress(ConfigError):
        published = _published(config["assigner"])
    return resolved(config, published)


def _check(cfg: DictConfig, order: Order) -> None:
    """Refuse settings that cannot be used.

    Raises:
        ConfigError: Naming the first of them.
    """
    from assignstudy import objective, tracking

    known = [entry.name for entry in fields(Settings)]
    for name in map(str, cfg.keys() - set(known)):  # "+name=value" adds an entry without asking the schema
        raise ConfigError(f"{name}: no such setting; {_nearest(name, known)}")
    for name in (name for name in known if name not in cfg):  # "~name" takes an entry away
        raise ConfigError(f"{name}: expected a setting, got none; leave ~{name} out")
    try:
        OmegaConf.to_object(cfg)
    except OmegaConfBaseException as error:
        raise ConfigError(_setting_sentence(error)) from error
    objective.weights(order.config["objective"])
    tracking.check(order.config["tracking"])
    published = _published(order.config["assigner"])
    taken = published.threshold_name
    # As text: a threshold of nan differs from itself, and is refused for what it is where the rule is set up.
    if taken is not None and str(cfg.assigner[taken]) != str(cfg[taken]):
        got = cfg.assigner[taken]
        raise ConfigError(f"assigner.{taken}: stands at the top level, got {got}; write {taken}={got}")
    check_thresholds(order.config, order.choices["assigner"], taken)
    check_anchors(order.config, order.choices["assigner"], order.choices["anchors"], published)


def _published(assigner: Mapping[str, Any] | None) -> Published:
    """What the publication of the rule that is set up so says of settings left out.

    Raises:
        ConfigError: If there is no such rule, or it cannot be set up so whatever its threshold.
    """
    from assignstudy.assign.levels import plain_levels

    name = _rule_class(assigner).threshold_name
    rule: Rule = _built("assigner", {**(assigner or {}), **({name: None} if name else {})})
    levels = plain_levels(rule.published_levels()) if rule.takes_anchors else None
    return Published(name, rule.published_threshold, levels, rule.options)


def _rule_class(assigner: Mapping[str, Any] | None) -> type[Rule]:
    from assignstudy.assign.rule import Rule

    path = str((assigner or {}).get("_target_"))
    with suppress(ImportError, AttributeError, ValueError):
        found = pkgutil.resolve_name(path)
        if isinstance(found, type) and issubclass(found, Rule):
            return found
    raise ConfigError(f"assigner._target_: expected the class of a rule, got {path}")


def _built(group: str, options: Config) -> Any:
    """The object that a group describes; the one place that creates objects from a configuration."""
    try:
        return instantiate(options)
    except InstantiationException as error:
        if isinstance(error.__cause__, ConfigError):
            raise ConfigError(_with_group(group, options, str(error.__cause__))) from error
        cause = error.__cause__
        is_call = group == "model" and "in call to target" in str(error)
        if is_call and cause and not isinstance(cause, TypeError):  # a TypeError is mostly about options
            target = options["_target_"]
            raise ModelError(f"model._target_: expected a torch.nn.Module from {target}, got {told(cause)}") from error
        raise ConfigError(f"{group}: expected options that fit, got {options}: {cause}") from error


def _with_group(group: str, options: Config, sentence: str) -> str:
    """The sentence beginning with the setting as it is typed: the object knows its options, not whose they are."""
    key = sentence.partition(":")[0]
    return f"{group}.{sentence}" if key in options and key not in THRESHOLDS else sentence


def _planned_runs(config: DictConfig) -> int:
    """How many runs a sweep has: the product over all settings with several values."""
    fixed = [f"{key}={values}" for key, values in (config.hydra.sweeper.get("params") or {}).items()]
    parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
    overrides = parser.parse_overrides([*fixed, *_as_typed(config.hydra.overrides.task)])
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
def _signals_noted(launch: Launch) -> Iterator[None]:
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


# ---- what is said at the end


def _conclude(launch: Launch) -> int:
    """Print what came out; for a sweep, build its page first. Returns the exit code that this alone would give."""
    if launch.folder is None or not launch.folder.is_dir():
        return 0
    try:
        return (
            _conclude_sweep(launch, launch.folder) if launch.is_sweep else _conclude_run(launch.folder, launch.notices)
        )
    except AssignStudyError as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:  # a second one, from somebody who does not want to wait for the page
        _say(f"stopped before all was said and written; the same command with the folder {launch.folder} does the rest")
        return 128 + (launch.stopped_by or signal.SIGINT)


def _conclude_run(folder: Path, notices: Iterable[str]) -> int:
    found = _report([folder], notices)
    page = folder / record.PAGE_FILE
    if found and found[0].metrics:
        _print_table(folder, set())
        print(f"Page: {page}" if page.is_file() else f"Tables: {folder}")
    return int(not found or found[0].status == "failed" or found[0].tracking_error is not None)


def _conclude_sweep(launch: Launch, folder: Path) -> int:
    from assignstudy.sweep import write_sweep_page

    runs = launch.write_manifest()
    if not runs:
        return 1
    found = _report([folder / key for key in runs], launch.notices)
    if launch.kept:
        print(f"Kept {launch.kept} of {len(launch.runs)} runs that had been finished already.")
    missing = len(runs) - len(found) + max(0, launch.planned - len(launch.runs))
    if missing:
        _say(f"runs still to be done: {missing}; the same command with hydra.sweep.dir={folder} does them")
    if found:
        _print_table(folder, {one.lstrip("+").partition("=")[0] for run in found for one in run.overrides})
    print(f"Page: {write_sweep_page(folder)}")
    return int(missing > 0 or any(run.status == "failed" or run.tracking_error for run in found))


def _report(folders: Sequence[Path], notices: Iterable[str]) -> list[RunRecord]:
    """Say what failed and what the user must see; returns the records of the runs that got to an end.

    Args:
        folders: The runs.
        notices: What the user must see that is in no record.
    """
    records = []
    for folder in folders:
        with suppress(RecordError):
            records.append(record.read_record(folder))
    untracked = [run.tracking_error for run in records if run.tracking_error is not None]
    for notice in dict.fromkeys([*(notice for run in records for notice in run.notices), *notices, *untracked]):
        _say(notice)
    common = set(records[0].overrides).intersection(*(run.overrides for run in records)) if records else set()
    for run in records:
        if run.error is not None:
            own = " ".join(override for override in run.overrides if override not in common)
            _say(f"{own} failed: {run.error}" if own else run.error)
    return records


def _print_table(folder: Path, typed: Set[str]) -> None:
    """Print one line per run: of the settings typed those that tell the runs apart, and the main metrics."""
    from assignstudy.results import load_runs
    from assignstudy.statistics.sweep_parameters import differing, value_text

    runs = load_runs(folder)
    columns = [[name, *map(value_text, runs[name])] for name in differing(runs) if name in typed]
    shown = runs.reindex(columns=list(SHOWN_METRICS)).astype("float64")
    columns += [[name, *(_metric_text(name, value) for value in shown[name])] for name in SHOWN_METRICS]
    widths = [max(map(len, column)) for column in columns]
    for row in zip(*columns, strict=True):
        print("  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)))


def _metric_text(name: str, value: float) -> str:
    return "–" if math.isnan(value) else f"{value:,.{DECIMALS.get(name, 0)}f}"


def _say(sentence: str) -> None:
    print(f"assignstudy: {printable(sentence)}", file=sys.stderr)


# ---- Hydra's errors in one sentence each


def _sentence(
    error: Exception, about_several: str = "several values make a sweep; add -m (a list is written [1,2])"
) -> str:
    """What is wrong with the command, beginning with the key."""
    text = " ".join(str(error).split())
    several = re.search("(?:Ambiguous value for argument|Sweep parameters) '(.+?)'", text)
    match error, error.__cause__:
        case (OmegaConfBaseException() as wrong, _) | (_, OmegaConfBaseException() as wrong):
            sentence = _setting_sentence(wrong)
        case OverrideParseException(override=override), _:
            reason = text.partition(" See https")[0]
            sentence = f"{override}: expected key=value, lists as [1,2], special characters in quotes, got: {reason}"
        case MissingConfigException(missing_cfg_file=str(file)), _ if file in NEEDS_PREDICTIONS:
            sentence = NEEDS_PREDICTIONS[file]
        case MissingConfigException(missing_cfg_file=str(file)), _ if file in EXTRAS:
            group, _, choice = file.rpartition("/")
            sentence = f'{group}={choice}: needs an extra; pip install "assignstudy[{EXTRAS[file]}]"'
        case MissingConfigException(missing_cfg_file=str(file), options=[*choices]), _:
            group, _, choice = file.rpartition("/")
            sentence = f"{group}: no such choice, got {choice}; {_nearest(choice, choices)}"
        case ValueError(), _:
            sentence = (
                f"expected the name of a choice behind a group, as in anchors=coco_p5; --help lists them ({text})"
            )
        case _ if several:
            sentence = f"{several[1]}: {about_several}"
        case _:
            sentence = text.partition(" Config search path:")[0]
    return sentence


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
    known = [str(one) for one in words if one not in ("hydra", "_target_")]
    near = difflib.get_close_matches(word, known, n=1)
    if near or not known:
        return f"did you mean {near[0]}?" if near else "leave it out"
    return f"expected one of {', '.join(known)}"


_register()
