"""Which run of a sweep to train with: the rule of the pick, the baseline, and the runs that no other beats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assignstudy.statistics.sweep_metrics import facts
from assignstudy.statistics.sweep_parameters import rows_of

COSTS = ("contested_share", "unreachable_share", "positives_per_gt")
"""What a higher recall is paid with."""

# What a missing value counts as: no recall, nothing out of a reach that the rule does not bound, nothing to contest.
_MISSING = {"recall_in_reach": -1.0, "unreachable_share": 0.0, "contested_share": 0.0, "positives_per_gt": math.inf}
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class PickRule:
    """How a run is picked: by recall first, then by what it costs.

    Recall counts only positives that the decoder can output: a wider threshold that "matches" a box by targets which
    the network can never reach has gained nothing.

    Attributes:
        tolerance: Shares that differ by no more than this (equality included) count as equal. Half a percentage point
            is one box in two hundred: less is not worth a cost that all the others pay.

    Raises:
        ValueError: If the tolerance is not from 0 to 1.
    """

    tolerance: float = 0.005

    def __post_init__(self) -> None:
        """Check the tolerance."""
        if not 0 <= self.tolerance <= 1:
            raise ValueError(f"tolerance: expected a share from 0 to 1, got {self.tolerance}")

    @property
    def sentence(self) -> str:
        """The rule as the page states it."""
        return (
            f"Keep the runs within {100 * self.tolerance:g} percentage points of the best recall in reach (the share "
            "of ground truths with a positive that the decoder can output); of these, the ones within as much of the "
            "smallest share of unreachable positives, then of contested slots; of what is left, pick the run with the "
            "fewest positives per ground truth."
        )


@dataclass(frozen=True, slots=True)
class Baseline:
    """The run that the others are held against.

    Attributes:
        row: Its label in the table of runs.
        reason: Why this one, as a clause.
    """

    row: int
    reason: str


def ranked(runs: pd.DataFrame, rule: PickRule) -> list[int]:
    """Row labels of comparable, finished runs, the recommended one first, each next one picked from what is left.

    Args:
        runs: One row per run, with ``recall_in_reach``, the shares and ``positives_per_gt``; in launch order, which
            decides between runs that are equal in everything.
        rule: How to pick.
    """
    left = runs[list(_MISSING)].fillna(_MISSING)
    order: list[int] = []
    while len(left):
        order.append(_pick(left, rule.tolerance))
        left = left.drop(index=order[-1])
    return order


def pareto(runs: pd.DataFrame) -> pd.Series:
    """Whether no other run has at least the ``bpr`` at no higher :data:`COSTS`, and is better in one of them.

    Args:
        runs: As for :func:`ranked`.
    """
    costs = runs[list(COSTS)].fillna(_MISSING).to_numpy(np.float64)
    values = np.column_stack((-runs["bpr"].fillna(-1.0).to_numpy(np.float64), costs))
    no_worse = (values[:, None] <= values[None, :]).all(axis=2)
    better = (values[:, None] < values[None, :]).any(axis=2)
    return pd.Series(~(no_worse & better).any(axis=0), index=runs.index)


def baseline(runs: pd.DataFrame, published: Mapping[str, tuple[str, float]]) -> Baseline:
    """The first run with the published threshold of its rule, or else the first run.

    Args:
        runs: At least one finished run, in launch order.
        published: By name of the assigner, the name and the published value of its threshold.
    """
    for row in rows_of(runs):
        name, value = published.get(str(runs.at[row, "assigner"]), ("", math.nan))
        if name and runs.at[row, name] == value:
            return Baseline(row, f"the first run with the published {name} of {value:g}")
    return Baseline(rows_of(runs)[0], "the first run of the sweep")


def _pick(left: pd.DataFrame, tolerance: float) -> int:
    """One round of the rule, among runs without missing values."""
    for name in list(_MISSING)[:-1]:
        values = left[name]
        shortfall = values.max() - values if facts(name).better == "higher" else values - values.min()
        left = left[shortfall <= tolerance + _ROUNDING]
    fewest = int(left["positives_per_gt"].to_numpy(np.float64).argmin())
    return rows_of(left)[fewest]
