"""Recall against the threshold, one line per setting of everything else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from assignstudy.figures import recall_axis, style
from assignstudy.figures.sweep_marks import EndLabel, Role, draw_dot, name_ends

Floats = npt.NDArray[np.float64]

HUES = 4
"""How many groups of lines have a colour of their own."""

NAME_LENGTH = 40
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
        hue: Which of :data:`HUES` it has; lines beyond them share the grey of a line without one.
        dash: Which of the dashes it has.
        group: What the lines of its hue have in common.
        runs: Threshold, recall and role of each run on this line.
    """

    name: str
    thresholds: npt.NDArray[np.float32]
    recall: Floats
    role: Role
    runs: tuple[tuple[float, float, Role], ...]
    hue: int | None = None
    dash: int = 0
    group: str = ""

    @property
    def colour(self) -> str:
        """The accent for the recommended run's line; the others have their hue, for line and name."""
        if self.role is Role.PICK or self.hue is None or self.hue >= HUES:
            return self.role.colour
        return style.colour(f"line-{self.hue}")


@style.drawing()
def draw(curves: Sequence[Curve], threshold: str, ground_truths: int) -> Figure:
    """Recall on an axis that is stretched towards 100 %, where the last per mille decides; a dot per run.

    Args:
        curves: At least one.
        threshold: Its name, for the axis.
        ground_truths: How many there are: one of them is the smallest step to be seen.
    """
    longest = max(len(_name(curve)) for curve in curves)
    figure = style.new_figure(style.WIDE_PX, 340)
    axes = style.add_axes(figure, style.Margins(left=80, right=18 + 6.4 * longest, top=14))
    ends = [float(value) for value in curves[0].thresholds[[0, -1]]]
    axes.set(xlim=(ends[0], ends[1]), xlabel=threshold, ylabel="matched ground truths")
    recall_axis.stretch(axes, ground_truths)
    axes.yaxis.set_major_formatter(FuncFormatter(_matched))
    _draw_lines(axes, curves)
    return figure


def _matched(recall: float, _position: int | None = None) -> str:
    """With as many digits as tell a tick from its neighbours."""
    return f"{100 * recall:.8g} %"


def _draw_lines(axes: Axes, curves: Sequence[Curve]) -> None:
    for curve in curves:
        dash = _DASHES[curve.dash % len(_DASHES)]
        width = {Role.PICK: 2.4, Role.BASELINE: 2.0}.get(curve.role, 1.3)
        axes.plot(curve.thresholds, curve.recall, color=curve.colour, linewidth=width, linestyle=dash, clip_on=False)
        for at, recall, role in curve.runs:
            low, high = axes.get_xlim()
            if low <= at <= high and not math.isnan(recall):
                draw_dot(axes, at, recall, role)
    named = curves if len(curves) <= _NAMED_LINES else [curve for curve in curves if curve.role is not Role.OTHER]
    labels = [
        EndLabel(_name(curve), _height_at_end(axes, curve.recall), curve.role, _word_colour(curve)) for curve in named
    ]
    name_ends(axes, [label for label in labels if label.text], gap=0.056)
    if len(named) < len(curves):
        _name_groups(axes, curves)


def _name_groups(axes: Axes, curves: Sequence[Curve]) -> None:
    """What each hue stands for, in the corner that curves leave free, where there are too many lines to name each."""
    groups = {curve.group: curve.hue for curve in curves if curve.hue is not None and curve.hue < HUES}
    for place, (group, hue) in enumerate(groups.items()):
        where: dict[str, Any] = {
            "transform": axes.transAxes,
            "ha": "right",
            "va": "bottom",
            "fontsize": style.SMALL_FONT_PX,
        }
        name = style.shorten(group, NAME_LENGTH)
        axes.text(0.985, 0.02 + 0.06 * place, name, color=style.colour(f"line-{hue}"), **where)


def _word_colour(curve: Curve) -> str | None:
    """That of the line where it is dark enough for text; None for that of the role."""
    return None if curve.colour == curve.role.colour else curve.colour


def _name(curve: Curve) -> str:
    return style.shorten(curve.name, NAME_LENGTH)


def _height_at_end(axes: Axes, recall: Floats) -> float:
    """Where a line ends, from 0 (bottom of the axes) to 1; a line without values has sunk to the bottom."""
    last = float(recall[-1])
    if math.isnan(last):
        return 0.0
    end = (axes.get_xlim()[1], last)
    return float(axes.transAxes.inverted().transform(axes.transData.transform(end))[1])
