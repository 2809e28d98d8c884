"""Where centres fall inside their cell, level by level."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from assignstudy.figures import style

_SIDE_PX = 98
_GAP_PX = 18
_ROW_PX = _SIDE_PX + 40
_PER_ROW = 3
_TICK: Any = {"color": style.colour("soft"), "fontsize": style.SMALL_FONT_PX}
_EVEN = 3.5 / style.HEAT_STEPS
"""Centres spread evenly fall in the middle of a step of the heat scale, so that noise does not change the colour."""


@style.drawing()
def draw(table: pd.DataFrame) -> Figure:
    """One square per level, stronger where more centres fall, from none to more than twice as many as if spread evenly.

    Args:
        table: From ``statistics.neighbours.positions``.
    """
    levels = list(dict.fromkeys(table["level"]))
    figure = style.new_figure(height_px=-(-len(levels) // _PER_ROW) * _ROW_PX + 4)
    width, height = figure.get_size_inches() * 72
    # All squares share one axes in pixels: axes of their own would cost more than what is drawn in them.
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    for number, level in enumerate(levels):
        row, column = divmod(number, _PER_ROW)
        corner = (22 + column * (_SIDE_PX + _GAP_PX), height - (row + 1) * _ROW_PX + 20)
        _draw_square(axes, corner, level, table.loc[table["level"] == level, "share"].to_numpy(float))
    return figure


def _draw_square(axes: Axes, corner: tuple[float, float], level: str, share: npt.NDArray[np.float64]) -> None:
    x, y = corner
    side = round(len(share) ** 0.5)
    # The rows of the table go down, those of the picture go up.
    cells = np.nan_to_num(share).reshape(side, side)[::-1] * len(share) * _EVEN
    style.draw_heat(axes, cells.clip(max=1), (x, x + _SIDE_PX, y, y + _SIDE_PX))
    axes.add_artist(Rectangle(corner, _SIDE_PX, _SIDE_PX, fill=False, edgecolor=style.colour("soft"), linewidth=0.8))
    axes.text(x, y + _SIDE_PX + 4, level, fontweight="bold")
    for place, (right, down) in zip((0, 0.5, 1), (("0", "1"), ("½", "½"), ("1", "0")), strict=True):
        axes.text(x + place * _SIDE_PX, y - 5, right, ha="center", va="top", **_TICK)
        axes.text(x - 5, y + place * _SIDE_PX, down, ha="right", va="center_baseline", **_TICK)
    if np.isnan(share).all():
        middle = (x + _SIDE_PX / 2, y + _SIDE_PX / 2)
        axes.text(*middle, "no box", ha="center", va="center", color=style.colour("soft"))
