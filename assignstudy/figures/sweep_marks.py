"""What the figures of a sweep have in common: how the recommended run, the baseline and the others are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from assignstudy.figures import style

_LETTER_PX, _LINE_PX, _DOT_PX = 6.8, 14.0, 5.0

Floats = npt.NDArray[np.float64]


class _Place(NamedTuple):
    """Where words stand: shifted from their dot by some pixels, with a part of them to the left of that point."""

    shift: tuple[float, float]
    align: str
    left: float


_PLACES = (
    _Place((9.0, 0.0), "left", 0.0),
    _Place((-9.0, 0.0), "right", 1.0),
    _Place((0.0, 14.0), "center", 0.5),
    _Place((0.0, -14.0), "center", 0.5),
    _Place((9.0, 15.0), "left", 0.0),
    _Place((9.0, -15.0), "left", 0.0),
    _Place((-9.0, 15.0), "right", 1.0),
    _Place((-9.0, -15.0), "right", 1.0),
    _Place((9.0, -30.0), "left", 0.0),
    _Place((-9.0, -30.0), "right", 1.0),
)


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
    def text_style(self) -> dict[str, Any]:
        """Of the words beside the mark: the same colours, but dark enough for text."""
        return {
            "color": style.colour("accent" if self is Role.PICK else "soft"),
            "fontweight": "bold" if self is Role.PICK else "normal",
            "fontsize": style.SMALL_FONT_PX,
        }


@dataclass(frozen=True, slots=True)
class EndLabel:
    """A name at the right end of a line.

    Attributes:
        text: The name.
        height: Where the line ends, from 0 (bottom) to 1 (top of the axes).
        role: Of the run that the line belongs to.
        colour: Of the text; None for that of the role.
    """

    text: str
    height: float
    role: Role
    colour: str | None = None


def draw_dot(axes: Axes, x: float, y: float, role: Role, *, filled: bool = True) -> None:
    """One run: the recommended one larger; hollow where ``filled`` is false."""
    size = {Role.PICK: 10.0, Role.BASELINE: 8.5}.get(role, 6.5)
    face = role.colour if filled else style.colour("paper")
    look: dict[str, Any] = {"markersize": size, "markerfacecolor": face, "markeredgecolor": role.colour}
    axes.plot([x], [y], "o", clip_on=False, zorder=3, **look)


class Taken(NamedTuple):
    """A rectangle of the figure that is not free, in pixels."""

    low: Floats
    high: Floats

    def meets(self, other: Taken) -> bool:
        """Whether the two have a point in common."""
        return bool((self.low <= other.high).all() and (other.low <= self.high).all())


def dots_taken(axes: Axes, dots: Sequence[tuple[float, float]]) -> list[Taken]:
    """What dots cover.

    Args:
        axes: Where they are drawn, with its final limits.
        dots: In data units.
    """
    centres = axes.transData.transform(np.reshape(dots, (-1, 2)))
    return [Taken(centre - _DOT_PX, centre + _DOT_PX) for centre in centres]


def name_dot(
    axes: Axes, at: tuple[float, float], text: str, role: Role, dots: Sequence[Taken] = (), words: Sequence[Taken] = ()
) -> Taken:
    """Words beside a dot, on the axes and clear of other words, and of other dots where there is such a place.

    Args:
        axes: Where to draw, with its final limits.
        at: The dot, in data units.
        text: The words.
        role: Of the run that they belong to.
        dots: What other dots cover.
        words: What other words cover.

    Returns:
        What the words cover.
    """
    room = axes.get_window_extent()
    places = [(place, _words_at(axes, at, text, place)) for place in _PLACES]
    inside = [one for one in places if (one[1].low >= room.min).all() and (one[1].high <= room.max).all()]
    apart = [one for one in inside if not any(one[1].meets(other) for other in words)]
    free = [one for one in apart if not any(one[1].meets(other) for other in dots)]
    place, covered = (free or apart or places)[0]
    write(axes, at, text, role, shift=place.shift, align=place.align)
    return covered


def _words_at(axes: Axes, at: tuple[float, float], text: str, place: _Place) -> Taken:
    width = len(text) * _LETTER_PX
    low = axes.transData.transform(at) + np.array([place.shift[0] - place.left * width, place.shift[1] - _LINE_PX / 2])
    return Taken(low, low + np.array([width, _LINE_PX]))


def write(
    axes: Axes, at: tuple[float, float], text: str, role: Role, *, shift: tuple[float, float], align: str = "center"
) -> None:
    """Words near a point of the data.

    Args:
        axes: Where to draw.
        at: The point, in data units.
        text: The words.
        role: Of the run that they belong to.
        shift: From the point, in pixels.
        align: ``left``, ``center`` or ``right``.
    """
    axes.annotate(text, at, xytext=shift, textcoords="offset points", ha=align, va="center", **role.text_style)


def name_ends(axes: Axes, labels: Sequence[EndLabel], gap: float) -> None:
    """Names at the right ends of lines, moved apart by at least ``gap`` of the axes' height."""
    heights = style.spread([label.height for label in labels], gap, 0.0, 1.0)
    for label, height in zip(labels, heights, strict=True):
        look = label.role.text_style | ({} if label.colour is None else {"color": label.colour})
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
