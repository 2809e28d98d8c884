r"""Finds the anchors that overlap a ground truth enough, without comparing it with all of them.

Along one axis, an anchor of side :math:`a` at distance :math:`d` meets a box of side :math:`w` on a length of
:math:`\min(w, a, (w + a)/2 - d)`, which only shrinks with distance. So each shape does best at the cell nearest to the
box's centre; its IoU there is computed first, exactly. The best of these is a lower bound of the ground truth's largest
IoU, and what overlaps less than that (and less than what is enough) can be skipped: whole shapes, and of the others all
cells beyond the distance at which the intersection becomes too small. The bounds are widened by more than float32
can err; whatever lies within is computed exactly as published and decides alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from assignstudy.assign.dense import (
    Claims,
    anchor_xyxy_px,
    area_of,
    cell_range,
    cells_between,
    corner_iou,
    nearest_cell,
)
from assignstudy.geometry import xyxy_to_cxcywh
from assignstudy.types import InputBoxes, PyramidLevel

RELATIVE_SLACK = 2.0**-16
"""Of areas and overlaps: float32 errs by 2**-24 per operation, and there are few operations."""
COORDINATE_SLACK = 2.0**-20
"""Of the largest coordinate, for positions and sides: likewise."""


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Slots of one level and their IoU with ground truths.

    Attributes:
        claims: K pairs of a ground truth and a slot.
        iou: (K,) float32 IoU of each pair, exact.
    """

    claims: Claims
    iou: Tensor

    def take(self, which: Tensor) -> Overlaps:
        """The pairs at the given positions, or those marked in a (K,) bool."""
        return Overlaps(self.claims.take(which), self.iou[which])


def search(boxes: InputBoxes, levels: Sequence[PyramidLevel], enough: float) -> tuple[tuple[Overlaps, ...], Tensor]:
    """Find every pair of a ground truth and a slot whose IoU is enough or the ground truth's largest.

    Args:
        boxes: G ground truths.
        levels: The detection scales.
        enough: An IoU from which on every pair is wanted.

    Returns:
        Per level all pairs with an IoU of at least ``enough`` or of the ground truth's largest (and some more, but none
        with a ground truth that overlaps no anchor at all), and (G,) float32 that largest IoU over all levels.
    """
    nearest = [_nearest_iou(boxes, level) for level in levels]
    best = torch.cat((boxes.xyxy_px.new_zeros(len(boxes), 1), *nearest), dim=1).amax(dim=1)
    found = []
    for level in levels:
        wanted = best.clamp(max=enough)
        overlaps = _measured(boxes, _in_reach(boxes, level, wanted), level)
        found.append(overlaps.take((overlaps.iou >= wanted[overlaps.claims.gt_row]) & (overlaps.iou > 0)))
        best = best.scatter_reduce(0, found[-1].claims.gt_row, found[-1].iou, "amax")
    return tuple(found), best


def _measured(boxes: InputBoxes, claims: Claims, level: PyramidLevel) -> Overlaps:
    return Overlaps(claims, corner_iou(boxes.xyxy_px[claims.gt_row], anchor_xyxy_px(level, claims)))


def _nearest_iou(boxes: InputBoxes, level: PyramidLevel) -> Tensor:
    """(G, A) IoU of each ground truth with each anchor of the cell that is nearest to its centre."""
    centre = (nearest_cell(boxes, level) * level.stride).float()[:, None]
    half = level.anchor_wh_px / 2
    return corner_iou(boxes.xyxy_px[:, None], torch.cat((centre - half, centre + half), dim=-1))


def _in_reach(boxes: InputBoxes, level: PyramidLevel, wanted: Tensor) -> Claims:
    """Every slot that may overlap a ground truth by the (G,) IoU that is wanted of it."""
    near = _Meeting(boxes, level)
    gt_row, anchor = (near.largest.prod(dim=-1) >= near.intersection_for(wanted)).nonzero(as_tuple=True)
    radius = near.radius_for(wanted)[gt_row, anchor]
    centre, last_of_grid = near.centre[gt_row], (boxes.grid_wh(level.stride) - 1).expand(len(boxes), 2)[gt_row]
    bounds = cell_range((centre - radius) / level.stride, (centre + radius) / level.stride, last_of_grid)
    pair, grid_y, grid_x = cells_between(*bounds)
    return Claims(gt_row[pair], anchor[pair], grid_y, grid_x)


@final
class _Meeting:
    """How far ground truths and anchors of one level can meet along each axis, generously.

    Attributes:
        centre: (G, 2) centres of the ground truths.
        reach: (G, A, 2) distances at which box and anchor just touch.
        slack: (G, 1, 1) what coordinates can be off by.
        largest: (G, A, 2) longest possible stretch of the intersection: that at the nearest cell.
    """

    def __init__(self, boxes: InputBoxes, level: PyramidLevel) -> None:
        """Measure at the nearest cell."""
        cxcywh, anchor_wh = xyxy_to_cxcywh(boxes.xyxy_px), level.anchor_wh_px
        self.centre, wh = cxcywh[:, :2], cxcywh[:, None, 2:]
        far = boxes.xyxy_px.abs().amax(dim=1) + boxes.input_wh_px.amax(dim=1) + anchor_wh.sum()
        self.slack = COORDINATE_SLACK * far[:, None, None]
        self.reach = (wh + anchor_wh) / 2
        distance = (self.centre - nearest_cell(boxes, level) * level.stride).abs()[:, None]
        self.largest = torch.minimum(torch.minimum(wh, anchor_wh), self.reach - distance).clamp(min=0) + self.slack
        self._areas = area_of(boxes.xyxy_px)[:, None] + (anchor_wh - self.slack).clamp(min=0).prod(dim=-1)

    def intersection_for(self, iou: Tensor) -> Tensor:
        """(G, A) smallest intersection that can give the (G,) IoU: ``iou / (1 + iou)`` of both areas."""
        return (iou / (1 + iou) * (1 - RELATIVE_SLACK))[:, None] * self._areas

    def radius_for(self, iou: Tensor) -> Tensor:
        """(G, A, 2) largest distance of the centres along each axis, where the other one is at its best."""
        stretch = self.intersection_for(iou)[:, :, None] / self.largest.flip(-1) - self.slack
        return self.reach - stretch + self.slack
