r"""What matters in a sweep: how much of a metric's differences each parameter explains by itself.

On a full grid, one run for every combination of values, the sums of squares of the parameters are exact and add up:
with :math:`\bar y` the mean of all runs and :math:`\bar y_v` that of the :math:`n_v` runs with value :math:`v`, a
parameter explains :math:`\sum_v n_v (\bar y_v - \bar y)^2` of :math:`\sum (y - \bar y)^2`; what no parameter explains
alone is how they act together. On an incomplete grid they overlap, and no such figure would be exact.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Effect:
    """What explains the differences of one metric; all shares sum to 1.

    Attributes:
        metric: Which one.
        alone: Share of the sum of squares that each parameter explains by itself.
        together: What they do only together.
    """

    metric: str
    alone: Mapping[str, float]
    together: float


def missing_runs(axes: pd.DataFrame) -> int:
    """How many combinations of values no run has; 0 on a full grid.

    Args:
        axes: One row per run, one column per parameter, see ``sweep_parameters.axes``.
    """
    return math.prod(int(axes[name].nunique()) for name in axes) - len(axes.drop_duplicates())


def compute(axes: pd.DataFrame, runs: pd.DataFrame, metrics: Sequence[str]) -> tuple[Effect, ...]:
    """What explains the differences of each metric.

    Args:
        axes: One row per run, one column per parameter; a full grid, see :func:`missing_runs`.
        runs: The same runs with their metrics.
        metrics: Which of them; those that some run lacks or that are the same in all are left out.
    """
    values = {name: runs[name].astype("float64") for name in metrics if runs[name].notna().all()}
    return tuple(_effect(axes, name, value) for name, value in values.items() if value.nunique() > 1)


def means(axis: pd.Series, metric: pd.Series) -> dict[object, float]:
    """The metric's mean over all runs of each value of a parameter; values in the order of the runs."""
    found = metric.astype("float64").groupby(axis, sort=False).mean()
    return {value: float(mean) for value, mean in zip(found.index, found, strict=True)}


def _effect(axes: pd.DataFrame, metric: str, value: pd.Series) -> Effect:
    total = float(((value - value.mean()) ** 2).sum())
    alone = {str(name): _explained(axes[name], value) / total for name in axes}
    rest = 1 - sum(alone.values())
    return Effect(metric, alone, rest if rest > _ROUNDING else 0.0)


def _explained(axis: pd.Series, value: pd.Series) -> float:
    groups = value.groupby(axis)
    return float((groups.size() * (groups.mean() - value.mean()) ** 2).sum())
