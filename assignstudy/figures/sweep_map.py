"""One metric over two parameters: a cell per run, with its value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from assignstudy.figures import style
from assignstudy.figures.sweep_marks import Role

_ROW_PX = 40
_CELL_PX = 52
_GAP = 0.03
_LEFT_PX = 96


@dataclass(frozen=True, slots=True)
class MapCell:
    """One run, or the place of one that did not finish.

    Attributes:
        row: From the top.
        column: From the left.
        heat: From 0 to 1, on the scale that all panels of the metric share; None where there is no value.
        text: The value in words.
        role: What the run is on the page.
    """

    row: int
    column: int
    heat: float | None
    text: str
    role: Role


@dataclass(frozen=True)
class MapAxes:
    """What the rows and columns are.

    Attributes:
        x: Name of the parameter along the columns.
        y: Name of the parameter down the rows.
        columns: Its values, from the left.
        rows: Its values, from the top.
    """

    x: str
    y: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]


@style.drawing()
def draw(cells: Sequence[MapCell], ends: MapAxes) -> Figure:
    """A map of cells with their values; the recommended run is framed, and so is the baseline.

    Where there are more columns than numbers have room for, only these two have theirs written out.

    Args:
        cells: One per row and column.
        ends: What the rows and columns are.
    """
    is_wide = len(ends.columns) * _CELL_PX > style.PANEL_PX - _LEFT_PX
    figure = style.new_figure(style.WIDE_PX if is_wide else style.PANEL_PX, _ROW_PX * len(ends.rows) + 56)
    axes = style.add_axes(figure, style.Margins(left=_LEFT_PX, right=8, top=8, bottom=48))
    has_room = len(ends.columns) * _CELL_PX <= style.WIDE_PX - _LEFT_PX
    axes.set(xlim=(0, len(ends.columns)), ylim=(len(ends.rows), 0), xlabel=ends.x, ylabel=ends.y)
    for cell in sorted(cells, key=lambda cell: cell.role.value):
        _draw_cell(axes, cell, written=has_room or cell.role is not Role.OTHER)
    _name_values(axes, ends)
    return figure


def _draw_cell(axes: Axes, cell: MapCell, *, written: bool) -> None:
    face = style.colour("panel") if cell.heat is None else style.heat_colour(cell.heat)
    edge = "none" if cell.role is Role.OTHER else cell.role.colour
    corner, side = (cell.column + _GAP, cell.row + _GAP), 1 - 2 * _GAP
    axes.add_patch(Rectangle(corner, side, side, facecolor=face, edgecolor=edge, linewidth=3.0, clip_on=False))
    ink = style.colour("soft") if cell.heat is None else style.ink_on_heat(cell.heat)
    if written:
        words = f"{cell.text}\n{cell.role.value}".strip()
        centre = (cell.column + 0.5, cell.row + 0.5)
        axes.text(*centre, words, ha="center", va="center", color=ink, fontsize=style.SMALL_FONT_PX, linespacing=1.15)


def _name_values(axes: Axes, ends: MapAxes) -> None:
    step = max(1, len(ends.columns) // 16)
    axes.set_xticks([k + 0.5 for k in range(0, len(ends.columns), step)], ends.columns[::step])
    axes.set_yticks([k + 0.5 for k in range(len(ends.rows))], [style.shorten(name, 12) for name in ends.rows])
    axes.tick_params(labelcolor=style.colour("ink"))
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
