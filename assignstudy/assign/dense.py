"""What the dense rules share: anchors or points at every cell, boxes as corners, one ground truth per slot.

Nothing here builds anchors × ground truths. A rule says for each ground truth which cells it can possibly get, as
ranges of columns and rows; only those are listed, measured exactly as published, and then shared out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

import torch
from torch import Tensor

from assignstudy.assign.rule import Rule
from assignstudy.geometry import xyxy_to_cxcywh
from assignstudy.types import InputBoxes, LevelPositives, PyramidLevel

INPUT_MULTIPLE_PX = 32
"""What the trainers of the dense rules pad their input to, whatever the coarsest stride."""
CELL_SLACK = 2.0**-8
"""In cells: four times what float32 can be off by at 65,536 px and stride 8."""


class DenseRule(Rule):
    """A rule that brings its own anchors or points and looks at boxes as corners in pixels.

    Grids are the input's sides over the stride, rounded up; the last column and row may reach over the border.
    """

    threshold_name: ClassVar[str | None] = None
    published_threshold: float | None = None
    takes_anchors = False
    anchor_centre = 0.0
    boxes_per_chunk = 1 << 12

    def input_multiple(self, levels: Sequence[PyramidLevel]) -> int:
        """32, also where the coarsest stride is larger: grids are rounded up."""
        return INPUT_MULTIPLE_PX

    def boxes_in_cells(self, boxes: InputBoxes, level: PyramidLevel) -> Tensor:
        """(G, 4) float32 centre and size of each ground truth over the stride, which need not divide the input."""
        return xyxy_to_cxcywh(boxes.xyxy_px) / level.stride

    def positions(self, boxes: InputBoxes, level: PyramidLevel, positives: LevelPositives) -> Tensor:
        """(P, 2) float32 places of the positives' anchors or points in cells: nothing is rounded here."""
        return torch.stack((positives.grid_x, positives.grid_y), dim=1) + self.anchor_centre


@dataclass(frozen=True, eq=False)
class Claims:
    """Slots of one level that ground truths may get; K pairs, any number per slot.

    Attributes:
        gt_row: (K,) int64, row of the ground truth.
        anchor: (K,) int64, index into the level's anchors.
        grid_y: (K,) int64, row of the cell.
        grid_x: (K,) int64, column of the cell.
    """

    gt_row: Tensor
    anchor: Tensor
    grid_y: Tensor
    grid_x: Tensor

    def __len__(self) -> int:
        """Number of claims."""
        return len(self.gt_row)

    def take(self, which: Tensor) -> Claims:
        """The claims at the given positions, or those marked in a (K,) bool."""
        return Claims(self.gt_row[which], self.anchor[which], self.grid_y[which], self.grid_x[which])

    def of(self, gt_row: Tensor) -> Claims:
        """The same slots, claimed by other ground truths of the same images."""
        return Claims(gt_row, self.anchor, self.grid_y, self.grid_x)


def join(parts: Sequence[Claims]) -> Claims:
    """All claims of the parts, one part after the other."""
    return Claims(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Claims)))


def nearest_cell(boxes: InputBoxes, level: PyramidLevel) -> Tensor:
    """(G, 2) int64 column and row of the cell whose anchors are centred nearest to each ground truth's centre."""
    last_cell = (boxes.grid_wh(level.stride) - 1).float()
    position = xyxy_to_cxcywh(boxes.xyxy_px)[:, :2] / level.stride
    return position.round().clamp(min=0).minimum(last_cell).long()


def cell_range(low: Tensor, high: Tensor, last_of_grid: Tensor) -> tuple[Tensor, Tensor]:
    """The whole numbers from ``low`` to ``high`` that are columns and rows of the grid.

    Args:
        low: (R, 2) float32, in cells; may be infinite.
        high: (R, 2) float32.
        last_of_grid: (1, 2) or (R, 2) int64, last column and row of the grid.

    Returns:
        (R, 2) int64 first and (R, 2) int64 last ones, widened by :data:`CELL_SLACK` against rounding; the last lies
        before the first where there is none.
    """
    first = (low - CELL_SLACK).ceil().clamp(min=0).minimum(last_of_grid + 1.0)
    last = (high + CELL_SLACK).floor().clamp(min=-1).minimum(last_of_grid.float())
    return first.long(), last.long()


def cells_between(first_cell: Tensor, last_cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """List the cells of many ranges.

    Args:
        first_cell: (R, 2) int64, lowest column and row of each range.
        last_cell: (R, 2) int64, highest ones, included; a range whose last lies before its first has no cell.

    Returns:
        (K,) int64 range, row and column of every cell, in that order of importance, ascending.
    """
    columns, rows = (last_cell - first_cell + 1).clamp(min=0).unbind(dim=1)
    part, place = spread(columns * rows)
    columns = columns[part]
    return part, first_cell[part, 1] + place // columns, first_cell[part, 0] + place % columns


def spread(counts: Tensor) -> tuple[Tensor, Tensor]:
    """Number the members of groups of the given sizes.

    Args:
        counts: (R,) int64 sizes, at least 0.

    Returns:
        (K,) int64 group of each member, ascending, and (K,) int64 its place in the group, from 0.
    """
    group = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
    first = counts.cumsum(0) - counts
    return group, torch.arange(len(group), device=counts.device) - first[group]


def anchor_xyxy_px(level: PyramidLevel, claims: Claims) -> Tensor:
    """(K, 4) float32 corners of the anchors, centred on the upper left corner of their cells."""
    centre = torch.stack((claims.grid_x, claims.grid_y), dim=1) * float(level.stride)
    half = level.anchor_wh_px[claims.anchor] / 2
    return torch.cat((centre - half, centre + half), dim=1)


def corner_iou(gt_xyxy: Tensor, anchor_xyxy: Tensor) -> Tensor:
    """Overlap from corners, in the published order: ``inter / (area_gt + area_anchor - inter)``.

    Args:
        gt_xyxy: (..., 4) float32 corners of ground truths, with area.
        anchor_xyxy: (..., 4) float32 corners of anchors, with area.

    Returns:
        (...) float32 overlaps from 0 to 1. (MMDetection also keeps the union at 1e-6 px² or more; no anchor is so
        small.)
    """
    low = torch.maximum(gt_xyxy[..., :2], anchor_xyxy[..., :2])
    high = torch.minimum(gt_xyxy[..., 2:], anchor_xyxy[..., 2:])
    sides = (high - low).clamp(min=0)
    inter = sides[..., 0] * sides[..., 1]
    return inter / (area_of(gt_xyxy) + area_of(anchor_xyxy) - inter)


def area_of(xyxy: Tensor) -> Tensor:
    """(...) float32 areas of (..., 4) boxes, ``(x2 - x1) * (y2 - y1)``."""
    return (xyxy[..., 2] - xyxy[..., 0]) * (xyxy[..., 3] - xyxy[..., 1])


def slot_in_image(boxes: InputBoxes, level: PyramidLevel, claims: Claims) -> Tensor:
    """(K,) int64 place of each claimed slot among those of its image and level: by row, then column, then anchor."""
    columns = boxes.grid_wh(level.stride)[:, 0].expand(len(boxes))[claims.gt_row]
    return (claims.grid_y * columns + claims.grid_x) * len(level.anchor_wh_px) + claims.anchor


def one_per_slot(boxes: InputBoxes, level: PyramidLevel, claims: Claims, worth: Tensor) -> LevelPositives:
    """Give each claimed slot to the claim of the largest worth; the lowest ground truth wins ties.

    Args:
        boxes: The ground truths.
        level: The level of the claims.
        claims: K of them, in any order.
        worth: (K,) numbers, any type.

    Returns:
        One positive per distinct slot: by image, row, column, anchor.
    """
    slot = _slot_in_chunk(boxes, level, claims)
    order = claims.gt_row.argsort(stable=True)
    order = order[worth[order].argsort(stable=True, descending=True)]
    order = order[slot[order].argsort(stable=True)]
    slot = slot[order]
    is_first = torch.ones_like(slot, dtype=torch.bool)
    is_first[1:] = slot[1:] != slot[:-1]
    won = claims.take(order[is_first])
    return LevelPositives(won.gt_row, won.anchor, won.grid_y, won.grid_x, torch.zeros_like(won.gt_row))


def _slot_in_chunk(boxes: InputBoxes, level: PyramidLevel, claims: Claims) -> Tensor:
    """(K,) int64, one number per image and slot, ascending by image and then as :func:`slot_in_image`."""
    if not len(claims):
        return claims.gt_row
    slot, image = slot_in_image(boxes, level, claims), boxes.image_index[claims.gt_row]
    return (image - image.min()) * (slot.max() + 1) + slot
