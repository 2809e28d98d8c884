"""An axis of recalls that is stretched towards 1, where the last per mille decides."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

Floats = npt.NDArray[np.float64]

_MISSING_STEPS = [factor * 10.0**power for power in range(0, -7, -1) for factor in (1, 0.5, 0.2)]
_APART = 1.6
"""A step is that many times the place of 1 away from it: their numbers would overlap."""


def stretch(axes: Axes, ground_truths: int, low: float = 0.0, high: float = 1.0) -> None:
    """Make the upward axis one of recalls by the decimal powers of what is missing to 1.

    Args:
        axes: Where recalls will be drawn.
        ground_truths: How many there are: half of one is the smallest step, so that a recall of 1 has a place, too.
        low: The recall at its lower end.
        high: The recall at its upper end.
    """
    least = 0.5 / max(ground_truths, 10)

    def height(recall: Floats) -> Floats:
        return -np.log10(np.maximum(1 - recall, least))

    def recall_at(height: Floats) -> Floats:
        return 1 - np.power(10.0, -np.asarray(height))

    axes.set_yscale("function", functions=(height, recall_at))
    axes.set_ylim(low, min(high, 1 - least))
    ticks = [1 - missing for missing in _MISSING_STEPS if missing > _APART * least and low <= 1 - missing <= high]
    axes.yaxis.set_major_locator(FixedLocator([*ticks, *([1.0] if high > 1 - least else [])]))
    axes.yaxis.set_minor_locator(NullLocator())
