"""What the YOLO rules by side ratio share: shape by ``anchor_t``, then some of the five cells around the centre."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from assignstudy.assign.levels import COCO_P5
from assignstudy.assign.rule import FactoredRule, as_float32
from assignstudy.errors import ConfigError
from assignstudy.geometry import worst_side_ratio
from assignstudy.types import (
    Factors,
    InputBoxes,
    LevelFactors,
    LevelPositives,
    PyramidLevel,
    Reach,
    RuleFacts,
    Threshold,
)

REACH = Reach(offset_low=-0.5, offset_high=1.5, max_ratio=4.0)
"""What YOLOv5's decoder ``2 * sigmoid(t) - 0.5`` and ``(2 * sigmoid(t)) ** 2 * anchor`` can output."""

_TOWARDS = ((0.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (1.0, 0.0), (0.0, 1.0))
"""Where each :class:`assignstudy.types.CellOffset` lies, seen from the centre's cell: columns, then rows."""


class RatioRule(FactoredRule):
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

    def factors(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Factors:
        """Assign whole images; the critical number is the smallest side ratio over all anchors of all levels."""
        by_axis = boxes.cxcywh_norm.T.contiguous()
        in_cells = [by_axis * boxes.grid_wh(level.stride).T.repeat(2, 1) for level in levels]
        ratios = [_worst_ratios(one[2:], level) for one, level in zip(in_cells, levels, strict=True)]
        parts = [
            self._level_factors(one, boxes.grid_wh(level.stride).T, ratio < self.anchor_t)
            for one, level, ratio in zip(in_cells, levels, ratios, strict=True)
        ]
        return Factors(tuple(parts), *_smallest(ratios, len(boxes)))

    def positions(self, boxes: InputBoxes, level: PyramidLevel, positives: LevelPositives) -> Tensor:
        """(P, 2) float32 centres in cells, moved towards the cell that each positive claims."""
        towards = torch.tensor(_TOWARDS, device=positives.cell_offset.device)[positives.cell_offset]
        centre = super().positions(boxes, level, positives)
        return centre + self.step * towards

    @abstractmethod
    def claimed_cells(self, xy_cell: Tensor, grid_wh: Tensor) -> Tensor:
        """Which of the five cells around its centre each ground truth claims.

        Args:
            xy_cell: (2, G) float32 centres in cells.
            grid_wh: (2, 1) or (2, G) columns and rows of the grid.

        Returns:
            (5, G) bool, in the order of :class:`assignstudy.types.CellOffset`; the first is always true.
        """

    def _level_factors(self, cxcywh_cell: Tensor, grid_wh: Tensor, fits: Tensor) -> LevelFactors:
        xy_cell = cxcywh_cell[:2]
        moved = torch.stack((xy_cell, xy_cell - self.step, xy_cell + self.step), dim=1)
        # Clamping before the cast keeps far-away centres out of an undefined float to integer conversion.
        cell = moved.clamp(min=0).minimum((grid_wh - 1).float()[:, None]).int()
        return LevelFactors(fits, self.claimed_cells(xy_cell, grid_wh), cell[0], cell[1], cxcywh_cell)


def join_claims(near_low: Tensor, near_high: Tensor) -> Tensor:
    """(5, G) bool claims from (2, G) claims of left and up, and (2, G) of right and down; the centre always counts."""
    return torch.cat((torch.ones_like(near_low[:1]), near_low, near_high))


def fraction(xy_cell: Tensor) -> Tensor:
    """What is beyond the last whole number, never negative; 1 for a negative number too small to tell from 0."""
    return xy_cell - xy_cell.floor()


def _worst_ratios(wh_cell: Tensor, level: PyramidLevel) -> Tensor:
    """(A, G) worst side ratio of each ground truth to each anchor of a level, computed in cells."""
    return worst_side_ratio(wh_cell.T, level.anchor_wh_px / level.stride).T


def _smallest(ratios: Sequence[Tensor], boxes: int) -> tuple[Tensor, Tensor, Tensor]:
    """(G,) smallest ratio, its level and its anchor; the first of equals, infinite and -1 where there is no anchor."""
    every = torch.cat(list(ratios))
    if not len(every):
        none = every.new_full((boxes,), -1, dtype=torch.int64)
        return every.new_full((boxes,), math.inf), none, none
    smallest = every.amin(dim=0)
    # Counting the anchors before the first smallest one is ten times faster than torch's search for its index.
    is_before = torch.ones_like(smallest, dtype=torch.bool)
    column = torch.zeros_like(smallest, dtype=torch.int32)
    for ratio in every[:-1]:
        is_before = is_before & (ratio != smallest)
        column += is_before
    places = [(level, anchor) for level, part in enumerate(ratios) for anchor in range(len(part))]
    level, anchor = torch.tensor(places, device=column.device).T
    return smallest, level[column], anchor[column]
