"""The command from its first to its last line, and the one run that Hydra calls back for."""

from __future__ import annotations

import errno
import functools
import math
import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

import hydra
import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from assignstudy import record
from assignstudy.cli import garbage
from assignstudy.cli.checking import built, check, check_anchor_keys_of
from assignstudy.cli.composing import order_of, typed_options
from assignstudy.cli.concluding import conclude
from assignstudy.cli.launch import LAUNCH, Launch, RefusedError, signals_noted, stop_prevails
from assignstudy.cli.sentences import say, sentence_of
from assignstudy.errors import AssignStudyError, ConfigError
from assignstudy.resources import resource

if TYPE_CHECKING:
    from assignstudy.order import Order

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS})


def main() -> int:
    """Run the command in ``sys.argv``.

    Returns:
        The exit code: 0 if every run finished and every page was built, 128 plus the signal's number after Ctrl-C or
        SIGTERM, else 1.
    """
    # Read when torch is loaded. Threads that wait by spinning made runs eight times slower on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    launch = Launch()
    token = LAUNCH.set(launch)
    code = 1
    try:
        with signals_noted(launch), garbage.left_to_runs():
            try:
                code = _start(launch)
            finally:
                code = max(code, conclude(launch))
    finally:
        LAUNCH.reset(token)
        launch.release()
    return code


def job(cfg: DictConfig) -> float:
    """Do one run; Hydra calls this. What goes wrong for a reason the user can mend is in the run's record.

    What cannot be recorded is noted in the launch; without one, in a process of a parallel launcher, it travels on.

    Returns:
        The run's objective, for sweepers that search; NaN if it failed.

    Raises:
        AssignStudyError: Where there is neither a record nor a launch to note it.
    """
    launch = LAUNCH.get(None)
    try:
        return _job(cfg, launch)
    except AssignStudyError as error:
        if launch is None:
            raise
        launch.failures[str(error)] = None  # Hydra would print a line of its own beside the sentence
        return math.nan


def _job(cfg: DictConfig, launch: Launch | None) -> float:
    """What :func:`job` does.

    Raises:
        AssignStudyError: Where it can leave no record of what went wrong.
    """
    from assignstudy.job import carry_out, failure_recorded, forget_labels, read_labels
    from assignstudy.models.loading import model_source

    order = order_of(cfg)
    is_sweep = HydraConfig.get().mode is RunMode.MULTIRUN
    if launch is not None:
        if not launch.runs:
            forget_labels()  # of an earlier command in this process: files may have changed
        launch.note_run(order.run_key)
        garbage.search_before_run(len(launch.runs))
    with failure_recorded(order), stop_prevails(launch):  # in this order: a stop is no failure
        check_anchor_keys_of(cfg, typed_options() if is_sweep else frozenset())
        check(cfg, order)
        rule, transform = (built(group, order.config[group]) for group in ("assigner", "transform"))
        model = model_source(order.config["model"], functools.partial(built, "model"))
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
    if found.status == "failed":
        return math.nan
    wanted = order.config["objective"]
    value = objective.value(wanted, found.metrics)
    if launch is not None:
        launch.has_objective |= not math.isnan(value)
        launch.undefined.update(dict.fromkeys(objective.undefined(wanted, found.metrics)))
    return value


def _start(launch: Launch) -> int:
    """Hand over to Hydra; say what stops it in one sentence."""
    try:
        with _hydra_raises() as wants_traceback, closing(launch), stop_prevails(launch):
            hydra.main(config_path=str(resource("conf")), config_name="config", version_base="1.3")(job)()
    except KeyboardInterrupt:
        say("stopped")
        return 128 + (launch.stopped_by or signal.SIGINT)
    except RefusedError as error:
        say(str(error))
        return 1
    except (HydraException, OmegaConfBaseException, AssignStudyError, yaml.YAMLError, ValueError) as error:
        # Hydra raises a bare ValueError for choices that are no names; later than that, one is a defect of ours.
        if launch.is_search and launch.runs and not launch.has_objective:
            names = " and ".join(launch.undefined)
            lacking = (
                f", because {names} {'are' if len(launch.undefined) > 1 else 'is'} undefined there" if names else ""
            )
            say(f"the search ends without a best run: no run came to an objective{lacking}")
            return 1
        if wants_traceback or (launch.folder is not None and type(error) is ValueError):
            raise
        say(sentence_of(error))
        return 1
    except OSError as error:  # of files that Hydra writes; ours have a sentence
        if wants_traceback or error.errno not in NO_ROOM | {errno.EISDIR}:
            raise
        say(record.unwritten(launch.folder, error))
        return 1
    return 0


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
