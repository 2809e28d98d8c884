"""What shapes do the boxes have?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.statistics.entered import entered
from assignstudy.statistics.tables import RunTables
from assignstudy.types import Threshold

PER_OCTAVE = 4
"""Bins per doubling of a side."""

UNMATCHED_PER_OCTAVE = 8
"""Finer bins for unmatched boxes, which are drawn one mark per bin: few marks, and none goes missing."""


def histogram(tables: RunTables) -> pd.DataFrame:
    """Ground truths by width and height on the network input, in bins of equal ratio.

    Args:
        tables: The run.

    Returns:
        The bins that hold a box, by row and column: ``w_from_px``, ``h_from_px`` (lower edges; the upper ones are
        ``2 ** (1 / 4)`` times as large), ``ground_truths``, ``unmatched``.
    """
    return _bins(entered(tables), PER_OCTAVE)


def unmatched(tables: RunTables) -> pd.DataFrame:
    """The unmatched ground truths alone, in bins half as wide, with the columns of :func:`histogram`."""
    boxes = entered(tables)
    return _bins(boxes[boxes["positives"].to_numpy(np.int64) == 0], UNMATCHED_PER_OCTAVE)


def _bins(boxes: pd.DataFrame, per_octave: int) -> pd.DataFrame:
    w_bin, h_bin = (_bin(boxes[side].to_numpy(np.float64), per_octave) for side in ("w_px", "h_px"))
    lost = boxes["positives"].to_numpy(np.int64) == 0
    w_first, h_first = w_bin.min(initial=0), h_bin.min(initial=0)
    columns = int(w_bin.max(initial=0) - w_first) + 1
    place = (h_bin - h_first) * columns + (w_bin - w_first)
    size = np.bincount(place)
    lost_size = np.bincount(place[lost], minlength=len(size))
    filled = np.flatnonzero(size)
    h_filled, w_filled = filled // columns + h_first, filled % columns + w_first
    return pd.DataFrame(
        {
            "w_from_px": 2.0 ** (w_filled / per_octave),
            "h_from_px": 2.0 ** (h_filled / per_octave),
            "ground_truths": size[filled],
            "unmatched": lost_size[filled],
        }
    )


def _bin(side_px: npt.NDArray[np.float64], per_octave: int) -> npt.NDArray[np.int64]:
    bins: npt.NDArray[np.int64] = np.floor(np.log2(side_px) * per_octave).astype(np.int64)
    return bins


def accepted(tables: RunTables, threshold: Threshold | None) -> pd.DataFrame:
    """The shapes that each anchor accepts, for rules that compare side ratios.

    Args:
        tables: The run.
        threshold: The rule's threshold.

    Returns:
        One row per level and anchor: ``level``, ``anchor``, and the open bounds ``w_from_px``, ``w_below_px``,
        ``h_from_px``, ``h_below_px``; no row for a rule that does not compare side ratios.
    """
    levels = tables.levels
    if threshold is None or threshold.critical != "critical_anchor_t":
        levels, ratio = levels.iloc[:0], 1.0
    else:
        ratio = threshold.value
    width, height = levels["anchor_w_px"].astype(float), levels["anchor_h_px"].astype(float)
    bounds = {
        "w_from_px": width / ratio,
        "w_below_px": width * ratio,
        "h_from_px": height / ratio,
        "h_below_px": height * ratio,
    }
    return pd.DataFrame({"level": levels["level"], "anchor": levels["anchor"], **bounds}).reset_index(drop=True)
