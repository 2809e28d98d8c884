"""What recall would every other threshold have?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.statistics.entered import entered
from assignstudy.statistics.ground_truths import SIZE_BINS
from assignstudy.statistics.tables import RunTables
from assignstudy.types import Threshold

ALL = "all"
GOALS = (0.95, 0.98, 0.99, 0.995, 0.999, 1.0)
_RATIO_STEP = 0.05
_RATIO_END = 10.0
_IOU_STEP = 0.01


def compute(tables: RunTables, threshold: Threshold) -> pd.DataFrame:
    """Recall at every threshold, by size bin; no second assignment is needed, for the ground truths know their own.

    Args:
        tables: The run.
        threshold: The rule's threshold; its own value is among those computed.

    Returns:
        One row per threshold (float32, ascending) and size bin (``all`` first): ``threshold``, ``size_bin``,
        ``ground_truths``, ``matched``, ``recall`` (missing where the bin is empty), ``chosen``.
    """
    boxes = entered(tables)
    critical, bins = (
        boxes[threshold.critical].to_numpy(np.float32),
        boxes["size_bin"].cat.codes.to_numpy().astype(np.int64),
    )
    grid, sizes = _grid(threshold), np.bincount(bins, minlength=len(SIZE_BINS))
    counts = _matched_by_bin(critical, bins, grid, threshold)
    groups = {
        ALL: (len(critical), counts.sum(axis=0)),
        **dict(zip(SIZE_BINS, zip(sizes, counts, strict=True), strict=True)),
    }
    return pd.concat([_curve(name, *group, grid, threshold) for name, group in groups.items()], ignore_index=True)


def needed(tables: RunTables, threshold: Threshold) -> pd.DataFrame:
    """The threshold, to two decimals, from which on a share of all ground truths is matched.

    Args:
        tables: The run.
        threshold: The rule's threshold.

    Returns:
        One row per goal: ``goal``, ``threshold`` (missing where none reaches it), ``recall`` there.
    """
    critical = entered(tables)[threshold.critical].to_numpy(np.float32)
    boxes, known = len(critical), critical[~np.isnan(critical)]
    wanted = [int(np.ceil(goal * boxes - 1e-9)) for goal in GOALS]
    reached = [number for number in wanted if 0 < number <= len(known)]
    last = _last_wanted(known, reached, threshold)
    rows = [(goal, *_beyond(known, boxes, value, threshold)) for goal, value in zip(GOALS, last, strict=False)]
    rows += [(goal, np.nan, np.nan) for goal in GOALS[len(last) :]]  # goals ascend, and so does what they want
    return pd.DataFrame(rows, columns=["goal", "threshold", "recall"]).astype(float)


def matched(
    critical: npt.NDArray[np.float32], at: npt.NDArray[np.float32], threshold: Threshold
) -> npt.NDArray[np.int64]:
    """How many ground truths each threshold matches; equality never does.

    Args:
        critical: (G,) the ground truths' own numbers; NaN is never matched.
        at: Thresholds.
        threshold: Says on which side of its own number a ground truth is matched.
    """
    known = np.sort(critical[~np.isnan(critical)])
    if threshold.matches_below:
        return np.searchsorted(known, at, side="left")
    return len(known) - np.searchsorted(known, at, side="right")


def _matched_by_bin(
    critical: npt.NDArray[np.float32], bins: npt.NDArray[np.int64], grid: npt.NDArray[np.float32], threshold: Threshold
) -> npt.NDArray[np.int64]:
    """(size bins, thresholds) what :func:`matched` says of each bin, without sorting any of them."""
    known = ~np.isnan(critical)
    side: Literal["left", "right"] = "right" if threshold.matches_below else "left"
    # Between which thresholds each number lies; equality never matches.
    place = np.searchsorted(grid, critical[known], side=side)
    width = len(grid) + 1
    lies = np.bincount(bins[known] * width + place, minlength=len(SIZE_BINS) * width).reshape(-1, width)
    below = np.cumsum(lies, axis=1)[:, :-1]
    return below if threshold.matches_below else lies.sum(axis=1, keepdims=True) - below


def _grid(threshold: Threshold) -> npt.NDArray[np.float32]:
    start, end, step = (
        (1.0, max(_RATIO_END, 2 * threshold.value), _RATIO_STEP) if threshold.matches_below else (0.0, 1.0, _IOU_STEP)
    )
    steps = np.round(np.arange(round((end - start) / step) + 1) * step + start, 2)
    return np.unique(np.append(steps, threshold.value).astype(np.float32))


def _curve(
    name: str, boxes: int, count: npt.NDArray[np.int64], grid: npt.NDArray[np.float32], threshold: Threshold
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "threshold": grid,
            "size_bin": name,
            "ground_truths": boxes,
            "matched": count,
            "recall": count / boxes if boxes else np.nan,
            "chosen": grid == np.float32(threshold.value),
        }
    )


def _last_wanted(
    critical: npt.NDArray[np.float32], wanted: Sequence[int], threshold: Threshold
) -> npt.NDArray[np.float32]:
    """The number of the last ground truth that is matched where each of these many are; none of them is 0."""
    place = [number - 1 if threshold.matches_below else len(critical) - number for number in wanted]
    return np.partition(critical, place)[place] if place else critical[:0]


def _beyond(
    critical: npt.NDArray[np.float32], boxes: int, last: np.float32, threshold: Threshold
) -> tuple[float, float]:
    """The next hundredth beyond a number, because equality never matches, and the recall there."""
    number = float(last)
    if threshold.matches_below:
        value = (np.floor(number * 100) + 1) / 100
        return value, np.count_nonzero(critical < np.float32(value)) / boxes
    value = (np.ceil(number * 100) - 1) / 100
    return value, np.count_nonzero(critical > np.float32(value)) / boxes
