r"""YOLOv3-SPP's rule (the Ultralytics one): every anchor whose shape overlaps enough, in one cell.

Shape. With ground truth and anchor sizes in cells of the level, sharing a corner, an anchor fits iff

.. math:: \frac{\min(w, a_w) \min(h, a_h)}{w h + a_w a_h - \min(w, a_w) \min(h, a_h)} > t

with ``iou_t`` :math:`t` (default 0.20). Equality does not fit. Every anchor of every level decides on its own.

Cell: the one that holds the centre, :math:`(\lfloor X \rfloor, \lfloor Y \rfloor)`, and no neighbours. The published
code fails for a centre on the right or lower border; here the cell is clamped to the grid. The regression target is
the centre's fraction :math:`X - \lfloor X \rfloor`, which a sigmoid only reaches inside the open interval (0, 1): a
centre exactly on a grid line is unreachable.

What differs from ``yolov3``: all anchors above the threshold are positives, not the best one; a box can stay unmatched.

Source: Ultralytics YOLOv3-SPP until 2020-05-17. Rows come in the order anchor, ground truth; the last row wins a slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from torch import Tensor

from assignstudy.assign.overlap import OverlapRule
from assignstudy.assign.rule import best_anchor
from assignstudy.geometry import wh_iou
from assignstudy.types import Assignment, InputBoxes, PyramidLevel, RuleFacts


@final
class Yolov3Spp(OverlapRule):
    """YOLOv3-SPP's assignment; the module's docstring states it.

    Args:
        iou_t: Overlap that a fitting anchor exceeds, from 0 up to but not including 1. None for the published 0.2.

    Raises:
        ConfigError: If the threshold is outside that range.
    """

    published_threshold = 0.2

    def __init__(self, iou_t: float | None = None) -> None:
        """Check and keep the threshold as float32."""
        self.iou_t = self.checked(iou_t)

    @property
    def facts(self) -> RuleFacts:
        """Threshold, reach and slots."""
        return self.facts_of("yolov3_spp", "YOLOv3-SPP", "Ultralytics YOLOv3-SPP until 2020-05-17", decides_match=True)

    def assign(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Assignment:
        """Assign whole images; the critical number is the largest overlap over all anchors of all levels."""
        overlaps = [_level_overlaps(boxes, level) for level in levels]
        positives = []
        for level, overlap in zip(levels, overlaps, strict=True):
            anchor, gt_row = (overlap > self.iou_t).T.nonzero(as_tuple=True)
            positives.append(self.in_centre_cell(boxes, level, gt_row, anchor))
        return Assignment(tuple(positives), *best_anchor(overlaps, len(boxes), largest=True))


def _level_overlaps(boxes: InputBoxes, level: PyramidLevel) -> Tensor:
    """(G, A) shape overlaps, computed in cells."""
    grid_wh = boxes.grid_wh(level.stride)
    return wh_iou(boxes.cxcywh_norm[:, 2:] * grid_wh, level.anchor_wh_px / level.stride)
