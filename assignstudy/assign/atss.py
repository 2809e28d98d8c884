r"""ATSS: each ground truth takes the anchors near its centre that overlap it more than its own statistics ask for.

Anchors: one square of :math:`8 s` at every cell :math:`(i, j)` of strides :math:`s` = 8 to 128, centred at
:math:`(i s, j s)` (not half a cell further). Grids are rounded up.

Candidates of a ground truth: on every level the :math:`\min(9, \text{cells})` anchors whose centres are nearest to its
own, by the float32 distance :math:`\sqrt{\Delta x^2 + \Delta y^2}`; of equally distant ones those of the lowest index
(by row, then column: the published code leaves the choice to its sorting). With the mean :math:`m` and the standard
deviation :math:`\sigma` (over :math:`N - 1`) of the IoUs of all :math:`N` candidates, a candidate is a positive iff

* its IoU :math:`\ge m + \sigma`: equality is positive, and
* its centre lies more than 0.01 px inside the box on every side: equality is not positive.

Of one candidate the deviation is undefined, and nothing is positive. An anchor that several ground truths want goes to
the largest IoU, of equal ones to the lowest ground truth. Mean and deviation are taken in float64 and each rounded to
float32: the published ones can differ by the last bit with the order in which they are summed.

What differs from ``max_iou``: no threshold to choose, every ground truth has its own, and no anchor is forced; a ground
truth is unmatched where no candidate's centre lies inside it, or where others take all of them.

Source: ATSS (2020) as in MMDetection. Rows come by image, row and column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from assignstudy.assign.dense import Claims, DenseRule, anchor_xyxy_px, corner_iou, nearest_cell, one_per_slot
from assignstudy.assign.levels import levels_of
from assignstudy.geometry import xyxy_to_cxcywh
from assignstudy.types import Assignment, InputBoxes, LevelPositives, Miss, PyramidLevel, RuleFacts, Shortfall

CANDIDATES = 9
MARGIN_PX = 0.01


@final
class Atss(DenseRule):
    """ATSS's assignment; the module's docstring states it."""

    @property
    def facts(self) -> RuleFacts:
        """Slots only: there is no threshold to set and no number that decides."""
        return RuleFacts(
            name="atss",
            title="ATSS",
            source="ATSS (2020)",
            threshold=None,
            reach=None,
            neighbour_cells=False,
            own_anchors=True,
            shares_slots=False,
        )

    def published_levels(self) -> tuple[PyramidLevel, ...]:
        """One square of eight strides per cell, P3 to P7."""
        return levels_of({stride: [(8 * stride, 8 * stride)] for stride in (8, 16, 32, 64, 128)})

    def assign(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Assignment:
        """Assign whole images; there is no critical number.

        Raises:
            ValueError: If a level has other than one anchor.
        """
        candidates, threshold = _asked(boxes, levels)
        positives = tuple(
            _positives(boxes, level, near, threshold) for level, near in zip(levels, candidates, strict=True)
        )
        none = torch.full_like(boxes.gt_id, -1)
        return Assignment(positives, torch.full_like(boxes.xyxy_px[:, 0], torch.nan), none, none)

    def shortfall(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Shortfall:
        """The first of these that no candidate passes: there are two, one is inside, overlaps enough, is not taken."""
        candidates, threshold = _asked(boxes, levels)
        exists = torch.cat([near.exists for near in candidates], dim=1)
        inside = exists & torch.cat([near.is_inside for near in candidates], dim=1)
        overlap = torch.where(inside, torch.cat([near.iou for near in candidates], dim=1), -1.0)
        wanted = overlap >= threshold[:, None]
        miss = torch.full_like(boxes.gt_id, Miss.TAKEN)
        slots = wanted.sum(dim=1)
        for passed, missed, before in (
            (wanted, Miss.LITTLE_OVERLAP, inside),
            (inside, Miss.NONE_INSIDE, exists),
        ):
            fails = ~passed.any(dim=1)
            miss, slots = torch.where(fails, int(missed), miss), torch.where(fails, before.sum(dim=1), slots)
        miss = torch.where(exists.sum(dim=1) < 2, int(Miss.NO_CANDIDATES), miss)
        return Shortfall(miss, slots, overlap.amax(dim=1).clamp(min=0), threshold)


def _asked(boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> tuple[list[_Candidates], Tensor]:
    """Per level the candidates, and (G,) the overlap that is asked of them."""
    if any(len(level.anchor_wh_px) != 1 for level in levels):
        raise ValueError("levels: expected one anchor on each, as ATSS has them")
    candidates = [_candidates(boxes, level) for level in levels]
    threshold = _mean_plus_deviation(
        torch.cat([near.iou for near in candidates], dim=1), torch.cat([near.exists for near in candidates], dim=1)
    )
    return candidates, threshold


def _offsets_to_search() -> Tensor:
    """(K, 2) cells relative to the nearest one that can be among the nearest nine, by row and then column.

    Towards (x, y), every cell of the rectangle between is at least as near, and on the same side of the grid's border.
    Only the nearest column and its neighbour can be equally far up to rounding, likewise for rows: all others are
    nearer for certain, and with nine of them (x, y) is out. (This holds up to a thousand strides outside the grid.)
    """

    def surely_nearer(x: int, y: int) -> int:
        uncertain = (2 if x == 1 else 1) * (2 if y == 1 else 1)
        return (x + 1) * (y + 1) - uncertain

    span = range(-CANDIDATES, CANDIDATES + 1)
    return torch.tensor([(x, y) for y in span for x in span if surely_nearer(abs(x), abs(y)) < CANDIDATES])


OFFSETS = _offsets_to_search()


@dataclass(frozen=True, eq=False)
class _Candidates:
    """The nearest anchors of each ground truth on one level.

    Attributes:
        claims: G · 9 of them, nine per ground truth.
        exists: (G, 9) bool, false where the level has fewer cells.
        is_inside: (G, 9) bool, whether the anchor's centre is inside the box.
        iou: (G, 9) float32.
    """

    claims: Claims
    exists: Tensor
    is_inside: Tensor
    iou: Tensor


def _candidates(boxes: InputBoxes, level: PyramidLevel) -> _Candidates:
    cell, exists = _nearest_cells(boxes, level)
    gt_xyxy, centre = boxes.xyxy_px[:, None], (cell * level.stride).float()
    inside_by = torch.cat((centre - gt_xyxy[..., :2], gt_xyxy[..., 2:] - centre), dim=-1).amin(dim=-1)
    gt_row = torch.arange(len(boxes), device=cell.device).repeat_interleave(CANDIDATES)
    claims = Claims(gt_row, torch.zeros_like(gt_row), cell[..., 1].flatten(), cell[..., 0].flatten())
    anchor_xyxy = anchor_xyxy_px(level, claims).view(len(boxes), CANDIDATES, 4)
    return _Candidates(claims, exists, inside_by > MARGIN_PX, corner_iou(gt_xyxy, anchor_xyxy))


def _nearest_cells(boxes: InputBoxes, level: PyramidLevel) -> tuple[Tensor, Tensor]:
    """(G, 9, 2) columns and rows, the nearest first, and (G, 9) whether there is such a cell."""
    cell = nearest_cell(boxes, level)[:, None] + OFFSETS.to(boxes.gt_id.device)
    exists = ((cell >= 0) & (cell < boxes.grid_wh(level.stride)[:, None])).all(dim=-1)
    apart = cell * level.stride - xyxy_to_cxcywh(boxes.xyxy_px)[:, None, :2]
    distance = (apart[..., 0] * apart[..., 0] + apart[..., 1] * apart[..., 1]).sqrt()
    # Offsets ascend by row and column, so a stable sort leaves equally distant cells in the order of their index.
    order = torch.where(exists, distance, torch.inf).argsort(dim=1, stable=True)[:, :CANDIDATES]
    return cell.gather(1, order[..., None].expand(-1, -1, 2)), exists.gather(1, order)


def _mean_plus_deviation(iou: Tensor, exists: Tensor) -> Tensor:
    """(G,) float32 mean plus standard deviation of the (G, N) overlaps that exist; NaN for fewer than two."""
    values, count = torch.where(exists, iou, 0).double(), exists.sum(dim=1)
    mean = values.sum(dim=1) / count
    deviation = torch.where(exists, values - mean[:, None], 0)
    return mean.float() + ((deviation * deviation).sum(dim=1) / (count - 1)).sqrt().float()


def _positives(boxes: InputBoxes, level: PyramidLevel, near: _Candidates, threshold: Tensor) -> LevelPositives:
    wanted = (near.exists & near.is_inside & (near.iou >= threshold[:, None])).flatten()
    return one_per_slot(boxes, level, near.claims.take(wanted), near.iou.flatten()[wanted])
