"""From which number on a page says *watch* or *act*: every such limit, in one place."""

from __future__ import annotations

from assignstudy.report.content import State

UNMATCHED = (0.0, 0.02)
"""Share of the ground truths without a positive. 2 % is where YOLOv5's own check starts to look for other anchors."""

TINY = (0.0, 0.05)
"""Share of the ground truths with a side below three pixels on the network input."""

SUB_CELL = (0.05, 0.1)
"""Share of the ground truths that are smaller than one cell of the finest level; COCO at 640 pixels has 3 %."""

CONTESTED = (0.05, 0.2)
"""Share of the slots that two or more ground truths claim."""

UNREACHABLE = (0.0, 0.02)
"""Share of the positives that the decoder cannot output."""

WITHOUT_SLOT = (0.0, 0.02)
"""Share of the ground truths that are matched and lose every slot to others."""

RECALL_LOST = (0.005, 0.05)
"""Recall of a size that fitted anchors lose against the published ones."""

LITTLE_USED_ANCHOR = 0.01
"""An anchor with less than this share of the positives gets almost nothing."""

STARVED_LEVEL = 0.05
"""A level with less than this share of the positives is starved."""

CLASS_BEHIND = 0.05
"""A class whose recall is lower than the data set's by more than this falls behind."""

CLASS_BOXES = 10
"""Classes with fewer boxes are too small to be judged."""


def judge(share: float | None, limits: tuple[float, float]) -> State:
    """Fine up to the first limit, watch up to the second (both included), act beyond; fine where undefined."""
    watch_above, act_above = limits
    if share is None or share <= watch_above:
        return State.FINE
    return State.WATCH if share <= act_above else State.ACT


def share(part: float | None, whole: float | None) -> float | None:
    """Quotient; None where either is undefined or there is nothing to divide by."""
    return part / whole if part is not None and whole else None
