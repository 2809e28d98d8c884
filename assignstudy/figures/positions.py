"""Where positives stand before rounding, level by level, and how centres spread within their cell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from assignstudy.figures import style
from assignstudy.figures.panel import Dots, Panel, Pen, grid_lines
from assignstudy.statistics.positions import Positions


def draw(positions: Positions) -> tuple[Panel, ...]:
    """One panel per level that has a position, in cells: dark where centres stay, in the accent where they were moved.

    Args:
        positions: What to draw.
    """
    levels = dict.fromkeys(positions.table["level"].astype(str))
    return tuple(_draw_level(positions, level) for level in positions.grid_wh if level in levels)


def _draw_level(positions: Positions, level: str) -> Panel:
    rows = positions.table[(positions.table["level"] == level).to_numpy(bool)]
    place, moved = rows[["x_cell", "y_cell"]].to_numpy(np.float64), rows["moved"].to_numpy(bool)
    columns, lines = positions.grid_wh[level]
    marks = [
        Dots(place[which], Pen(colour, width), name)
        for which, colour, width, name in (
            (moved, "level-4", 2.6, "moved towards a neighbour"),
            (~moved, "ink", 3.2, "as assigned"),
        )
        if which.any()
    ]
    stride = 1 << int(level.removeprefix("P"))
    caption, axes = f"{level}: positions before rounding", (f"x, cells of {stride} px", "y, cells")
    empty = Panel(f"positions-{level}", caption, (columns, lines), *axes)
    return replace(empty, marks=(grid_lines(columns, lines, empty.scale), *marks))


@style.drawing()
def draw_within_cell(table: pd.DataFrame) -> Figure:
    """Per axis one line per level: the share of the centres in each tenth of a cell.

    Args:
        table: From ``statistics.positions.within_cell``.
    """
    figure = style.new_figure(width_px=style.WIDE_PX, height_px=230)
    levels = list(dict.fromkeys(table["level"]))
    highest = float(np.nan_to_num(table["share"].to_numpy(float)).max(initial=0.1)) * 1.12
    for number, axis in enumerate("xy"):
        axes = figure.add_axes((0.07 + 0.49 * number, 0.22, 0.38, 0.72))
        for level in levels:
            here = (table["level"] == level) & (table["axis"] == axis)
            _draw_steps(axes, level, table.loc[here, "share"].to_numpy(float))
        axes.set(xlim=(0, 1), ylim=(0, highest), xlabel=f"{axis} within the cell, cells")
        axes.yaxis.set_major_formatter(style.percent)
        axes.axhline(0.1, color=style.colour("soft"), linewidth=1, linestyle=(0, (2, 2)))
    _name_levels(figure, levels)
    return figure


def _draw_steps(axes: Axes, level: str, share: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    if not np.isnan(share).all():
        axes.stairs(
            share, np.linspace(0, 1, len(share) + 1), color=style.level_colour(level), linewidth=1.6, baseline=None
        )


def _name_levels(figure: Figure, levels: list[str]) -> None:
    for number, level in enumerate(levels):
        figure.text(
            0.455 + 0.03, 0.9 - 0.1 * number, level, color=style.level_colour(level), fontweight="bold", ha="center"
        )
