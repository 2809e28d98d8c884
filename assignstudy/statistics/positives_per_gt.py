"""How many positives does a ground truth get?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.statistics.entered import entered
from assignstudy.statistics.ground_truths import SIZE_BINS
from assignstudy.statistics.tables import RunTables

Ints = npt.NDArray[np.int64]

MOST_BARS = 40
"""Counts beyond this many are gathered in equal steps, so that a rule with hundreds of positives stays readable."""

_PERCENTILES = (5, 25, 50, 75, 95)


def distribution(tables: RunTables) -> pd.DataFrame:
    """Ground truths by their number of positives, in equal steps; zero stands alone.

    Args:
        tables: The run.

    Returns:
        ``first`` and ``last`` number of positives of the step (both included), one column per size bin, and their sum
        ``ground_truths``. Without a ground truth only the row of zero.
    """
    boxes = entered(tables)
    positives = boxes["positives"].to_numpy(np.int64)
    step = -(-int(positives.max(initial=0)) // MOST_BARS) or 1
    by_size = _by_number_and_size(-(-positives // step), boxes)
    last = np.arange(len(by_size)) * step
    columns = dict(zip(SIZE_BINS, by_size.T, strict=True))
    first = np.maximum(last - step + 1, 0)
    return pd.DataFrame({"first": first, "last": last, **columns, "ground_truths": by_size.sum(axis=1)})


def by_size(tables: RunTables) -> pd.DataFrame:
    """Positives per ground truth in each size bin.

    Args:
        tables: The run.

    Returns:
        One row per size bin: ``size_bin``, ``ground_truths``, ``unmatched``, ``bpr``, ``mean``, and the percentiles
        ``p5``, ``p25``, ``p50``, ``p75``, ``p95`` (of the counts themselves, not interpolated); missing where the bin
        is empty.
    """
    boxes = entered(tables)
    counts = _by_number_and_size(boxes["positives"].to_numpy(np.int64), boxes)
    return pd.DataFrame([_one_bin(name, of_size) for name, of_size in zip(SIZE_BINS, counts.T, strict=True)])


def _by_number_and_size(number: Ints, boxes: pd.DataFrame) -> Ints:
    """(highest number + 1, size bins) how many ground truths have each number and size."""
    codes, rows = boxes["size_bin"].cat.codes.to_numpy(np.int64), int(number.max(initial=0)) + 1
    counts = np.bincount(number * len(SIZE_BINS) + codes, minlength=rows * len(SIZE_BINS))
    return counts.reshape(rows, len(SIZE_BINS))


def _one_bin(name: str, counts: Ints) -> dict[str, object]:
    """What the ground truths of a size have, from how many of them have 0, 1, 2, … positives."""
    boxes, unmatched = int(counts.sum()), int(counts[0])
    if not boxes:
        undefined = dict.fromkeys(("bpr", "mean", *(f"p{percent}" for percent in _PERCENTILES)), np.nan)
        return {"size_bin": name, "ground_truths": 0, "unmatched": 0, **undefined}
    place = np.floor((boxes - 1) * np.divide(_PERCENTILES, 100))
    marks = np.searchsorted(np.cumsum(counts), place, side="right")
    return {
        "size_bin": name,
        "ground_truths": boxes,
        "unmatched": unmatched,
        "bpr": 1 - unmatched / boxes,
        "mean": counts @ np.arange(len(counts)) / boxes,
        **{f"p{percent}": mark for percent, mark in zip(_PERCENTILES, marks, strict=True)},
    }
