"""Recall of many classes in many runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from assignstudy.figures import style
from assignstudy.figures.sweep_marks import Role

WRITTEN_CELLS = 400
"""Up to so many cells have their recall written in."""

_ROW_PX, _WRITTEN_PX, _CELL_PX = 20, 26, 19
_NAME_LENGTH = 46


@style.drawing()
def draw(recalls: npt.NDArray[np.float64], runs: Sequence[tuple[str, Role]], classes: Sequence[str]) -> Figure:
    """A row per run, a column per class; stronger is lower, and cells where all is matched stay empty.

    Few cells have their recall in whole percent written in.

    Args:
        recalls: (runs, classes) from 0 to 1; NaN where a class has no ground truth.
        runs: Name and role of each run, from the top.
        classes: Their names, from the left.
    """
    longest = max((len(_name(name)) for name, _ in runs), default=0)
    left, top = 16 + 6.6 * longest, 12 + 6.2 * max((len(_name(name, 18)) for name in classes), default=0)
    cell = _WRITTEN_PX if recalls.size <= WRITTEN_CELLS else _CELL_PX
    width = max(style.PANEL_PX, left + cell * len(classes) + 10)
    figure = style.new_figure(width, top + _ROW_PX * len(runs) + 8)
    axes = style.add_axes(figure, style.Margins(left=left, right=10, top=top, bottom=8))
    lost = 1 - recalls
    highest = float(np.nanmax(lost)) if lost.size and not np.isnan(lost).all() else 0.0
    heat = np.nan_to_num(lost / highest if highest else lost)
    axes.set_facecolor(style.colour("panel"))
    # The first row of the pixels lies at the bottom, that of the runs at the top.
    style.draw_heat(axes, heat[::-1], (0, len(classes), len(runs), 0))
    axes.set(xlim=(0, len(classes)), ylim=(len(runs), 0))
    if recalls.size <= WRITTEN_CELLS:
        _write_recalls(axes, recalls, heat)
    _name_ends(axes, runs, classes)
    return figure


def _write_recalls(axes: Axes, recalls: npt.NDArray[np.float64], heat: npt.NDArray[np.float64]) -> None:
    for (row, column), recall in np.ndenumerate(recalls):
        if np.isnan(recall) or recall < 1:
            text = "–" if np.isnan(recall) else f"{int(100 * recall + 1e-9)}"
            look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": style.SMALL_FONT_PX}
            axes.text(column + 0.5, row + 0.5, text, color=style.ink_on_heat(float(heat[row, column])), **look)


def _name_ends(axes: Axes, runs: Sequence[tuple[str, Role]], classes: Sequence[str]) -> None:
    axes.xaxis.tick_top()
    axes.set_xticks([k + 0.5 for k in range(len(classes))], [_name(name, 18) for name in classes], rotation=90)
    axes.set_yticks([k + 0.5 for k in range(len(runs))], [_name(name) for name, _ in runs])
    axes.tick_params(labelcolor=style.colour("ink"))
    for label, (_, role) in zip(axes.get_yticklabels(), runs, strict=True):
        label.set(**role.text_style | ({} if role is Role.PICK else {"color": style.colour("ink")}))
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def _name(name: str, length: int = _NAME_LENGTH) -> str:
    return style.shorten(name, length)
