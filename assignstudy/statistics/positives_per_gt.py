"""How many positives does a ground truth get?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assignstudy.statistics.entered import entered
from assignstudy.statistics.ground_truths import SIZE_BINS
from assignstudy.statistics.tables import RunTables

MOST_BARS = 40
"""Counts beyond this many are gathered in equal steps, so that a rule with hundreds of positives stays readable."""


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
    bar = -(-positives // step)
    bars = int(bar.max(initial=0)) + 1
    counts = np.bincount(bar * len(SIZE_BINS) + boxes["size_bin"].cat.codes.to_numpy(np.int64), minlength=bars * 3)
    by_size = counts.reshape(bars, len(SIZE_BINS))
    last = np.arange(bars) * step
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
    return pd.DataFrame(
        [_one_bin(name, boxes["positives"].to_numpy(np.int64)[boxes["size_bin"] == name]) for name in SIZE_BINS]
    )


def _one_bin(name: str, positives: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[str, object]:
    some = len(positives) > 0
    marks = np.percentile(positives, (5, 25, 50, 75, 95), method="lower") if some else np.full(5, np.nan)
    unmatched = int((positives == 0).sum())
    return {
        "size_bin": name,
        "ground_truths": len(positives),
        "unmatched": unmatched,
        "bpr": 1 - unmatched / len(positives) if some else np.nan,
        "mean": positives.mean() if some else np.nan,
        **dict(zip(("p5", "p25", "p50", "p75", "p95"), marks, strict=True)),
    }
