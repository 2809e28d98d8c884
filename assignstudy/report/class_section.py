"""Which classes fall behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from assignstudy.figures import class_recall
from assignstudy.report import judgement, words
from assignstudy.report.content import Cell, Column, Finding, Kind, SectionContent, Segment, State, TableView
from assignstudy.report.embed import to_picture
from assignstudy.report.tables import table
from assignstudy.report.view import RunView

MOST_CLASSES = 2000
"""Rows of the table; a page with tens of thousands would open slowly."""


def classes(view: RunView, key: str, title: str) -> SectionContent:
    """Which classes fall behind."""
    every = view.tables.classes
    some = every[every["ground_truths"] > 0].sort_values("ground_truths", ascending=False, kind="stable")
    figure = class_recall.draw(every, view.tables.metrics["bpr"])
    sentence = _class_sentence(some)
    empty = len(every) - len(some)
    note = (
        f"{words.count(empty, 'class', 'classes')} without a box {'is' if empty == 1 else 'are'} left out."
        if empty
        else ""
    )
    lowest = float(some["bpr"].min()) if len(some) else 1.0
    misfit = "shapes the anchors do not fit" if view.rule.slots == "anchors" else "boxes that hold too few points"
    behind = lowest < (view.tables.metrics["bpr"] or 0) - judgement.CLASS_BEHIND
    return SectionContent(
        key,
        title,
        Finding(sentence, State.WATCH if behind else State.FINE),
        pictures=(to_picture(figure, f"{key}-recall", sentence, "Recall of each class against its number of boxes"),),
        tables=(_class_table(some, note),),
        how_to_read=f"a class low in the picture has {misfit}; one far to the left has few boxes to judge from.",
    )


def _class_sentence(some: pd.DataFrame) -> str:
    if some.empty:
        return "No class has a box."
    losing = some[some["unmatched"] > 0]
    if losing.empty:
        return f"Every box of {'the one class' if len(some) == 1 else f'all {len(some)} classes'} has a positive."
    worst = losing.iloc[int(losing["bpr"].argmin())]
    verb = "loses" if len(losing) == 1 else "lose"
    return (
        f"{words.integer(len(losing))} of {words.count(len(some), 'class', 'classes')} {verb} boxes; "
        f"{words.name(worst['class_name'])} has the lowest recall, {words.percent(worst['bpr'])} of "
        f"{words.count(worst['ground_truths'], 'box', 'boxes')}."
    )


def _class_table(some: pd.DataFrame, note: str) -> TableView:
    names = [name for name in some.columns if name.startswith("positives_P")]
    columns = [
        Column("class_name", "class"),
        Column("ground_truths", "boxes", Kind.INT, bar=True),
        Column("unmatched", "unmatched", Kind.INT),
        Column("bpr", "bpr", Kind.RATIO, bar=True, full=1.0),
        Column("positives_per_gt", "positives per box", Kind.NUMBER, bar=True),
    ]
    if some["critical_anchor_t_p95"].notna().any():
        columns.append(Column("critical_anchor_t_p95", "anchor_t for 95 %", Kind.NUMBER))
    shown = some.head(MOST_CLASSES)
    if len(shown) < len(some):
        note = f"The first {len(shown):,} of {len(some):,} classes with a box; all are in classes.parquet."
    plain = table(shown, columns, "classes, most boxes first", note)
    mixes = [_level_mix({name.removeprefix("positives_"): row[name] for name in names}) for _, row in shown.iterrows()]
    rows = tuple((*cells, mix) for cells, mix in zip(plain.rows, mixes, strict=True))
    return replace(plain, columns=(*plain.columns, Column("mix", "levels")), rows=rows, folded=len(some) > 12)


def _level_mix(positives_by_level: Mapping[str, float]) -> Cell:
    total = sum(positives_by_level.values())
    if not total:
        return Cell(words.UNDEFINED)
    labels = {level: f"{level} {words.percent(part / total)}" for level, part in positives_by_level.items()}
    segments = tuple(
        Segment(f"level-{level.removeprefix('P')}", 100 * part / total, labels[level])
        for level, part in positives_by_level.items()
        if part
    )
    return Cell(", ".join(labels.values()), segments=segments)
