"""Parallel coordinates: a line per run through its settings and what came out of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from assignstudy.figures import style
from assignstudy.figures.sweep_marks import Role

_HEIGHT_PX = 330
_BAND = 0.62
"""Share of the room between two settings over which the lines of one setting fan out."""

_TICK_LENGTH = 13
_TITLE_LENGTH = 18
_LEAST_HEAT = 0.2  # the lightest step could not be told from the paper


@dataclass(frozen=True)
class ParallelAxis:
    """One vertical axis.

    Attributes:
        title: What it is.
        places: Height of each run, from 0 (bottom) to 1; NaN where it has none.
        ticks: Heights, from 0 to 1, with their words.
        fans_out: Whether runs share few places, so that their lines are fanned out to be told apart.
    """

    title: str
    places: tuple[float, ...]
    ticks: tuple[tuple[float, str], ...]
    fans_out: bool


@style.drawing()
def draw(axes: Sequence[ParallelAxis], heat: Sequence[float], roles: Sequence[Role]) -> Figure:
    """One line per run, darker where its heat is higher; the recommended run and the baseline above all others.

    Args:
        axes: From left to right; at least two.
        heat: From 0 to 1 per run, which orders the lines where they are fanned out; NaN counts as 0.
        roles: What each run is on the page.
    """
    figure = style.new_figure(style.WIDE_PX, _HEIGHT_PX)
    canvas = style.add_axes(figure, style.Margins(left=22, right=78, top=34, bottom=26))
    canvas.set(xlim=(0, len(axes) - 1), ylim=(0, 1), xticks=[], yticks=[])
    canvas.spines[:].set_visible(False)
    warmth = np.nan_to_num(np.asarray(heat, np.float64))
    heights = np.array([_fanned_out(axis, warmth) for axis in axes])
    for run in sorted(range(len(roles)), key=lambda run: (_RANK[roles[run]], warmth[run])):
        _draw_line(canvas, heights[:, run], float(warmth[run]), roles[run])
    for place, axis in enumerate(axes):
        _draw_axis(canvas, place, axis)
    return figure


_RANK = {Role.OTHER: 0, Role.BASELINE: 1, Role.PICK: 2}


def _fanned_out(axis: ParallelAxis, heat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Heights of the runs on one axis, those at one place side by side in the order of their heat."""
    places = np.asarray(axis.places, np.float64)
    if not axis.fans_out:
        return places
    room, moved = 1 / max(len(axis.ticks), 1), places.copy()
    for value in np.unique(places[~np.isnan(places)]):
        same = np.flatnonzero(places == value)
        rank = np.argsort(np.argsort(heat[same], kind="stable"))
        moved[same] = value + room * _BAND * ((rank + 0.5) / len(same) - 0.5)
    return moved


def _draw_line(canvas: Axes, heights: npt.NDArray[np.float64], heat: float, role: Role) -> None:
    colour = style.heat_colour(_LEAST_HEAT + (1 - _LEAST_HEAT) * heat) if role is Role.OTHER else role.colour
    width = {Role.PICK: 2.8, Role.BASELINE: 2.4}.get(role, 0.9)
    canvas.plot(range(len(heights)), heights, color=colour, linewidth=width, clip_on=False, zorder=2 + _RANK[role])
    if role is not Role.OTHER and not math.isnan(heights[-1]):
        shift = 0.02 if role is Role.PICK else -0.02
        canvas.text(len(heights) - 0.985, heights[-1] + shift, role.value, va="center", **role.text_style)


def _draw_axis(canvas: Axes, place: int, axis: ParallelAxis) -> None:
    canvas.plot([place, place], [0, 1], color=style.colour("soft"), linewidth=1.0, clip_on=False, zorder=5)
    align = "left" if not place else "center"
    canvas.text(
        place,
        1.075,
        style.shorten(axis.title, _TITLE_LENGTH),
        ha=align,
        color=style.colour("ink"),
        fontsize=style.SMALL_FONT_PX,
    )
    box = {"facecolor": style.colour("paper"), "edgecolor": "none", "pad": 1.0, "alpha": 0.85}
    for height, text in axis.ticks:
        where: dict[str, Any] = {
            "xytext": (4, 0),
            "textcoords": "offset points",
            "va": "center",
            "zorder": 6,
            "bbox": box,
        }
        words = style.shorten(text, _TICK_LENGTH)
        canvas.annotate(words, (place, height), fontsize=style.SMALL_FONT_PX, **where)
