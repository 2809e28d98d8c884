"""One picture of the gallery before it is drawn: what stands where, in the units of its data.

A panel is plain values: boxes, strokes, dots and numbers in cells or pixels, exactly as the tables have them.
``panel_svg`` writes it for pages, where a photo is embedded once and shared by all panels; ``panel_file`` draws it with
matplotlib for files that go into papers. Neither moves a mark: both leave that to the coordinate system of the picture.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from matplotlib.ticker import MaxNLocator

Doubles = npt.NDArray[np.float64]

WIDTH_PX = 348.0
"""Width of a panel on a page with three columns."""

TALLEST_PX = 330.0
"""Height of the tallest plot; taller ones become narrower instead."""

FONT_PX = 11.5
TAG_PX = 11.5


@dataclass(frozen=True)
class Margins:
    """Space around the plot for ticks, labels and the legend, in pixels of the page."""

    left: float = 50
    right: float = 14
    top: float = 8
    bottom: float = 36


MARGINS = Margins()
LEGEND = (
    "ground truth",
    "unmatched",
    "ignored",
    "nothing on this level",
    "positive cell",
    "cell of the centre",
    "neighbour cell",
    "contested slot",
    "anchor",
    "its place",
    "point",
    "padding",
    "as assigned",
    "moved towards a neighbour",
)
"""What marks can be called, in the order of the legend."""
LEGEND_LINE_PX = 18.0


@dataclass(frozen=True)
class Pen:
    """How a mark is drawn.

    Attributes:
        colour: Name of a colour, as in ``figures.style.COLOURS``.
        width: Of its outline in pixels of the page; 0 for none.
        is_dashed: Whether the outline is dashed.
        fill: Opacity of the inside, 0 to 1.
        on_photo: Whether a dark line lies under the outline, so that it stays visible on any picture.
    """

    colour: str
    width: float = 0.0
    is_dashed: bool = False
    fill: float = 0.0
    on_photo: bool = False


@dataclass(frozen=True, eq=False)
class Rects:
    """(K, 4) boxes by their corners x1, y1, x2, y2; ``name`` is what the legend calls them, or empty."""

    xyxy: Doubles
    pen: Pen
    name: str = ""


@dataclass(frozen=True, eq=False)
class Strokes:
    """(K, 4) straight lines from x1, y1 to x2, y2."""

    xyxy: Doubles
    pen: Pen
    name: str = ""


@dataclass(frozen=True, eq=False)
class Dots:
    """(K, 2) round dots as wide as the pen."""

    xy: Doubles
    pen: Pen
    name: str = ""


@dataclass(frozen=True, eq=False)
class Tags:
    """A short text for each of (K, 4) boxes, on a colour of its own, at a corner where it covers no other."""

    xyxy: Doubles
    texts: tuple[str, ...]
    colours: tuple[str, ...]


@dataclass(frozen=True)
class PlacedTag:
    """A text and where it begins, in pixels from the upper left corner of the plot."""

    left: float
    bottom: float
    text: str
    colour: str


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture that fills a box x1, y1, x2, y2; ``key`` says which."""

    key: str
    xyxy: tuple[float, float, float, float]
    name: str = ""


Mark = Rects | Strokes | Dots | Tags | Photo


@dataclass(frozen=True, eq=False)
class Panel:
    """A picture with axes in data units, the origin at the upper left.

    Attributes:
        key: What its file is called; unique within an image.
        caption: What it shows, one short line.
        wh: Width and height of the plot in data units; what lies outside is cut off.
        x_label: What the x axis counts, with its unit.
        y_label: What the y axis counts.
        marks: From the lowest to the uppermost.
    """

    key: str
    caption: str
    wh: tuple[float, float]
    x_label: str
    y_label: str
    marks: tuple[Mark, ...] = ()

    @property
    def scale(self) -> float:
        """Pixels of the page per data unit."""
        width, height = self.wh
        return min((WIDTH_PX - MARGINS.left - MARGINS.right) / width, TALLEST_PX / height)

    @property
    def plot_wh_px(self) -> tuple[float, float]:
        """Width and height of the plot on the page."""
        return self.wh[0] * self.scale, self.wh[1] * self.scale

    def ticks(self) -> tuple[list[float], list[float]]:
        """Where to write numbers along the x and along the y axis; nowhere along axes that count nothing."""
        if not self.x_label:
            return [], []
        return _ticks(self.wh[0]), _ticks(self.wh[1])

    def legend(self) -> tuple[tuple[str, tuple[Mark, ...]], ...]:
        """Each name with one mark of every kind that carries it, in the order of :data:`LEGEND`."""
        found: dict[str, dict[type[Mark], Mark]] = {}
        for mark in self.marks:
            if not isinstance(mark, Tags) and mark.name:
                found.setdefault(mark.name, {}).setdefault(type(mark), mark)
        return tuple((name, tuple(found[name].values())) for name in sorted(found, key=LEGEND.index))


def _ticks(end: float) -> list[float]:
    places = MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10], integer=True).tick_values(0, end)
    return [float(place) for place in places if 0 <= place <= end]


_LEAST_GRID_PX = 4.0
"""Least distance between the lines of a grid."""


def grid_lines(columns: int, rows: int, scale: float) -> Strokes:
    """The borders of cells, of every second, fourth … cell where they would be too dense."""
    step = 1
    while step * scale < _LEAST_GRID_PX:
        step *= 2
    x, y = np.arange(0, columns + 1, step, dtype=float), np.arange(0, rows + 1, step, dtype=float)
    down = np.stack((x, np.zeros_like(x), x, np.full_like(x, rows)), axis=1)
    across = np.stack((np.zeros_like(y), y, np.full_like(y, columns), y), axis=1)
    return Strokes(np.concatenate((down, across)), Pen("grid", 0.6))


def hatching(xyxy: Doubles, lines: int) -> Doubles:
    """(K, 4) rising diagonals that hatch (n, 4) boxes, ``lines`` to each, evenly spaced from corner to corner."""
    parts = [_diagonal(xyxy, (k + 1) / (lines + 1)) for k in range(lines)]
    return np.concatenate(parts) if parts else np.empty((0, 4))


def _diagonal(xyxy: Doubles, share: float) -> Doubles:
    """The line through each box at a share of the way from its upper left to its lower right corner."""
    x1, y1, x2, y2 = xyxy.T
    along = 2 * share
    low, high = max(0.0, along - 1), min(1.0, along)
    width, height = x2 - x1, y2 - y1
    return np.stack((x1 + low * width, y1 + high * height, x1 + high * width, y1 + low * height), axis=1)


def legend_rows(panel: Panel) -> list[list[tuple[float, str, tuple[Mark, ...]]]]:
    """The legend in lines that fit the panel: per entry its left end in pixels, its name and its marks."""
    rows: list[list[tuple[float, str, tuple[Mark, ...]]]] = []
    left = WIDTH_PX
    for name, marks in panel.legend():
        width = _SWATCH_PX + _LETTER_PX * len(name) + _GAP_PX
        if left + width > WIDTH_PX and left > 0:
            rows.append([])
            left = 0.0
        rows[-1].append((left, name, marks))
        left += width
    return rows


_SWATCH_PX = 19.0
_LETTER_PX = 6.4
_GAP_PX = 16.0
_DIGIT_PX = 7.2


def placed_tags(panel: Panel, tags: Tags) -> list[PlacedTag]:
    """The texts at the first corner of their box where they lie inside the plot and on no other text.

    A text without such a corner is left out: the lines below the pictures name every ground truth.
    """
    placed: list[PlacedTag] = []
    taken: list[tuple[float, float, float, float]] = []
    for corners, text, colour in zip((tags.xyxy * panel.scale).tolist(), tags.texts, tags.colours, strict=True):
        wide = _width_px(text) + 2
        for left, bottom in _places(corners, wide):
            space = (left - 1, bottom - TAG_PX + 1, left + wide, bottom + 2)
            if _is_inside(space, panel.plot_wh_px) and not any(_overlap(space, other) for other in taken):
                taken.append(space)
                placed.append(PlacedTag(left, bottom, text, colour))
                break
    return placed


def _width_px(text: str) -> float:
    """About how wide a bold text is; characters of East Asian scripts count twice, invisible ones not at all."""
    seen = [letter for letter in text if unicodedata.category(letter) != "Cf"]
    return _DIGIT_PX * sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in seen)


def _places(corners: list[float], wide: float) -> Iterator[tuple[float, float]]:
    """Left ends and base lines to try: outside the upper left corner first, then the others, then inside."""
    x1, y1, x2, y2 = corners
    above, below = y1 - 4, y2 + TAG_PX
    yield from ((x1, above), (x2 - wide, above), (x1, below), (x2 - wide, below))
    yield from ((x1 - wide - 2, y1 + TAG_PX - 2), (x2 + 3, y1 + TAG_PX - 2), (x1 + 3, y1 + TAG_PX), (x1 + 3, y2 - 4))


def _is_inside(space: tuple[float, float, float, float], wh: tuple[float, float]) -> bool:
    return space[0] >= -2 and space[1] >= -2 and space[2] <= wh[0] + 2 and space[3] <= wh[1] + 2


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def swatch_pen(pen: Pen) -> Pen:
    """The pen of a legend's example: grey where a colour stands for a ground truth, or could not be seen on paper."""
    is_own = not pen.colour.startswith("gt-") and pen.colour != "on-photo"
    return replace(pen, colour=pen.colour if is_own else "soft", fill=min(pen.fill, 0.5), on_photo=False)


def size_px(panel: Panel) -> tuple[float, float]:
    """Width and height of the whole picture on the page."""
    height = MARGINS.top + panel.plot_wh_px[1] + MARGINS.bottom + LEGEND_LINE_PX * len(legend_rows(panel))
    return WIDTH_PX, height


def drawn(panel: Panel, kind: type[Rects] | type[Strokes] | type[Dots], name: str) -> Doubles:
    """Coordinates of all marks of a kind and a name, in data units."""
    return np.concatenate([np.empty((0, 4 if kind is not Dots else 2)), *_coordinates(panel, kind, name)])


def _coordinates(panel: Panel, kind: type[Mark], name: str) -> Iterator[Doubles]:
    for mark in panel.marks:
        if isinstance(mark, kind) and not isinstance(mark, Tags | Photo) and mark.name == name:
            yield mark.xy if isinstance(mark, Dots) else mark.xyxy
