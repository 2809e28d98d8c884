"""Fitted anchors on a run page: what they give, and whether a finer level would be the better remedy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from assignstudy.figures import anchor_sides, recall_by_size
from assignstudy.fitting.compare import BOUNDED, CHOSEN, DEAR, FINER, PUBLISHED, UNBOUNDED
from assignstudy.report import judgement, words
from assignstudy.report.content import Column, Fact, Finding, Kind, Picture, SectionContent, State, TableView
from assignstudy.report.embed import to_svg
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
    sentence = " ".join(filter(None, (_gain(fit, before, after), _losses(before, after), _bound(fit))))
    sides = anchor_sides.draw(fit.tables.anchors, (PUBLISHED, CHOSEN))
    recall = recall_by_size.draw(before, after, PUBLISHED)
    captions = "Anchors of each level, in its cells", "Recall by size, published and fitted anchors"
    return SectionContent(
        key,
        title,
        Finding(sentence, _state(fit, before, after)),
        pictures=tuple(
            Picture(to_svg(figure, f"{key}-{name}", f"{caption}. {sentence}"), caption)
            for figure, name, caption in zip((sides, recall), ("sides", "recall"), captions, strict=True)
        ),
        tables=_tables(fit),
        facts=(Fact("For a YOLOv5 model file", fit.model_block), Fact("For another run", _command(fit))),
        how_to_read="fitness is the mean over boxes of how well the best anchor fits, 0 where none does; it says "
        "nothing of levels. An anchor smaller than a cell asks a coarse level for boxes that it can hardly see: less "
        "than one step of its grid wide.",
    )


class _Bounds(NamedTuple):
    """Three fits that tell what a bound costs and what a finer level brings."""

    free: float
    bounded: float
    finer: float | None
    finer_strides: str

    @property
    def cost(self) -> float:
        return self.free - self.bounded

    @property
    def finer_helps(self) -> bool:
        """Whether halved strides bring back at least half of what the bound costs."""
        return self.finer is not None and self.finer - self.bounded >= self.cost / 2


def _row(fit: FitView, name: str) -> pd.Series[float]:
    sets = fit.tables.sets
    return sets[sets["set"] == name].iloc[0]


def _bounds(fit: FitView) -> _Bounds:
    fitness = dict(zip(fit.tables.sets["set"], fit.tables.sets["fitness"], strict=True))
    strides = dict(zip(fit.tables.sets["set"], fit.tables.sets["strides"], strict=True))
    free, bounded = (CHOSEN, BOUNDED) if BOUNDED in fitness else (UNBOUNDED, CHOSEN)
    return _Bounds(fitness[free], fitness[bounded], fitness.get(FINER), strides.get(FINER, ""))


def _gain(fit: FitView, before: pd.Series[float], after: pd.Series[float]) -> str:
    recall, published = words.ratio(after["bpr"]), words.ratio(before["bpr"])
    return (
        f"{words.count(fit.order.n, 'anchor')} fitted to these boxes {'has' if fit.order.n == 1 else 'have'} a fitness "
        f"of {words.ratio(after['fitness'])}, the published ones {words.ratio(before['fitness'])}; recall "
        f"{f'stays {recall}' if recall == published else f'is {recall} instead of {published}'}."
    )


def _losses(before: pd.Series[float], after: pd.Series[float]) -> str:
    """The sizes that lose recall, if any does noticeably."""
    parts = [
        f"of {name} boxes from {words.ratio(before[f'recall_{name}'])} to {words.ratio(after[f'recall_{name}'])}"
        for name in SIZE_BINS
        if _loss(before, after, name) > judgement.RECALL_LOST[0]
    ]
    return f"Recall falls {words.listing(parts)}." if parts else ""


def _loss(before: pd.Series[float], after: pd.Series[float], size: str) -> float:
    lost = float(before[f"recall_{size}"]) - float(after[f"recall_{size}"])
    return 0.0 if words.is_undefined(lost) else lost


def _bound(fit: FitView) -> str:
    """What a bound costs, and what to do about it."""
    bounds, cells = _bounds(fit), words.number(fit.order.min_side_cell or 1)
    size = f"{cells} cell" if cells == "1" else f"{cells} cells"
    if fit.order.min_side_cell:
        told = f"No anchor is smaller than {size} of its level; that bound costs"
        if bounds.cost <= DEAR:
            return f"{told} {'next to nothing' if bounds.cost >= 0.00005 else 'nothing'}."
        return f"{told} {words.ratio(bounds.cost)} of fitness. {_sub_cell(fit)} {_remedy(bounds)}"
    small = _too_small(fit)
    if small.empty:
        return "No anchor is smaller than a cell of its level."
    where = f"{words.sentence(words.listing([_smallest(row) for row in records(small)]))}."
    costs = f"anchors.min_side_cell=1 would cost {words.ratio(max(bounds.cost, 0))} of fitness."
    return f"{where} {_sub_cell(fit)} {costs} {_remedy(bounds) if bounds.cost > DEAR else ''}".strip()


def _remedy(bounds: _Bounds) -> str:
    if bounds.finer is None:
        return "The boxes are too small for these levels: a larger imgsz is the remedy."
    reached = f"strides {bounds.finer_strides} with the same bound reach {words.ratio(bounds.finer)}"
    if bounds.finer_helps:
        return f"A finer level is the remedy, not smaller anchors on coarse ones: {reached}."
    return f"A larger imgsz is the remedy: even {reached}."


def _levels(fit: FitView) -> pd.DataFrame:
    """The levels of the fitted anchors."""
    return fit.tables.levels[fit.tables.levels["set"] == CHOSEN]


def _too_small(fit: FitView) -> pd.DataFrame:
    """The levels of the fitted anchors that hold one smaller than their cell."""
    levels = _levels(fit)
    return levels[levels["least_cell"] < 1]


def _smallest(row: Any) -> str:
    return f"the smallest anchor of {row.level} has a side of {words.number(row.least_cell)} cells"


def _sub_cell(fit: FitView) -> str:
    """The level with the largest share of boxes smaller than its cells."""
    levels = _levels(fit)
    served = levels[levels["ground_truths"] > 0]
    if served.empty:
        return ""
    worst = records(served.sort_values("sub_cell_share", kind="stable").tail(1))[0]
    share = words.percent(worst.sub_cell_share)
    return f"Of the boxes matched on {worst.level} {share} are smaller than one of its cells ({worst.stride} px)."


def _state(fit: FitView, before: pd.Series[float], after: pd.Series[float]) -> State:
    worst = max(_loss(before, after, size) for size in SIZE_BINS)
    too_small = len(_too_small(fit)) > 0 or _bounds(fit).cost > DEAR
    lost = judgement.judge(worst, judgement.RECALL_LOST)
    return max(lost, State.WATCH if too_small else State.FINE, key=lambda one: one.severity)


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
