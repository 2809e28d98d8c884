"""One metric along one parameter: a line for numbers, a row of dots for names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from assignstudy.figures import style
from assignstudy.figures.sweep_marks import Role, draw_dot, limits, name_dot, write

_NAMED_POINTS = 8
_LETTER_PX, _LINE_PX = 7.2, 15.0


@dataclass(frozen=True, slots=True)
class Point:
    """One run.

    Attributes:
        x: Value of the parameter: a number, or a name.
        y: Value of the metric; NaN where it is undefined.
        text: The metric's value in words.
        role: What the run is on the page.
    """

    x: float | str
    y: float
    text: str
    role: Role


Format = Callable[[float, int | None], str]


@style.drawing()
def draw_numbers(points: Sequence[Point], parameter: str, metric: str, tick: Format) -> Figure:
    """A line over a parameter with numbers.

    Args:
        points: By ascending ``x``.
        parameter: Its name, for the axis.
        metric: What is measured, for the axis.
        tick: How a tick of the metric is written.
    """
    figure = style.new_figure(height_px=240)
    axes = style.add_axes(figure, style.Margins(left=66, right=24, top=18))
    there = [(float(point.x), point) for point in points if not math.isnan(point.y)]
    axes.set(xlim=limits([x for x, _ in there], float("-inf")), ylim=limits([point.y for _, point in there], 0.0))
    axes.set(xlabel=parameter, ylabel=metric)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(tick))
    axes.set_xticks([x for x, _ in there] if len(there) <= _NAMED_POINTS else axes.get_xticks())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.plot([x for x, _ in there], [point.y for _, point in there], color=style.colour("soft"), linewidth=1.4)
    for x, point in there:
        draw_dot(axes, x, point.y, point.role)
    _name_points(axes, there)
    return figure


class _Words(NamedTuple):
    """Where words would stand, in pixels."""

    left: float
    right: float
    height: float

    def runs_into(self, other: _Words) -> bool:
        apart = self.right < other.left or self.left > other.right
        return not apart and abs(self.height - other.height) <= _LINE_PX


def _name_points(axes: Axes, points: Sequence[tuple[float, Point]]) -> None:
    """Values above their dots, clear of the line; where they would run into each other, roles come first."""
    taken: list[_Words] = []
    for place in sorted(range(len(points)), key=lambda place: (points[place][1].role is Role.OTHER, place)):
        x, point = points[place]
        following = points[min(place + 1, len(points) - 1)][1].y
        align = "right" if following > point.y else "left" if following < point.y else "center"
        text = f"{point.text} {point.role.value}".strip()
        shift = (0.0, 14.0)
        if not place and align == "right":  # to the left there are the axis and its ticks
            align, shift = "left", (9.0, -9.0)
        words = _words(axes, (x, point.y), text, align)
        if not any(words.runs_into(other) for other in taken):
            write(axes, (x, point.y), text, point.role, shift=shift, align=align)
            taken.append(words)


def _words(axes: Axes, at: tuple[float, float], text: str, align: str) -> _Words:
    x, height = (float(value) for value in axes.transData.transform(at))
    width = _LETTER_PX * len(text)
    left = x - {"left": 0.0, "center": 0.5, "right": 1.0}[align] * width
    return _Words(left, left + width, height)


@style.drawing()
def draw_names(points: Sequence[Point], metric: str, tick: Format) -> Figure:
    """A row per name, its value as a dot.

    Args:
        points: From top to bottom.
        metric: What is measured, for the axis.
        tick: How a tick of the metric is written.
    """
    figure = style.new_figure(height_px=26 * len(points) + 64)
    axes = style.add_axes(figure, style.Margins(left=122, right=24, top=12))
    axes.set(xlim=limits([point.y for point in points], 0.0), ylim=(len(points) - 0.5, -0.5), xlabel=metric)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(tick))
    axes.set_yticks(range(len(points)), [style.shorten(str(point.x), 18) for point in points])
    axes.tick_params(axis="y", labelcolor=style.colour("ink"))
    for row, point in enumerate(points):
        if not math.isnan(point.y):
            draw_dot(axes, point.y, row, point.role)
            name_dot(axes, (point.y, row), f"{point.text} {point.role.value}".strip(), point.role)
    return figure
