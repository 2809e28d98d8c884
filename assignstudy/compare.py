"""Two saved runs or sweeps beside each other, made on whatever day and machine.

``python -m assignstudy.compare A B [-o page.html]``. Sweeps are aligned on what was swept. Ground truths are paired
only where both sides saw the same labels; where they did not, that is said before anything else.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path

import pandas as pd

from assignstudy.errors import AssignStudyError, PageError, RecordError
from assignstudy.evidence import RunTables, examples, rule_of
from assignstudy.record import RunRecord
from assignstudy.report import compare_page
from assignstudy.report.compare_view import CompareView, RunPair
from assignstudy.report.content import Fact
from assignstudy.report.sweep_cells import metric_text
from assignstudy.report.sweep_view import Example
from assignstudy.statistics.sweep_align import Alignment, align
from assignstudy.statistics.sweep_classes import ClassRecall
from assignstudy.statistics.sweep_metrics import with_shares
from assignstudy.statistics.sweep_parameters import parameters, value_text
from assignstudy.stored import StoredRun, find_runs, runs_table
from assignstudy.sweep import hide_folders

SHOWN_METRICS = ("bpr", "unmatched", "positives_per_gt")

Folder = str | PathLike[str]


def compare(a: Folder, b: Folder) -> CompareView:
    """Two runs or two sweeps, or one of each, ready to be shown.

    Args:
        a: Folder of the run or sweep to start from.
        b: Folder of the one to compare with it.

    Raises:
        RecordError: If a folder holds no finished run, or more than one sweep.
    """
    stored_a, stored_b = (_finished(Path(folder)) for folder in (a, b))
    runs_a, runs_b = (_table(stored) for stored in (stored_a, stored_b))
    alignment = align(runs_a, runs_b)
    runs_a, runs_b = (_with_columns(runs, alignment.names) for runs in (runs_a, runs_b))
    damage: list[str] = []
    pairs = tuple(_pair(one, other, stored_a[one], stored_b[other], damage) for one, other in alignment.pairs)
    detail = _detail(pairs)
    classes, shown = _look_closer(pairs[detail], stored_a, stored_b, damage) if detail is not None else ((), ())
    return CompareView(
        names=(_name(a), _name(b)),
        datasets=(str(stored_a[0].record.dataset), str(stored_b[0].record.dataset)),
        runs_a=runs_a,
        runs_b=runs_b,
        alignment=alignment,
        pairs=pairs,
        detail=detail,
        classes=classes,
        examples=shown,
        differences=_differences(stored_a, stored_b, alignment),
        damage=tuple(map(hide_folders, dict.fromkeys(damage))),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare two runs or sweeps; see ``--help``.

    Args:
        arguments: Without the program's name; None for those of this process.

    Returns:
        The exit code: 0 if at least one pair of runs was compared and every table could be read, else 1.
    """
    parser = argparse.ArgumentParser(
        prog="python -m assignstudy.compare",
        description="Two saved runs or sweeps beside each other: metrics, and box by box what B gains and loses.",
    )
    parser.add_argument("a", type=Path, metavar="A", help="folder of a run or a sweep")
    parser.add_argument("b", type=Path, metavar="B", help="folder of another one")
    parser.add_argument("-o", "--output", type=Path, help="also write a page, such as comparison.html")
    given = parser.parse_args(arguments)
    try:
        view = compare(given.a, given.b)
        if given.output is not None:
            _write(given.output, view)
        _print(view)
        sys.stdout.flush()
    except AssignStudyError as error:
        print(f"assignstudy: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever reads along, head for one, has read enough; Python must not flush again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0 if view.pairs and not view.damage else 1


def _print(view: CompareView) -> None:
    for alert in compare_page.alerts(view):
        print(f"assignstudy: {alert.finding}", file=sys.stderr)
    print(compare_page.sentence(view))
    names = view.alignment.names
    lines = [[*names, *(f"{name} {side}" for name in SHOWN_METRICS for side in "AB"), "gained", "lost", "level"]]
    for pair in view.pairs:
        sides = view.sides(pair)
        metrics = [metric_text(name, run[name]) for name in SHOWN_METRICS for run in sides]
        changes = [str(pair.changes[name]) if pair.changes else "–" for name in ("gained", "lost", "level")]
        lines.append([*(value_text(sides[0][name]) for name in names), *metrics, *changes])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines if view.pairs else ():
        print("  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)))


def _write(path: Path, view: CompareView) -> None:
    try:
        compare_page.write_page(path, view)
    except OSError as error:
        raise PageError(f"{path}: cannot be written ({error}); give another path") from error
    print(f"Page: {path}")


def _finished(folder: Path) -> list[StoredRun]:
    found = find_runs(folder)
    if any(folder not in (run.folder, run.folder.parent) for run in found):
        raise RecordError(f"{folder}: expected one run or one sweep, found a folder above several; name one of them")
    finished = [run for run in found if run.record.status == "finished"]
    if not finished:
        raise RecordError(f"{folder}: expected a finished run, but none has finished ({found[0].record.error})")
    return finished


def _table(stored: Sequence[StoredRun]) -> pd.DataFrame:
    rules = {row: rule_of(run.record) for row, run in enumerate(stored)}
    exclusive = [row for row, rule in rules.items() if rule is not None and not rule.facts.shares_slots]
    return with_shares(runs_table(stored), exclusive)


def _with_columns(runs: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """The table with an empty column for each parameter that only the other side has."""
    return runs.assign(**dict.fromkeys((name for name in names if name not in runs), None))


def _pair(row_a: int, row_b: int, a: StoredRun, b: StoredRun, damage: list[str]) -> RunPair:
    """Both runs, with what became of each ground truth where they saw the same; adds what cannot be read."""
    if a.record.fingerprint != b.record.fingerprint:
        return RunPair(row_a, row_b, same_labels=False)
    tables = RunTables({0: a.folder, 1: b.folder})
    damage += tables.notices
    if len(tables.readable) < 2:
        return RunPair(row_a, row_b, same_labels=True)
    counts = tables.compare(0, [1], {1: "b"}).changes
    changes = dict(zip(map(str, counts), map(int, counts.to_numpy()[0]), strict=True))
    return RunPair(row_a, row_b, same_labels=True, changes=changes)


def _detail(pairs: Sequence[RunPair]) -> int | None:
    """The pair with most ground truths gained or lost, among those that can be followed; of equals the first."""
    known = [k for k, pair in enumerate(pairs) if pair.changes is not None]
    return max(known, key=lambda k: _moved(pairs[k].changes or {}), default=None)


def _moved(changes: Mapping[str, int]) -> int:
    return changes["gained"] + changes["lost"]


def _look_closer(
    pair: RunPair, stored_a: Sequence[StoredRun], stored_b: Sequence[StoredRun], damage: list[str]
) -> tuple[tuple[ClassRecall, ...], tuple[Example, ...]]:
    """The classes of a pair, and the ground truths that say most; adds what cannot be read."""
    tables = RunTables({0: stored_a[pair.a].folder, 1: stored_b[pair.b].folder})
    shown: tuple[Example, ...] = ()
    for stored in (stored_a[pair.a], stored_b[pair.b]):  # the pictures may lie where only one of the two finds them
        shown = examples(tables.paired(0, 1), tables.some(0, []), stored.record)
        if any(one.jpeg for one in shown):
            break
    classes = tables.classes([0, 1])
    damage += tables.notices
    return classes, shown


def _name(folder: Folder) -> str:
    return hide_folders(Path(folder).as_posix())


def _differences(
    stored_a: Sequence[StoredRun], stored_b: Sequence[StoredRun], alignment: Alignment
) -> tuple[Fact, ...]:
    """What is one thing on one side and another on the other: settings, then versions and machines."""
    both = runs_table([*stored_a, *stored_b])
    settings = {
        name: tuple(
            _values(map(value_text, part)) for part in (both[name][: len(stored_a)], both[name][len(stored_a) :])
        )
        for name in parameters(both)
        if name not in alignment.names
    }
    sources = [_sources(run.record) for run in stored_a], [_sources(run.record) for run in stored_b]
    names = dict.fromkeys(name for side in sources for one in side for name in one)
    origins = {name: tuple(_values(one.get(name, "–") for one in side) for side in sources) for name in names}
    found = {name: sides for name, sides in (settings | origins).items() if sides[0] != sides[1]}
    return tuple(Fact(name, f"{hide_folders(a)} in A, {hide_folders(b)} in B") for name, (a, b) in found.items())


def _values(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))


def _sources(record: RunRecord) -> dict[str, str]:
    """Where a run comes from; no times."""
    changes = " with changes" if record.git_dirty else ""
    return {
        "data set": f"{record.dataset} ({str(record.fingerprint)[:12]})",
        **{f"{name} version": version for name, version in record.versions.items()},
        "commit": f"{str(record.git_commit)[:12]}{changes}" if record.git_commit else "none",
        "platform": record.platform,
    }


if __name__ == "__main__":
    sys.exit(main())
