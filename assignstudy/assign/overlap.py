"""What the YOLO rules by shape overlap share: ``iou_t``, one cell without neighbours, YOLOv3's decoder."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from assignstudy.assign.levels import COCO_P5
from assignstudy.assign.rule import Rule, as_float32, clamped_cell
from assignstudy.errors import ConfigError
from assignstudy.types import InputBoxes, LevelPositives, PyramidLevel, Reach, RuleFacts, Threshold

REACH = Reach(offset_low=0.0, offset_high=1.0, max_ratio=math.inf)
"""What YOLOv3's decoder ``sigmoid(t)`` and ``exp(t) * anchor`` can output."""


class OverlapRule(Rule):
    """A rule that compares shapes by IoU and makes the cell of the centre a positive.

    Attributes:
        iou_t: The threshold, as float32.
        highest_threshold: Largest accepted ``iou_t``, as float32.
    """

    threshold_name = "iou_t"
    published_threshold: float
    iou_t: float
    highest_threshold: ClassVar[float] = 1 - 2.0**-24

    @classmethod
    def checked(cls, iou_t: float | None) -> float:
        """The threshold, or the published one for None, as float32.

        Raises:
            ConfigError: If it is not a number from 0 to :attr:`highest_threshold`.
        """
        value = as_float32(cls.published_threshold if iou_t is None else iou_t)
        if not 0 <= value <= cls.highest_threshold:
            upper = "up to 1" if cls.highest_threshold == 1 else "below 1"
            raise ConfigError(f"iou_t: expected a number from 0 {upper}, got {iou_t}")
        return value

    def facts_of(self, name: str, title: str, source: str, decides_match: bool) -> RuleFacts:
        """What pages may know of a rule of this kind."""
        threshold = Threshold("iou_t", self.iou_t, "best_iou", matches_below=False, decides_match=decides_match)
        return RuleFacts(name, title, source, threshold, REACH, neighbour_cells=False)

    def published_levels(self) -> tuple[PyramidLevel, ...]:
        """YOLOv3's anchors for COCO."""
        return COCO_P5

    def target_offset(self, boxes: InputBoxes, level: PyramidLevel, positives: LevelPositives) -> Tensor:
        """(P, 2) float32 regression targets: the fraction of the centre, also where its cell was clamped."""
        xy_cell = boxes.cxcywh_norm[:, :2] * boxes.grid_wh(level.stride)
        return (xy_cell - xy_cell.floor())[positives.gt_row]

    @staticmethod
    def in_centre_cell(boxes: InputBoxes, level: PyramidLevel, gt_row: Tensor, anchor: Tensor) -> LevelPositives:
        """Positives of the (P,) given ground truths and anchors in the cell of the centre, clamped to the grid."""
        grid_wh = boxes.grid_wh(level.stride)
        cell = clamped_cell(boxes.cxcywh_norm[:, :2] * grid_wh, grid_wh - 1)[gt_row]
        return LevelPositives(gt_row, anchor, cell[:, 1], cell[:, 0], cell_offset=torch.zeros_like(gt_row))
