"""Section: which ground truths a setting gains and loses, against the baseline."""

from __future__ import annotations

from assignstudy.figures import sweep_changes
from assignstudy.figures.sweep_changes import ChangeRow
from assignstudy.report import words
from assignstudy.report.content import Cell, Column, Finding, Kind, Picture, SectionContent, TableView
from assignstudy.report.embed import to_svg
from assignstudy.report.sweep_cells import run_cells, run_columns
from assignstudy.report.sweep_view import SweepView
from assignstudy.statistics.sweep_pairs import Comparison

KEY, TITLE = "changes", "Who gained, who lost"
MOST_BARS = 40
HOW_TO_READ = (
    "every ground truth is followed from the baseline to each run by its gt_id, so gains and losses do not cancel out. "
    "Sizes are those on the baseline's network input: small < 32² ≤ medium ≤ 96² < large, in px². Another level means "
    "that the ground truth is matched in both, but by another set of levels."
)


def build(view: SweepView) -> SectionContent:
    """Every comparable run against the baseline, ground truth by ground truth."""
    comparison = view.comparison
    if comparison is None or view.baseline is None:
        return SectionContent(KEY, TITLE, Finding("There are no two runs on the same labels to compare."))
    alone = comparison.changes.empty
    return SectionContent(
        KEY,
        TITLE,
        Finding(_sentence(view, comparison)),
        pictures=() if alone else (_picture(view, comparison),),
        tables=(*(() if alone else (_changes(view, comparison),)), _never(comparison)),
        how_to_read="" if alone else HOW_TO_READ,
    )


def _sentence(view: SweepView, comparison: Comparison) -> str:
    return " ".join(filter(None, (_largest_change(view, comparison), _never_sentence(comparison))))


def _largest_change(view: SweepView, comparison: Comparison) -> str:
    """The run that gains most on balance, or that none does."""
    counts = {row: _counts(view, comparison, row) for row in _compared(view)}
    if not counts or view.baseline is None:
        return ""
    base = f"the baseline ({view.name(view.baseline.row)})"
    best = max(counts, key=lambda row: counts[row]["gained"] - counts[row]["lost"])
    gained, lost, level = (counts[best][name] for name in ("gained", "lost", "level"))
    if gained <= lost:
        return f"No run matches more ground truths than {base}."
    return (
        f"Against {base}, {view.name(best)} gains most: {words.count(gained, 'ground truth')} "
        f"{'becomes' if gained == 1 else 'become'} matched, {_many(lost, 'becomes', 'become')} unmatched and "
        f"{_many(level, 'moves', 'move')} to another set of levels."
    )


def _many(count: int, singular: str, plural: str) -> str:
    return f"{words.integer(count) if count else 'none'} {singular if count < 2 else plural}"


def _never_sentence(comparison: Comparison) -> str:
    never = int(comparison.never.sum())
    if not comparison.ground_truths:
        return "There is no ground truth."
    if not never:
        return "Every ground truth is matched by some run."
    sizes = [f"{words.integer(int(count))} {size}" for size, count in comparison.never.items() if count]
    boxes = words.count(comparison.ground_truths, "ground truth")
    return f"No run matches {words.integer(never)} of {boxes}: {words.listing(sizes)}."


def _counts(view: SweepView, comparison: Comparison, row: int) -> dict[str, int]:
    changes = comparison.changes
    place = list(changes.index).index(view.runs.at[row, "run_key"])
    return {str(name): int(count) for name, count in zip(changes.columns, changes.to_numpy()[place], strict=True)}


def _compared(view: SweepView) -> list[int]:
    """All comparable runs but the baseline, in the order of the recommendation."""
    return [row for row in view.order if view.baseline is not None and row != view.baseline.row]


def _picture(view: SweepView, comparison: Comparison) -> Picture:
    rows = [_bars(view, comparison, row) for row in _compared(view)[:MOST_BARS]]
    return Picture(
        to_svg(sweep_changes.draw(rows), "sweep-changes", _sentence(view, comparison)),
        "Became matched and unmatched, by size",
    )


def _bars(view: SweepView, comparison: Comparison, row: int) -> ChangeRow:
    counts, sizes = _counts(view, comparison, row), [str(size) for size in comparison.never.index]
    gained, lost = ({size: counts[f"{side}_{size}"] for size in sizes} for side in ("gained", "lost"))
    return ChangeRow(view.name(row), gained, lost, view.role(row))


def _changes(view: SweepView, comparison: Comparison) -> TableView:
    names = [str(name) for name in comparison.changes.columns]
    headings = [Column(name, _HEADINGS.get(name, name.replace("_", ", ")), Kind.INT) for name in names]
    counts = {row: _counts(view, comparison, row) for row in _compared(view)}
    return TableView(
        "ground truths that became matched, unmatched or changed level, against the baseline",
        (*run_columns(view), *headings),
        tuple((*run_cells(view, row), *(Cell(words.integer(n)) for n in counts[row].values())) for row in counts),
        folded=False,
    )


_HEADINGS = {"gained": "became matched", "lost": "became unmatched", "level": "another level", "same": "the same"}


def _never(comparison: Comparison) -> TableView:
    rows = tuple((Cell(str(size)), Cell(words.integer(int(count)))) for size, count in comparison.never.items())
    columns = (Column("size_bin", "size"), Column("ground_truths", "ground truths", Kind.INT))
    return TableView("ground truths that no run matches", columns, rows)
