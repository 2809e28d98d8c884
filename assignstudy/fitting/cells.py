r"""Boxes counted by shape: all that a search for anchors needs to know of a data set.

How well an anchor fits a box depends on nothing but how far apart they lie in (log width, log height). So boxes of
nearly the same shape are one point with a weight, and a data set of a million boxes is a few thousand points.
Logarithms are base 2 and kept in whole steps of :math:`2^{-10}` octave (0.07 %): sums of whole numbers do not depend on
the order of the boxes, and boxes twice as large lie exactly 1024 steps further.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assignstudy.errors import ConfigError

OCTAVE = 1024
"""Steps per doubling of a side."""

Steps = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ShapeCells:
    """Shapes and how many boxes have them.

    Attributes:
        log_wh: (C, 2) int32 log2 of width and height in pixels, in steps of 1 / :data:`OCTAVE`; in ascending order of
            their cell, height first.
        boxes: (C,) float64 whole numbers: the boxes in each cell.
    """

    log_wh: Steps
    boxes: Floats

    def __len__(self) -> int:
        """Number of cells."""
        return len(self.boxes)


def log_steps(wh_px: npt.ArrayLike) -> Steps:
    """Log2 of sides in pixels, in whole steps.

    Args:
        wh_px: Sides in pixels of the network input, any shape.

    Raises:
        ConfigError: If a side is not finite or not above 0: such a box has no shape.
    """
    sides = np.asarray(wh_px, dtype=np.float64)
    if not (np.isfinite(sides).all() and (sides > 0).all()):
        raise ConfigError("anchors: expected boxes with finite sides above 0 to fit anchors to, got others")
    steps: Steps = np.rint(np.log2(sides) * OCTAVE).astype(np.int32)
    return steps


def sides_px(log_wh: npt.ArrayLike) -> Floats:
    """Sides in pixels of logarithms in steps; undoes :func:`log_steps` to half a step."""
    sides: Floats = np.exp2(np.asarray(log_wh, dtype=np.float64) / OCTAVE)
    return sides


def count(log_wh: Steps, width: int) -> ShapeCells:
    """Count boxes in square cells; each cell stands where its boxes are on average.

    Args:
        log_wh: (G, 2) from :func:`log_steps`; at least one box.
        width: Of a cell, in steps. Edges are multiples of it, and belong to the cell above.
    """
    cell = np.floor_divide(log_wh, width).astype(np.int64)
    column, row = (cell - cell.min(axis=0)).T
    _, member = np.unique(row * (column.max() + 1) + column, return_inverse=True)
    boxes = np.bincount(member)
    sums = np.stack([np.bincount(member, log_wh[:, axis]) for axis in (0, 1)], axis=1)
    return ShapeCells(np.rint(sums / boxes[:, None]).astype(np.int32), boxes.astype(np.float64))
