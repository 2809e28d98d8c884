"""How large the anchors of two sets are, in cells of their level."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from assignstudy.figures import style

_LINE_PX = 20
_GAP = 0.6
_TICKS = (0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)


@style.drawing()
def draw(anchors: pd.DataFrame, names: Sequence[str]) -> Figure:
    """One line per level and set with a dot per anchor, over the side in cells; one cell is marked.

    Args:
        anchors: From ``statistics.anchor_sets.compute``.
        names: Two sets: the baseline, drawn in grey, and the one to look at, in the colours of the levels.
    """
    shown = anchors[anchors["set"].isin(names)]
    levels = sorted(set(shown["level"].astype(str)), key=lambda level: int(level.removeprefix("P")))
    lines = [(level, name) for level in levels for name in names]
    rows = [number + _GAP * (number // len(names)) for number in range(len(lines))]
    figure = style.new_figure(height_px=_LINE_PX * (rows[-1] + 1) + 72)
    axes = style.add_axes(figure, style.Margins(left=100, top=24))
    for row, (level, name) in zip(rows, lines, strict=True):
        part = shown[(shown["level"].astype(str) == level) & (shown["set"] == name)]
        _draw_line(axes, row, part["side_cell"].tolist(), _colour(level, name, names))
    _frame(axes, shown["side_cell"], rows[-1])
    axes.set_yticks(rows, [f"{level} · {name}" for level, name in lines])
    return figure


def _colour(level: str, name: str, names: Sequence[str]) -> str:
    return style.colour("baseline") if name == names[0] else style.level_colour(level)


def _draw_line(axes: Axes, row: float, sides: Sequence[float], colour: str) -> None:
    if sides:
        axes.plot((min(sides), max(sides)), (row, row), color=colour, linewidth=1.4)
    axes.plot(sides, [row] * len(sides), "o", color=colour, markersize=8, markeredgecolor=style.colour("paper"))


def _frame(axes: Axes, sides: pd.Series[float], last_row: float) -> None:
    axes.set_xscale("log", base=2)
    low, high = min(float(sides.min()), 1) / 1.4, max(float(sides.max()), 2) * 1.4
    axes.set(xlim=(low, high), ylim=(last_row + 0.7, -0.7), xlabel="side of an anchor, in cells of its level")
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    axes.set_xticks(ticks, [style.thousands(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.axvline(1, color=style.colour("ink"), linewidth=1.2)
    axes.text(1, 1.02, "one cell", transform=axes.get_xaxis_transform(), ha="center", va="bottom")
    axes.tick_params(axis="y", labelcolor=style.colour("ink"))
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
