"""Recall by size with two sets of anchors."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from assignstudy.figures import style
from assignstudy.statistics.ground_truths import SIZE_BINS

_WIDEST = 0.02


@style.drawing()
def draw(before: pd.Series[float], after: pd.Series[float], baseline: str) -> Figure:
    """One line per size: recall before (grey) and after (in the colour of the size), and both numbers beside it.

    Args:
        before: A row of ``sets`` from ``statistics.anchor_sets.compute``; the grey dots.
        after: Another one.
        baseline: What the first is called.
    """
    figure = style.new_figure(height_px=190)
    axes = style.add_axes(figure, style.Margins(left=66, right=122, top=24))
    shares = [float(part[f"recall_{name}"]) for part in (before, after) for name in SIZE_BINS]
    lowest = min((share for share in shares if not math.isnan(share)), default=0.0)
    span = max(1 - lowest, _WIDEST)
    axes.set(xlim=(1 - 1.12 * span, 1 + 0.06 * span), ylim=(len(SIZE_BINS) - 0.5, -0.5), xlabel="share with a positive")
    axes.xaxis.set_major_formatter(style.percent)
    axes.locator_params(axis="x", nbins=4)
    for row, name in enumerate(SIZE_BINS):
        _draw_row(axes, row, float(before[f"recall_{name}"]), float(after[f"recall_{name}"]), style.size_colour(name))
    axes.text(1.04, 1.02, f"{baseline} → fitted", transform=axes.transAxes, fontsize=style.SMALL_FONT_PX, va="bottom")
    style.name_rows(axes, SIZE_BINS)
    axes.spines["left"].set_visible(False)
    return figure


def _draw_row(axes: Axes, row: int, before: float, after: float, colour: str) -> None:
    is_there = not math.isnan(before)
    text = f"{before:.4f} → {after:.4f}" if is_there else "no boxes"
    beside = axes.get_yaxis_transform()
    axes.text(1.04, row, text, transform=beside, va="center", fontsize=style.SMALL_FONT_PX)
    if is_there:
        axes.plot((before, after), (row, row), color=colour, linewidth=1.4)
        axes.plot(before, row, "o", color=style.colour("baseline"), markersize=8)
        axes.plot(after, row, "o", color=style.colour("paper"), markeredgecolor=colour, markeredgewidth=2, markersize=9)
