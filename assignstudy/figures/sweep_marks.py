"""What the figures of a sweep have in common: how the recommended run, the baseline and the others are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from matplotlib.axes import Axes
from matplotlib.text import Text

from assignstudy.figures import style


class Role(StrEnum):
    """What a run is on the page; the values are the words that stand beside its mark."""

    PICK = "pick"
    BASELINE = "baseline"
    OTHER = ""

    @property
    def colour(self) -> str:
        """The accent for the recommended run, grey for the baseline, soft ink for the others."""
        return style.colour({Role.PICK: "accent", Role.BASELINE: "baseline"}.get(self, "soft"))

    @property
    def text_colour(self) -> str:
        """The same, but dark enough for text."""
        return style.colour("accent" if self is Role.PICK else "soft")

    @property
    def weight(self) -> str:
        """Of the words beside the mark."""
        return "bold" if self is Role.PICK else "normal"


@dataclass(frozen=True, slots=True)
class EndLabel:
    """A name at the right end of a line.

    Attributes:
        text: The name.
        height: Where the line ends, from 0 (bottom) to 1 (top of the axes).
        role: Of the run that the line belongs to.
    """

    text: str
    height: float
    role: Role


def draw_dot(axes: Axes, x: float, y: float, role: Role, *, filled: bool = True) -> None:
    """One run: the recommended one larger; hollow where ``filled`` is false."""
    size = {Role.PICK: 10.0, Role.BASELINE: 8.5}.get(role, 6.5)
    face = role.colour if filled else style.colour("paper")
    axes.plot([x], [y], "o", markersize=size, markerfacecolor=face, markeredgecolor=role.colour, clip_on=False, zorder=3)


def name_dot(axes: Axes, x: float, y: float, text: str, role: Role) -> Text:
    """Words beside a dot, on the side where there is room."""
    across = axes.transAxes.inverted().transform(axes.transData.transform((x, y)))[0]
    left = across > 0.62
    return axes.annotate(
        text,
        (x, y),
        xytext=(-9 if left else 9, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        color=role.text_colour,
        fontweight=role.weight,
        fontsize=style.SMALL_FONT_PX,
    )


def name_ends(axes: Axes, labels: Sequence[EndLabel], gap: float) -> None:
    """Names at the right ends of lines, moved apart by at least ``gap`` of the axes' height."""
    heights = style.spread([label.height for label in labels], gap, 0.0, 1.0)
    for label, height in zip(labels, heights, strict=True):
        look = {"color": label.role.text_colour, "fontweight": label.role.weight, "fontsize": style.SMALL_FONT_PX}
        axes.text(1.012, height, label.text, transform=axes.transAxes, va="center", **look)


def limits(values: Sequence[float], floor: float, ceiling: float = float("inf")) -> tuple[float, float]:
    """The ends of an axis around some values, with a margin, without leaving what the quantity can be.

    Args:
        values: All values that must be seen; NaN is skipped.
        floor: Lowest value that the quantity can have; a little below it is left free, so that marks are seen whole.
        ceiling: Highest one.
    """
    there = [value for value in values if not math.isnan(value)]
    if not there:
        return floor, floor + 1
    low, high = min(there), max(there)
    margin = 0.12 * (high - low) or 0.1 * abs(high) or 0.01
    overhang = 0.04 * (high - low + 2 * margin)
    return max(low - margin, floor - overhang), min(high + margin, ceiling + overhang)
