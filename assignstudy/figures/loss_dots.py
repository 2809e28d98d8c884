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
_BESIDE: Any = {"va": "center_baseline", "fontsize": style.SMALL_FONT_PX}


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
    terms = [row for row, line in enumerate(lines) if isinstance(line, str)]
    style.name_rows(axes, [line if isinstance(line, str) else str(line.part) for line in lines], bold=terms)
    _draw_rows(axes, [(row, line) for row, line in enumerate(lines) if not isinstance(line, str)])
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


def _draw_rows(axes: Axes, rows: list[tuple[int, Any]]) -> None:
    """A line from dot to dot and the two losses beside it, for all rows; a loss of 0 has no place on the axis."""
    at = np.array([row for row, _ in rows])
    zero, published = np.array([(line.zero, line.published) for _, line in rows]).reshape(-1, 2).T
    colours = np.array([_colour(str(line.part)) for _, line in rows])
    both = (zero > 0) & (published > 0)
    axes.hlines(at[both], zero[both], published[both], colors=colours[both].tolist(), linewidth=1.4)
    for losses, faces in ((zero, np.full(len(rows), style.colour("paper"))), (published, colours)):
        some = losses > 0
        axes.scatter(losses[some], at[some], s=49, c=faces[some], edgecolors=colours[some].tolist(), linewidths=1.6)
    for row, line in rows:
        texts = dict.fromkeys(style.significant(loss) for loss in (line.zero, line.published))
        axes.text(1.04, row, " → ".join(texts), transform=axes.get_yaxis_transform(), **_BESIDE)


def _colour(part: str) -> str:
    if part == BACKGROUND:
        return style.colour("soft")
    return style.size_colour(part) if part in SIZE_BINS else style.level_colour(part)
