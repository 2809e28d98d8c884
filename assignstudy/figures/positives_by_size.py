"""How the number of positives depends on the size of a box."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from assignstudy.figures import style
from assignstudy.statistics.entered import records


@style.drawing()
def draw(table: pd.DataFrame) -> Figure:
    """Per size bin: the middle 90 % (thin), the middle half (thick), the median (dot).

    Args:
        table: From ``statistics.positives_per_gt.by_size``.
    """
    figure = style.new_figure(height_px=190)
    axes = style.add_axes(figure, style.Margins(left=66, right=92))
    for row, line in enumerate(records(table)):
        _draw_row(axes, row, line._asdict(), style.size_colour(str(line.size_bin)))
    right = float(table["p95"].max()) if table["p95"].notna().any() else 1.0
    axes.set(xlim=(-0.4, max(right, 4) + 0.8), ylim=(len(table) - 0.5, -0.5), xlabel="positives per ground truth")
    style.name_rows(axes, table["size_bin"].astype(str).tolist())
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.spines["left"].set_visible(False)
    return figure


def _draw_row(axes: Axes, row: int, line: dict[str, float], colour: str) -> None:
    beside = axes.get_yaxis_transform()
    if not line["ground_truths"]:
        axes.text(
            1.03,
            row,
            "no boxes",
            transform=beside,
            va="center",
            color=style.colour("soft"),
            fontsize=style.SMALL_FONT_PX,
        )
        return
    axes.plot((line["p5"], line["p95"]), (row, row), color=colour, linewidth=1.4)
    axes.plot((line["p25"], line["p75"]), (row, row), color=colour, linewidth=8, solid_capstyle="butt")
    axes.plot(
        line["p50"], row, "o", color=style.colour("paper"), markeredgecolor=colour, markeredgewidth=2, markersize=8
    )
    axes.text(1.03, row, f"mean {line['mean']:.2f}", transform=beside, va="center", fontsize=style.SMALL_FONT_PX)
