r"""Darknet's rule (YOLOv3, and YOLOv4 with ``iou_t=0.213``): the best anchor of all levels, in one cell.

Shape. Boxes and anchors are divided by the network's width and height, sizes above 1 become 1, and compared by the IoU
of their shapes sharing a corner. The anchor with the largest IoU over *all* levels is positive, only in its level; the
comparison is strict and starts from 0, so the first (smallest) anchor wins ties and a box that overlaps nothing gets
anchor 0. With ``iou_t`` below 1 every other anchor of any level with an IoU strictly above it is positive too.

Cell: the one that holds the centre, clamped to the grid for a centre of exactly 1; no neighbours. The target is the
centre's fraction, reachable inside the open interval (0, 1).

Left out are boxes with a side strictly below one pixel of the network input and those whose centre has
:math:`x \le 0`, :math:`x > 1`, :math:`y \le 0` or :math:`y > 1`: they stay unmatched, and nothing else does.

What differs from ``yolov3_spp``: the best anchor is positive however bad it is, and only ``iou_t`` adds others.

Source: darknet (YOLOv3 2018, ``iou_thresh`` of YOLOv4 2020). Rows come by ground truth: the best anchor first, then the
others ascending; the last row wins a slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from assignstudy.assign.overlap import OverlapRule
from assignstudy.assign.rule import best_anchor
from assignstudy.geometry import wh_iou
from assignstudy.types import Assignment, InputBoxes, Miss, PyramidLevel, RuleFacts, Shortfall


@final
class Yolov3(OverlapRule):
    """Darknet's assignment; the module's docstring states it.

    Args:
        iou_t: Overlap that makes further anchors positives when exceeded, from 0 to 1; at 1 only the best one is. None
            for the published 1.

    Raises:
        ConfigError: If the threshold is outside that range.
    """

    published_threshold = 1.0
    highest_threshold = 1.0

    def __init__(self, iou_t: float | None = None) -> None:
        """Check and keep the threshold as float32."""
        self.iou_t = self.checked(iou_t)

    @property
    def facts(self) -> RuleFacts:
        """Threshold, reach and slots."""
        return self.facts_of("yolov3", "YOLOv3 (darknet)", "darknet, YOLOv3 2018 and YOLOv4 2020", decides_match=False)

    def assign(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Assignment:
        """Assign whole images; the critical number is the largest overlap over all anchors of all levels."""
        wh_norm = boxes.cxcywh_norm[:, 2:].clamp(max=1)
        overlaps = [_overlaps(wh_norm, boxes.input_wh_px, level) for level in levels]
        critical, best_level, best = best_anchor(overlaps, len(boxes), largest=True)
        kept = _kept(boxes)
        positives = []
        for number, (level, overlap) in enumerate(zip(levels, overlaps, strict=True)):
            is_best = best_level == number
            others = (overlap > self.iou_t) if self.iou_t < 1 else torch.zeros_like(overlap, dtype=torch.bool)
            others = others & ~_one_hot(is_best, best, overlap.shape[1])
            gt_row, column = (torch.cat((is_best[:, None], others), dim=1) & kept[:, None]).nonzero(as_tuple=True)
            anchor = torch.where(column == 0, best[gt_row], column - 1)
            positives.append(self.in_centre_cell(boxes, level, gt_row, anchor))
        return Assignment(tuple(positives), critical, best_level, best)

    def shortfall(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Shortfall:
        """Whether it is a side or the centre that darknet leaves out."""
        is_small = (boxes.cxcywh_norm[:, 2:] < 1 / boxes.input_wh_px).any(dim=1)
        miss = torch.where(is_small, int(Miss.TOO_SMALL), int(Miss.CENTRE_OUTSIDE))
        none = torch.full_like(boxes.xyxy_px[:, 0], torch.nan)
        return Shortfall(miss, torch.zeros_like(boxes.gt_id), none, none)


def _overlaps(wh_norm: Tensor, input_wh_px: Tensor, level: PyramidLevel) -> Tensor:
    """(G, A) shape overlaps over the network's width and height, which may differ from image to image."""
    return wh_iou(wh_norm, level.anchor_wh_px / input_wh_px[:, None])


def _one_hot(rows: Tensor, column: Tensor, columns: int) -> Tensor:
    """(G, columns) bool, true at each marked row's column."""
    return rows[:, None] & (column[:, None] == torch.arange(columns, device=column.device))


def _kept(boxes: InputBoxes) -> Tensor:
    """(G,) bool: centre inside the image (0 excluded, 1 included) and no side below one input pixel."""
    xy, wh = boxes.cxcywh_norm[:, :2], boxes.cxcywh_norm[:, 2:]
    return ((xy > 0) & (xy <= 1) & (wh >= 1 / boxes.input_wh_px)).all(dim=1)
