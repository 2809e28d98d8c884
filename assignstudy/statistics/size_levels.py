"""Which sizes does each level serve?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.statistics.entered import entered, level_names
from assignstudy.statistics.tables import RunTables

EDGES_PX = (0, 8, 16, 32, 64, 128, 256, 512, np.inf)
"""Box sides (the square root of the area, on the network input) are gathered in octaves: lower edge included."""

NO_LEVEL = "none"


def compute(tables: RunTables) -> pd.DataFrame:
    """Share of the ground truths of each size that have a positive on each level, or on none.

    Args:
        tables: The run.

    Returns:
        One row per size and level, sizes ascending, levels by stride and then ``none``: ``side_from_px``,
        ``side_below_px``, ``level``, ``boxes`` of that size, ``ground_truths`` of them with a positive on the level,
        and ``share``, missing where there is no box of that size. A box can be served by several levels.
    """
    boxes = entered(tables)
    size = _octave(boxes)
    sizes, names = len(EDGES_PX) - 1, level_names(tables)
    total = np.bincount(size, minlength=sizes)
    served = {name: _count(size, boxes[f"positives_{name}"]) for name in names}
    served[NO_LEVEL] = total - _count(size, boxes["positives"])
    parts = [_rows(name, total, count) for name, count in served.items()]
    return pd.concat(parts).sort_values("side_from_px", kind="stable", ignore_index=True)


def _octave(boxes: pd.DataFrame) -> npt.NDArray[np.uint8]:
    area = boxes["w_px"].to_numpy(np.float64) * boxes["h_px"].to_numpy(np.float64)
    side, octave = np.sqrt(area), np.zeros(len(area), np.uint8)
    for edge in EDGES_PX[1:-1]:  # four times as fast as a search
        octave += side >= edge
    return octave


def _count(size: npt.NDArray[np.uint8], positives: pd.Series[int]) -> npt.NDArray[np.int64]:
    return np.bincount(size[positives.to_numpy() > 0], minlength=len(EDGES_PX) - 1)


def _rows(level: str, total: npt.NDArray[np.int64], count: npt.NDArray[np.int64]) -> pd.DataFrame:
    share = np.divide(count, total, out=np.full(len(total), np.nan), where=total > 0)
    columns = {"side_from_px": EDGES_PX[:-1], "side_below_px": EDGES_PX[1:], "level": level}
    return pd.DataFrame({**columns, "boxes": total, "ground_truths": count, "share": share})
