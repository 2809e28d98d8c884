"""What do other anchors give the same boxes, and how large are they for the cells they stand on?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.fitting.compare import AnchorSet, Comparison
from assignstudy.statistics.door import level_shapes
from assignstudy.statistics.ground_truths import SIZE_BINS, size_bin

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AnchorSetTables:
    """Sets of anchors side by side: the published one, the fitted one, then what else could have been fitted.

    Attributes:
        sets: One row per set: ``set``, ``strides`` in words, ``fitness``, ``bpr``, ``unmatched``, and ``recall_small``,
            ``recall_medium``, ``recall_large``; missing where there is no such box.
        levels: One row per set and level: ``set``, ``level``, ``stride``, ``least_cell`` and ``largest_cell`` (side of
            the smallest and the largest anchor in cells), ``ground_truths`` with a positive on the level, ``sub_cell``
            of them whose side is below the stride, and ``sub_cell_share``, missing where there are none.
        anchors: One row per set, level and anchor: ``set``, ``level``, ``anchor_w_px``, ``anchor_h_px``, ``side_cell``.

    A side is the square root of an area.
    """

    sets: pd.DataFrame
    levels: pd.DataFrame
    anchors: pd.DataFrame


def compute(comparison: Comparison) -> AnchorSetTables:
    """Tabulate a comparison.

    Args:
        comparison: The sets on the same boxes.
    """
    area = comparison.wh_px.prod(axis=1)
    return AnchorSetTables(
        sets=pd.DataFrame([_set_row(one, size_bin(area)) for one in comparison.sets]),
        levels=pd.concat([_level_rows(one, np.sqrt(area, dtype=np.float64)) for one in comparison.sets]),
        anchors=pd.concat([_anchor_rows(one) for one in comparison.sets], ignore_index=True),
    )


def _set_row(one: AnchorSet, size: npt.NDArray[np.int8]) -> dict[str, object]:
    matched: Bools = np.asarray(one.matched.any(axis=1))
    recall = {f"recall_{name}": _mean(matched[size == k]) for k, name in enumerate(SIZE_BINS)}
    strides = ", ".join(str(level.stride) for level in one.levels)
    counts = {"bpr": _mean(matched), "unmatched": int((~matched).sum())}
    return {"set": one.name, "strides": strides, "fitness": one.fitness, **counts, **recall}


def _level_rows(one: AnchorSet, side_px: Floats) -> pd.DataFrame:
    anchors = _anchor_rows(one).groupby("level", sort=False)["side_cell"]
    strides = [level.stride for level in one.levels]
    sub_cell = [
        int((side_px[on_level] < stride).sum()) for on_level, stride in zip(one.matched.T, strides, strict=True)
    ]
    served = one.matched.sum(axis=0)
    return pd.DataFrame(
        {
            "set": one.name,
            "level": [level.name for level in one.levels],
            "stride": strides,
            "least_cell": anchors.min().to_numpy(),
            "largest_cell": anchors.max().to_numpy(),
            "ground_truths": served,
            "sub_cell": sub_cell,
            "sub_cell_share": np.divide(sub_cell, served, out=np.full(len(served), np.nan), where=served > 0),
        }
    )


def _anchor_rows(one: AnchorSet) -> pd.DataFrame:
    shapes = level_shapes(one.levels)
    wh_px = np.concatenate([shape.anchor_wh_px for shape in shapes]).astype(np.float64)
    counts = [len(shape.anchor_wh_px) for shape in shapes]
    stride = np.repeat([shape.stride for shape in shapes], counts)
    return pd.DataFrame(
        {
            "set": one.name,
            "level": np.repeat([shape.name for shape in shapes], counts),
            "anchor_w_px": wh_px[:, 0],
            "anchor_h_px": wh_px[:, 1],
            "side_cell": np.sqrt(wh_px.prod(axis=1)) / stride,
        }
    )


def _mean(matched: Bools) -> float:
    return float(matched.mean()) if len(matched) else float("nan")
