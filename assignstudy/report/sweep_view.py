"""All that a sweep's page may know of the sweep."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.figures.sweep_marks import Role
from assignstudy.fitting.compare import Bounds
from assignstudy.statistics.sub_cell import SubCell
from assignstudy.statistics.sweep_choice import Baseline, PickRule
from assignstudy.statistics.sweep_classes import ClassRecall
from assignstudy.statistics.sweep_metrics import shared_by_all
from assignstudy.statistics.sweep_pairs import Comparison
from assignstudy.statistics.sweep_parameters import axes, differing, label, records, rows_of, swept
from assignstudy.statistics.sweep_threshold import ThresholdAxis
from assignstudy.types import RuleFacts


@dataclass(frozen=True, eq=False)
class SettingCurve:
    """Recall against the threshold for one setting of everything else.

    Attributes:
        row: Row of the run that the curve was computed from.
        axis: Which threshold.
        name: What tells this setting from the others; empty where there is only one.
        runs: Rows of all runs of this setting.
        recall: float64, at each threshold of ``axis.grid``.
        shown: float64, at each threshold of ``axis.shown``.
    """

    row: int
    axis: ThresholdAxis
    name: str
    runs: tuple[int, ...]
    recall: npt.NDArray[np.float64]
    shown: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Recipe:
    """How to use a run's setting.

    Attributes:
        yaml: Threshold, image size and anchors, to paste into a trainer's configuration.
        command: What runs this setting again.
    """

    yaml: str
    command: str


@dataclass(frozen=True)
class Search:
    """What a search went by.

    Attributes:
        objective: A metric or a weighted sum, as typed.
        direction: ``maximize`` or ``minimize``.
        values: The objective of each comparable run, by row; NaN where it is undefined.
    """

    objective: str
    direction: str
    values: Mapping[int, float]

    @property
    def best(self) -> int | None:
        """Row of the best trial, of equals the first launched; None where none has a value."""
        known = {row: value for row, value in sorted(self.values.items()) if not math.isnan(value)}
        choose = max if self.direction == "maximize" else min
        return choose(known, key=lambda row: known[row], default=None)


@dataclass(frozen=True)
class Example:
    """One ground truth that says much about a choice.

    Attributes:
        group: What became of it: ``gained`` or ``lost`` from the baseline to the recommended run, or ``never`` matched.
        image: Relative path of its image.
        class_name: Its class.
        width_px: Its width on the baseline's network input, in pixels.
        height_px: Its height there.
        jpeg: A small picture of it; empty where the image file cannot be read.
    """

    group: str
    image: str
    class_name: str
    width_px: float
    height_px: float
    jpeg: bytes = b""


@dataclass(frozen=True, eq=False)
class SweepView:
    """A sweep, ready to be shown. Holds no times and no absolute paths, so that the same sweep gives the same page.

    Rows are labels of ``runs``. *Comparable* runs finished and saw the same labels as the baseline.

    Attributes:
        dataset: What the data set is called.
        runs: One row per run that ended, in launch order, as :func:`assignstudy.results.load_runs` returns them (with
            ``folder`` relative to the sweep), and the columns of ``sweep_metrics.SHARES``,
            ``SIZES`` and ``PICKED_BY``.
        order: Rows of the comparable runs, the recommended one first.
        on_front: Whether no other comparable run beats it in everything; by row, comparable runs only.
        rule: How the recommended run is picked.
        barred: Rows of the comparable runs that it leaves out, see ``sweep_choice.barred``.
        rules: What may be asked of each run's assignment rule, by row; rows of rules that are not known are left out.
        baseline: The run that the others are held against; None where none finished.
        pages: Relative path of each run's page, by row, where it has one.
        curves: Recall against the threshold.
        comparison: The comparable runs against the baseline, or None.
        against: Row of the run whose gained and lost ground truths the examples show; None without such a run.
        examples: Ground truths to show.
        never_matched: Ground truths that no run matches, at most so many as a page lists: from the baseline's table.
        classes: Recall by class and run, see ``statistics.sweep_classes``.
        recipe: How to use the recommended setting, or None.
        small_boxes: The recommended run's boxes beside the cells of its finest level; None where that is not known.
        bounds: What the bound of its fitted anchors costs; None where none were fitted.
        search: What the sweep went by where it was a search; None for a grid.
        unfinished: Keys of the runs that were started but left no record.
        notices: Further sentences that the reader must see.
    """

    dataset: str
    runs: pd.DataFrame
    order: tuple[int, ...] = ()
    on_front: Mapping[int, bool] = field(default_factory=dict)
    rule: PickRule = field(default_factory=PickRule)
    rules: Mapping[int, RuleFacts] = field(default_factory=dict)
    baseline: Baseline | None = None
    pages: Mapping[int, str] = field(default_factory=dict)
    curves: tuple[SettingCurve, ...] = ()
    comparison: Comparison | None = None
    against: int | None = None
    examples: tuple[Example, ...] = ()
    never_matched: pd.DataFrame = field(default_factory=pd.DataFrame)
    classes: tuple[ClassRecall, ...] = ()
    recipe: Recipe | None = None
    small_boxes: SubCell | None = None
    bounds: Bounds | None = None
    search: Search | None = None
    barred: tuple[int, ...] = ()
    unfinished: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @cached_property
    def parameters(self) -> list[str]:
        """The parameters in which the runs differ: what a table of runs shows."""
        return differing(self.runs)

    @cached_property
    def swept(self) -> list[str]:
        """The parameters that were varied: what names a run."""
        return swept(self.runs)

    def shared(self, names: Iterable[str]) -> list[str]:
        """Those metrics that mean something for the rules of all comparable runs."""
        return shared_by_all(self.comparable, names)

    @cached_property
    def axes(self) -> pd.DataFrame:
        """What the comparable runs are drawn over, see ``sweep_parameters.axes``."""
        return axes(self.comparable)

    @cached_property
    def comparable(self) -> pd.DataFrame:
        """The comparable runs in launch order."""
        return self.runs.loc[sorted(self.order)]

    @cached_property
    def has_recall(self) -> bool:
        """Whether the comparable runs have ground truths, without which there is nothing to choose between."""
        return bool(self.comparable["bpr"].notna().any())

    @property
    def finished(self) -> pd.DataFrame:
        """All finished runs in launch order, those on other labels too."""
        return self.runs[self.runs["status"] == "finished"]

    @property
    def failed(self) -> pd.DataFrame:
        """The failed runs in launch order."""
        return self.runs[self.runs["status"] == "failed"]

    @cached_property
    def on_other_labels(self) -> list[int]:
        """Rows of finished runs that saw other labels than the baseline."""
        comparable = set(self.order)
        return [row for row in rows_of(self.finished) if row not in comparable]

    def run(self, row: int) -> Mapping[str, Any]:
        """A run's values by column."""
        return self._records[row]

    @cached_property
    def _records(self) -> dict[int, dict[str, Any]]:
        return records(self.runs)

    def changes(self, row: int) -> Mapping[str, int] | None:
        """What a run gains and loses against the baseline, see ``Comparison.changes``; None where that is not known."""
        return self._changes.get(row)

    @cached_property
    def _changes(self) -> dict[int, dict[str, int]]:
        if self.comparison is None:
            return {}
        rows = {str(self.run(row)["run_key"]): row for row in self.order}
        counts = self.comparison.changes
        names = [str(name) for name in counts]
        lines = zip(counts.index, counts.to_numpy(), strict=True)
        return {rows[str(key)]: dict(zip(names, map(int, line), strict=True)) for key, line in lines}

    def role(self, row: int) -> Role:
        """What a run is on the page; the recommended run stays that where it is the baseline, too."""
        if self.has_recall and row == self.order[0]:
            return Role.PICK
        return Role.BASELINE if self.baseline is not None and row == self.baseline.row else Role.OTHER

    def name(self, row: int) -> str:
        """What tells a run from the others."""
        return label(self.run(row), self.swept)
