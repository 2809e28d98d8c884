"""Recall against the threshold, one line per setting of everything else."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from assignstudy.figures import style
from assignstudy.figures.sweep_marks import EndLabel, Role, draw_dot, name_ends

Floats = npt.NDArray[np.float64]

NAME_LENGTH = 34
"""Characters of a line's name that are shown."""

_NAMED_LINES = 14
_DASHES = ((0, ()), (0, (6, 2.5)), (0, (1.5, 2)), (0, (7, 2, 1.5, 2)))


@dataclass(frozen=True, eq=False)
class Curve:
    """All that the runs of one setting, whatever their threshold, have in common.

    Attributes:
        name: What tells this setting from the others; empty where there is only one.
        thresholds: Ascending.
        recall: At each of them; NaN without ground truths.
        role: The recommended run's line, the baseline's, or another.
        runs: Threshold, recall and role of each run on this line.
    """

    name: str
    thresholds: npt.NDArray[np.float32]
    recall: Floats
    role: Role
    runs: tuple[tuple[float, float, Role], ...]


@style.drawing()
def draw_recall(curves: Sequence[Curve], threshold: str) -> Figure:
    """Matched ground truths; a dot per run.

    Args:
        curves: At least one.
        threshold: Its name, for the axis.
    """
    figure, axes = _axes(curves, threshold)
    axes.set(ylim=(0, 1.02), ylabel="matched ground truths")
    axes.yaxis.set_major_formatter(FuncFormatter(style.percent))
    _draw_lines(axes, curves, lambda recall: recall)
    return figure


@style.drawing()
def draw_unmatched(curves: Sequence[Curve], threshold: str, ground_truths: int) -> Figure:
    """What is left without a positive, on a logarithmic axis, where the last per mille can be seen.

    Args:
        curves: At least one.
        threshold: Its name, for the axis.
        ground_truths: How many there are: one of them is the smallest share drawn.
    """
    figure, axes = _axes(curves, threshold)
    axes.set(ylim=(0.5 / max(ground_truths, 10), 1.2), yscale="log", ylabel="without a positive")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(style.percent))
    _draw_lines(axes, curves, lambda recall: np.where(recall < 1, 1 - recall, np.nan))
    return figure


def _axes(curves: Sequence[Curve], threshold: str) -> tuple[Figure, Axes]:
    ends = [float(value) for value in curves[0].thresholds[[0, -1]]]
    longest = max(len(_name(curve)) for curve in curves)
    figure = style.new_figure(style.WIDE_PX, 320)
    axes = style.add_axes(figure, style.Margins(left=62, right=18 + 6.2 * longest))
    axes.set(xlim=(ends[0], ends[1]), xlabel=threshold)
    return figure, axes


def _draw_lines(axes: Axes, curves: Sequence[Curve], shown: Callable[[Floats], Floats]) -> None:
    others = [curve for curve in curves if curve.role is Role.OTHER]
    for curve in curves:
        dash = _DASHES[others.index(curve) % len(_DASHES)] if curve.role is Role.OTHER else _DASHES[0]
        width = {Role.PICK: 2.4, Role.BASELINE: 2.0}.get(curve.role, 1.3)
        axes.plot(curve.thresholds, shown(curve.recall), color=curve.role.colour, linewidth=width, linestyle=dash)
        for at, recall, role in curve.runs:
            draw_dot(axes, at, float(shown(np.array([recall]))[0]), role)
    named = curves if len(curves) <= _NAMED_LINES else [curve for curve in curves if curve.role is not Role.OTHER]
    labels = [EndLabel(_name(curve), _height_at_end(axes, shown(curve.recall)), curve.role) for curve in named]
    name_ends(axes, [label for label in labels if label.text], gap=0.062)


def _name(curve: Curve) -> str:
    return style.shorten(curve.name, NAME_LENGTH)


def _height_at_end(axes: Axes, values: Floats) -> float:
    """Where a line ends, from 0 (bottom of the axes) to 1; a line that left the axes before has sunk to the bottom."""
    last = float(values[-1])
    if math.isnan(last):
        return 0.0
    return float(axes.transAxes.inverted().transform(axes.transData.transform((axes.get_xlim()[1], last)))[1])
