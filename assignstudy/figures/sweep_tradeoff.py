"""What a higher recall is paid with: one dot per run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from assignstudy.figures import recall_axis, style
from assignstudy.figures.sweep_marks import Role, Taken, dots_taken, draw_dot, limits, name_dot

_STRETCHED, _ROOM = 10.0, 1.4
_LEFT_PX, _GAP_PX, _RIGHT_PX = 66, 26, 16


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


@dataclass(frozen=True)
class CostPanel:
    """One kind of cost.

    Attributes:
        title: What it is, for the axis.
        as_percent: Whether it is a share.
        dots: The runs.
    """

    title: str
    as_percent: bool
    dots: tuple[Dot, ...]


@style.drawing()
def draw(panels: Sequence[CostPanel], ground_truths: int) -> Figure:
    """Recall upwards, a cost to the right of each panel: the upper left is best. Runs that others beat are hollow.

    Args:
        panels: At least one; all with the same recalls.
        ground_truths: How many there are: one of them is the smallest step to be seen.
    """
    figure = style.new_figure(style.WIDE_PX if len(panels) > 1 else style.PANEL_PX, 264)
    span = figure.get_figwidth() * 72 - _LEFT_PX - _RIGHT_PX + _GAP_PX
    for place, panel in enumerate(panels):
        left = _LEFT_PX + place * span / len(panels)
        right = _RIGHT_PX + (len(panels) - 1 - place) * span / len(panels)
        axes = style.add_axes(figure, style.Margins(left=left, right=right, top=14))
        _set_recalls(axes, [dot.recall for dot in panel.dots], ground_truths)
        _draw_panel(axes, panel)
        axes.tick_params(axis="y", labelleft=not place)
        axes.set_ylabel("" if place else "best possible recall")
    return figure


def _set_recalls(axes: Axes, recalls: Sequence[float], ground_truths: int) -> None:
    """Stretched towards 1 where the worst run loses many times what the best does: good ones would fall together."""
    axes.set_ylim(limits(recalls, 0.0, 1.0))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    most, fewest = (1 - pick(recalls, default=1.0) for pick in (min, max))
    if most > _STRETCHED * max(fewest, 1 / max(ground_truths, 1)):
        recall_axis.stretch(axes, ground_truths, max(1 - _ROOM * most, 0.0), 1 - fewest / _ROOM)


def _draw_panel(axes: Axes, panel: CostPanel) -> None:
    axes.set(xlim=limits([dot.cost for dot in panel.dots], 0.0), xlabel=panel.title)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(style.percent if panel.as_percent else style.thousands))
    axes.yaxis.set_major_formatter(FuncFormatter(_recall))
    words: list[Taken] = []
    for dot in sorted(panel.dots, key=lambda dot: dot.role.value):
        draw_dot(axes, dot.cost, dot.recall, dot.role, filled=dot.on_front)
        if dot.role is not Role.OTHER:
            others = dots_taken(axes, [(other.cost, other.recall) for other in panel.dots if other is not dot])
            words.append(name_dot(axes, (dot.cost, dot.recall), dot.role.value, dot.role, others, words))


def _recall(value: float, _position: int | None = None) -> str:
    """At most six decimals; ticks beyond 1 stay empty."""
    return "" if value > 1 + 1e-9 else f"{value:.6f}".rstrip("0").rstrip(".")
