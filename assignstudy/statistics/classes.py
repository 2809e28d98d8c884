"""The table of classes: one row per class, also for classes without a box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.statistics.door import Ints, LevelShape
from assignstudy.statistics.tally import GroundTruthCounts
from assignstudy.types import RuleFacts


def compute(
    counts: GroundTruthCounts,
    levels: Sequence[LevelShape],
    class_id: Ints,
    class_names: Sequence[str],
    rule: RuleFacts,
) -> pd.DataFrame:
    """One row per class, ascending ``class_id``; ratios of a class without a ground truth are missing.

    Args:
        counts: What was counted of each assigned ground truth.
        levels: The detection scales.
        class_id: (G,) class of each of them.
        class_names: Name of every class.
        rule: What may be asked of the rule.
    """
    classes = len(class_names)
    boxes = np.bincount(class_id, minlength=classes)
    unmatched = np.bincount(class_id[~counts.positives.any(axis=1)], minlength=classes)
    by_level = [_sum_by_class(counts.positives[:, k], class_id, classes) for k in range(len(levels))]
    positives = np.sum(by_level, axis=0, dtype=np.int64)
    some = np.where(boxes > 0, boxes, np.nan)
    return pd.DataFrame(
        {
            "class_id": np.arange(classes, dtype=np.int32),
            "class_name": pd.Series(list(class_names), dtype=object),
            "ground_truths": boxes,
            "unmatched": unmatched,
            "bpr": 1 - unmatched / some,
            "positives": positives,
            "positives_per_gt": positives / some,
            **{f"positives_{level.name}": part for level, part in zip(levels, by_level, strict=True)},
            "critical_anchor_t_p95": _percentile95(counts.critical, class_id, classes, rule),
        }
    )


def _sum_by_class(values: npt.NDArray[Any], class_id: Ints, classes: int) -> Ints:
    # Whole numbers below 2**53 stay exact in bincount's float64 sums.
    return np.bincount(class_id, weights=values, minlength=classes).astype(np.int64)


def _percentile95(critical: npt.NDArray[Any], class_id: Ints, classes: int, rule: RuleFacts) -> npt.NDArray[Any]:
    """The ratio that 95 % of a class's boxes do not exceed (interpolated); missing for rules without ``anchor_t``."""
    result = np.full(classes, np.nan)
    if rule.threshold is None or rule.threshold.critical != "critical_anchor_t":
        return result
    # NumPy sorts 16-bit numbers by their digits, ten times faster; few data sets have more classes.
    order = np.argsort(class_id.astype(np.min_scalar_type(classes)), kind="stable")
    ends = np.searchsorted(class_id[order], np.arange(classes + 1))
    for k in np.flatnonzero(np.diff(ends)):
        result[k] = np.percentile(critical[order[ends[k] : ends[k + 1]]].astype(np.float64), 95)
    return result
