"""Which of the cells around a centre are used, and where do centres fall inside their cell?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.statistics.entered import entered, level_strides
from assignstudy.statistics.tables import RunTables
from assignstudy.types import CellOffset

PARTS = 10
"""Cells are cut into this many parts per side."""


def use(tables: RunTables) -> pd.DataFrame:
    """How many positives come from each cell offset.

    Args:
        tables: The run, of a rule with neighbour cells.

    Returns:
        One row per cell offset, centre first: ``offset``, ``share`` of the positives (missing without a positive),
        and one column ``share_P3``… per level.
    """
    offsets = [offset.name.lower() for offset in CellOffset]
    levels = tables.levels
    weights = levels["positives"].to_numpy(np.float64)
    table = pd.DataFrame({"offset": offsets, "share": [tables.metrics[f"share_{name}"] for name in offsets]})
    for level in level_strides(tables):
        rows = (levels["level"].astype(str) == level).to_numpy()
        table[f"share_{level}"] = [
            _mean(levels[f"share_{name}"].to_numpy(float)[rows], weights[rows]) for name in offsets
        ]
    return table.astype(dict.fromkeys(table.columns[1:], float))


def _mean(
    shares: np.ndarray[tuple[int], np.dtype[np.float64]], weights: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> float:
    total = weights.sum()
    return float(np.nansum(shares * weights) / total) if total else np.nan


def positions(tables: RunTables) -> pd.DataFrame:
    """Where the centres of the ground truths with a positive on a level fall inside that level's cells.

    Args:
        tables: The run.

    Returns:
        One row per level and part of the cell, 10 × 10 parts in row order: ``level``, ``row``, ``column``,
        ``ground_truths``, and ``share`` of the level's ground truths (missing where it has none).
    """
    boxes = entered(tables)
    return pd.concat(
        [_of_level(boxes, level, stride) for level, stride in level_strides(tables).items()], ignore_index=True
    )


def _of_level(boxes: pd.DataFrame, level: str, stride: int) -> pd.DataFrame:
    served = boxes[f"positives_{level}"].to_numpy() > 0
    x_part, y_part = (_part(boxes[side].to_numpy(np.float32)[served], stride) for side in ("cx_px", "cy_px"))
    counts = np.bincount(y_part * PARTS + x_part, minlength=PARTS**2)
    row, column = np.divmod(np.arange(PARTS**2), PARTS)
    share = counts / counts.sum() if counts.any() else np.full(PARTS**2, np.nan)
    return pd.DataFrame({"level": level, "row": row, "column": column, "ground_truths": counts, "share": share})


def _part(centre_px: npt.NDArray[np.float32], stride: int) -> npt.NDArray[np.int64]:
    """Which part of its cell a centre falls into."""
    centre = centre_px / np.float32(stride)
    # A fraction a hair below zero is exactly 1 in float32; it belongs to the last part.
    part: npt.NDArray[np.int64] = ((centre - np.floor(centre)) * PARTS).astype(np.int64)
    return np.minimum(part, PARTS - 1)
