"""Section: which ground truths a setting gains and loses, against the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assignstudy.figures import sweep_changes
from assignstudy.figures.sweep_changes import ChangeRow
from assignstudy.report import tables, words
from assignstudy.report.content import Cell, Column, Finding, Kind, Picture, SectionContent, TableView, Thumbnail
from assignstudy.report.embed import to_data_address, to_svg
from assignstudy.report.sweep_cells import run_cells, run_columns
from assignstudy.report.sweep_view import Example, SweepView
from assignstudy.statistics.sweep_pairs import Comparison

KEY, TITLE = "changes", "Who gained, who lost"
MOST_BARS = 40
SIDES = ("gained", "lost")
GROUPS = {"gained": "gained", "lost": "lost", "never": "no run matches"}
HOW_TO_READ = (
    "every ground truth is followed from the baseline to each run by its gt_id, so gains and losses do not cancel out. "
    "Gained: unmatched in the baseline, matched here; lost: the reverse; level: matched in both, by another set of "
    "levels. Sizes are those on the baseline's network input: small < 32² ≤ medium < 96² ≤ large, in px²."
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
        thumbnails=tuple(map(thumbnail, filter(lambda one: one.jpeg, view.examples))),
        tables=(*(() if alone else _changes(view, comparison)), _never(comparison), *_never_listed(view)),
        how_to_read=_how_to_read(view, alone=alone),
    )


def _sentence(view: SweepView, comparison: Comparison) -> str:
    return " ".join(filter(None, (_largest_change(view), _never_sentence(comparison))))


def _largest_change(view: SweepView) -> str:
    """What the recommended run changes, and the run that gains most on balance, or that none does."""
    counts = {row: _counts(view, row) for row in _compared(view)}
    if not counts or view.baseline is None:
        return ""
    base = f"the baseline ({view.name(view.baseline.row)})"
    gain = {row: count["gained"] - count["lost"] for row, count in counts.items()}
    best = max(gain, key=lambda row: gain[row])
    if gain[best] <= 0:
        return f"No run matches more ground truths than {base}."
    pick = view.order[0]
    if gain.get(pick, 0) == gain[best]:
        return (
            f"Against {base}, no run gains more than the recommended one, {view.name(pick)}: {_became(counts[pick])}."
        )
    most = f"{view.name(best)} gains most: {_became(counts[best])}"
    if pick not in counts:
        return f"Against {base}, {most}."
    return f"Against {base}, with the recommended run ({view.name(pick)}) {_became(counts[pick])}; {most}."


def _became(counts: Mapping[str, int]) -> str:
    gained, lost, level = (counts[name] for name in ("gained", "lost", "level"))
    return (
        f"{words.count(gained, 'ground truth')} {'becomes' if gained == 1 else 'become'} matched, "
        f"{_many(lost, 'becomes', 'become')} unmatched and {_many(level, 'moves', 'move')} to another set of levels"
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


def _how_to_read(view: SweepView, *, alone: bool) -> str:
    pictures = ""
    if any(one.jpeg for one in view.examples):
        shown = "" if view.against is None else f" from the baseline to {view.name(view.against)},"
        pictures = f"Pictures: the largest box of each class that changed{shown} or that no run matches."
    elif view.examples:
        pictures = "Without pictures: the data set cannot be read here as the runs saw it."
    return " ".join(filter(None, ("" if alone else HOW_TO_READ, pictures)))


def thumbnail(one: Example) -> Thumbnail:
    """A ground truth with its picture."""
    sides = " × ".join(words.number(round(side, 1)) for side in (one.width_px, one.height_px))
    return Thumbnail(to_data_address(one.jpeg), f"{GROUPS[one.group]}: {one.class_name}", f"{sides} px, {one.image}")


def _compared(view: SweepView) -> list[int]:
    """The runs that were held against the baseline, in the order of the recommendation."""
    return [row for row in view.order if view.changes(row) is not None]


def _counts(view: SweepView, row: int) -> Mapping[str, int]:
    return view.changes(row) or {}


def _picture(view: SweepView, comparison: Comparison) -> Picture:
    runs = _compared(view)
    rows = [_bars(view, comparison, row) for row in runs[:MOST_BARS]]
    some = f": the first {MOST_BARS} of {len(runs)} runs as recommended" if len(runs) > MOST_BARS else ""
    return Picture(
        to_svg(sweep_changes.draw(rows), "sweep-changes", _sentence(view, comparison)),
        f"Became matched and unmatched, by size{some}",
        wide=True,
    )


def _bars(view: SweepView, comparison: Comparison, row: int) -> ChangeRow:
    counts, sizes = _counts(view, row), [str(size) for size in comparison.never.index]
    gained, lost = ({size: counts[f"{side}_{size}"] for size in sizes} for side in SIDES)
    return ChangeRow(view.name(row), gained, lost, view.role(row))


def _changes(view: SweepView, comparison: Comparison) -> tuple[TableView, ...]:
    sizes = [str(size) for size in comparison.never.index]
    by_size = [(f"{side}_{size}", f"{side} {size}" if size == sizes[0] else size) for side in SIDES for size in sizes]
    whole = [(name, name) for name in comparison.changes.columns if "_" not in name]
    return (
        _table(view, "Ground truths gained, lost and moved, against the baseline", whole, folded=False),
        _table(view, "ground truths gained and lost, by size on the baseline's network input", by_size),
    )


def _table(view: SweepView, caption: str, headings: Sequence[tuple[str, str]], *, folded: bool = True) -> TableView:
    """A row per run, a column per count: its name and its heading."""
    columns = (*run_columns(view), *(Column(name, heading, Kind.INT) for name, heading in headings))
    counts = {row: _counts(view, row) for row in _compared(view)}
    cells = {row: [Cell(words.integer(counts[row][name])) for name, _ in headings] for row in counts}
    return TableView(caption, columns, tuple((*run_cells(view, row), *cells[row]) for row in counts), folded=folded)


def _never_listed(view: SweepView) -> list[TableView]:
    """The ground truths themselves, the largest of each class first."""
    boxes = view.never_matched
    if boxes.empty or view.comparison is None:
        return []
    columns = (
        Column("gt_id", "gt_id", Kind.INT),
        Column("image", "image", Kind.CODE),
        Column("class_name", "class"),
        Column("w_px", "width, px", Kind.NUMBER),
        Column("h_px", "height, px", Kind.NUMBER),
    )
    every = int(view.comparison.never.sum())
    note = f"The first {len(boxes)} of {every:,}; load_ground_truths has all." if every > len(boxes) else ""
    return [tables.table(boxes, columns, "each of them, with its size on the baseline's network input", note)]


def _never(comparison: Comparison) -> TableView:
    rows = tuple((Cell(str(size)), Cell(words.integer(int(count)))) for size, count in comparison.never.items())
    columns = (Column("size_bin", "size"), Column("ground_truths", "ground truths", Kind.INT))
    return TableView("ground truths that no run matches", columns, rows)
