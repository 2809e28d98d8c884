"""Counts an assignment that is a product of two masks without expanding it: the same numbers as :mod:`.tally`'s rows.

Positives per ground truth, per anchor and per cell offset are products of counts. Overlaps are computed for whole
vectors of ground truths, masked instead of gathered. Only slots need rows, and of those only the crowded ones: a claim
whose cell nobody else claims owns its slots. Such claims are told apart by a table indexed with a hash of the cell; two
claims that meet there by chance cost a little time and change nothing, because what is crowded is sorted exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assignstudy.statistics.door import Bools, FactorArrays, Floats, Ints, LevelShape
from assignstudy.types import CellOffset, LevelFactors

IOU_UNIT = 2.0**-24
"""Overlaps are summed as whole multiples of this, exact for float32 values of 0.5 and more, and 6e-8 fine below."""

_OFFSETS = len(CellOffset)
_X_PART, _Y_PART = np.array(LevelFactors.X_PART), np.array(LevelFactors.Y_PART)
_SPREAD = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D))  # odd, for image, row and column
_SPARSE = 8  # buckets per claim in the table of cells


@dataclass(frozen=True, eq=False)
class PriorOverlaps:
    """How well the anchors, centred in their cells, overlap the ground truths that they fit, over one level.

    Attributes:
        best: (G,) float32, the largest over a ground truth's positives; 0 where it has none.
        units: (A,) the sums over each anchor's positives, in :data:`IOU_UNIT`.
    """

    best: Floats
    units: Ints


def prior_overlaps(level: FactorArrays, shape: LevelShape, anchor_centre: float) -> PriorOverlaps:
    """Overlap of every positive of a level with its anchor, in the float32 steps of ``geometry.paired_iou``.

    Args:
        level: What fits and what is claimed.
        shape: The level's stride and anchors.
        anchor_centre: Where in its cell an anchor is centred, on both axes.
    """
    boxes = level.claims.shape[1]
    best, units = np.zeros(boxes, np.float32), np.zeros(len(level.fits), np.int64)
    spans = _Spans.of(level)
    claims = level.claims * np.float32(1 / IOU_UNIT)
    for number, wh in enumerate(shape.anchor_wh_px / np.float32(shape.stride)):
        meeting = spans.meeting(wh, np.float32(anchor_centre))
        highest, total = _over_claims(meeting, claims)
        highest *= level.fits[number]
        np.maximum(best, highest, out=best)
        units[number] = np.multiply(total, level.fits[number], out=total).sum(dtype=np.int64)
    return PriorOverlaps(best * np.float32(IOU_UNIT), units)


@dataclass(frozen=True, eq=False)
class _Spans:
    """Where ground truths begin and end in cells, seen from the corner of each part's cell; and their (G,) areas.

    Each entry is a vector of its own, small enough for the processor's cache.
    """

    x: tuple[tuple[Floats, Floats], ...]
    y: tuple[tuple[Floats, Floats], ...]
    area: Floats

    @classmethod
    def of(cls, level: FactorArrays) -> _Spans:
        x, y, width, height = level.cxcywh_cell
        return cls(_ends(x, level.grid_x, width), _ends(y, level.grid_y, height), width * height)

    def meeting(self, anchor_wh: Floats, centre: np.float32) -> _Meeting:
        half_w, half_h = anchor_wh / 2
        x = [_shared(low, high, centre - half_w, centre + half_w) for low, high in self.x]
        y = [_shared(low, high, centre - half_h, centre + half_h) for low, high in self.y]
        return _Meeting(x, y, self.area + anchor_wh[0] * anchor_wh[1])


def _ends(centre: Floats, grid: npt.NDArray[np.int32], side: Floats) -> tuple[tuple[Floats, Floats], ...]:
    half = side / 2
    offsets = [centre - cell.astype(np.float32) for cell in grid]
    return tuple((offset - half, offset + half) for offset in offsets)


@dataclass(frozen=True, eq=False)
class _Meeting:
    """(G,) lengths of the intersection along each axis, by part of the grid, and the (G,) sum of both areas."""

    x: Sequence[Floats]
    y: Sequence[Floats]
    areas: Floats


def _shared(low: Floats, high: Floats, other_low: np.float32, other_high: np.float32) -> Floats:
    """Length that two spans have in common; 0 where they are apart."""
    length = np.minimum(high, other_high)
    length -= np.maximum(low, other_low)
    return np.maximum(length, np.float32(0), out=length)


def _over_claims(meeting: _Meeting, claims: Floats) -> tuple[Floats, npt.NDArray[np.int32]]:
    """(G,) the largest overlap and the sum of overlaps over the claimed cells, both in units, as if the anchor fitted.

    Units are a power of two, so that the (5, G) ``claims``, which are one unit or 0, scale without rounding.
    """
    highest = np.zeros(len(meeting.areas), np.float32)
    total = np.zeros(len(meeting.areas), np.int32)
    inter, iou = np.empty_like(highest), np.empty_like(highest)
    for offset, (x_part, y_part) in enumerate(zip(LevelFactors.X_PART, LevelFactors.Y_PART, strict=True)):
        np.multiply(meeting.x[x_part], meeting.y[y_part], out=inter)
        np.subtract(meeting.areas, inter, out=iou)
        _divide(inter, iou)
        iou *= claims[offset]
        np.maximum(highest, iou, out=highest)
        total += np.rint(iou, out=iou).astype(np.int32)
    return highest, total


def _divide(inter: Floats, union: Floats) -> None:
    """Replace the union by the overlap; 0 where both boxes have no area or sides are beyond float32."""
    if union.min(initial=1) > 0:
        np.divide(inter, union, out=union)
        return
    np.divide(inter, union, out=union)
    union[~np.isfinite(union)] = 0


@dataclass(frozen=True, eq=False)
class CrowdedRows:
    """Positives of one level whose slots need a closer look: (R,) ground truth, anchor, row and column of the cell."""

    gt_row: Ints
    anchor: Ints
    grid_y: Ints
    grid_x: Ints


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
        grid_y=level.grid_y.reshape(-1).take(_Y_PART[offset] * boxes + gt_row).astype(np.int64),
        grid_x=level.grid_x.reshape(-1).take(_X_PART[offset] * boxes + gt_row).astype(np.int64),
    )
