"""Section: all runs, with what tells them apart and what came out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assignstudy.report import words
from assignstudy.report.content import Cell, Column, Finding, Kind, SectionContent, TableView
from assignstudy.report.sweep_cells import metric_cells, metric_columns, run_cells, run_columns
from assignstudy.report.sweep_view import SweepView
from assignstudy.statistics.sweep_metrics import is_metric
from assignstudy.statistics.sweep_parameters import rows_of

KEY, TITLE = "runs", "Runs"
KEY_METRICS = ("bpr", "unmatched", "unreachable_share", "contested_share", "sub_cell_share", "positives_per_gt")
GROUPS = (
    ("Labels", re.compile("images|images_without_gt|ground_truths|ignored|rejected")),
    ("Matching", re.compile("unmatched|bpr|anchors_per_gt|positives_per_gt")),
    ("Unmatched by size", re.compile("unmatched_.*")),
    ("Positives by level", re.compile(r"positives|positives_P\d+")),
    ("Positives by cell", re.compile("share_.*")),
    ("Slots", re.compile("slots|contested_slots|self_duplicates|matched_without_slot")),
    ("Anchors", re.compile("unreachable|positive_share|mean_prior_iou")),
)
"""The published metrics, in tables narrow enough for paper."""

NOTE = (
    "All metrics, unrounded, are in runs.csv and runs.parquet beside this page; runs.tex is the main table for LaTeX."
)

HOW_TO_READ = (
    "the recommended run stands first and each further one is what the rule would pick next. A run's key leads to its "
    "own page. Best and worst are marked where one direction is better; more positives per ground truth is neither."
)


def build(view: SweepView) -> SectionContent:
    """The table of runs, in the order of the recommendation; failed ones stay, with their error."""
    tables = [_key_metrics(view)] if len(view.finished) else []
    tables += [_failures(view)] if len(view.failed) else []
    tables += _groups(view) if len(view.finished) else []
    how_to_read = HOW_TO_READ if len(view.order) > 1 else ""
    return SectionContent(KEY, TITLE, Finding(_sentence(view)), tables=tuple(tables), how_to_read=how_to_read)


def ranked_rows(view: SweepView) -> list[int]:
    """All rows: the comparable runs as recommended, then finished ones on other labels, then failed ones."""
    return [*view.order, *view.on_other_labels, *rows_of(view.failed)]


def _sentence(view: SweepView) -> str:
    parts = [_finished(len(view.finished), len(view.runs))]
    if view.unfinished:
        parts.append(f"{words.count(len(view.unfinished), 'run')} did not get to an end")
    recalls = view.comparable["bpr"].dropna()
    if len(recalls) > 1:
        parts.append(f"recall lies between {words.ratio(recalls.min())} and {words.ratio(recalls.max())}")
    names = f"; they differ in {words.listing(view.swept)}" if view.swept else ""
    return f"{words.sentence(words.listing(parts))}{names}."


def _finished(finished: int, ended: int) -> str:
    if finished < ended:
        return f"{f'{finished:,}' if finished else 'none'} of {words.count(ended, 'run')} finished"
    return {0: "no run finished", 1: "one run finished", 2: "both runs finished"}.get(
        ended, f"all {ended:,} runs finished"
    )


def _key_metrics(view: SweepView) -> TableView:
    rows = ranked_rows(view)
    metrics = [name for name in KEY_METRICS if view.finished[name].notna().any()]
    cells = metric_cells(view, rows, metrics)
    status = [Column("status", "status")] if len(view.failed) else []
    sought = [Column("objective", "objective", Kind.QUANTITY)] if view.search else []
    own = {row: (*run_cells(view, row, view.parameters), *_status(view, row), *_objective(view, row)) for row in rows}
    return TableView(
        "Runs in the order of the recommendation",
        (*run_columns(view, view.parameters), *status, *sought, *metric_columns(metrics, in_words=True)),
        tuple((*own[row], *cells[row]) for row in rows),
        note=f"objective: {view.search.objective}, {view.search.direction}d by the search." if view.search else "",
        folded=False,
    )


def _objective(view: SweepView, row: int) -> tuple[Cell, ...]:
    if view.search is None:
        return ()
    return (Cell(words.quantity(view.search.values.get(row)), mark="best" if row == view.search.best else ""),)


def _status(view: SweepView, row: int) -> tuple[Cell, ...]:
    return (Cell(str(view.run(row)["status"])),) if len(view.failed) else ()


def _group(view: SweepView, title: str, names: Sequence[str], note: str) -> TableView:
    rows = [*view.order, *view.on_other_labels]
    cells = metric_cells(view, rows, names)
    return TableView(
        f"{title}, under the published names",
        (*run_columns(view), *metric_columns(names, in_words=False)),
        tuple((*run_cells(view, row), *cells[row]) for row in rows),
        note=note,
    )


def _groups(view: SweepView) -> list[TableView]:
    names = [str(name) for name in view.runs.columns if is_metric(str(name))]
    found = [(title, [name for name in names if pattern.fullmatch(name)]) for title, pattern in GROUPS]
    return [_group(view, title, group, NOTE if (title, group) == found[-1] else "") for title, group in found if group]


def _failures(view: SweepView) -> TableView:
    rows = tuple((*run_cells(view, row), Cell(str(view.run(row)["error"]))) for row in rows_of(view.failed))
    return TableView(
        "Failed runs and their errors", (*run_columns(view), Column("error", "error", Kind.CODE)), rows, folded=False
    )
