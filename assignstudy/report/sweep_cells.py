"""Cells of the sweep page's tables: a run's name, its parameters, its metrics with the best and the worst marked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from assignstudy.figures.sweep_marks import Role
from assignstudy.report import words
from assignstudy.report.content import Cell, Column, Kind
from assignstudy.report.sweep_view import SweepView
from assignstudy.statistics.sweep_metrics import MetricFacts, facts
from assignstudy.statistics.sweep_parameters import rows_of, value_text

_LONG_NAME = 16
_PRINT = {"int": words.integer, "number": words.number, "ratio": words.ratio, "percent": words.percent}


def metric_text(name: str, value: float | None) -> str:
    """A metric's value as the page prints it; a dash where it is undefined."""
    return _PRINT[facts(name).kind](value)


def metric_value(view: SweepView, row: int, name: str) -> float:
    """A metric, share or numeric parameter of a run; NaN where it is undefined."""
    value = view.run(row)[name]
    return math.nan if words.is_undefined(value) else float(value)


def run_columns(view: SweepView, names: Sequence[str] | None = None) -> list[Column]:
    """The columns of :func:`run_cells`."""
    shown = view.swept if names is None else names
    return [Column("run", "run", Kind.CODE), *(Column(name, name, _kind(view, name)) for name in shown)]


def _kind(view: SweepView, parameter: str) -> Kind:
    """Numbers stand to the right; names that are too long for a narrow column get a wide one."""
    if is_numeric_dtype(view.runs[parameter]):
        return Kind.NUMBER
    longest = view.runs[parameter].map(value_text).str.len().max()
    return Kind.TEXT if longest < _LONG_NAME else Kind.CODE


def run_cells(view: SweepView, row: int, names: Sequence[str] | None = None) -> list[Cell]:
    """A run's key, leading to its page, what it is, and some parameters: those that were varied, unless named."""
    mark = view.role(row).value or ("other data" if row in view.on_other_labels else "")
    if view.baseline is not None and row == view.baseline.row and view.role(row) is Role.PICK:
        mark = "pick, baseline"
    key = Cell(str(view.run(row)["run_key"]), mark=mark, href=view.pages.get(row, ""))
    shown = view.swept if names is None else names
    return [key, *(Cell(value_text(view.run(row)[name])) for name in shown)]


def metric_columns(names: Iterable[str], *, in_words: bool) -> list[Column]:
    """A column per metric, headed by its published name or in words."""
    known = [facts(name) for name in names]
    return [Column(one.name, (one.short or one.title) if in_words else one.name, Kind(one.kind)) for one in known]


def metric_cells(view: SweepView, rows: Sequence[int], names: Sequence[str]) -> dict[int, list[Cell]]:
    """The values of some runs, by row; the best and the worst of the comparable ones among them say so.

    Args:
        view: The sweep.
        rows: Which runs.
        names: Metrics, one cell each.
    """
    comparable = [row for row in view.order if row in set(rows)]
    marks = {name: _marks(view.runs.loc[comparable, name], facts(name)) for name in names}
    return {row: _cells(view.run(row), {name: marks[name].get(row, "") for name in names}) for row in rows}


def _cells(run: Mapping[str, Any], marks: Mapping[str, str]) -> list[Cell]:
    return [_cell(run[name], name, mark) for name, mark in marks.items()]


def _cell(value: float | None, name: str, mark: str) -> Cell:
    return Cell(metric_text(name, None if words.is_undefined(value) else value), mark=mark)


def _marks(values: pd.Series, metric: MetricFacts) -> dict[int, str]:
    """``best`` and ``worst`` by row; not where more than half share it, or where more is neither good nor bad."""
    there = values.dropna().astype("float64")
    if metric.better is None or there.nunique() < 2:
        return {}
    high, low = ("best", "worst") if metric.better == "higher" else ("worst", "best")
    ends = {
        end: word for end, word in ((there.max(), high), (there.min(), low)) if 2 * (there == end).sum() <= len(there)
    }
    return {row: ends[value] for row, value in zip(rows_of(there.to_frame()), there, strict=True) if value in ends}
