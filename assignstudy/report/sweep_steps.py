"""What one change of one parameter does, from the baseline, in words: what it matches and what that costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from assignstudy.report import words
from assignstudy.report.sweep_cells import metric_value
from assignstudy.report.sweep_view import SweepView
from assignstudy.statistics.sweep_parameters import records, speaks_for_itself, value_text

_NOTABLE_SHARE = 0.001
_NOTABLE_RATIO = 0.05


def sentence(view: SweepView) -> str:
    """For each parameter the value that matches most, all else as in the baseline; empty without such runs."""
    if view.baseline is None:
        return ""
    base = view.baseline.row
    neighbours = {str(name): _neighbours(view, str(name), base) for name in view.axes}
    best = {name: _best(view, rows) for name, rows in neighbours.items() if rows}
    better = {name: row for name, row in best.items() if view.run(row)["bpr"] > view.run(base)["bpr"]}
    parts = [_step(view, name, row, base) for name, row in better.items()]
    if rest := [name for name in best if name not in better]:
        parts.append(f"changing {words.listing(rest, 'or')} alone matches no more")
    return f"From the baseline ({view.name(base)}), {'; '.join(parts)}." if parts else ""


def _neighbours(view: SweepView, name: str, base: int) -> list[int]:
    """The runs that differ from the baseline in one parameter alone."""
    settings = records(view.axes.drop(columns=name))
    return [row for row, setting in settings.items() if setting == settings[base] and row != base]


def _best(view: SweepView, rows: list[int]) -> int:
    """The run with the highest recall; of equals that with the fewest predictions."""
    return max(rows, key=lambda row: (metric_value(view, row, "bpr"), -metric_value(view, row, "all_slots")))


def _step(view: SweepView, name: str, best: int, base: int) -> str:
    run, before = view.run(best), view.run(base)
    start = f"{value_text(view.axes.loc[base, name])} to " if not speaks_for_itself(name) else ""
    going = f"going from {name} {start}" if start else "going to "
    counts = view.changes(best)
    lost = int(before["unmatched"])
    matched = counts["gained"] if counts else lost - int(run["unmatched"])
    found = f"matches {words.integer(matched)} of {words.count(lost, 'lost box', 'lost boxes')}"
    also = f"loses {words.count(counts['lost'], 'other')}" if counts and counts["lost"] else ""
    costs = filter(None, (found, also, _slots(run, before), _unreachable(run, before)))
    return f"{going}{value_text(view.axes.loc[best, name])} {words.listing(list(costs))}"


def _slots(run: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """How many times the predictions: what a network of that size and shape has to make, store and learn."""
    ratio = float(run["all_slots"]) / float(before["all_slots"])
    if math.isnan(ratio) or abs(ratio - 1) < _NOTABLE_RATIO:
        return ""
    return (
        f"costs {words.number(ratio)} times the slots" if ratio > 1 else f"takes {words.number(ratio)} times the slots"
    )


def _unreachable(run: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    after, first = (float(one["unreachable_share"]) for one in (run, before))
    if math.isnan(after) or math.isnan(first) or after - first < _NOTABLE_SHARE:
        return ""
    return f"puts {words.percent(after)} of the positives out of reach"
