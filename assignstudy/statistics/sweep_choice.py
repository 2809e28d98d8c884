"""Which run of a sweep to train with: the rule of the pick, the baseline, and the runs that no other beats."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from assignstudy.statistics.sweep_metrics import shared_by_all
from assignstudy.statistics.sweep_parameters import rows_of

COSTS = ("contested_share", "unreachable_share", "positives_per_gt")
"""What a higher recall is paid with in the assignment itself."""

PRICE = "megapixels"
"""What it is paid with besides: a larger network input."""

SUB_CELL = "sub_cell_share"
"""Share of the ground truths that are smaller than one cell of the finest level."""

COUNTED = "counted_recall"
"""Recall less what the rule of the pick takes off, see :func:`counted_recall`."""

_SHARES = {"unreachable_share": "unreachable positives", "contested_share": "contested slots"}
# What a missing value counts as: no recall, nothing beyond a reach that the rule does not bound, nothing to contest.
_MISSING = {"bpr": -math.inf, **dict.fromkeys(_SHARES, 0.0), "positives_per_gt": math.inf}
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class PickRule:
    """How a run is picked: by recall first, then by what it costs, but never by targets that cannot be reached.

    A box that is matched and owns no slot, because others win all of its slots, counts as lost: recall alone is near 1
    for every small input, and what such an input takes away shows there.

    Attributes:
        tolerance: Shares that differ by no more than this (equality included) count as equal; 0.001 is a tenth of a
            percentage point, one box in a thousand.
        most_unreachable: Share of unreachable positives beyond which a run is left out (equality stays in): a wider
            threshold "matches" boxes by targets that the network's output cannot express. What a rule asks for beyond
            its decoder's reach by design, whatever its threshold, leaves no run out.
        most_sub_cell: Share of ground truths smaller than one cell of the finest level that costs nothing: a few are
            in every data set.
        sub_cell_price: Recall that each box beyond that share costs, as a share of the box: it has a positive like any
            other, but can hardly be told from its neighbours in that cell. 0.2 counts one in five of them as lost.
        pixel_price: Recall that twice the pixels of network input must bring to be worth it: training and detection
            take about twice the time and memory. 0 takes every gain, whatever it costs.

    Raises:
        ValueError: If one of them is not from 0 to 1.
    """

    tolerance: float = 0.001
    most_unreachable: float = 0.02
    most_sub_cell: float = 0.1
    sub_cell_price: float = 0.2
    pixel_price: float = 0.004

    def __post_init__(self) -> None:
        """Check that all are shares."""
        for limit in fields(self):
            if not 0 <= getattr(self, limit.name) <= 1:
                raise ValueError(f"{limit.name}: expected a share from 0 to 1, got {getattr(self, limit.name)}")

    def sentence(self, compared: Collection[str] = (*COSTS, PRICE, SUB_CELL), *, has_designed: bool = False) -> str:
        """The rule as the page states it.

        Args:
            compared: Those of :data:`COSTS`, :data:`PRICE` and :data:`SUB_CELL` that all runs have and that tell them
                apart; the others decide nothing.
            has_designed: Whether some runs have unreachable positives by their rule's design.
        """
        design = ", what a rule asks for by design not counted" if has_designed else ""
        shares = [words for name, words in _SHARES.items() if name in compared]
        inputs = "of these, the ones with the smallest input; " if PRICE in compared else ""
        smallest = f"of these, the ones within as much of the smallest share of {', then of '.join(shares)}; "
        return (
            f"Leave out the runs with more than {100 * self.most_unreachable:g} % unreachable positives{design}, "
            f"unless all have more; count boxes that own no slot as lost; {self._prices(compared)}keep those within "
            f"{100 * self.tolerance:g} percentage points of the best recall; {inputs}{smallest if shares else ''}"
            "of what is left, pick the run with the fewest positives per ground truth."
        )

    def _prices(self, compared: Collection[str]) -> str:
        """What is taken off the recall, as clauses; empty where nothing is."""
        pixels = (
            f"take {100 * self.pixel_price:g} percentage points off the recall for every doubling of the input's pixels"
        )
        small = (
            f"where more than {100 * self.most_sub_cell:g} % of the boxes are smaller than one cell of the finest "
            f"level, count {100 * self.sub_cell_price:g} % of those beyond as lost"
        )
        said = {PRICE: (pixels, self.pixel_price), SUB_CELL: (small, self.sub_cell_price)}
        return "".join(f"{words}; " for name, (words, price) in said.items() if name in compared and price)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The run that the others are held against.

    Attributes:
        row: Its label in the table of runs.
        reason: Why this one, as a clause.
    """

    row: int
    reason: str


def ranked(runs: pd.DataFrame, rule: PickRule, by_design: Collection[int] = ()) -> list[int]:
    """Row labels of comparable, finished runs, the recommended one first, each next one picked from what is left.

    Args:
        runs: One row per run, with ``bpr``, :data:`COSTS`, :data:`PRICE` and :data:`SUB_CELL`; in launch order, which
            decides between runs that are equal in everything.
        rule: How to pick. A share that the rules of some runs do not have decides nothing.
        by_design: Row labels of the runs whose unreachable positives are their rule's design; no limit concerns them.
    """
    left = runs[list(_MISSING)].fillna(_MISSING)
    left["is_barred"] = left.index.isin(barred(runs, rule, by_design))
    left["doublings"] = _doublings(runs[PRICE])
    left["bpr"] = counted_recall(runs, rule).fillna(_MISSING["bpr"])
    shares = shared_by_all(runs, _SHARES)
    order: list[int] = []
    while len(left):
        order.append(_pick(left, rule, shares))
        left = left.drop(index=order[-1])
    return order


def barred(runs: pd.DataFrame, rule: PickRule, by_design: Collection[int] = ()) -> list[int]:
    """Row labels of the runs that are left out for their unreachable positives; none where that would leave none.

    So are runs whose boxes are not known, because their table is damaged: what cannot be judged is not recommended.

    Args:
        runs: As for :func:`ranked`.
        rule: What is too many.
        by_design: As for :func:`ranked`.
    """
    beyond = (runs["unreachable_share"] > rule.most_unreachable + _ROUNDING) & ~runs.index.isin(list(by_design))
    is_unknown = runs[SUB_CELL].isna()
    is_barred = beyond if is_unknown.all() else beyond | is_unknown
    return [] if is_barred.all() else rows_of(runs[is_barred])


def counted_recall(runs: pd.DataFrame, rule: PickRule) -> pd.Series:
    """Recall as the rule counts it: less boxes that own no slot, the price of pixels and that of boxes below one cell.

    Args:
        runs: As for :func:`ranked`; pixels are counted from the smallest input among them.
        rule: What these cost.

    Returns:
        float64 per run; it can be negative, and is NaN where there is no recall.
    """
    return (
        runs["bpr"].astype("float64")
        - _without_slot(runs)
        - rule.pixel_price * _doublings(runs[PRICE])
        - rule.sub_cell_price * _beyond_cells(runs, rule)
    )


def _beyond_cells(runs: pd.DataFrame, rule: PickRule) -> pd.Series:
    """Share of the boxes smaller than one cell beyond the one that costs nothing; 0 where the boxes are not known."""
    beyond: pd.Series = (runs[SUB_CELL] - rule.most_sub_cell).clip(lower=0.0).fillna(0.0)
    return beyond


def _without_slot(runs: pd.DataFrame) -> pd.Series:
    """Share of the ground truths that are matched and own no slot; 0 where a run does not say."""
    counts = runs.reindex(columns=["matched_without_slot", "ground_truths"]).astype("float64")
    return (counts["matched_without_slot"] / counts["ground_truths"]).fillna(0.0)


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


def baseline(runs: pd.DataFrame, published: Mapping[int, Sequence[str | None]]) -> Baseline:
    """The run that is most as published; of equals the first.

    Args:
        runs: At least one finished run, in launch order.
        published: By row, most important first: how a setting is as published, in words that can follow *with* (empty
            where the rule has no such setting), or None where it is not. Rows of rules that are not known are left out.
    """
    rows = [row for row in rows_of(runs) if row in published and published[row][0] is not None]
    if not rows:
        return Baseline(rows_of(runs)[0], "the first run of the sweep")
    best = max(rows, key=lambda row: [part is not None for part in published[row]])
    told_apart = [len({rest[k] is None for rest in published.values()}) > 1 for k in range(len(published[best]))]
    parts = [part for k, part in enumerate(published[best]) if part and (k == 0 or told_apart[k])]
    return Baseline(best, f"the first run with {', '.join(parts)}" if parts else "the first run of a rule as published")


def _doublings(megapixels: pd.Series) -> pd.Series:
    """How often the smallest input must be doubled to have as many pixels; 0 where that is not known."""
    doublings: pd.Series = np.log2(megapixels / megapixels.min())
    return doublings.fillna(0.0)


def _best(left: pd.DataFrame, cost: pd.Series, tolerance: float) -> pd.DataFrame:
    """The runs that cost least, and those that cost no more than the tolerance more."""
    best: pd.DataFrame = left[cost <= cost.min() + tolerance + _ROUNDING]
    return best


def _pick(left: pd.DataFrame, rule: PickRule, shares: Sequence[str]) -> int:
    """One round of the rule, among runs without missing values."""
    allowed = left[~left["is_barred"]]
    left = allowed if len(allowed) else left
    left = _best(left, -left["bpr"], rule.tolerance)
    # Slots are contested less on larger inputs: of equals those would always win.
    left = _best(left, left["doublings"], 0.0)
    for name in shares:
        left = _best(left, left[name], rule.tolerance)
    fewest = int(left["positives_per_gt"].to_numpy(np.float64).argmin())
    return rows_of(left)[fewest]
