"""One look for all figures: colours, sizes, text, and the few marks that must be drawn alike everywhere.

Figures are drawn with the *light* hex codes of :data:`COLOURS`; each is unique, so that ``report.embed`` can swap it
for the CSS variable of the same name and one SVG serves light, dark and paper. Sizes are in CSS pixels: one point of
matplotlib is one unit of the SVG's view box, and a page shows figures at about their own size.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import offset_copy

PANEL_PX = 372
"""Width of a figure that stands beside others on wide screens and below them on a phone."""

WIDE_PX = 760
"""Width of a figure that fills the column; on a phone it scrolls in its own box."""

FONT_PX = 12.5
SMALL_FONT_PX = 11.5

LIGHT_ONLY = "light-only"
DARK_ONLY = "dark-only"
"""Ids of pictures that only one colour scheme shows: pixels cannot be recoloured by a style sheet."""


@dataclass(frozen=True)
class Colour:
    """One colour in both schemes, as ``#rrggbb``."""

    light: str
    dark: str


# Eight steps of cividis, without the middle grey on which neither ink nor paper can be read, and faded where little is
# to be shown: more is farther from the paper, in both schemes.
_HEAT = (
    Colour("#fdf6c2", "#071e3c"),
    Colour("#f3e9ac", "#1a386f"),
    Colour("#dfd394", "#434e6c"),
    Colour("#beb07f", "#5d6270"),
    Colour("#6b6d70", "#b5a66f"),
    Colour("#434e6c", "#d0be5e"),
    Colour("#1a386f", "#e9d450"),
    Colour("#00224e", "#fee838"),
)

COLOURS = {
    "ink": Colour("#1d2126", "#e6e4df"),
    "soft": Colour("#565d66", "#a7adb5"),
    "paper": Colour("#fcfbf8", "#15171a"),
    "panel": Colour("#f3f1ec", "#1d2024"),
    "grid": Colour("#e2dfd8", "#2f343a"),
    "accent": Colour("#1a4fa3", "#8fb5f5"),
    "fine": Colour("#1f7a3d", "#6cc58a"),
    "watch": Colour("#8a5a00", "#e8b04a"),
    "act": Colour("#b3200a", "#ff8f7a"),
    "baseline": Colour("#808a89", "#94a4a2"),
    # Levels: the hues of petroff10, darkened where they would fade on paper, lightened where they would on black.
    "level-2": Colour("#1a93a0", "#92dadd"),
    "level-3": Colour("#3f90da", "#6fb1f0"),
    "level-4": Colour("#e76300", "#ffa90e"),
    "level-5": Colour("#832db6", "#c58be8"),
    "level-6": Colour("#a96b59", "#d39a88"),
    "level-7": Colour("#7d7136", "#b9ac70"),
    # Sizes have an order, so they differ in lightness within one hue.
    "size-small": Colour("#2f9e8f", "#2f9e90"),
    "size-medium": Colour("#1b6f73", "#6ccfbf"),
    "size-large": Colour("#0c3f4d", "#d2f5ea"),
    # Ground truths in the gallery: chosen so that normal, red-, green- and blue-blind eyes tell any two apart, and that
    # lines can be seen on the page and on photos.
    "gt-0": Colour("#8585ff", "#a4a3ff"),
    "gt-1": Colour("#c50714", "#e00b03"),
    "gt-2": Colour("#a29900", "#f09f1c"),
    "gt-3": Colour("#9b1fc7", "#a915ff"),
    "gt-4": Colour("#19706d", "#2d7c8c"),
    "gt-5": Colour("#ea7da6", "#fcdaf5"),
    "on-photo": Colour("#ffffff", "#ffffff"),
    "padding": Colour("#727272", "#727272"),
    # Lines that are told apart by a name, on pages without levels: dark enough for the name to have the same colour.
    "line-0": Colour("#a3195b", "#f28dc0"),
    "line-1": Colour("#4a7500", "#a8d053"),
    "line-2": Colour("#5b4fcf", "#b1aaf7"),
    "line-3": Colour("#8a4b08", "#e2a466"),
    **{f"heat-{step}": shade for step, shade in enumerate(_HEAT)},
}

HEAT_STEPS = len(_HEAT)

_NAME_GAP_PX = 5
_NAME: Any = {"ha": "right", "va": "center_baseline", "fontsize": SMALL_FONT_PX}
_RC: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": FONT_PX,
    "text.color": COLOURS["ink"].light,
    "axes.facecolor": "none",
    "axes.edgecolor": COLOURS["soft"].light,
    "axes.labelcolor": COLOURS["soft"].light,
    "axes.labelsize": FONT_PX,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.xmargin": 0.0,
    "grid.color": COLOURS["grid"].light,
    "grid.linewidth": 0.8,
    "xtick.color": COLOURS["soft"].light,
    "ytick.color": COLOURS["soft"].light,
    "xtick.labelsize": SMALL_FONT_PX,
    "ytick.labelsize": SMALL_FONT_PX,
    "xtick.bottom": False,  # no tick marks: the grid's lines end at the numbers
    "ytick.left": False,
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
    "xtick.major.pad": 5.0,
    "ytick.major.pad": 5.0,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "lines.linewidth": 1.8,
    "patch.linewidth": 0.0,
}


@contextmanager
def drawing(hashsalt: str = "") -> Iterator[None]:
    """The settings under which figures are drawn and written; also a decorator. The caller's own settings stay.

    Args:
        hashsalt: What the ids within an SVG are made from, so that they are the same every time.
    """
    with mpl.rc_context(_RC | {"svg.hashsalt": hashsalt}):
        yield


@dataclass(frozen=True)
class Margins:
    """Space around the axes, in pixels; fixed, because fitting it to the text would cost more than the drawing."""

    left: float = 52
    right: float = 14
    top: float = 10
    bottom: float = 44


_MARGINS = Margins()


def new_figure(width_px: float = PANEL_PX, height_px: float = 260) -> Figure:
    """An empty figure of a size in CSS pixels, without a window system behind it."""
    return Figure(figsize=(width_px / 72, height_px / 72), dpi=72)


def add_axes(figure: Figure, margins: Margins = _MARGINS) -> Axes:
    """Axes that fill a figure but for its margins."""
    width, height = figure.get_size_inches() * 72
    inner = (width - margins.left - margins.right, height - margins.top - margins.bottom)
    return figure.add_axes((margins.left / width, margins.bottom / height, inner[0] / width, inner[1] / height))


def colour(name: str) -> str:
    """The light hex code of a colour of :data:`COLOURS`."""
    return COLOURS[name].light


def level_colour(level: str) -> str:
    """The fixed colour of a level, by its name ``P3``; levels beyond P2–P7 share the baseline's grey."""
    return COLOURS.get(f"level-{level.removeprefix('P')}", COLOURS["baseline"]).light


def size_colour(size_bin: str) -> str:
    """The fixed colour of a size bin: ``small``, ``medium`` or ``large``."""
    return colour(f"size-{size_bin}")


def heat_colour(share: float) -> str:
    """The step of the heat scale for a share from 0 to 1 (both ends included)."""
    return colour(f"heat-{min(int(share * HEAT_STEPS), HEAT_STEPS - 1)}")


def ink_on_heat(share: float) -> str:
    """The text colour that can be read on :func:`heat_colour` of the same share, in both schemes."""
    return colour("paper" if share * HEAT_STEPS >= HEAT_STEPS / 2 else "ink")


def name_rows(axes: Axes, names: Sequence[str], first: float = 0.0, bold: Sequence[int] = ()) -> None:
    """Write a name to the left of each row, instead of an axis, whose ticks would cost three times as much.

    Args:
        axes: Its y axis is taken away.
        names: Of the rows at ``first``, ``first + 1``, …, in data units.
        first: Where the first row stands.
        bold: Places in ``names`` of those that head a group.
    """
    axes.yaxis.set_visible(False)
    beside = offset_copy(axes.get_yaxis_transform(), x=-_NAME_GAP_PX, units="dots")
    for row, name in enumerate(names):
        weight = "bold" if row in bold else "normal"
        axes.text(0, first + row, name, transform=beside, fontweight=weight, **_NAME)


def draw_bars(
    axes: Axes,
    left: npt.NDArray[np.floating],
    bottom: npt.NDArray[np.floating],
    width: npt.NDArray[np.floating] | float,
    height: npt.NDArray[np.floating] | float,
    colour: str,
) -> None:
    """Draw rectangles of one colour as one shape, which costs no more than one does; those without area are left out.

    Args:
        axes: Where to draw; its limits stay.
        left: (N,) their left sides, in data units.
        bottom: (N,) their lower sides.
        width: Of all, or (N,).
        height: Of all, or (N,).
        colour: Hex code.
    """
    corners = np.stack(np.broadcast_arrays(left, bottom, left + width, bottom + height), axis=-1)
    corners = corners[(corners[:, 0] != corners[:, 2]) & (corners[:, 1] != corners[:, 3])]
    if len(corners):
        path = Path.make_compound_path_from_polys(corners[:, [[0, 1], [2, 1], [2, 3], [0, 3]]])
        axes.add_artist(PathPatch(path, color=colour))


def draw_heat(axes: Axes, shares: npt.NDArray[np.floating], extent: tuple[float, float, float, float]) -> None:
    """Draw many cells as pixels, once per colour scheme; cells that are 0 stay empty.

    Args:
        axes: Where to draw.
        shares: (rows, columns) from 0 to 1, the first row at the bottom.
        extent: left, right, bottom, top in data units.
    """
    cells = np.ma.masked_less_equal(shares, 0)
    for gid, scheme in ((LIGHT_ONLY, "light"), (DARK_ONLY, "dark")):
        colours = [getattr(COLOURS[f"heat-{k}"], scheme) for k in range(HEAT_STEPS)]
        image = axes.imshow(
            cells,
            extent=extent,
            origin="lower",
            aspect="auto",
            interpolation="none",
            vmin=0,
            vmax=1,
            cmap=ListedColormap(colours),
            zorder=1,
        )
        image.set_gid(gid)


def mark_chosen(axes: Axes, x: float, text: str, *, at_top: bool = False) -> None:
    """Mark the chosen setting on the x axis: a dashed line in the accent colour, named at its foot or its top."""
    axes.axvline(x, color=colour("accent"), linewidth=1.5, linestyle=(0, (4, 3)))
    left_half = axes.transAxes.inverted().transform(axes.transData.transform((x, 0)))[0] < 0.5
    axes.annotate(
        text,
        (x, 1 if at_top else 0),
        xycoords=("data", "axes fraction"),
        xytext=(6 if left_half else -6, -14 if at_top else 8),
        textcoords="offset points",
        ha="left" if left_half else "right",
        color=colour("accent"),
        fontweight="bold",
    )


def thousands(value: float, _position: float | None = None) -> str:
    """A tick label with separators: ``12,000``; at most two decimals, only where needed."""
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def percent(share: float, _position: float | None = None) -> str:
    """A tick label for a share from 0 to 1: ``12 %``."""
    return f"{thousands(100 * share)} %"


def rounded_percent(share: float, decimals: int = 1) -> str:
    """A share from 0 to 1 written out, ``12.3 %``: neither 0 nor 100 unless it is, but ``<0.1 %`` and ``>99.9 %``."""
    step = 10.0**-decimals
    rounded = round(100 * share, decimals)
    if rounded == 0 < share:
        return f"<{step:.{decimals}f} %"
    if rounded == 100 and share < 1:
        return f">{100 - step:.{decimals}f} %"
    return f"{thousands(rounded)} %"


def significant(value: float) -> str:
    """A number of at least 0: three significant digits, at most four decimals, ``<0.0001`` below; 0 only if it is."""
    if 0 < value < 1e-4:
        return "<0.0001"
    decimals = min(max(2 - math.floor(math.log10(value)), 0), 4) if value else 0
    return f"{value:,.{decimals}f}"


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move label positions apart, as little as possible, so that none lie closer than ``gap``; order is kept.

    Args:
        positions: Wanted positions, in any order.
        gap: Smallest distance between two labels.
        low: Lowest position allowed.
        high: Highest position allowed; where there is no room for all, the lowest ones sink below ``low``.
    """
    order = sorted(range(len(positions)), key=lambda k: positions[k])
    placed = list(positions)
    floor = low
    for k in order:
        placed[k] = max(positions[k], floor)
        floor = placed[k] + gap
    ceiling = high
    for k in reversed(order):
        placed[k] = min(placed[k], ceiling)
        ceiling = placed[k] - gap
    return placed


_TURNS = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"})
"""Classes of Unicode characters that change the direction of the text around them."""

_JOINERS = "\u200c\u200d"
"""Invisible, but part of how some scripts are spelt."""


def turns(name: str) -> bool:
    """Whether a name has letters that run from right to left, or commands to do so."""
    return any(unicodedata.bidirectional(letter) in _TURNS for letter in name)


def isolated(name: str) -> str:
    """The name, kept apart where it runs from right to left, so that numbers beside it stay in order."""
    return f"\u2068{name}\u2069" if turns(name) else name


PALE = frozenset({"gt-0", "gt-2", "gt-5", "baseline"})
"""Colours on which text is dark, in both schemes; on the others that text stands on it is white."""

DARK_TEXT = "#101010"


def text_on(colour: str) -> str:
    """What text on a colour is written in, whatever the scheme; 4.5 times as bright or as dark as that."""
    return DARK_TEXT if colour in PALE else "#ffffff"


def shorten(name: str, characters: int = 22) -> str:
    """A name from a data set, on one line and no longer than fits: the middle of longer ones becomes ``…``."""
    line = " ".join("".join(c if c.isprintable() or c in _JOINERS else " " for c in name).split())
    if len(line) <= characters:
        return line
    head = characters // 2
    return f"{line[:head]}…{line[len(line) - (characters - head - 1) :]}"
