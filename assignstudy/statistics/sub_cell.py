"""Which boxes are smaller than one cell of the finest level, and would more pixels or finer cells change it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

COLUMNS = ("ignored", "w_px", "h_px", "x1_orig", "y1_orig", "x2_orig", "y2_orig")
"""What :func:`compute` needs to know of the ground truths."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SubCell:
    """How small boxes are beside the cells of the finest level; a side is the square root of an area.

    All numbers but the first are NaN where no ground truth entered the assignment.

    Attributes:
        stride: Input pixels per cell of the finest level.
        share: Of the ground truths, those with a side below one cell (a side that equals it is not below).
        share_finer: Those with a side below half a cell, which is what a level with half the stride would have.
        times: How many times as long the sides of the network input would have to be, so that no larger share than the
            one asked for is below one cell.
        shrunk: Pixels of the network input per pixel of the original image, the median over the boxes.
    """

    stride: int
    share: float
    share_finer: float
    times: float
    shrunk: float

    @property
    def has_pixels(self) -> bool:
        """Whether the original images hold the pixels that the larger input would show."""
        return self.times * self.shrunk <= 1


def compute(ground_truths: pd.DataFrame, stride: int, most: float) -> SubCell:
    """Hold boxes against cells.

    Args:
        ground_truths: With :data:`COLUMNS`; ignored ones do not count.
        stride: Of the finest level.
        most: The share of boxes below one cell that is still well, from 0 to 1.
    """
    counts = ~ground_truths["ignored"].to_numpy(bool)
    if not counts.any():
        return SubCell(stride, *[float("nan")] * 4)
    columns = (ground_truths[name].to_numpy(np.float64) for name in COLUMNS[1:])
    w_px, h_px, x1, y1, x2, y2 = columns if counts.all() else (column[counts] for column in columns)
    side, original = np.sqrt(w_px * h_px), np.sqrt((x2 - x1) * (y2 - y1))
    return SubCell(
        stride,
        share=float((side < stride).mean()),
        share_finer=float((side < stride / 2).mean()),
        times=stride / float(_quantile(side, most)),
        shrunk=float(np.median(side / original)),
    )


def _quantile(sides: Floats, share: float) -> float:
    """The largest side that no more than a share of all sides lie below."""
    place = min(int(share * len(sides)), len(sides) - 1)
    return float(np.partition(sides, place)[place])
