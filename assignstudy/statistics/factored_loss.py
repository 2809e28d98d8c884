"""The loss at the start from an assignment's factors: the same sums as :mod:`assignstudy.losses.start` makes of rows.

Only for YOLOv5's loss, which the rules by side ratio feed: its overlap is CIoU, and an untrained head predicts the
anchor itself, centred in its cell. Steps and precision are those of ``geometry.ciou``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from assignstudy.losses.start import LOSS_UNIT, StartSums, diagonal_angles
from assignstudy.statistics.door import FactorArrays, Floats, Ints, LevelShape
from assignstudy.statistics.factored import Claims, Meeting

_EPS = np.float32(1e-7)
_ONE = np.float32(1)
_ASPECT_SCALE = np.float32(4 / math.pi**2)


def angles(levels: Sequence[FactorArrays]) -> Iterator[Floats]:
    """Per level (G,) angles of the diagonals of the ground truths, computed once where no level can change them."""
    first: tuple[Floats, Floats] | None = None
    for level in levels:
        wh = level.cxcywh_cell[2:]
        if first is None or not _is_scaled(wh, first[0]):
            first = wh, diagonal_angles(wh.T)
        yield first[1]


def _is_scaled(one: Floats, other: Floats) -> bool:
    """Whether all of one are the other times a power of two: then their ratios, and their angles, are the same."""
    if not one.size:
        return False
    factor = one[0, 0] / other[0, 0]
    return math.frexp(factor)[0] == 0.5 and np.array_equal(one, other * factor)


class StartLosses:
    """Overlaps of an untrained head's predictions with their targets, over one level.

    Args:
        claims: Of the level.
        angle: (G,) angles of the diagonals of the ground truths.
        shape: The level's stride and anchors.
        anchor_centre: Where in its cell an anchor is centred, on both axes.
    """

    def __init__(self, claims: Claims, angle: Floats, shape: LevelShape, anchor_centre: float) -> None:
        """Begin with nothing added."""
        self._gt_row, self._angle = claims.gt_row, angle.take(claims.gt_row)
        x, y = (np.square(np.float32(anchor_centre) - offset) for offset in claims.offset)
        self._distance = np.add(x, y, out=x)
        self._overlap, self._target = np.zeros(len(claims)), np.zeros(len(claims))  # exact: they stay below 2**53
        self._units = np.empty((len(shape.anchor_wh_px), len(claims)), np.float32)

    def add(self, anchor: int, meeting: Meeting) -> None:
        """Add the overlaps of an anchor with what it fits."""
        units = self._units[anchor]
        _ciou(meeting, self._distance, self._angle, out=units)
        units *= meeting.fits
        units *= np.float32(1 / LOSS_UNIT)  # a power of two, so that nothing is rounded
        np.rint(units, out=units)
        self._overlap += units
        self._target += np.maximum(units, np.float32(0))

    def sums(self, rows: npt.NDArray[np.int32], lost: tuple[Ints, Ints], group: Ints, groups: int) -> StartSums:
        """Sums by group.

        Args:
            rows: (G,) positives of each ground truth on the level.
            lost: Claim and anchor of those that do not own their slot.
            group: (G,) group of each ground truth.
            groups: Number of groups.
        """
        claim, anchor = lost
        counts, claim_group = _per_group(rows, group, groups), group.take(self._gt_row)
        lost_target = np.maximum(self._units[anchor, claim], np.float32(0))
        lost_group = claim_group[claim]
        return StartSums(
            rows=counts,
            owned=counts - np.bincount(lost_group, minlength=groups),
            box_units=counts * round(1 / LOSS_UNIT) - _per_group(self._overlap, claim_group, groups),
            target_units=_per_group(self._target, claim_group, groups) - _per_group(lost_target, lost_group, groups),
        )


def _ciou(meeting: Meeting, distance: Floats, angle: Floats, out: Floats) -> None:
    """(K,) overlaps of an anchor with ground truths at these squared distances, whose diagonals have these angles."""
    claims, (width, height) = meeting.claims, meeting.anchor_wh
    iou = claims.area + (width * height + _EPS)
    iou -= meeting.shared
    np.divide(meeting.shared, iou, out=iou)
    hull = _hull(meeting, 0)
    hull += _hull(meeting, 1)
    hull += _EPS
    distance = distance / hull
    aspect = diagonal_angles(meeting.anchor_wh[None]) - angle
    aspect = np.multiply(np.square(aspect, out=aspect), _ASPECT_SCALE, out=aspect)
    weight = np.subtract(_ONE, iou, out=hull)
    np.maximum(weight, np.zeros_like(weight), out=weight)
    weight += aspect
    weight += _EPS
    np.divide(aspect, weight, out=weight)
    weight *= aspect
    np.subtract(iou, distance, out=out)
    out -= weight


def _hull(meeting: Meeting, axis: int) -> Floats:
    """(K,) squared length from the lower beginning to the higher end."""
    length = np.maximum(meeting.high[axis], meeting.claims.high[axis])
    length -= np.minimum(meeting.low[axis], meeting.claims.low[axis])
    return np.square(length, out=length)


def _per_group(values: npt.NDArray[np.generic], group: Ints, groups: int) -> Ints:
    """Sums of whole numbers; exact, because they stay below 2**53."""
    return np.bincount(group, weights=values, minlength=groups).astype(np.int64)
