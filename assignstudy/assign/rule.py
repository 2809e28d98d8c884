"""What every assignment rule is and says about itself."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from assignstudy.types import Assignment, Factors, InputBoxes, LevelPositives, PyramidLevel, RuleFacts, Shortfall


class Rule(ABC):
    """A fixed rule that decides which slots are positives of which ground truth, from labels alone.

    Attributes:
        threshold_name: Configuration key of the rule's threshold, ``anchor_t`` or ``iou_t``; None without one.
        published_threshold: Its value in the publication the rule follows; None without one. Where it depends on how
            the rule was set up, only the instance knows it.
        takes_anchors: Whether any anchors can be used; False where they are part of the rule.
        anchor_centre: Where in its cell an anchor is centred, on both axes, in cells from the upper left corner.
        boxes_per_chunk: About how many ground truths are assigned at once; what bounds the memory in use.
    """

    threshold_name: ClassVar[str | None]
    published_threshold: float | None
    takes_anchors: ClassVar[bool] = True
    anchor_centre: ClassVar[float] = 0.5
    boxes_per_chunk: int = 1 << 15

    @property
    def options(self) -> Mapping[str, object]:
        """Options that stand for a published choice where they are left out, as they are used."""
        return {}

    @property
    @abstractmethod
    def facts(self) -> RuleFacts:
        """What pages and statistics may know of the rule."""

    @abstractmethod
    def published_levels(self) -> tuple[PyramidLevel, ...]:
        """The detection scales and anchors of the publication the rule follows, by increasing stride."""

    def input_multiple(self, levels: Sequence[PyramidLevel]) -> int:
        """Pixels that each side of the network input is a whole multiple of.

        Args:
            levels: The detection scales, by increasing stride; at least one.
        """
        return levels[-1].stride

    @abstractmethod
    def assign(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Assignment:
        """Assign some whole images.

        Args:
            boxes: Ground truths of whole images, in ascending order of images.
            levels: The detection scales, by increasing stride.

        Returns:
            The positives per level in the published row order, and the rule's own number per ground truth.
        """

    def shortfall(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Shortfall | None:
        """Why ground truths have no positive; None where the rule's own number against its threshold says it all.

        Args:
            boxes: Ground truths that :meth:`assign` left without a positive; the others of their images are not needed.
            levels: The detection scales, by increasing stride.
        """
        return None

    def boxes_in_cells(self, boxes: InputBoxes, level: PyramidLevel) -> Tensor:
        """(G, 4) float32 centre and size of each ground truth in cells of a level."""
        grid_wh = boxes.grid_wh(level.stride)
        return boxes.cxcywh_norm * torch.cat((grid_wh, grid_wh), dim=1)

    def target_offset(self, boxes: InputBoxes, level: PyramidLevel, positives: LevelPositives) -> Tensor:
        """(P, 2) float32 regression targets of the centre: its distance in cells from the positive's (clamped) cell."""
        xy_cell = self.boxes_in_cells(boxes, level)[positives.gt_row, :2]
        return xy_cell - torch.stack((positives.grid_x, positives.grid_y), dim=1)

    def positions(self, boxes: InputBoxes, level: PyramidLevel, positives: LevelPositives) -> Tensor:
        """(P, 2) float32 positions in cells that were rounded down to the positives' cells."""
        return self.boxes_in_cells(boxes, level)[positives.gt_row, :2]


class FactoredRule(Rule):
    """A rule whose positives are products: every anchor that fits a ground truth, in every cell that it claims."""

    @abstractmethod
    def factors(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Factors:
        """Assign some whole images without expanding the products; arguments as for :meth:`assign`."""

    def assign(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Assignment:
        """The same as rows, in the order offset, anchor, ground truth."""
        return self.factors(boxes, levels).listed()


def as_float32(value: float) -> float:
    """A threshold as the float32 that the published arithmetic compares with."""
    return float(torch.tensor(value, dtype=torch.float32))


def clamped_cell(xy_cell: Tensor, last_cell: Tensor) -> Tensor:
    """(P, 2) int64 cells of (P, 2) float32 positions: truncated towards zero, kept within 0 and ``last_cell``."""
    # Clamping before the cast keeps far-away centres out of an undefined float to integer conversion.
    return xy_cell.trunc().clamp(min=0).minimum(last_cell.float()).long()


def best_anchor(fit: Sequence[Tensor], boxes: int, largest: bool) -> tuple[Tensor, Tensor, Tensor]:
    """The best fit of each ground truth and the anchor it belongs to; the first level and anchor win ties.

    Args:
        fit: Per level (G, A) float32: side ratios or overlaps.
        boxes: G, needed where there is no level with anchors.
        largest: Whether the best fit is the largest number (overlaps) or the smallest (ratios).

    Returns:
        (G,) float32 fit, (G,) int64 level, (G,) int64 anchor in that level; the worst possible number and -1 where
        there is no anchor.
    """
    every = torch.cat(list(fit), dim=1)
    if not every.shape[1]:
        none = every.new_full((boxes,), -1, dtype=torch.int64)
        return every.new_full((boxes,), 0.0 if largest else math.inf), none, none
    critical, column = every.max(dim=1) if largest else every.min(dim=1)
    first = torch.tensor([0, *(part.shape[1] for part in fit)], device=column.device).cumsum(0)
    level = torch.bucketize(column, first[1:], right=True)
    return critical, level, column - first[level]
