"""All that the page of a comparison may know of its two sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from assignstudy.report.content import Fact
from assignstudy.report.sweep_view import Example
from assignstudy.statistics.sweep_align import Alignment
from assignstudy.statistics.sweep_classes import ClassRecall
from assignstudy.statistics.sweep_parameters import label, records


@dataclass(frozen=True, eq=False)
class RunPair:
    """A run of one side and its partner on the other.

    Attributes:
        a: Row of the run of side A.
        b: Row of the run of side B.
        same_labels: Whether both saw the same ground truths, so that these can be paired.
        changes: What became of them from A to B, as in ``Comparison.changes``; None where they are not paired.
    """

    a: int
    b: int
    same_labels: bool
    changes: Mapping[str, int] | None = None


@dataclass(frozen=True, eq=False)
class CompareView:
    """Two runs or two sweeps, ready to be shown.

    Attributes:
        names: What the sides are called.
        datasets: What their data sets are called.
        runs_a: The finished runs of side A, with the columns of ``sweep_metrics.SHARES``.
        runs_b: Those of side B.
        alignment: Which of them are partners.
        pairs: The partners.
        detail: Position in ``pairs`` of the pair whose classes and boxes are shown; None where there is none.
        classes: Recall by class in that pair: run 0 is that of side A, run 1 that of side B.
        examples: Ground truths of that pair to show.
        differences: What else is different between the sides: settings, versions, machines.
        damage: Sentences about tables that cannot be read.
    """

    names: tuple[str, str]
    datasets: tuple[str, str]
    runs_a: pd.DataFrame
    runs_b: pd.DataFrame
    alignment: Alignment
    pairs: tuple[RunPair, ...]
    detail: int | None = None
    classes: tuple[ClassRecall, ...] = ()
    examples: tuple[Example, ...] = ()
    differences: tuple[Fact, ...] = ()
    damage: tuple[str, ...] = ()

    @cached_property
    def _records(self) -> tuple[dict[int, dict[str, Any]], dict[int, dict[str, Any]]]:
        return records(self.runs_a), records(self.runs_b)

    def sides(self, pair: RunPair) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Both runs of a pair, values by column."""
        return self._records[0][pair.a], self._records[1][pair.b]

    def name(self, pair: RunPair) -> str:
        """What tells a pair from the others; empty where there is only one."""
        return label(self.sides(pair)[0], self.alignment.names) if self.alignment.names else ""

    @property
    def strangers(self) -> list[RunPair]:
        """The pairs that saw different labels."""
        return [pair for pair in self.pairs if not pair.same_labels]

    @property
    def paired(self) -> list[RunPair]:
        """The pairs whose ground truths could be followed from one side to the other."""
        return [pair for pair in self.pairs if pair.changes is not None]
