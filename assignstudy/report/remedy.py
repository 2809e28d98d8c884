"""Boxes that are too small for the cells they fall into: what to say of them, and what helps.

It is decided here, for all pages. Boxes smaller than one cell of the finest level can hardly be told from their
neighbours: a larger input helps as long as the original images hold its pixels, and finer cells where they do not. And
where keeping anchors as large as their cells costs much of their fitness, a finer level helps if it brings at least
half of that back.
"""

from __future__ import annotations

import math

from assignstudy.fitting.compare import Bounds
from assignstudy.report import judgement, words
from assignstudy.report.content import Alert, State
from assignstudy.report.view import RunView
from assignstudy.statistics import sub_cell
from assignstudy.statistics.entered import entered, level_strides
from assignstudy.statistics.sub_cell import SubCell

_FINEST_STRIDE = 4
"""P2, the finest level that detectors are built with."""

_MULTIPLE = 32
"""Inputs are suggested in steps of the coarsest usual stride."""

_VISIBLE = 0.00005
"""Less than this is 0 in four decimals."""


def small_boxes(view: RunView) -> SubCell:
    """The boxes of a run beside the cells of its finest level."""
    finest = min(level_strides(view.tables).values())
    return sub_cell.compute(entered(view.tables), finest, judgement.SUB_CELL[0])


def finding(boxes: SubCell) -> str:
    """How many boxes are smaller than a cell, without a full stop."""
    level = f"P{boxes.stride.bit_length() - 1}"
    return (
        f"{words.percent(boxes.share)} of the boxes are smaller than one cell ({boxes.stride} px) of the finest level, "
        f"{level}"
    )


def alert(boxes: SubCell, input_hw: tuple[int, int], bounds: Bounds | None) -> Alert | None:
    """What to say where boxes are too small for their cells, or None.

    Args:
        boxes: Of the run.
        input_hw: Height and width of its network input, in pixels.
        bounds: What the bound of fitted anchors costs; None where none were fitted.
    """
    state = judgement.judge(None if math.isnan(boxes.share) else boxes.share, judgement.SUB_CELL)
    is_dear = bounds is not None and bounds.is_dear
    if state is State.FINE and not is_dear:
        return None
    said = words.sentence(finding(boxes))
    if bounds is not None and bounds.is_dear:
        least = cells(bounds.least_cell)
        said += f"; to have no anchor smaller than {least} of its level costs {words.ratio(bounds.cost)} of fitness"
    return Alert(
        max(state, State.WATCH, key=lambda one: one.severity),
        f"{said}.",
        advice(boxes, input_hw, bounds),
        boxes.share,
    )


def advice(boxes: SubCell, input_hw: tuple[int, int], bounds: Bounds | None) -> str:
    """What to try: a larger input, a finer level, either or both; arguments as for :func:`alert`."""
    larger, finer = _larger(boxes, input_hw), _finer_level(boxes)
    if bounds is not None and bounds.is_dear:
        finer = _finer_anchors(bounds)
    if larger or finer:
        return f"{'; or '.join(filter(None, (larger, finer)))}."
    if bounds is None or bounds.finer is None:
        return "a larger imgsz: the boxes are too small for these levels."
    strides = ", ".join(map(str, bounds.finer_strides))
    return f"a larger imgsz: even strides {strides} only reach a fitness of {words.ratio(bounds.finer)}."


def price(bounds: Bounds) -> str:
    """What a bound costs, as a clause."""
    paid = "nothing" if bounds.cost < _VISIBLE else f"{words.ratio(bounds.cost)} of fitness"
    return f"that bound costs {paid}"


def cells(least: float) -> str:
    """A bound in words."""
    return "one cell" if least == 1 else f"{words.number(least)} cells"


def _larger(boxes: SubCell, input_hw: tuple[int, int]) -> str:
    """The input at which few enough boxes are below one cell, if the images have its pixels."""
    if boxes.times <= 1 or not boxes.has_pixels:
        return ""
    side = _MULTIPLE * math.ceil(max(input_hw) * boxes.times / _MULTIPLE)
    most = f"{100 * judgement.SUB_CELL[0]:g} %"
    return f"imgsz={side}, where at most {most} of them are that small: the original images hold these pixels"


def _finer_level(boxes: SubCell) -> str:
    if boxes.stride <= _FINEST_STRIDE or boxes.share_finer > judgement.SUB_CELL[0]:
        return ""
    share = words.percent(boxes.share_finer)
    return f"a network with a finer level, stride {boxes.stride // 2}: {share} of them are smaller than its cells"


def _finer_anchors(bounds: Bounds) -> str:
    if not bounds.finer_helps:
        return ""
    setting, least = ",".join(map(str, bounds.finer_strides)), cells(bounds.least_cell)
    return (
        f"a finer level, anchors.strides=[{setting}], not smaller anchors on coarse ones: with sides of at least "
        f"{least} the fitness is {words.ratio(bounds.finer)} there, {words.ratio(bounds.bounded)} here"
    )
