"""What an untrained head pays, term by term."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from assignstudy.figures import style
from assignstudy.statistics.entered import records
from assignstudy.statistics.ground_truths import SIZE_BINS
from assignstudy.statistics.loss_at_start import BACKGROUND

_ROW_PX = 20
_DECADES_NAMED = 7


@style.drawing()
def draw(table: pd.DataFrame, limits: tuple[float, float]) -> Figure:
    """Two dots per term and part on a logarithmic axis: hollow with all outputs 0, filled with the published biases.

    Args:
        table: From ``statistics.loss_at_start.by_term``.
        limits: From :func:`limits`.
    """
    lines = list(_lines(table))
    figure = style.new_figure(height_px=_ROW_PX * max(len(lines), 1) + 56)
    axes = style.add_axes(figure, style.Margins(left=80, right=112, top=4, bottom=48))
    axes.set(xscale="log", xlim=limits, ylim=(max(len(lines), 1) - 0.5, -0.5), xlabel="weighted loss")
    axes.xaxis.set_major_locator(LogLocator(numticks=99))  # every decade has its line
    axes.xaxis.set_major_formatter(lambda value, _position: _decade(value, limits))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yticks(range(len(lines)), [line if isinstance(line, str) else line.part for line in lines])
    for row, (line, label) in enumerate(zip(lines, axes.get_yticklabels(), strict=True)):
        label.set_color(style.colour("ink"))
        if isinstance(line, str):
            label.set_fontweight("bold")
        else:
            _draw_row(axes, row, line)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    return figure


def limits(*tables: pd.DataFrame) -> tuple[float, float]:
    """The whole decades that hold every loss above 0 of some tables, so that their pictures can be compared."""
    losses = np.concatenate([table[["zero", "published"]].to_numpy(np.float64).ravel() for table in tables])
    some = losses[losses > 0]
    if not len(some):
        return 0.1, 1.0
    low, high = math.floor(math.log10(some.min())), math.ceil(math.log10(some.max()))
    # A dot on the border would be cut in half.
    return 10.0**low / 1.3, 10.0 ** max(high, low + 1) * 1.3


def _decade(value: float, limits: tuple[float, float]) -> str:
    """``0.01``; where there is no room for all, only every second one."""
    decades = math.log10(limits[1] / limits[0])
    return f"{value:g}" if decades < _DECADES_NAMED or round(math.log10(value)) % 2 == 0 else ""


def _lines(table: pd.DataFrame) -> Iterator[Any]:
    """Each term's name, followed by its rows."""
    for term in dict.fromkeys(table["term"]):
        yield str(term)
        yield from records(table[table["term"] == term])


def _draw_row(axes: Axes, row: int, line: Any) -> None:
    colour = _colour(str(line.part))
    dots = [(loss, face) for loss, face in ((line.zero, style.colour("paper")), (line.published, colour)) if loss > 0]
    axes.plot([loss for loss, _ in dots], [row] * len(dots), color=colour, linewidth=1.4)
    for loss, face in dots:
        axes.plot(loss, row, "o", color=face, markeredgecolor=colour, markeredgewidth=1.6, markersize=7)
    texts = dict.fromkeys(style.significant(loss) for loss in (line.zero, line.published))
    axes.text(
        1.04,
        row,
        " → ".join(texts),
        transform=axes.get_yaxis_transform(),
        va="center_baseline",
        fontsize=style.SMALL_FONT_PX,
    )


def _colour(part: str) -> str:
    if part == BACKGROUND:
        return style.colour("soft")
    return style.size_colour(part) if part in SIZE_BINS else style.level_colour(part)
