"""The runs of a sweep laid out over its parameters: which parameter goes where, and which run stands in which cell."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from pandas.api.types import is_numeric_dtype

from assignstudy.statistics.sweep_parameters import label, rows_of


@dataclass(frozen=True)
class Layout:
    """Where the parameters of a sweep go.

    Attributes:
        x: Along the axis.
        series: The second one: lines, or rows of a map; None where there is none.
        panels: All others: one panel per combination of their values.
    """

    x: str
    series: str | None = None
    panels: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Panel:
    """The runs of one combination of the parameters that are not drawn.

    Attributes:
        title: That combination, ``letterbox``; empty where there is only one.
        rows: Row labels in the table of runs (Int64), one row per value of the second parameter, one column per value
            of the first; missing where no run finished. Numbers ascend, names stand in the order of the runs.
    """

    title: str
    rows: pd.DataFrame


def layout(axes: pd.DataFrame) -> Layout | None:
    """Numbers before names, more values before fewer, thresholds first among equals; None without a parameter.

    Args:
        axes: One row per run, one column per parameter, see ``sweep_parameters.axes``.
    """
    if axes.columns.empty:
        return None
    order = sorted(map(str, axes), key=lambda name: (not is_numeric_dtype(axes[name]), -axes[name].nunique()))
    return Layout(order[0], order[1] if len(order) > 1 else None, tuple(order[2:]))


def compute(axes: pd.DataFrame, where: Layout) -> list[Panel]:
    """Which run stands where, panel by panel in the order of the runs.

    Args:
        axes: Of the finished runs, as for :func:`layout`; no two of them are equal.
        where: The layout.
    """
    if not where.panels:
        return [Panel("", _rows(axes, where, axes))]
    groups = axes.groupby(list(where.panels), sort=False, dropna=False)
    return [
        Panel(label(dict(zip(where.panels, key, strict=True)), where.panels), _rows(part, where, axes))
        for key, part in groups
    ]


def in_order(column: pd.Series) -> list[object]:
    """The values of a parameter: numbers ascending, names in the order of the runs, missing ones left out."""
    values = column.dropna().unique()
    return sorted(values) if is_numeric_dtype(column) else list(values)


def _rows(part: pd.DataFrame, where: Layout, axes: pd.DataFrame) -> pd.DataFrame:
    series = list(part[where.series]) if where.series else [""] * len(part)
    cells = pd.DataFrame({"y": series, "x": list(part[where.x]), "row": rows_of(part)})
    table = cells.dropna().pivot(index="y", columns="x", values="row")
    # All panels get the rows and columns of all runs, so that they can be compared at a glance.
    ends = in_order(axes[where.series]) if where.series else [""]
    return table.reindex(index=pd.Index(ends), columns=pd.Index(in_order(axes[where.x]))).astype("Int64")
