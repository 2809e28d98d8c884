r"""FCOS: every point inside a box regresses it, on the level that suits the distances to its sides.

Points: one at the middle of every cell, :math:`((i + 0.5) s, (j + 0.5) s)`, of strides :math:`s` = 8 to 128. Grids are
rounded up. With :math:`l, t, r, b` the distances from a point to the sides of a box, the point is a positive iff

* it is inside: :math:`\min(l, t, r, b) > 0`,
* :math:`\max(l, t, r, b)` is in the level's range: 64, 128, 256 and 512 px (:math:`8 s`) separate the levels, the last
  one is unbounded. ``mmdet`` counts both ends of a range as in it, so a distance of exactly 64 is in two levels;
  ``detectron2`` neither, so it is in none;
* with centre sampling, also :math:`\max(|\Delta x|, |\Delta y|) < 1.5 s` from the box's centre. ``detectron2`` always
  samples so, ``mmdet`` only if asked.

All but the ends of ``mmdet``'s ranges are strict. A point that several ground truths want goes to the smallest one:
``mmdet`` compares areas, ``detectron2`` the float32 number :math:`10^8 - \mathrm{area}`, for which areas within about
8 px² are equal. Of equals the lowest ground truth wins.

What differs from ``atss`` and ``max_iou``: there are no anchors, and no overlap is computed; points sit half a cell
further than their anchors. A ground truth that holds no point, or only ones that smaller boxes take, is unmatched.

Source: FCOS (2019) as in MMDetection and Detectron2. Rows come by image, row and column.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, final

import torch
from torch import Tensor

from assignstudy.assign.dense import Claims, DenseRule, area_of, cell_range, cells_between, one_per_slot
from assignstudy.assign.levels import levels_of
from assignstudy.errors import ConfigError
from assignstudy.geometry import xyxy_to_cxcywh
from assignstudy.types import Assignment, InputBoxes, Miss, PyramidLevel, RuleFacts, Shortfall

Variant = Literal["mmdet", "detectron2"]

VARIANTS = {"mmdet": "MMDetection", "detectron2": "Detectron2"}
STRIDES = (8, 16, 32, 64, 128)
FARTHEST_STRIDES = 8
"""How far the farthest side of a box may be on all levels but the last, in strides."""
RADIUS_STRIDES = 1.5
"""How far from a box's centre centre sampling takes points, in strides."""


@final
class Fcos(DenseRule):
    """FCOS's assignment; the module's docstring states it.

    Args:
        variant: Whose ranges and whose order of areas: ``mmdet`` or ``detectron2``.
        center_sampling: Whether only points near the centre count; None for what the variant does by default.

    Raises:
        ConfigError: If one of them is none of those, or the variant cannot do without centre sampling.
    """

    anchor_centre = 0.5

    def __init__(self, variant: Variant = "mmdet", center_sampling: bool | None = None) -> None:
        """Check and keep the choices."""
        if variant not in VARIANTS:
            raise ConfigError(f"variant: expected {' or '.join(VARIANTS)}, got {variant}")
        if center_sampling not in (None, True, False):
            raise ConfigError(f"center_sampling: expected true, false or null, got {center_sampling}")
        if variant == "detectron2" and center_sampling is False:
            raise ConfigError(
                "center_sampling: expected true or nothing for variant=detectron2, which always samples centres, "
                "got false; use variant=mmdet"
            )
        self._is_mmdet = variant == "mmdet"
        self._samples_centre = not self._is_mmdet if center_sampling is None else center_sampling
        sampling = "with" if self._samples_centre else "without"
        self._source = f"FCOS (2019) as in {VARIANTS[variant]}, {sampling} centre sampling"

    @property
    def options(self) -> dict[str, object]:
        """Whether centres are sampled."""
        return {"center_sampling": self._samples_centre}

    @property
    def facts(self) -> RuleFacts:
        """Slots are points; there is no threshold to set and no number that decides."""
        return RuleFacts(
            name="fcos",
            title="FCOS",
            source=self._source,
            threshold=None,
            reach=None,
            neighbour_cells=False,
            slots="points",
            own_anchors=True,
            shares_slots=False,
        )

    def published_levels(self) -> tuple[PyramidLevel, ...]:
        """One point per cell, P3 to P7."""
        return levels_of({stride: [(math.nan, math.nan)] for stride in STRIDES})

    def assign(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Assignment:
        """Assign whole images; there is no critical number.

        Raises:
            ValueError: If a level holds anchors instead of one point per cell.
        """
        if not all(len(level.anchor_wh_px) == 1 and bool(level.anchor_wh_px.isnan().all()) for level in levels):
            raise ValueError("levels: expected one point per cell on each, given as a row of NaN")
        area = area_of(boxes.xyxy_px)
        worth = -area if self._is_mmdet else 1e8 - area
        positives = []
        for level, bounds in zip(levels, self._ranges(levels), strict=True):
            claims = self._claims(boxes, level, bounds, self._samples_centre)
            positives.append(one_per_slot(boxes, level, claims, worth[claims.gt_row]))
        none = torch.full_like(boxes.gt_id, -1)
        return Assignment(tuple(positives), torch.full_like(area, torch.nan), none, none)

    def shortfall(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Shortfall:
        """The first of these that no point passes: inside, on the level for its size, near the centre, not taken."""
        everywhere = [(-math.inf, math.inf)] * len(levels)
        inside = self._counts(boxes, levels, everywhere, samples_centre=False)
        in_range = self._counts(boxes, levels, self._ranges(levels), samples_centre=False)
        wanted = self._counts(boxes, levels, self._ranges(levels), samples_centre=self._samples_centre)
        miss = torch.full_like(inside, Miss.NONE_INSIDE)
        for points, next_miss in (
            (inside, Miss.OTHER_LEVEL),
            (in_range, Miss.OFF_CENTRE),
            (wanted, Miss.TAKEN),
        ):
            miss = torch.where(points > 0, int(next_miss), miss)
        slots = torch.where(wanted > 0, wanted, torch.where(in_range > 0, in_range, inside))
        none = torch.full_like(boxes.xyxy_px[:, 0], torch.nan)
        return Shortfall(miss, slots, none, none)

    def _counts(
        self,
        boxes: InputBoxes,
        levels: Sequence[PyramidLevel],
        ranges: Sequence[tuple[float, float]],
        *,
        samples_centre: bool,
    ) -> Tensor:
        """(G,) int64 points of all levels that each ground truth wants."""
        claims = [
            self._claims(boxes, level, bounds, samples_centre).gt_row
            for level, bounds in zip(levels, ranges, strict=True)
        ]
        return torch.cat(claims).bincount(minlength=len(boxes))

    def _ranges(self, levels: Sequence[PyramidLevel]) -> list[tuple[float, float]]:
        """Per level the least and the largest distance to a box's farthest side."""
        between = [float(FARTHEST_STRIDES * level.stride) for level in levels[:-1]]
        return list(pairwise([-1.0 if self._is_mmdet else 0.0, *between, math.inf]))

    def _claims(
        self, boxes: InputBoxes, level: PyramidLevel, bounds: tuple[float, float], samples_centre: bool
    ) -> Claims:
        """Every point that a ground truth wants."""
        near = self._cells_near(boxes, level, bounds, samples_centre)
        box = boxes.xyxy_px[near.gt_row]
        point = (torch.stack((near.grid_x, near.grid_y), dim=1) + 0.5) * level.stride
        to_sides = torch.cat((point - box[:, :2], box[:, 2:] - point), dim=1)
        farthest, (least, largest) = to_sides.amax(dim=1), bounds
        is_closed = self._is_mmdet
        wanted = (farthest >= least) & (farthest <= largest) if is_closed else (farthest > least) & (farthest < largest)
        wanted &= to_sides.amin(dim=1) > 0
        if samples_centre:
            from_centre = (point - xyxy_to_cxcywh(box)[:, :2]).abs().amax(dim=1)
            wanted &= from_centre < RADIUS_STRIDES * level.stride
        return near.take(wanted)

    @staticmethod
    def _cells_near(
        boxes: InputBoxes, level: PyramidLevel, bounds: tuple[float, float], samples_centre: bool
    ) -> Claims:
        """All cells that can hold a wanted point."""
        box_low, box_high = boxes.xyxy_px[:, :2], boxes.xyxy_px[:, 2:]
        least, largest = bounds
        low, high = torch.maximum(box_low, box_high - largest), torch.minimum(box_high, box_low + largest)
        if samples_centre:
            centre, radius = xyxy_to_cxcywh(boxes.xyxy_px)[:, :2], RADIUS_STRIDES * level.stride
            low, high = torch.maximum(low, centre - radius), torch.minimum(high, centre + radius)
        last_of_grid = boxes.grid_wh(level.stride) - 1
        first_cell, last_cell = cell_range(low / level.stride - 0.5, high / level.stride - 0.5, last_of_grid)
        # No side of a small box is as far from a point inside as the range asks for.
        is_large = (box_high - box_low).amax(dim=1) >= least
        gt_row, grid_y, grid_x = cells_between(first_cell, last_cell.where(is_large[:, None], first_cell - 1))
        return Claims(gt_row, torch.zeros_like(gt_row), grid_y, grid_x)
