r"""How well anchors fit boxes, by the rule's own notion of fitting: what a search for anchors makes as large as it can.

Each box counts its best anchor. A rule by side ratio counts :math:`\min(r, 1/r)` of the worst side where the ratio is
below ``anchor_t``, else 0: the number that YOLOv5's automatic anchors improve. A rule by shape overlap counts the IoU
where that exceeds ``iou_t``, else 0; where the threshold decides no match (darknet's ``yolov3``, which takes the best
anchor however bad) every IoU counts, as in darknet's own search for anchors. The fitness is the mean over all boxes.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import final

import numpy as np

from assignstudy.fitting.cells import OCTAVE, Floats, ShapeCells, Steps
from assignstudy.types import Threshold

WHOLE = 1 << 16
"""What a perfect fit counts. Fits are whole numbers, so that sums are exact on every machine, in any order."""


class Fitness(ABC):
    """The fitness of anchors for counted boxes.

    Args:
        cells: The boxes.

    Attributes:
        cells: The boxes.
    """

    def __init__(self, cells: ShapeCells) -> None:
        """Keep the boxes."""
        self.cells = cells
        self._log_w, self._log_h = (np.ascontiguousarray(side) for side in cells.log_wh.T)

    def fits(self, log_wh: Steps) -> Floats:
        """(…, C) what each cell's boxes count with each of (…, 2) anchors alone, in whole numbers."""
        return self._count(self._log_w - log_wh[..., 0, None], self._log_h - log_wh[..., 1, None])

    def total(self, fits: Floats) -> Floats:
        """(…,) the sum over boxes of (…, C) fits: whole numbers, exact below 2**53."""
        total: Floats = fits @ self.cells.boxes
        return total

    def mean(self, log_wh: Steps) -> float:
        """The fitness of (A, 2) anchors, from 0 to 1."""
        best = self.fits(log_wh).max(axis=0)
        return float(self.total(best)) / (WHOLE * float(self.cells.boxes.sum()))

    @abstractmethod
    def _count(self, over_w: Steps, over_h: Steps) -> Floats:
        """What boxes count whose sides are that many steps above the anchor's."""


@final
class RatioFitness(Fitness):
    r"""By the worst side's ratio: :math:`2^{-d}` for :math:`d < \log_2 t`, the larger distance of the two sides.

    Args:
        cells: The boxes.
        anchor_t: Largest side ratio that fits, above 1; a ratio that equals it does not fit.
    """

    def __init__(self, cells: ShapeCells, anchor_t: float) -> None:
        """Tabulate what each distance counts."""
        super().__init__(cells)
        reach = math.ceil(round(math.log2(anchor_t) * OCTAVE, 6))
        self._counts = np.append(np.rint(WHOLE * np.exp2(-np.arange(reach) / OCTAVE)), 0.0)

    def _count(self, over_w: Steps, over_h: Steps) -> Floats:
        return self._counts.take(np.maximum(np.abs(over_w), np.abs(over_h)), mode="clip")


@final
class OverlapFitness(Fitness):
    """By the IoU of the shapes sharing a corner.

    Args:
        cells: The boxes.
        iou_t: An IoU at or below it does not fit.
    """

    def __init__(self, cells: ShapeCells, iou_t: float) -> None:
        """Keep the threshold."""
        super().__init__(cells)
        self._iou_t = iou_t

    def _count(self, over_w: Steps, over_h: Steps) -> Floats:
        inter = _times(np.minimum(over_w, 0) + np.minimum(over_h, 0))
        iou = inter / (_times(over_w + over_h) + 1 - inter)
        counted: Floats = np.rint(WHOLE * np.where(iou > self._iou_t, iou, 0.0))
        return counted


def _times(steps: Steps) -> Floats:
    """How many times as long (or, for two sides added up, as large) something is that lies so many steps higher."""
    times: Floats = np.exp2(steps / OCTAVE)
    return times


def fitness_of(threshold: Threshold, cells: ShapeCells) -> Fitness:
    """The fitness by the notion of fitting that a rule's threshold stands for."""
    if threshold.matches_below:
        return RatioFitness(cells, threshold.value)
    return OverlapFitness(cells, threshold.value if threshold.decides_match else 0.0)
