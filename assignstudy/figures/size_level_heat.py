"""Which sizes each level serves: box side × level."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from assignstudy.figures import style
from assignstudy.statistics.entered import records

_ROW_PX = 34
_GAP = 0.03


@style.drawing()
def draw(table: pd.DataFrame) -> Figure:
    """A map of cells with their share in percent; empty sizes have no cell.

    Args:
        table: From ``statistics.size_levels.compute``.
    """
    levels = list(dict.fromkeys(table["level"]))
    sizes = list(dict.fromkeys(table["side_from_px"]))
    figure = style.new_figure(height_px=_ROW_PX * len(levels) + 62)
    axes = style.add_axes(figure, style.Margins(left=48, right=8, top=8, bottom=54))
    for row in records(table[table["share"].notna()]):
        x, y, share = sizes.index(row.side_from_px), levels.index(row.level), float(row.share)
        corner, side = (x + _GAP, y + _GAP), 1 - 2 * _GAP
        axes.add_artist(
            Rectangle(corner, side, side, facecolor=style.heat_colour(share) if share else style.colour("panel"))
        )
        ink = style.ink_on_heat(share) if share else style.colour("soft")
        axes.text(
            x + 0.5,
            y + 0.5,
            style.rounded_percent(share, 0).removesuffix(" %"),
            ha="center",
            va="center_baseline",
            fontsize=style.SMALL_FONT_PX,
            color=ink,
        )
    axes.set(
        xlim=(0, len(sizes)),
        ylim=(len(levels), 0),
        xlabel="side of the box on the network input, px\n(cells: % of the boxes of that size)",
    )
    axes.set_xticks(range(len(sizes)), [style.thousands(size) for size in sizes])
    style.name_rows(axes, [str(level) for level in levels], first=0.5)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return figure
