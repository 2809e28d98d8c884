"""Parallel coordinates: a line per run through its settings and what came out of them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from assignstudy.figures import style
from assignstudy.figures.sweep_marks import Role, write

_HEIGHT_PX = 330
_BAND = 0.62
"""Share of the room between two settings over which the lines of one setting fan out."""

_TICK_LENGTH = 13
_TICKS_PX = 52
_NAME_GAP = 0.056
_LETTER_PX = 6.6
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
    canvas = style.add_axes(figure, style.Margins(left=98, right=112, top=44, bottom=16))
    canvas.set(xlim=(0, len(axes) - 1), ylim=(0, 1), xticks=[], yticks=[])
    canvas.spines[:].set_visible(False)
    warmth = np.nan_to_num(np.asarray(heat, np.float64))
    heights = np.array([fanned_out(axis, warmth) for axis in axes])
    for run in sorted(range(len(roles)), key=lambda run: (_RANK[roles[run]], warmth[run])):
        _draw_line(canvas, heights[:, run], float(warmth[run]), roles[run])
    for place, axis in enumerate(axes):
        _draw_axis(canvas, place, axis)
    _name_lines(canvas, heights[-1], roles)
    return figure


_RANK = {Role.OTHER: 0, Role.BASELINE: 1, Role.PICK: 2}


def fanned_out(axis: ParallelAxis, heat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
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
    if role is not Role.OTHER:  # a rim, to be seen among lines of any colour
        rim: dict[str, Any] = {"color": style.colour("paper"), "linewidth": width + 3}
        canvas.plot(range(len(heights)), heights, clip_on=False, zorder=2 + _RANK[role], **rim)
    canvas.plot(range(len(heights)), heights, color=colour, linewidth=width, clip_on=False, zorder=2 + _RANK[role])


def _name_lines(canvas: Axes, ends: npt.NDArray[np.float64], roles: Sequence[Role]) -> None:
    """The words of the recommended run and of the baseline at the ends of their lines, one above the other."""
    named = [run for run, role in enumerate(roles) if role is not Role.OTHER and not math.isnan(ends[run])]
    places = style.spread([float(ends[run]) for run in named], _NAME_GAP, 0.0, 1.0)
    for run, height in zip(named, places, strict=True):
        end = (canvas.get_xlim()[1], height)
        write(canvas, end, roles[run].value, roles[run], shift=(_TICKS_PX, 0), align="left")


def _draw_axis(canvas: Axes, place: int, axis: ParallelAxis) -> None:
    canvas.plot([place, place], [0, 1], color=style.colour("soft"), linewidth=1.0, clip_on=False, zorder=5)
    look: dict[str, Any] = {"color": style.colour("ink"), "fontsize": style.SMALL_FONT_PX}
    canvas.text(place, 1.045, _title(canvas, axis.title), ha="center", va="bottom", linespacing=1.1, **look)
    # Left of the first axis there are no lines; elsewhere words need a ground to be read on.
    shift, align = ((-6, 0), "right") if not place else ((4, 0), "left")
    box: dict[str, Any] = {"facecolor": style.colour("paper"), "edgecolor": "none", "pad": 1.0, "alpha": 0.85}
    for height, text in axis.ticks:
        words, at = style.shorten(text, _TICK_LENGTH), (place, height)
        where: dict[str, Any] = {"xytext": shift, "textcoords": "offset points", "ha": align, "va": "center"}
        canvas.annotate(words, at, zorder=6, bbox=box, **where, **look)


def _title(canvas: Axes, title: str) -> str:
    """The title on as many lines as it takes not to run into the next one."""
    room = canvas.get_window_extent().width / max(canvas.get_xlim()[1], 1)
    return textwrap.fill(style.shorten(title, 32), max(int(room / _LETTER_PX), 8), break_on_hyphens=False)
