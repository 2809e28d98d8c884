"""How many ground truths each run gains and loses against the baseline, by size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from assignstudy.figures import style
from assignstudy.figures.sweep_marks import Role, write

_ROW_PX = 26
_BAR = 0.62


@dataclass(frozen=True)
class ChangeRow:
    """One run against the baseline.

    Attributes:
        name: What tells the run from the others.
        gained: Ground truths that became matched, by size bin.
        lost: Ground truths that became unmatched, by size bin.
        role: What the run is on the page.
    """

    name: str
    gained: dict[str, int]
    lost: dict[str, int]
    role: Role


@style.drawing()
def draw(rows: Sequence[ChangeRow], against: str = "against the baseline") -> Figure:
    """Gains to the right, losses to the left, in the colours of the size bins.

    Args:
        rows: From top to bottom.
        against: What they are gained and lost against, for the axis.
    """
    figure = style.new_figure(style.WIDE_PX, _ROW_PX * len(rows) + 84)
    longest = max((len(_name(row)) for row in rows), default=0)
    axes = style.add_axes(figure, style.Margins(left=22 + 6.6 * longest, right=84, top=30, bottom=46))
    reach = max([1, *(sum(side.values()) for row in rows for side in (row.gained, row.lost))]) * 1.16
    axes.set(xlim=(-reach, reach), ylim=(len(rows) - 0.5, -0.5), xlabel=f"ground truths, {against}")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: style.thousands(abs(value))))
    axes.set_yticks(range(len(rows)), list(map(_name, rows)))
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        label.set(**row.role.text_style | ({} if row.role is Role.PICK else {"color": style.colour("ink")}))
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=style.colour("soft"), linewidth=1.0)
    for place, row in enumerate(rows):
        _draw_side(axes, place, row.gained, 1)
        _draw_side(axes, place, row.lost, -1)
    _name_sides(axes, list(rows[0].gained) if rows else [])
    return figure


def _name(row: ChangeRow) -> str:
    return style.shorten(row.name, 46)


def _draw_side(axes: Axes, place: int, by_size: dict[str, int], direction: int) -> None:
    end = 0
    for size, count in by_size.items():
        axes.barh(place, direction * count, _BAR, left=end, color=style.size_colour(size))
        end += direction * count
    if end:
        align = "left" if direction > 0 else "right"
        write(axes, (end, place), style.thousands(abs(end)), Role.OTHER, shift=(4 * direction, 0), align=align)


def _name_sides(axes: Axes, sizes: Sequence[str]) -> None:
    soft: dict[str, Any] = {"color": style.colour("soft"), "transform": axes.transAxes, "va": "bottom"}
    axes.text(0.51, 1.0, "became matched →", ha="left", **soft)
    axes.text(0.49, 1.0, "← became unmatched", ha="right", **soft)
    for place, size in enumerate(sizes):
        _name_size(axes, size, -9 - 17 * place)


def _name_size(axes: Axes, size: str, down: float) -> None:
    """A key that does not rely on the text being coloured, which small text could not carry."""
    where: dict[str, Any] = {"xy": (1, 1), "xycoords": "axes fraction", "textcoords": "offset points", "va": "center"}
    axes.annotate("■", xytext=(10, down), color=style.size_colour(size), **where)
    axes.annotate(size, xytext=(24, down), **where, **Role.OTHER.text_style)
