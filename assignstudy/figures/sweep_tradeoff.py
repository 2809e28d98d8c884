"""What a higher recall is paid with: one dot per run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from assignstudy.figures import style
from assignstudy.figures.sweep_marks import Role, draw_dot, limits, name_dot

_WIDTH_PX = 300


@dataclass(frozen=True, slots=True)
class Dot:
    """One run.

    Attributes:
        cost: What it costs.
        recall: Its ``bpr``.
        on_front: Whether no other run beats it in everything.
        role: What it is on the page.
    """

    cost: float
    recall: float
    on_front: bool
    role: Role


@style.drawing()
def draw(dots: Sequence[Dot], cost: str, *, as_percent: bool) -> Figure:
    """Recall upwards, cost to the right: the upper left is best. Runs that others beat are hollow.

    Args:
        dots: The runs; values that are missing (NaN) are not drawn.
        cost: What the cost is, for the axis.
        as_percent: Whether it is a share.
    """
    figure = style.new_figure(_WIDTH_PX, 250)
    axes = style.add_axes(figure, style.Margins(left=66, right=18, top=14))
    axes.set(xlim=limits([dot.cost for dot in dots], 0.0), ylim=limits([dot.recall for dot in dots], 0.0, 1.0))
    axes.set(xlabel=cost, ylabel="best possible recall")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(style.percent if as_percent else style.thousands))
    axes.yaxis.set_major_formatter(FuncFormatter(_recall))
    for dot in sorted(dots, key=lambda dot: dot.role.value):
        draw_dot(axes, dot.cost, dot.recall, dot.role, filled=dot.on_front)
        if dot.role is not Role.OTHER:
            others = [(other.cost, other.recall) for other in dots if other is not dot]
            name_dot(axes, dot.cost, dot.recall, dot.role.value, dot.role, others)
    return figure


def _recall(value: float, _position: int | None = None) -> str:
    """At most four decimals; ticks beyond 1 stay empty."""
    return "" if value > 1 + 1e-9 else f"{value:.4f}".rstrip("0").rstrip(".")
