"""Where centres fall inside their cell, level by level."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from assignstudy.figures import style

_SIDE_PX = 98
_GAP_PX = 18
_PER_ROW = 3
_EVEN = 3.5 / style.HEAT_STEPS
"""Centres spread evenly fall in the middle of a step of the heat scale, so that noise does not change the colour."""


@style.drawing()
def draw(table: pd.DataFrame) -> Figure:
    """One square per level, stronger where more centres fall, from none to more than twice as many as if spread evenly.

    Args:
        table: From ``statistics.neighbours.positions``.
    """
    levels = list(dict.fromkeys(table["level"]))
    rows = -(-len(levels) // _PER_ROW)
    figure = style.new_figure(height_px=rows * (_SIDE_PX + 40) + 4)
    width, height = figure.get_size_inches() * 72
    for number, level in enumerate(levels):
        row, column = divmod(number, _PER_ROW)
        left, bottom = 22 + column * (_SIDE_PX + _GAP_PX), height - (row + 1) * (_SIDE_PX + 40) + 20
        axes = figure.add_axes((left / width, bottom / height, _SIDE_PX / width, _SIDE_PX / height))
        _draw_cell(axes, level, table.loc[table["level"] == level, "share"].to_numpy(float))
    return figure


def _draw_cell(axes: Axes, level: str, share: npt.NDArray[np.float64]) -> None:
    side = round(len(share) ** 0.5)
    # The rows of the table go down, those of the picture go up.
    cells = np.nan_to_num(share).reshape(side, side)[::-1] * len(share) * _EVEN
    style.draw_heat(axes, cells.clip(max=1), (0, 1, 0, 1))
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    axes.set_xticklabels(("0", "½", "1"))
    axes.set_yticklabels(("1", "½", "0"))
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    axes.annotate(level, (0, 1), xycoords="axes fraction", xytext=(0, 4), textcoords="offset points", fontweight="bold")
    if np.isnan(share).all():
        axes.text(0.5, 0.5, "no box", ha="center", va="center", color=style.colour("soft"))
