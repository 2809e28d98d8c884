"""The loss at the start from an assignment's factors: the same sums as :mod:`assignstudy.losses.start` makes of rows.

Only for YOLOv5's loss, which the rules by side ratio feed: its overlap is CIoU, and an untrained head predicts the
anchor itself, centred in its cell. Steps and precision are those of ``geometry.ciou``.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from assignstudy.losses.start import LOSS_UNIT, StartSums, diagonal_angles
from assignstudy.statistics.door import FactorArrays, Floats, Ints
from assignstudy.statistics.factored import CrowdedRows, Meeting, shared_sides
from assignstudy.types import CellOffset, LevelFactors

_EPS = np.float32(1e-7)
_ONE = np.float32(1)
_ASPECT_SCALE = np.float32(4 / math.pi**2)


class StartLosses:
    """Overlaps of an untrained head's predictions with their targets, over one level.

    Args:
        level: What fits and what is claimed.
    """

    def __init__(self, level: FactorArrays) -> None:
        """Begin with nothing added."""
        boxes = level.claims.shape[1]
        self._level = level
        # Units are a power of two, so that overlaps are scaled by them without rounding.
        self._claims = level.claims * np.float32(1 / LOSS_UNIT)
        self._angle = diagonal_angles(level.cxcywh_cell[2:].T)
        self._overlap, self._target = np.zeros(boxes, np.int64), np.zeros(boxes, np.int64)
        self._by_row = np.zeros((len(level.fits), len(CellOffset), boxes), np.float32)

    def add(self, anchor: int, meeting: Meeting) -> None:
        """Add the overlaps of an anchor with what it fits."""
        pair = _Pair(meeting, self._angle)
        overlap, target = np.zeros(len(pair.areas), np.int32), np.zeros(len(pair.areas), np.int32)
        for offset in CellOffset:
            units = self._by_row[anchor, offset]
            pair.ciou(offset, out=units)
            units *= self._claims[offset]
            np.rint(units, out=units)
            overlap += units.astype(np.int32)
            target += np.maximum(units, np.float32(0)).astype(np.int32)
        self._overlap += np.multiply(overlap, self._level.fits[anchor], out=overlap)
        self._target += np.multiply(target, self._level.fits[anchor], out=target)

    def sums(self, rows: npt.NDArray[np.int32], lost: CrowdedRows, group: Ints, groups: int) -> StartSums:
        """Sums by group.

        Args:
            rows: (G,) positives of each ground truth on the level.
            lost: Those that do not own their slot.
            group: (G,) group of each ground truth.
            groups: Number of groups.
        """
        counts = _per_group(rows, group, groups)
        lost_target = np.maximum(self._by_row[lost.anchor, lost.cell_offset, lost.gt_row], np.float32(0))
        lost_group = group[lost.gt_row]
        return StartSums(
            rows=counts,
            owned=counts - np.bincount(lost_group, minlength=groups),
            box_units=counts * round(1 / LOSS_UNIT) - _per_group(self._overlap, group, groups),
            target_units=_per_group(self._target, group, groups) - _per_group(lost_target, lost_group, groups),
        )


class _Pair:
    """What CIoU needs of an anchor and the ground truths, whatever the cell.

    Attributes:
        areas: (G,) sum of both areas.
    """

    def __init__(self, meeting: Meeting, angle: Floats) -> None:
        spans, (width, height) = meeting.spans, meeting.anchor_wh
        self._meeting = meeting
        self.areas = spans.area + (width * height + _EPS)
        aspect = diagonal_angles(meeting.anchor_wh[None]) - angle
        self._aspect = np.multiply(np.square(aspect, out=aspect), _ASPECT_SCALE, out=aspect)
        self._hull, self._distance = [], []
        for axis in (0, 1):
            low, high = meeting.low[axis], meeting.high[axis]
            sides = zip(spans.low[axis], spans.high[axis], strict=True)
            self._hull.append([np.square(np.maximum(high, end) - np.minimum(low, start)) for start, end in sides])
            self._distance.append([np.square(meeting.centre - offset) for offset in spans.offset[axis]])

    def ciou(self, offset: CellOffset, out: Floats) -> None:
        """Overlaps seen from the cell of an offset."""
        x, y = LevelFactors.X_PART[offset], LevelFactors.Y_PART[offset]
        inter = np.multiply(*shared_sides(self._meeting, offset))
        iou = np.divide(inter, self.areas - inter, out=inter)
        hull = self._hull[0][x] + self._hull[1][y]
        hull += _EPS
        distance = self._distance[0][x] + self._distance[1][y]
        distance /= hull
        weight = np.subtract(_ONE, iou, out=hull)
        np.maximum(weight, np.zeros_like(weight), out=weight)
        weight += self._aspect
        weight += _EPS
        np.divide(self._aspect, weight, out=weight)
        weight *= self._aspect
        np.subtract(iou, distance, out=out)
        out -= weight


def _per_group(values: npt.NDArray[np.generic], group: Ints, groups: int) -> Ints:
    """Sums of whole numbers; exact, because they stay below 2**53."""
    return np.bincount(group, weights=values, minlength=groups).astype(np.int64)
