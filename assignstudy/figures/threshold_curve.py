"""Recall against every threshold, by size bin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from assignstudy.figures import style

_LABEL_GAP = 0.075


@style.drawing()
def draw_recall(table: pd.DataFrame, name: str) -> Figure:
    """One line per size bin and a strong one for all; the chosen threshold marked.

    Args:
        table: From ``statistics.threshold_curve.compute``.
        name: Of the threshold.
    """
    figure, axes = _axes(table, name)
    for size, line in _lines(table):
        axes.plot(line["threshold"], line["recall"], **_look(size))
    axes.set(ylim=(0, 1.02), ylabel="matched ground truths")
    axes.yaxis.set_major_formatter(style.percent)
    _finish(axes, table, name)
    return figure


@style.drawing()
def draw_unmatched(table: pd.DataFrame, name: str) -> Figure:
    """The same, but what is left without a positive, on a logarithmic axis, where the last per mille can be seen.

    Args:
        table: From ``statistics.threshold_curve.compute``.
        name: Of the threshold.
    """
    figure, axes = _axes(table, name)
    smallest = 0.5 / max(int(table["ground_truths"].max()), 10)
    for size, line in _lines(table):
        lost = 1 - line["recall"]
        axes.plot(line["threshold"], lost.where(lost > 0), **_look(size))
    axes.set(ylim=(smallest, 1.2), yscale="log", ylabel="without a positive")
    axes.yaxis.set_major_formatter(style.percent)
    axes.yaxis.set_minor_locator(NullLocator())
    _finish(axes, table, name, at_top=True)
    return figure


def _axes(table: pd.DataFrame, name: str) -> tuple[Figure, Axes]:
    figure = style.new_figure(height_px=290)
    axes = style.add_axes(figure, style.Margins(left=62, right=58))
    ends = table["threshold"].astype(float)
    axes.set(xlim=(ends.min(), ends.max()), xlabel=name)
    return figure, axes


def _lines(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Size bins with a box in them; ``all`` last, so that it lies on top."""
    groups = [
        (str(name), line) for name, line in table.groupby("size_bin", sort=False) if line["ground_truths"].iloc[0]
    ]
    return groups[1:] + groups[:1]


def _look(size: str) -> dict[str, Any]:
    if size == "all":
        return {"color": style.colour("ink"), "linewidth": 2.4}
    return {"color": style.size_colour(size), "linewidth": 1.6}


def _finish(axes: Axes, table: pd.DataFrame, name: str, *, at_top: bool = False) -> None:
    """Name the lines at their right ends, and mark the chosen threshold."""
    names = [size for size, _ in _lines(table)]
    heights = [_height_at_end(axes, line) for line in axes.get_lines()]
    for size, y in zip(names, style.spread(heights, _LABEL_GAP, 0.0, 1.0), strict=True):
        axes.text(
            1.015,
            y,
            size,
            transform=axes.transAxes,
            va="center",
            color=_look(size)["color"],
            fontsize=style.SMALL_FONT_PX,
        )
    chosen = table.loc[table["chosen"], "threshold"]
    if len(chosen):
        style.mark_chosen(
            axes, float(chosen.iloc[0]), f"{name} {style.thousands(float(chosen.iloc[0]))}", at_top=at_top
        )


def _height_at_end(axes: Axes, line: Line2D) -> float:
    """Where a line leaves the axes, from 0 (bottom) to 1; a line that ends before has sunk to the bottom."""
    last = float(np.asarray(line.get_ydata(), float)[-1])
    if np.isnan(last):
        return 0.0
    return float(axes.transAxes.inverted().transform(axes.transData.transform((axes.get_xlim()[1], last)))[1])
