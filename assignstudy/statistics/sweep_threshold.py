"""Recall against every threshold, for runs that differ in something else: it needs no second run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.statistics import threshold_curve
from assignstudy.statistics.sweep_parameters import rows_of
from assignstudy.types import Threshold

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ThresholdAxis:
    """One kind of threshold, as the axis of a picture that runs share.

    Attributes:
        name: ``anchor_t`` or ``iou_t``.
        critical: Column of the ground truths' own number that is compared with it.
        matches_below: Whether a ground truth is matched iff its number is below the threshold; above it otherwise.
        low: Where the axis begins.
        high: Where it ends.
        shown: Thresholds that a table of the curves lists.
    """

    name: str
    critical: str
    matches_below: bool
    low: float
    high: float
    shown: tuple[float, ...]

    @property
    def grid(self) -> Floats:
        """Thresholds from one end of the axis to the other (both included), a twentieth or a hundredth apart."""
        steps = round((self.high - self.low) * (20 if self.matches_below else 100))
        return np.linspace(self.low, self.high, steps + 1).round(2).astype(np.float32)


AXES = (
    ThresholdAxis("anchor_t", "critical_anchor_t", True, 1.0, 8.0, (2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0)),
    ThresholdAxis("iou_t", "best_iou", False, 0.0, 1.0, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)),
)


def one_per_curve(runs: pd.DataFrame, axis: ThresholdAxis, names: Iterable[str]) -> tuple[list[int], list[str]]:
    """Which runs have a curve of their own: of those that differ in the threshold alone, the first.

    Args:
        runs: Finished runs on the same ground truths.
        axis: Which threshold; rules without it have no curve.
        names: The parameters that were varied.

    Returns:
        Row labels of these runs, and the parameters that tell their curves apart.
    """
    others = [name for name in names if name not in {one.name for one in AXES}]
    taking = runs[runs[axis.name].notna()]
    first = taking.drop_duplicates(others) if others else taking.head(1)
    return rows_of(first), others


def recall(ground_truths: pd.DataFrame, axis: ThresholdAxis, at: Sequence[float] | Floats) -> npt.NDArray[np.float64]:
    """Best possible recall at each threshold; at a run's own threshold this is its ``bpr``. NaN without ground truths.

    Args:
        ground_truths: A run's table with ``ignored`` and the column of the axis.
        axis: Which threshold.
        at: Thresholds, compared as float32 like the published arithmetic.
    """
    entered = ground_truths.loc[~ground_truths["ignored"].astype(bool), axis.critical]
    threshold = Threshold(axis.name, float("nan"), axis.critical, axis.matches_below)
    count = threshold_curve.matched(entered.to_numpy(np.float32), np.asarray(at, np.float32), threshold)
    return count / len(entered) if len(entered) else np.full(len(at), np.nan)
