"""Section: recall of the classes in all runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assignstudy.figures import sweep_classes as figure
from assignstudy.report import judgement, words
from assignstudy.report.content import Cell, Column, Finding, Kind, Picture, SectionContent, TableView
from assignstudy.report.embed import to_svg
from assignstudy.report.sweep_view import SweepView
from assignstudy.statistics.sweep_classes import ClassRecall

KEY, TITLE = "classes", "Classes"
MOST_RUNS, MOST_CLASSES, MOST_ROWS = 40, 24, 2000
HOW_TO_READ = (
    "a row is a run, a column a class; the stronger its colour, the more of its boxes have no positive in that run, "
    "and an empty cell has lost none."
)
NOTE = "The figures of every run are in classes.parquet in its folder."

Classes = Sequence[ClassRecall]


def build(view: SweepView) -> SectionContent:
    """A heat map of the classes that the choice of the run matters for, and a table of all."""
    if not view.classes:
        return SectionContent(KEY, TITLE, Finding("No run has a class with ground truths, so there is none to show."))
    shown = _shown(view.classes)
    return SectionContent(
        KEY,
        TITLE,
        Finding(_sentence(view)),
        pictures=(_picture(view, shown),) if shown else (),
        tables=(_table(view),),
        how_to_read=_how_to_read(view, shown) if shown else "",
    )


def _shown(classes: Classes) -> list[ClassRecall]:
    """The classes that some run does not match in full; those with most boxes at stake first."""
    some = [one for one in classes if one.recall[one.lowest] < 1]
    return sorted(some, key=lambda one: -one.spread * one.ground_truths)[:MOST_CLASSES]


def _sentence(view: SweepView) -> str:
    if not _shown(view.classes):
        return f"Every run matches every box of {_many(view.classes)}."
    large = [one for one in view.classes if one.ground_truths >= judgement.CLASS_BOXES] or view.classes
    return " ".join(filter(None, (_widest(view, large), _lowest(view, large))))


def _widest(view: SweepView, classes: Classes) -> str:
    """The class whose recall depends most on the run."""
    one = max(classes, key=lambda one: one.spread)
    if not one.spread:
        return ""
    low, high = (f"{words.percent(one.recall[row])} with {view.name(row)}" for row in (one.lowest, one.highest))
    return f"The class “{one.name}” ({_boxes(one)}) depends most on the choice: from {low} to {high}."


def _lowest(view: SweepView, classes: Classes) -> str:
    """The class that the recommended run serves worst."""
    pick = view.order[0]
    known = [one for one in classes if pick in one.recall]
    if not known:
        return ""
    one = min(known, key=lambda one: one.recall[pick])
    if one.recall[pick] == 1:
        return f"The recommended run matches every box of the classes with at least {judgement.CLASS_BOXES} boxes."
    share = words.percent(one.recall[pick])
    return f"With the recommended run “{one.name}” ({_boxes(one)}) is worst off: {share} of its boxes are matched."


def _boxes(one: ClassRecall) -> str:
    return words.count(one.ground_truths, "box", "boxes")


def _many(classes: Classes) -> str:
    return words.count(len(classes), "class", "classes")


def _rows(view: SweepView) -> list[int]:
    """The runs whose classes are known, in the order of the recommendation."""
    known = {row for one in view.classes for row in one.recall}
    return [row for row in view.order if row in known]


def _picture(view: SweepView, shown: Classes) -> Picture:
    rows = _rows(view)[:MOST_RUNS]
    recalls = np.array([[one.recall.get(row, np.nan) for one in shown] for row in rows])
    drawn = figure.draw(recalls, [(view.name(row), view.role(row)) for row in rows], [one.name for one in shown])
    alt = f"Recall of {_many(shown)} in {words.count(len(rows), 'run')}. {_sentence(view)}"
    return Picture(to_svg(drawn, "sweep-classes", alt), "Matched boxes by run and class", wide=True)


def _how_to_read(view: SweepView, shown: Classes) -> str:
    rows = _rows(view)
    drawn, left_out = rows[:MOST_RUNS], []
    if len(shown) < len(view.classes):
        left_out.append(f"{len(shown)} of {_many(view.classes)}, from the left those with most boxes at stake")
    if len(drawn) < len(rows):
        left_out.append(f"the first {len(drawn)} of {len(rows)} runs as recommended")
    numbers = "Numbers are whole percent, rounded down." if len(shown) * len(drawn) <= figure.WRITTEN_CELLS else ""
    return " ".join(filter(None, (HOW_TO_READ, numbers, f"Shown are {words.listing(left_out)}." if left_out else "")))


def _table(view: SweepView) -> TableView:
    """Every class: the recommended run, the baseline, and the ends of all runs."""
    roles = {"pick": view.order[0], **({"baseline": view.baseline.row} if view.baseline is not None else {})}
    columns = (
        Column("class_name", "class"),
        Column("ground_truths", "ground truths", Kind.INT),
        *(Column(name, name, Kind.RATIO) for name in (*roles, "lowest", "highest")),
    )
    shown = view.classes[:MOST_ROWS]
    some = f"The first {len(shown):,} of {len(view.classes):,} classes. " if len(shown) < len(view.classes) else ""
    rows = tuple(_table_row(one, (*roles.values(), one.lowest, one.highest)) for one in shown)
    return TableView("recall of every class", columns, rows, note=f"{some}{NOTE}")


def _table_row(one: ClassRecall, runs: Sequence[int]) -> tuple[Cell, ...]:
    recalls = (Cell(words.ratio(one.recall.get(row))) for row in runs)
    return (Cell(one.name), Cell(words.integer(one.ground_truths)), *recalls)
