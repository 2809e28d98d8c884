"""Anchors in place: moved one at a time, and only to where the whole set fits better."""

from __future__ import annotations

from typing import final

import numpy as np

from assignstudy.fitting.cells import Steps
from assignstudy.fitting.fitness import Fitness


@final
class Placed:
    """Anchors in place. What the others give each box is kept, so that trying a move costs one anchor, not all.

    Args:
        fitness: What a move must improve.
        log_wh: (A, 2) int32 where the anchors stand at first; at least one.
        least_log_area: (A,) int32 what the two logarithms of each anchor add up to at least, in steps; places below are
            never tried.

    Attributes:
        log_wh: (A, 2) int32 where they stand now.
        total: The sum of what all boxes count.
    """

    def __init__(self, fitness: Fitness, log_wh: Steps, least_log_area: Steps) -> None:
        """Take the anchors as they stand."""
        self._fitness, self._least = fitness, least_log_area
        self.log_wh = log_wh.copy()
        self._fits = fitness.fits(self.log_wh)
        self.total = float(fitness.total(self._fits.max(axis=0)))

    def move(self, anchor: int, places: Steps) -> bool:
        """Move one anchor to the best of (M, 2) places, if the set fits better then; the first of equals wins.

        Returns:
            Whether it moved.
        """
        allowed = places[places.sum(axis=1) >= self._least[anchor]]
        fits = self._fitness.fits(allowed)
        others = np.delete(self._fits, anchor, axis=0).max(axis=0, initial=0.0)
        totals = self._fitness.total(np.maximum(fits, others))
        if not len(totals) or totals.max() <= self.total:
            return False
        best = int(totals.argmax())
        self.log_wh[anchor], self._fits[anchor], self.total = allowed[best], fits[best], float(totals[best])
        return True


def raised(log_wh: Steps, least_log_area: Steps) -> Steps:
    """Anchors ordered by area, those that are too small for their place made larger in the same shape.

    Args:
        log_wh: (A, 2) int32.
        least_log_area: (A,) int32 ascending, what the logarithms at each place add up to at least.
    """
    ordered = log_wh[np.lexsort((log_wh[:, 0], log_wh.sum(axis=1)))]
    missing = np.maximum(least_log_area - ordered.sum(axis=1), 0)
    larger: Steps = (ordered + (missing[:, None] + 1) // 2).astype(np.int32)
    return larger
