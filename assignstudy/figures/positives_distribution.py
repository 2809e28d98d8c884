"""How many ground truths get 0, 1, 2, … positives."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from assignstudy.figures import style
from assignstudy.statistics.ground_truths import SIZE_BINS


@style.drawing()
def draw(table: pd.DataFrame) -> Figure:
    """Bars stacked by size bin, the unmatched ones named.

    Args:
        table: From ``statistics.positives_per_gt.distribution``.
    """
    figure = style.new_figure(height_px=270)
    axes = style.add_axes(figure, style.Margins(left=68))
    x, step = table["last"].to_numpy(float), _step(table)
    bottom = np.zeros(len(table))
    for name in SIZE_BINS:
        height = table[name].to_numpy(float)
        style.draw_bars(axes, x - (0.91 * step - 0.5), bottom, 0.82 * step, height, style.size_colour(name))
        bottom += height
    unmatched = int(table["ground_truths"].iloc[0])
    # Room for the bars, and for the words that stand upright on the bar of the unmatched.
    top = max(1.08 * bottom.max(initial=0), unmatched + 0.42 * bottom.max(initial=0), 1)
    axes.set(xlim=(-0.8 * step, max(x.max(initial=0), 4) + 0.8 * step), ylim=(0, top))
    axes.set(xlabel="positives per ground truth", ylabel="ground truths")
    axes.yaxis.set_major_formatter(style.thousands)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.grid(visible=False, axis="x")
    _name_unmatched(axes, unmatched)
    _name_sizes(axes)
    return figure


def _step(table: pd.DataFrame) -> int:
    return int(table["last"].iloc[-1] - table["first"].iloc[-1]) + 1 if len(table) > 1 else 1


def _name_unmatched(axes: Axes, unmatched: int) -> None:
    axes.annotate(
        f"{unmatched:,} without",
        (0, unmatched),
        xytext=(0, 5),
        textcoords="offset points",
        rotation=90,
        ha="center",
        va="bottom",
        color=style.colour("act" if unmatched else "soft"),
        fontweight="bold",
        fontsize=style.SMALL_FONT_PX,
    )


def _name_sizes(axes: Axes) -> None:
    for row, name in enumerate(reversed(SIZE_BINS)):
        axes.text(
            0.985,
            0.95 - 0.085 * row,
            f"{name} ■",
            color=style.size_colour(name),
            transform=axes.transAxes,
            ha="right",
            va="center",
        )
