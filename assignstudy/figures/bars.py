"""Horizontal bars with the number written beside each: what most small comparisons need."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from assignstudy.figures import style

_ROW_PX = 22


def draw(
    labels: Sequence[str],
    values: Sequence[float],
    texts: Sequence[str],
    colours: Sequence[str],
    label_px: float = 92,
    text_px: float = 110,
) -> Figure:
    """One bar per label, from the top down; the numbers stand beside the bars, so there is no axis.

    Args:
        labels: What each bar is.
        values: Its length, at least 0; NaN leaves no bar.
        texts: What is written beside it.
        colours: Its colour, as hex code.
        label_px: Room for the labels.
        text_px: Room for the longest text beside the longest bar.
    """
    rows = len(labels)
    figure = style.new_figure(height_px=_ROW_PX * max(rows, 1) + 12)
    axes = style.add_axes(figure, style.Margins(left=label_px, right=text_px, top=6, bottom=6))
    lengths = [0.0 if math.isnan(value) else value for value in values]
    axes.barh(range(rows), lengths, height=0.72, color=list(colours))
    axes.set(xlim=(0, max(lengths, default=0) or 1), ylim=(max(rows, 1) - 0.5, -0.5))
    axes.xaxis.set_visible(False)
    style.name_rows(axes, [style.shorten(label) for label in labels])
    axes.spines["bottom"].set_visible(False)
    for row, (length, text) in enumerate(zip(lengths, texts, strict=True)):
        axes.annotate(
            text,
            (length, row),
            xytext=(5, 0),
            textcoords="offset points",
            va="center_baseline",
            fontsize=style.SMALL_FONT_PX,
        )
    return figure
