"""How often each of the five cells around a centre is used."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from assignstudy.figures import style
from assignstudy.statistics.entered import records

_PLACES = {"centre": (0, 0), "left": (-1, 0), "up": (0, -1), "right": (1, 0), "down": (0, 1)}


@style.drawing()
def draw(table: pd.DataFrame) -> Figure:
    """A cross of five cells, the centre's in the middle, each with its share of the positives.

    Args:
        table: From ``statistics.neighbours.use``.
    """
    figure = style.new_figure(width_px=300, height_px=300)
    axes = style.add_axes(figure, style.Margins(left=6, right=6, top=6, bottom=6))
    for row in records(table):
        x, y = _PLACES[str(row.offset)]
        share = 0.0 if np.isnan(row.share) else float(row.share)
        axes.add_artist(
            Rectangle(
                (x - 0.48, y - 0.48), 0.96, 0.96, facecolor=style.heat_colour(share) if share else style.colour("panel")
            )
        )
        ink = style.ink_on_heat(share) if share else style.colour("ink")
        axes.text(x, y - 0.14, str(row.offset), ha="center", va="center", color=ink)
        axes.text(
            x,
            y + 0.14,
            style.rounded_percent(share),
            ha="center",
            va="center",
            color=ink,
            fontweight="bold",
            fontsize=15,
        )
    axes.set(xlim=(-1.5, 1.5), ylim=(1.5, -1.5))
    axes.set_axis_off()
    return figure
