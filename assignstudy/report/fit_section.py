"""Fitted anchors on a run page: what they give, and whether a finer level would be the better remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from assignstudy.figures import anchor_sides, recall_by_size
from assignstudy.fitting.compare import BOUNDED, CHOSEN, FINER, PUBLISHED, UNBOUNDED, Bounds, least_cell
from assignstudy.report import judgement, remedy, words
from assignstudy.report.content import Alert, Column, Fact, Finding, Kind, SectionContent, State, TableView
from assignstudy.report.embed import to_picture
from assignstudy.report.tables import table
from assignstudy.report.view import FitView, RunView
from assignstudy.statistics.entered import records
from assignstudy.statistics.ground_truths import SIZE_BINS

_NAMES = {CHOSEN: "fitted (this run)"}


def fitted_anchors(view: RunView, key: str, title: str) -> SectionContent:
    """The fitted anchors beside the published ones and beside what else could have been fitted."""
    fit = view.fit
    assert fit is not None, "this section is only built for fitted anchors"
    before, after = (_row(fit, name) for name in (PUBLISHED, CHOSEN))
    sentence = f"{_gain(fit, before, after)} {_bound(fit)}"
    alerts = (*_lost_recall(before, after), *_too_small(fit, view))
    state = max((alert.state for alert in alerts), key=lambda one: one.severity, default=State.FINE)
    sides = anchor_sides.draw(fit.tables.anchors, (PUBLISHED, CHOSEN))
    recall = recall_by_size.draw(before, after, PUBLISHED)
    captions = "Anchors of each level, in its cells", "Recall by size, published and fitted anchors"
    return SectionContent(
        key,
        title,
        Finding(sentence, state),
        alerts=alerts,
        pictures=tuple(
            to_picture(figure, f"{key}-{name}", sentence, caption)
            for figure, name, caption in zip((sides, recall), ("sides", "recall"), captions, strict=True)
        ),
        tables=_tables(fit),
        facts=(Fact("For a YOLOv5 model file", fit.model_block), Fact("For another run", _command(fit))),
        how_to_read="fitness is the mean over boxes of how well the best anchor fits, 0 where none does; it says "
        "nothing of levels. An anchor smaller than a cell asks a coarse level for boxes that it can hardly see: less "
        "than one step of its grid wide.",
    )


def _row(fit: FitView, name: str) -> pd.Series[float]:
    sets = fit.tables.sets
    return sets[sets["set"] == name].iloc[0]


def _bounds(fit: FitView) -> Bounds:
    fitness = dict(zip(fit.tables.sets["set"], fit.tables.sets["fitness"], strict=True))
    strides = dict(zip(fit.tables.sets["set"], fit.tables.sets["strides"], strict=True))
    free, bounded = (CHOSEN, BOUNDED) if BOUNDED in fitness else (UNBOUNDED, CHOSEN)
    finer = tuple(map(int, strides[FINER].split(", "))) if FINER in strides else ()
    return Bounds(least_cell(fit.order), fitness[free], fitness[bounded], fitness.get(FINER), finer)


def _gain(fit: FitView, before: pd.Series[float], after: pd.Series[float]) -> str:
    recall, published = words.ratio(after["bpr"]), words.ratio(before["bpr"])
    return (
        f"{words.count(fit.order.n, 'anchor')} fitted to these boxes {'has' if fit.order.n == 1 else 'have'} a fitness "
        f"of {words.ratio(after['fitness'])}, the published ones {words.ratio(before['fitness'])}; recall "
        f"{f'stays {recall}' if recall == published else f'is {recall} instead of {published}'}."
    )


def _bound(fit: FitView) -> str:
    """What bounding the anchors costs, or would cost."""
    if not fit.order.min_side_cell:
        smallest = words.number(float(_levels(fit)["least_cell"].min()))
        return f"Sides were not bounded; the smallest anchor is {smallest} cells of its level large."
    return (
        f"No anchor is smaller than {remedy.cells(least_cell(fit.order))} of its level; {remedy.price(_bounds(fit))}."
    )


def _lost_recall(before: pd.Series[float], after: pd.Series[float]) -> Iterator[Alert]:
    """The sizes that lose recall, if any does noticeably."""
    lost = {name: float(before[f"recall_{name}"]) - float(after[f"recall_{name}"]) for name in SIZE_BINS}
    worst = {name: loss for name, loss in lost.items() if loss > judgement.RECALL_LOST[0]}
    if worst:
        parts = [
            f"of {name} boxes from {words.ratio(before[f'recall_{name}'])} to {words.ratio(after[f'recall_{name}'])}"
            for name in worst
        ]
        yield Alert(
            judgement.judge(max(worst.values()), judgement.RECALL_LOST),
            f"Recall falls {words.listing(parts)}.",
            "the published anchors, or a larger anchors.n, if those boxes matter; fitness counts all boxes alike, "
            "whatever their size.",
        )


def _too_small(fit: FitView, view: RunView) -> Iterator[Alert]:
    """Whether the boxes are too small for the levels, and what helps."""
    bounds, levels = _bounds(fit), _levels(fit)
    below = levels[levels["least_cell"] < 1]
    if not bounds.is_dear and below.empty:
        return
    found = [
        f"the smallest anchor of {row.level} is {words.number(row.least_cell)} cells large" for row in records(below)
    ]
    found = found or [
        f"anchors with a side of at least {remedy.cells(bounds.least_cell)} are too large for these boxes"
    ]
    advice = (
        remedy.advice(remedy.small_boxes(view), view.input_hw, bounds)
        if bounds.is_dear
        else f"anchors.min_side_cell=1; it costs {words.ratio(bounds.cost)} of fitness."
    )
    yield Alert(State.WATCH, f"{words.sentence(words.listing(found))}. {_sub_cell(levels)}".strip(), advice)


def _levels(fit: FitView) -> pd.DataFrame:
    """The levels of the fitted anchors."""
    return fit.tables.levels[fit.tables.levels["set"] == CHOSEN]


def _sub_cell(levels: pd.DataFrame) -> str:
    """The level with the largest share of boxes smaller than its cells."""
    served = levels[levels["ground_truths"] > 0]
    if served.empty:
        return ""
    worst = records(served.sort_values("sub_cell_share", kind="stable").tail(1))[0]
    share = words.percent(worst.sub_cell_share)
    return f"Of the boxes matched on {worst.level} {share} are smaller than one of its cells ({worst.stride} px)."


def _command(fit: FitView) -> str:
    return f"anchors=file anchors.path={fit.file} (the file beside this page)"


def _tables(fit: FitView) -> tuple[TableView, ...]:
    shown = {"set": lambda frame: frame["set"].replace(_NAMES)}
    sets = [Column("set", "anchors"), Column("strides", "strides"), Column("fitness", "fitness", Kind.RATIO)]
    sets += [Column("bpr", "recall", Kind.RATIO)]
    sets += [Column(f"recall_{name}", f"of {name} boxes", Kind.RATIO) for name in SIZE_BINS]
    levels = [Column("set", "anchors"), Column("level", "level"), Column("stride", "stride", Kind.INT)]
    levels += [Column("least_cell", "smallest anchor, in cells", Kind.NUMBER)]
    levels += [Column("largest_cell", "largest", Kind.NUMBER)]
    levels += [Column("ground_truths", "boxes matched", Kind.INT)]
    levels += [Column("sub_cell_share", "of them below one cell", Kind.PERCENT, bar=True, full=1.0)]
    anchors = [Column("set", "anchors"), Column("level", "level"), Column("anchor_w_px", "width", Kind.NUMBER)]
    anchors += [Column("anchor_h_px", "height", Kind.NUMBER), Column("side_cell", "side in cells", Kind.NUMBER)]
    first = table(fit.tables.sets.assign(**shown), sets, "sets of anchors on these boxes")
    return (
        replace(first, folded=False),
        table(fit.tables.levels.assign(**shown), levels, "levels of each set"),
        table(fit.tables.anchors.assign(**shown), anchors, "anchors of each set, in pixels of the network input"),
    )
