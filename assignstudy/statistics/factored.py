"""Counts an assignment that is a product of two masks without expanding it: the same numbers as :mod:`.tally`'s rows.

Positives per ground truth, per anchor and per cell offset are products of counts. Overlaps are computed for
whole vectors of claimed cells, masked by what fits. Only slots need rows, and of those only the crowded ones: a claim
whose cell nobody else claims owns its slots. Such claims are told apart by a table indexed with a hash of the cell; two
claims that meet there by chance cost a little time and change nothing, because what is crowded is sorted exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from assignstudy.statistics.door import Bools, FactorArrays, Floats, Ints, LevelShape
from assignstudy.types import CellOffset, LevelFactors

IOU_UNIT = 2.0**-24
"""Overlaps are summed as whole multiples of this, exact for float32 values of 0.5 and more, and 6e-8 fine below."""

_OFFSETS = len(CellOffset)
_SPREAD = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D))  # odd, for image, row and column
_SPARSE = 8  # buckets per claim in the table of cells


@dataclass(frozen=True, eq=False)
class Claims:
    """The cells of one level that ground truths with a fitting anchor claim: by cell offset, then by ground truth.

    All are vectors of K claims, small enough for the processor's cache. Lengths are float32 in cells, counted from the
    corner of the claimed cell; pairs are of the axes x and y.

    Attributes:
        ends: (6,) where the claims of each offset begin, and where the last ones end.
        gt_row: Whose claim it is.
        grid_x: Column of the cell.
        grid_y: Its row.
        offset: Where the ground truth is centred.
        low: Where it begins.
        high: Where it ends.
        area: Its area.
    """

    ends: Ints
    gt_row: Ints
    grid_x: npt.NDArray[np.int32]
    grid_y: npt.NDArray[np.int32]
    offset: tuple[Floats, Floats]
    low: tuple[Floats, Floats]
    high: tuple[Floats, Floats]
    area: Floats

    @classmethod
    def of(cls, level: FactorArrays) -> Claims:
        """The claims of a level."""
        is_matched = np.bitwise_or.reduce(level.fits, axis=0)
        rows = [np.flatnonzero(claimed & is_matched) for claimed in level.claims]
        gt_row, ends = np.concatenate(rows), np.cumsum([0, *map(len, rows)])
        grid_x, grid_y = (
            np.concatenate([grid[part].take(some) for part, some in zip(parts, rows, strict=True)])
            for grid, parts in ((level.grid_x, LevelFactors.X_PART), (level.grid_y, LevelFactors.Y_PART))
        )
        x, y, width, height = (side.take(gt_row) for side in level.cxcywh_cell)
        x, y, half_w, half_h = x - grid_x.astype(np.float32), y - grid_y.astype(np.float32), width / 2, height / 2
        low, high = (x - half_w, y - half_h), (x + half_w, y + half_h)
        return cls(ends, gt_row, grid_x, grid_y, (x, y), low, high, width * height)

    def __len__(self) -> int:
        """Number of claims."""
        return len(self.gt_row)

    def highest(self, values: Floats, boxes: int) -> Floats:
        """(G,) the highest of (K,) values of at least 0 that each ground truth has; 0 where it has none."""
        highest = np.zeros(boxes, values.dtype)
        for start, end in pairwise(self.ends):  # a ground truth has no two claims of one offset
            gt_row = self.gt_row[start:end]
            highest[gt_row] = np.maximum(highest.take(gt_row), values[start:end])
        return highest


@dataclass(frozen=True, eq=False)
class Meeting:
    """How one anchor of a level, centred in each claimed cell, meets the ground truth that claims it.

    Attributes:
        claims: The ground truths, as their cells see them.
        fits: (K,) whether the anchor fits.
        anchor_wh: (2,) its sides in cells.
        low: Where the anchor begins, per axis, as (K,) vectors.
        high: Where it ends.
        shared: (K,) area that both have in common; 0 where they are apart.
    """

    claims: Claims
    fits: Bools
    anchor_wh: Floats
    low: tuple[Floats, Floats]
    high: tuple[Floats, Floats]
    shared: Floats

    @classmethod
    def of(cls, claims: Claims, fits: Bools, anchor_wh: Floats, centre: np.float32) -> Meeting:
        """The meeting of all claims with an anchor that fits some ground truths of the level, in float32.

        Args:
            claims: Of the level.
            fits: (G,) which ground truths the anchor fits.
            anchor_wh: (2,) its sides in cells.
            centre: Where it is centred in its cell, on both axes.
        """
        low = (np.full(len(claims), centre - anchor_wh[0] / 2), np.full(len(claims), centre - anchor_wh[1] / 2))
        high = (np.full(len(claims), centre + anchor_wh[0] / 2), np.full(len(claims), centre + anchor_wh[1] / 2))
        width, height = (_shared(claims.low[n], claims.high[n], low[n], high[n]) for n in (0, 1))
        shared = np.multiply(width, height, out=width)
        return cls(claims, fits.take(claims.gt_row), anchor_wh, low, high, shared)


def _shared(low: Floats, high: Floats, other_low: Floats, other_high: Floats) -> Floats:
    # Vectors against vectors, because NumPy compares those with numbers only half as fast.
    length = np.minimum(high, other_high)
    length -= np.maximum(low, other_low)
    return np.maximum(length, np.zeros_like(length), out=length)


def meetings(level: FactorArrays, claims: Claims, shape: LevelShape, anchor_centre: float) -> Iterator[Meeting]:
    """Each anchor of a level against its ground truths, in the steps of :mod:`assignstudy.geometry`.

    Args:
        level: What fits and what is claimed.
        claims: The same, listed.
        shape: The level's stride and anchors.
        anchor_centre: Where in its cell an anchor is centred, on both axes.
    """
    for fits, anchor_wh in zip(level.fits, shape.anchor_wh_px / np.float32(shape.stride), strict=True):
        yield Meeting.of(claims, fits, anchor_wh, np.float32(anchor_centre))


class PriorOverlaps:
    """How well the anchors, centred in their cells, overlap the ground truths that they fit, over one level.

    Attributes:
        highest: (K,) float32, the highest of each claim, in :data:`IOU_UNIT`; 0 where nothing fits.
        units: (A,) the sums over each anchor's positives, likewise.

    Args:
        claims: Of the level.
        anchors: Number of anchors.
    """

    def __init__(self, claims: Claims, anchors: int) -> None:
        """Begin with nothing added."""
        self.highest = np.zeros(len(claims), np.float32)
        self.units = np.zeros(anchors, np.int64)

    def add(self, anchor: int, meeting: Meeting) -> None:
        """Add the overlaps of an anchor with what it fits, in the steps of ``geometry.paired_iou``."""
        iou = meeting.claims.area + meeting.anchor_wh[0] * meeting.anchor_wh[1]
        iou -= meeting.shared
        _divide(meeting.shared, iou)
        iou *= meeting.fits
        iou *= np.float32(1 / IOU_UNIT)  # a power of two, so that nothing is rounded
        np.maximum(self.highest, iou, out=self.highest)
        self.units[anchor] = np.rint(iou, out=iou).astype(np.int32).sum(dtype=np.int64)


def _divide(inter: Floats, union: Floats) -> None:
    """Replace the union by the overlap; 0 where both boxes have no area or sides are beyond float32."""
    is_plain = union.min(initial=1) > 0
    np.divide(inter, union, out=union)
    if not is_plain:
        union[~np.isfinite(union)] = 0


@dataclass(frozen=True, eq=False)
class CrowdedRows:
    """Positives of one level whose slots need a closer look: (R,) claim, ground truth, anchor, and cell."""

    claim: Ints
    gt_row: Ints
    anchor: Ints
    grid_y: Ints
    grid_x: Ints


def crowded(claims: Claims, image_index: Ints) -> Bools:
    """(K,) claims whose cell may be claimed by somebody else too, or twice; all others own their slots.

    Args:
        claims: Of one level.
        image_index: (G,) image of each ground truth.
    """
    bits = min(max(1, (_SPARSE * len(claims)).bit_length()), 31)
    cell = (image_index.astype(np.uint32) * _SPREAD[0]).take(claims.gt_row)
    cell += claims.grid_y.view(np.uint32) * _SPREAD[1]
    cell += claims.grid_x.view(np.uint32) * _SPREAD[2]
    bucket = (cell >> np.uint32(32 - bits)).astype(np.int64)
    is_crowded: Bools = np.bincount(bucket, minlength=1 << bits).take(bucket) > 1
    return is_crowded


def crowded_rows(level: FactorArrays, claims: Claims, image_index: Ints) -> CrowdedRows:
    """The positives of the claims that :func:`crowded` names; those of one slot in their published order."""
    some = np.flatnonzero(crowded(claims, image_index))
    gt_row = claims.gt_row[some]
    per_anchor = [some[fits.take(gt_row)] for fits in level.fits]
    claim = np.concatenate([*per_anchor, np.zeros(0, np.int64)])
    return CrowdedRows(
        claim=claim,
        gt_row=claims.gt_row.take(claim),
        anchor=np.repeat(np.arange(len(per_anchor)), [len(rows) for rows in per_anchor]),
        grid_y=claims.grid_y.take(claim).astype(np.int64),
        grid_x=claims.grid_x.take(claim).astype(np.int64),
    )
