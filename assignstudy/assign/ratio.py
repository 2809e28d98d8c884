"""What the YOLO rules by side ratio share: shape by ``anchor_t``, then some of the five cells around the centre."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from assignstudy.assign.levels import COCO_P5
from assignstudy.assign.rule import Rule, as_float32, best_anchor, clamped_cell
from assignstudy.errors import ConfigError
from assignstudy.geometry import worst_side_ratio
from assignstudy.types import Assignment, InputBoxes, LevelPositives, PyramidLevel, Reach, RuleFacts, Threshold

REACH = Reach(offset_low=-0.5, offset_high=1.5, max_ratio=4.0)
"""What YOLOv5's decoder ``2 * sigmoid(t) - 0.5`` and ``(2 * sigmoid(t)) ** 2 * anchor`` can output."""

DIRECTIONS = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
"""(5, 2) subtracted from the centre to go towards each cell, in the order of :class:`assignstudy.types.CellOffset`."""


class RatioRule(Rule):
    """A rule that accepts an anchor by its worst side ratio and then claims cells around the centre.

    Rows come in the order offset, anchor, ground truth; where rows share a slot the last one wins.

    Args:
        anchor_t: Largest accepted side ratio, above 1; a ratio that equals it does not fit. None for the published one.

    Attributes:
        name: As in ``assigner=``.
        title: As people write it.
        source: Paper or release.
        step: How far, in cells, the centre is moved to reach a neighbour cell.

    Raises:
        ConfigError: If no box could ever fit.
    """

    threshold_name = "anchor_t"
    published_threshold = 4.0
    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    step: ClassVar[float]

    def __init__(self, anchor_t: float | None = None) -> None:
        """Check and keep the threshold as float32."""
        self.anchor_t = as_float32(self.published_threshold if anchor_t is None else anchor_t)
        if not 1 < self.anchor_t < math.inf:
            raise ConfigError(
                f"anchor_t: expected a number above 1, since a side ratio is never below 1, got {anchor_t}"
            )

    @property
    def facts(self) -> RuleFacts:
        """Threshold, reach and slots."""
        return RuleFacts(
            name=self.name,
            title=self.title,
            source=self.source,
            threshold=Threshold("anchor_t", self.anchor_t, "critical_anchor_t", matches_below=True),
            reach=REACH,
            neighbour_cells=True,
        )

    def published_levels(self) -> tuple[PyramidLevel, ...]:
        """YOLOv5's anchors for COCO."""
        return COCO_P5

    def assign(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Assignment:
        """Assign whole images; the critical number is the smallest side ratio over all anchors of all levels."""
        ratios = [_level_ratios(boxes, level) for level in levels]
        positives = tuple(
            self._positives(boxes, level, ratio < self.anchor_t) for level, ratio in zip(levels, ratios, strict=True)
        )
        return Assignment(positives, *best_anchor(ratios, len(boxes), largest=False))

    @abstractmethod
    def claimed_cells(self, xy_cell: Tensor, grid_wh: Tensor) -> Tensor:
        """Which of the five cells around its centre each ground truth claims.

        Args:
            xy_cell: (G, 2) float32 centres in cells.
            grid_wh: (1, 2) or (G, 2) columns and rows of the grid.

        Returns:
            (G, 5) bool, in the order of :class:`assignstudy.types.CellOffset`; the first is always true.
        """

    def _positives(self, boxes: InputBoxes, level: PyramidLevel, fits: Tensor) -> LevelPositives:
        grid_wh = boxes.grid_wh(level.stride)
        xy_cell = boxes.cxcywh_norm[:, :2] * grid_wh
        claims = self.claimed_cells(xy_cell, grid_wh)
        cell_offset, anchor, gt_row = (claims.T[:, None] & fits.T[None]).nonzero(as_tuple=True)
        shift = self.step * DIRECTIONS.to(xy_cell.device)
        last_cell = (grid_wh - 1).expand(len(boxes), 2)[gt_row]
        cell = clamped_cell(xy_cell[gt_row] - shift[cell_offset], last_cell)
        return LevelPositives(gt_row, anchor, grid_y=cell[:, 1], grid_x=cell[:, 0], cell_offset=cell_offset)


def join_claims(near_low: Tensor, near_high: Tensor) -> Tensor:
    """(G, 5) bool claims from (G, 2) claims of left and up, and (G, 2) of right and down; the centre always counts."""
    return torch.cat((torch.ones_like(near_low[:, :1]), near_low, near_high), dim=1)


def _level_ratios(boxes: InputBoxes, level: PyramidLevel) -> Tensor:
    """(G, A) worst side ratio of each ground truth to each anchor of a level, computed in cells."""
    grid_wh = boxes.grid_wh(level.stride)
    return worst_side_ratio(boxes.cxcywh_norm[:, 2:] * grid_wh, level.anchor_wh_px / level.stride)
