"""The one number by which a search beyond grids compares runs: a metric, or a weighted sum of metrics."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping

from assignstudy.errors import ConfigError
from assignstudy.statistics.sweep_metrics import METRICS, is_metric

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_TERM = re.compile(rf"\s*([+-]?)\s*(?:({_NUMBER})\s*\*\s*)?([A-Za-z_]\w*)\s*(?=[+-]|$)")


def weights(objective: str) -> dict[str, float]:
    """The weight of each metric that an objective names.

    Args:
        objective: A metric, ``bpr``, or a weighted sum, ``bpr - 1e-6*unreachable``. A metric named twice counts twice.

    Raises:
        ConfigError: If it is neither, or a metric has no such name.
    """
    found: dict[str, float] = {}
    position = 0
    while position < len(objective) or not found:
        term = _TERM.match(objective, position)
        if term is None or (found and not term[1]):
            raise ConfigError(
                f"objective: expected a metric or a sum such as bpr - 1e-6*unreachable, got {objective or 'nothing'}"
            )
        sign, factor, name = term.groups()
        _check_metric(name)
        found[name] = found.get(name, 0.0) + float(f"{sign}{factor or 1}")
        position = term.end()
    return found


def value(objective: str, metrics: Mapping[str, float | None]) -> float:
    """The objective of one run; NaN where a metric that it names is undefined.

    Args:
        objective: As for :func:`weights`.
        metrics: The run's metrics.

    Raises:
        ConfigError: As :func:`weights`.
    """
    parts = [(weight, metrics.get(name)) for name, weight in weights(objective).items()]
    return math.fsum(weight * (math.nan if metric is None else metric) for weight, metric in parts)


def undefined(objective: str, metrics: Mapping[str, float | None]) -> list[str]:
    """The metrics that an objective names and a run does not define; arguments and errors as for :func:`value`."""
    return [name for name in weights(objective) if metrics.get(name) is None]


def _check_metric(name: str) -> None:
    if not is_metric(name):
        near = difflib.get_close_matches(name, [metric.name for metric in METRICS], n=1)
        advice = f"did you mean {near[0]}?" if near else "run.json lists them"
        raise ConfigError(f"objective: expected a metric, got {name}; {advice}")
