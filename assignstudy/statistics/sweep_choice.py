"""Which run of a sweep to train with: the rule of the pick, the baseline, and the runs that no other beats."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assignstudy.statistics.sweep_metrics import facts, shared_by_all
from assignstudy.statistics.sweep_parameters import rows_of

COSTS = ("contested_share", "unreachable_share", "positives_per_gt")
"""What a higher recall is paid with."""

_SHARES = ("bpr", "unreachable_share", "contested_share")
_SHARE_WORDS = {"unreachable_share": "unreachable positives", "contested_share": "contested slots"}
# What a missing value counts as: no recall, nothing beyond a reach that the rule does not bound, nothing to contest.
_MISSING = {"bpr": -1.0, "unreachable_share": 0.0, "contested_share": 0.0, "positives_per_gt": math.inf}
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class PickRule:
    """How a run is picked: by recall first, then by what it costs, but never by targets that cannot be reached.

    Attributes:
        tolerance: Shares that differ by no more than this (equality included) count as equal; 0.001 is a tenth of a
            percentage point, one box in a thousand.
        most_unreachable: Share of unreachable positives beyond which a run is left out (equality stays in): a wider
            threshold "matches" boxes by targets that the network's output cannot express.

    Raises:
        ValueError: If one of them is not from 0 to 1.
    """

    tolerance: float = 0.001
    most_unreachable: float = 0.02

    def __post_init__(self) -> None:
        """Check that both are shares."""
        for name in ("tolerance", "most_unreachable"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}: expected a share from 0 to 1, got {getattr(self, name)}")

    def sentence(self, compared: Collection[str] = COSTS) -> str:
        """The rule as the page states it.

        Args:
            compared: The :data:`COSTS` that all runs have; the others decide nothing.
        """
        shares = [_SHARE_WORDS[name] for name in _SHARES if name in compared and name in _SHARE_WORDS]
        smallest = f"of these, the ones within as much of the smallest share of {', then of '.join(shares)}; "
        return (
            f"Leave out the runs with more than {100 * self.most_unreachable:g} % unreachable positives, unless all "
            f"have more; keep those within {100 * self.tolerance:g} percentage points of the best recall; "
            f"{smallest if shares else ''}of what is left, pick the run with the fewest positives per ground truth."
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
        runs: One row per run, with ``bpr``, ``positives_per_gt`` and the shares of ``sweep_metrics``; in launch order,
            which decides between runs that are equal in everything.
        rule: How to pick. A share that the rules of some runs do not have decides nothing.
    """
    left, compared = runs[list(_MISSING)].fillna(_MISSING), ["bpr", *shared_by_all(runs, _SHARES[1:])]
    order: list[int] = []
    while len(left):
        order.append(_pick(left, rule, compared))
        left = left.drop(index=order[-1])
    return order


def pareto(runs: pd.DataFrame) -> pd.Series:
    """Whether no other run has at least the ``bpr`` at no higher :data:`COSTS`, and is better in one of them.

    Args:
        runs: As for :func:`ranked`; costs that the rules of some runs do not have are left out.
    """
    costs = runs[shared_by_all(runs, COSTS)].fillna(_MISSING).to_numpy(np.float64)
    values = np.column_stack((-runs["bpr"].fillna(-1.0).to_numpy(np.float64), costs))
    no_worse = (values[:, None] <= values[None, :]).all(axis=2)
    better = (values[:, None] < values[None, :]).any(axis=2)
    return pd.Series(~(no_worse & better).any(axis=0), index=runs.index)


def baseline(runs: pd.DataFrame, published: Mapping[int, tuple[str, float] | None]) -> Baseline:
    """The first run with the published threshold of its rule, or of a rule without one; or else the first run.

    Args:
        runs: At least one finished run, in launch order.
        published: By row, the name and the published value of the threshold of the run's rule, None for a rule without
            one; rows of rules that are not known are left out.
    """
    for row in (row for row in rows_of(runs) if row in published):
        threshold = published[row]
        if threshold is None:
            return Baseline(row, "the first run as published: its rule has no threshold to set")
        name, value = threshold
        if runs.at[row, name] == value:
            return Baseline(row, f"the first run with the published {name} of {value:g}")
    return Baseline(rows_of(runs)[0], "the first run of the sweep")


def _pick(left: pd.DataFrame, rule: PickRule, compared: Sequence[str]) -> int:
    """One round of the rule, among runs without missing values."""
    allowed = left[left["unreachable_share"] <= rule.most_unreachable + _ROUNDING]
    left = allowed if len(allowed) else left
    for name in compared:
        values = left[name]
        shortfall = values.max() - values if facts(name).better == "higher" else values - values.min()
        left = left[shortfall <= rule.tolerance + _ROUNDING]
    fewest = int(left["positives_per_gt"].to_numpy(np.float64).argmin())
    return rows_of(left)[fewest]
