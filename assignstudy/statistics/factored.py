"""Counts an assignment that is a product of two masks without expanding it: the same numbers as :mod:`.tally`'s rows.

Positives per ground truth, per anchor and per cell offset are products of counts. Overlaps are computed for whole
vectors of ground truths, masked instead of gathered. Only slots need rows, and of those only the crowded ones: a claim
whose cell nobody else claims owns its slots. Such claims are told apart by a table indexed with a hash of the cell; two
claims that meet there by chance cost a little time and change nothing, because what is crowded is sorted exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from assignstudy.statistics.door import Bools, FactorArrays, Floats, Ints, LevelShape
from assignstudy.types import CellOffset, LevelFactors

IOU_UNIT = 2.0**-24
"""Overlaps are summed as whole multiples of this, exact for float32 values of 0.5 and more, and 6e-8 fine below."""

_OFFSETS = len(CellOffset)
_X_PART, _Y_PART = np.array(LevelFactors.X_PART), np.array(LevelFactors.Y_PART)
_SPREAD = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D))  # odd, for image, row and column
_SPARSE = 8  # buckets per claim in the table of cells


@dataclass(frozen=True, eq=False)
class Meeting:
    """How one anchor of a level, centred in a cell, meets every ground truth, seen from each of its cells.

    Vectors are of G ground truths; the three of an axis belong to the parts of the grid that
    :class:`~assignstudy.types.LevelFactors` names. All are float32, in the steps of :mod:`assignstudy.geometry`.

    Attributes:
        anchor_wh: (2,) its sides in cells.
        centre: Where it is centred in its cell, on both axes.
        low: Where the anchor begins, per axis, as vectors.
        high: Where it ends.
        shared: Per axis and part, the length that anchor and ground truth have in common; 0 where they are apart.
        spans: The ground truths.
    """

    anchor_wh: Floats
    centre: np.float32
    low: tuple[Floats, Floats]
    high: tuple[Floats, Floats]
    shared: tuple[tuple[Floats, ...], tuple[Floats, ...]]
    spans: Spans


@dataclass(frozen=True, eq=False)
class Spans:
    """Where ground truths lie in cells, seen from the corner of each part's cell.

    Each entry is a vector of its own, small enough for the processor's cache.

    Attributes:
        offset: Per axis and part, the centre.
        low: Likewise, where the ground truth begins.
        high: Likewise, where it ends.
        area: (G,) in cells.
    """

    offset: tuple[tuple[Floats, ...], tuple[Floats, ...]]
    low: tuple[tuple[Floats, ...], tuple[Floats, ...]]
    high: tuple[tuple[Floats, ...], tuple[Floats, ...]]
    area: Floats

    @classmethod
    def of(cls, level: FactorArrays) -> Spans:
        """The ground truths of a level."""
        x, y = (
            [level.cxcywh_cell[axis] - cell.astype(np.float32) for cell in grid]
            for axis, grid in enumerate((level.grid_x, level.grid_y))
        )
        half_w, half_h = level.cxcywh_cell[2] / 2, level.cxcywh_cell[3] / 2
        return cls(
            offset=(tuple(x), tuple(y)),
            low=(tuple(one - half_w for one in x), tuple(one - half_h for one in y)),
            high=(tuple(one + half_w for one in x), tuple(one + half_h for one in y)),
            area=level.cxcywh_cell[2] * level.cxcywh_cell[3],
        )

    def meeting(self, anchor_wh: Floats, centre: np.float32) -> Meeting:
        """How an anchor of these sides in cells meets them, centred at this place in its cell on both axes."""
        low = tuple(np.full(len(self.area), centre - side / 2) for side in anchor_wh)
        high = tuple(np.full(len(self.area), centre + side / 2) for side in anchor_wh)
        x, y = (
            tuple(_shared(*ends, low[axis], high[axis]) for ends in zip(self.low[axis], self.high[axis], strict=True))
            for axis in (0, 1)
        )
        return Meeting(anchor_wh, centre, (low[0], low[1]), (high[0], high[1]), (x, y), self)


def _shared(low: Floats, high: Floats, other_low: Floats, other_high: Floats) -> Floats:
    # Vectors against vectors, because NumPy compares those with numbers only half as fast.
    length = np.minimum(high, other_high)
    length -= np.maximum(low, other_low)
    return np.maximum(length, np.zeros_like(length), out=length)


def meetings(level: FactorArrays, shape: LevelShape, anchor_centre: float) -> Iterator[Meeting]:
    """Each anchor of a level against its ground truths.

    Args:
        level: What fits and what is claimed.
        shape: The level's stride and anchors.
        anchor_centre: Where in its cell an anchor is centred, on both axes.
    """
    spans = Spans.of(level)
    for anchor_wh in shape.anchor_wh_px / np.float32(shape.stride):
        yield spans.meeting(anchor_wh, np.float32(anchor_centre))


class PriorOverlaps:
    """How well the anchors, centred in their cells, overlap the ground truths that they fit, over one level.

    Attributes:
        best: (G,) float32, the largest over a ground truth's positives, in :data:`IOU_UNIT`; 0 where it has none.
        units: (A,) the sums over each anchor's positives, likewise.

    Args:
        level: What fits and what is claimed.
    """

    def __init__(self, level: FactorArrays) -> None:
        """Begin with nothing added."""
        self._fits = level.fits
        # Units are a power of two, so that overlaps are scaled by them without rounding.
        self._claims = level.claims * np.float32(1 / IOU_UNIT)
        self.best = np.zeros(level.claims.shape[1], np.float32)
        self.units = np.zeros(len(level.fits), np.int64)

    def add(self, anchor: int, meeting: Meeting) -> None:
        """Add the overlaps of an anchor with what it fits, in the steps of ``geometry.paired_iou``."""
        areas = meeting.spans.area + meeting.anchor_wh[0] * meeting.anchor_wh[1]
        highest, total = np.zeros_like(self.best), np.zeros(len(self.best), np.int32)
        inter, iou = np.empty_like(highest), np.empty_like(highest)
        for offset in CellOffset:
            np.multiply(*shared_sides(meeting, offset), out=inter)
            np.subtract(areas, inter, out=iou)
            _divide(inter, iou)
            iou *= self._claims[offset]
            np.maximum(highest, iou, out=highest)
            total += np.rint(iou, out=iou).astype(np.int32)
        highest *= self._fits[anchor]
        np.maximum(self.best, highest, out=self.best)
        self.units[anchor] = np.multiply(total, self._fits[anchor], out=total).sum(dtype=np.int64)


def shared_sides(meeting: Meeting, offset: CellOffset) -> tuple[Floats, Floats]:
    """The two sides of the intersection, seen from the cell of an offset."""
    return meeting.shared[0][LevelFactors.X_PART[offset]], meeting.shared[1][LevelFactors.Y_PART[offset]]


def _divide(inter: Floats, union: Floats) -> None:
    """Replace the union by the overlap; 0 where both boxes have no area or sides are beyond float32."""
    if union.min(initial=1) > 0:
        np.divide(inter, union, out=union)
        return
    np.divide(inter, union, out=union)
    union[~np.isfinite(union)] = 0


@dataclass(frozen=True, eq=False)
class CrowdedRows:
    """Positives of one level whose slots need a closer look: (R,) ground truth, anchor, and what cell it is."""

    gt_row: Ints
    anchor: Ints
    cell_offset: Ints
    grid_y: Ints
    grid_x: Ints

    def take(self, rows: Ints) -> CrowdedRows:
        """Some of them."""
        return CrowdedRows(*(getattr(self, part.name)[rows] for part in fields(self)))


def crowded(level: FactorArrays, image_index: Ints) -> Bools:
    """(5, G) claims whose cell may be claimed by somebody else too, or twice; all others own their slots.

    Args:
        level: What fits and what is claimed.
        image_index: (G,) image of each ground truth.
    """
    active: Bools = level.claims & np.bitwise_or.reduce(level.fits, axis=0)
    claim = np.flatnonzero(active)
    bucket, buckets = _buckets(level, image_index, claim)
    number = np.arange(len(claim), dtype=np.min_scalar_type(len(claim)))
    last = np.empty(buckets, number.dtype)
    last[bucket] = number
    is_shared = np.zeros(buckets, np.bool_)
    is_shared[bucket[last.take(bucket) != number]] = True
    active.reshape(-1)[claim] = is_shared.take(bucket)
    return active


def _buckets(level: FactorArrays, image_index: Ints, claim: Ints) -> tuple[Ints, int]:
    """A bucket for each claim, equal for equal cells, and how many buckets there are."""
    bits = min(max(1, (_SPARSE * len(claim)).bit_length()), 31)
    image = image_index.astype(np.uint32) * _SPREAD[0]
    x, y = level.grid_x.astype(np.uint32) * _SPREAD[2], level.grid_y.astype(np.uint32) * _SPREAD[1] + image
    cell = np.stack([x[i] + y[j] for i, j in zip(LevelFactors.X_PART, LevelFactors.Y_PART, strict=True)])
    return (cell.reshape(-1).take(claim) >> np.uint32(32 - bits)).astype(np.int64), 1 << bits


def crowded_rows(level: FactorArrays, image_index: Ints) -> CrowdedRows:
    """The positives of the claims that :func:`crowded` names; those of one slot in their published order."""
    claims = crowded(level, image_index)
    boxes = claims.shape[1]
    claim = [np.flatnonzero(claims & fits) for fits in level.fits]
    ends = [np.searchsorted(one, boxes * np.arange(_OFFSETS + 1)) for one in claim]
    per_offset = np.concatenate([np.diff(end) for end in ends]) if ends else np.zeros(0, np.int64)
    offset = np.repeat(np.tile(np.arange(_OFFSETS), len(claim)), per_offset)
    gt_row = np.concatenate([*claim, np.zeros(0, np.int64)]) - boxes * offset
    return CrowdedRows(
        gt_row=gt_row,
        anchor=np.repeat(np.arange(len(claim)), [len(one) for one in claim]),
        cell_offset=offset,
        grid_y=level.grid_y.reshape(-1).take(_Y_PART[offset] * boxes + gt_row).astype(np.int64),
        grid_x=level.grid_x.reshape(-1).take(_X_PART[offset] * boxes + gt_row).astype(np.int64),
    )
