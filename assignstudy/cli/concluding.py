"""What a command says and writes at its end: what failed, the table of its runs, the page of its sweep."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from pathlib import Path

from assignstudy import record
from assignstudy.cli.launch import Launch
from assignstudy.cli.sentences import say
from assignstudy.errors import AssignStudyError, RecordError
from assignstudy.record import RunRecord
from assignstudy.untrusted import read_yaml

SHOWN_METRICS = ("bpr", "unmatched", "positives_per_gt", "contested_slots", "unreachable", "seconds")
DECIMALS = {"bpr": 4, "positives_per_gt": 2, "seconds": 1}


def conclude(launch: Launch) -> int:
    """Print what came out; for a sweep, build its page first. Returns the exit code that this alone would give."""
    if launch.folder is None or not launch.folder.is_dir():
        return 0
    try:
        code = _say_failures(launch)
        return max(code, (_conclude_sweep if launch.is_sweep else _conclude_run)(launch, launch.folder))
    except AssignStudyError as error:
        if str(error) not in launch.failures:  # a full disk is a full disk, for the runs as for what is written last
            say(str(error))
        return 1
    except KeyboardInterrupt:  # a second one, from somebody who does not want to wait for the page
        say(f"stopped before all was said and written; the same command with the folder {launch.folder} does the rest")
        return 128 + (launch.stopped_by or signal.SIGINT)


def _say_failures(launch: Launch) -> int:
    """Say what kept runs from leaving a record: the first in full, of others how many. Returns the exit code."""
    for sentence in list(launch.failures)[:1]:
        say(sentence)
    others = len(launch.failures) - 1
    if others > 0:
        say(f"as little could {others} more run{'s'[: others > 1]} be done; the same command with the folder does them")
    return int(bool(launch.failures))


def _conclude_run(launch: Launch, folder: Path) -> int:
    found = _report([folder], launch.notices)
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
    missing = len(runs) - len(found) + _not_come_to(launch, folder, runs)
    if missing:
        say(f"runs still to be done: {missing}; the same command with hydra.sweep.dir={folder} does them")
    if found:
        _print_table(folder, {one.lstrip("+").partition("=")[0] for run in found for one in run.overrides})
    print(f"Page: {write_sweep_page(folder)}")
    return int(missing > 0 or any(run.status == "failed" or run.tracking_error for run in found))


def _not_come_to(launch: Launch, folder: Path, runs: Sequence[str]) -> int:
    """How many runs the command had not come to, without those that an earlier one has begun: their folders count.

    Where the command has met other labels than an earlier one, what that one finished is to be done again.
    """
    later = [set(settings) for settings in launch.planned[len(launch.runs) :]]
    if not later:
        return 0
    met = dict(filter(None, (_labels(folder / key) for key in launch.runs)))
    labels = {key: _labels(folder / key) for key in runs if key not in launch.runs}
    outdated = {key for key, found in labels.items() if found and met.get(found[0], found[1]) != found[1]}
    begun = [set(_typed(folder / key)) for key in runs if key not in outdated]
    return sum(settings not in begun for settings in later)


def _labels(folder: Path) -> tuple[str, str] | None:
    """Which labels a run asked for, and their fingerprint when it read them; None where it did not finish."""
    with suppress(RecordError):
        found = record.read_record(folder)
        if found.fingerprint is not None:
            return json.dumps(found.config.get("dataset"), sort_keys=True), found.fingerprint
    return None


def _typed(folder: Path) -> list[str]:
    """The settings of a run as Hydra noted them when it began; none where that cannot be read."""
    with suppress(OSError, ValueError):
        found = read_yaml(folder / ".hydra" / "overrides.yaml")
        return [str(one) for one in found] if isinstance(found, list) else []
    return []


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
        say(notice)
    common = set(records[0].overrides).intersection(*(run.overrides for run in records)) if records else set()
    for run in records:
        if run.error is not None:
            own = " ".join(override for override in run.overrides if override not in common)
            say(f"{own} failed: {run.error}" if own else run.error)
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
