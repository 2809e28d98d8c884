"""Which classes fall behind: recall against the number of boxes."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from assignstudy.figures import style

_NAMED = 6

MOST_DRAWN_AS_LINES = 2000
"""More classes than any data set in use has; their dots become one picture, which a browser opens at once."""


@style.drawing()
def draw(table: pd.DataFrame, recall: float | None) -> Figure:
    """One dot per class that has boxes; the lowest ones are named, the whole data set's recall is a line.

    Args:
        table: The run's ``classes``.
        recall: Recall of the whole data set; None without a ground truth.
    """
    figure = style.new_figure(style.WIDE_PX, 290)
    axes = style.add_axes(figure, style.Margins(left=66, right=16))
    some = table[table["ground_truths"] > 0]
    floor = min(float(some["bpr"].min()) if len(some) else 1.0, 0.98)
    axes.set(xscale="log", xlim=(0.8, max(float(some["ground_truths"].max() if len(some) else 10), 10) * 1.4))
    axes.set(
        ylim=(floor - 0.1 * (1 - floor), 1 + 0.06 * (1 - floor)),
        xlabel="boxes of the class",
        ylabel="matched boxes of the class",
    )
    axes.xaxis.set_major_formatter(style.thousands)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(style.percent)
    if recall is not None:
        axes.axhline(recall, color=style.colour("baseline"), linewidth=1.4)
        axes.text(
            0.01,
            recall,
            "all classes",
            transform=axes.get_yaxis_transform(),
            ha="left",
            va="top",
            color=style.colour("soft"),
            fontsize=style.SMALL_FONT_PX,
        )
    axes.plot(
        some["ground_truths"],
        some["bpr"],
        "o",
        color=style.colour("accent"),
        markersize=5.5,
        alpha=0.75,
        markeredgewidth=0,
        rasterized=len(some) > MOST_DRAWN_AS_LINES,
    )
    _name_lowest(axes, some[some["bpr"] < (1.0 if recall is None else recall)])
    return figure


def _name_lowest(axes: Axes, some: pd.DataFrame) -> None:
    lowest = some.nsmallest(_NAMED, "bpr", keep="first")
    places = axes.transAxes.inverted().transform(
        axes.transData.transform(lowest[["ground_truths", "bpr"]].to_numpy(float).reshape(-1, 2))
    )
    heights = style.spread(places[:, 1].tolist(), 0.06, 0.02, 1.0)
    for name, (x, _), y in zip(lowest["class_name"].astype(str), places, heights, strict=True):
        right = x > 0.8
        axes.text(
            x + (-0.01 if right else 0.01),
            y,
            style.shorten(name, 18),
            transform=axes.transAxes,
            ha="right" if right else "left",
            va="center",
            fontsize=style.SMALL_FONT_PX,
        )
