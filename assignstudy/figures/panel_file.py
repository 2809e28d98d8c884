"""A panel as a file for papers and slides: PNG, SVG or PDF, drawn by matplotlib in the coordinates of the page."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from assignstudy.figures import panel as panels
from assignstudy.figures import style
from assignstudy.figures.panel import MARGINS, Dots, Doubles, Mark, Panel, Pen, Photo, Rects, Strokes, Tags

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("png", "svg", "pdf")
_NO_DATE = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
_UNDER = (0.0, 0.0, 0.0, 0.55)
_DASHES = (0, (4, 2.5))
_UNDER_PX = 1.6


def save(panel: Panel, photos: Mapping[str, Image], path: FilePath, dpi: float) -> None:
    """Write a panel; the same panel gives the same bytes.

    Args:
        panel: What to draw.
        photos: The picture of each :class:`Photo`, by its key.
        path: Where; its suffix is one of :data:`FORMATS`.
        dpi: Pixels per inch of PNGs, and of photos in the others; a panel is about 4.8 inches wide.
    """
    kind = path.suffix.removeprefix(".")
    shown = panel if kind == "svg" else _with_known_letters(panel)
    with style.drawing(hashsalt=panel.key), warnings.catch_warnings():
        # An SVG keeps its text, and whoever opens it has fonts for these glyphs: only their width is guessed.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        draw(shown, photos).savefig(path, format=kind, dpi=dpi, metadata=_NO_DATE[kind], facecolor="white")


def _with_known_letters(panel: Panel) -> Panel:
    """The panel with names that the font cannot draw, or would draw backwards, cut to their number, the last word."""
    marks = (
        replace(mark, texts=tuple(map(_known, mark.texts))) if isinstance(mark, Tags) else mark for mark in panel.marks
    )
    return replace(panel, marks=tuple(marks))


def _known(text: str) -> str:
    font = get_font(findfont(FontProperties(weight="bold")))
    is_known = not style.turns(text) and all(font.get_char_index(ord(letter)) for letter in text)
    return text if is_known else text.rpartition(" ")[2]


@style.drawing()
def draw(panel: Panel, photos: Mapping[str, Image]) -> Figure:
    """The panel as a figure with one axes in data units and a legend below.

    Args:
        panel: What to draw.
        photos: The picture of each :class:`Photo`, by its key.
    """
    width, height = panels.size_px(panel)
    figure = style.new_figure(width, height)
    plot_width, plot_height = panel.plot_wh_px
    bottom = height - MARGINS.top - plot_height
    axes = figure.add_axes((MARGINS.left / width, bottom / height, plot_width / width, plot_height / height))
    x_ticks, y_ticks = panel.ticks()
    axes.set(xlim=(0, panel.wh[0]), ylim=(panel.wh[1], 0), xticks=x_ticks, yticks=y_ticks)
    axes.set(xlabel=panel.x_label, ylabel=panel.y_label)
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    for order, mark in enumerate(panel.marks):
        for artist in _artists(axes, panel, mark, photos):
            artist.set_zorder(order + 1)
    _draw_legend(figure, panel)
    return figure


def _artists(axes: Axes, panel: Panel, mark: Mark, photos: Mapping[str, Image]) -> list[Artist]:
    match mark:
        case Photo(key=key, xyxy=(x1, y1, x2, y2)):
            photo = axes.imshow(np.asarray(photos[key]), extent=(x1, x2, y2, y1), aspect="auto")
            axes.set(xlim=(0, panel.wh[0]), ylim=(panel.wh[1], 0))
            return [photo]
        case Tags():
            return _draw_tags(axes, panel, mark)
        case Rects():
            return [*map(axes.add_patch, _patches(mark))]
        case Strokes():
            return [*map(axes.add_collection, _lines(mark))]
        case Dots():
            return [axes.add_line(_dots(mark.xy, mark.pen))]


def _patches(mark: Rects) -> list[PathPatch]:
    """One patch for all boxes, and where they lie on a photo a dark one below."""
    pen, shape = mark.pen, box_path(mark.xyxy)
    over, below = (_line_style(pen, width) for width in (pen.width, pen.width + _UNDER_PX))
    under = [PathPatch(shape, fill=False, edgecolor=_UNDER, linewidth=pen.width + _UNDER_PX, linestyle=below)]
    edge = style.colour(pen.colour) if pen.width else "none"
    patch = PathPatch(
        shape,
        facecolor=(style.colour(pen.colour), pen.fill),
        edgecolor=edge,
        linewidth=pen.width,
        linestyle=over,
    )
    return [*under[: pen.on_photo and pen.width > 0], patch]


def _line_style(pen: Pen, width: float) -> str | tuple[float, tuple[float, ...]]:
    """Dashes as long as those of the pen: matplotlib makes them longer where a line is wider."""
    offset, dashes = _DASHES
    return (offset, tuple(length * pen.width / width for length in dashes)) if pen.is_dashed and width else "solid"


def _lines(mark: Strokes) -> list[LineCollection]:
    pen, segments = mark.pen, list(mark.xyxy.reshape(-1, 2, 2))
    under = [LineCollection(segments, colors=[_UNDER], linewidths=pen.width + _UNDER_PX)]
    lines = LineCollection(segments, colors=style.colour(pen.colour), linewidths=pen.width)
    return [*under[: int(pen.on_photo)], lines]


def _dots(xy: Doubles, pen: Pen) -> Line2D:
    around = (_UNDER, 0.8) if pen.on_photo else ("none", 0.0)
    colour = style.colour(pen.colour)
    dots = Line2D(*xy.T, linestyle="none", marker="o", markersize=pen.width, markerfacecolor=colour)
    dots.set(markeredgecolor=around[0], markeredgewidth=around[1])
    return dots


def box_path(xyxy: Doubles) -> Path:
    """One path with a closed rectangle for each of (K, 4) boxes."""
    x1, y1, x2, y2 = xyxy.T
    corners = np.stack((x1, y1, x2, y1, x2, y2, x1, y2, x1, y1), axis=1).reshape(-1, 2)
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(corners, np.tile(np.array(codes, np.uint8), len(xyxy)))


def _draw_tags(axes: Axes, panel: Panel, tags: Tags) -> list[Artist]:
    drawn: list[Artist] = []
    for tag in panels.placed_tags(panel, tags):
        place = (tag.left / panel.scale, tag.bottom / panel.scale)
        chip = {"boxstyle": "square,pad=0.12", "facecolor": style.colour(tag.colour), "edgecolor": "none"}
        text = axes.text(*place, tag.text, color=style.text_on(tag.colour), fontweight="bold", bbox=chip)
        text.set_fontsize(panels.TAG_PX - 1)
        drawn.append(text)
    return drawn


def _draw_legend(figure: Figure, panel: Panel) -> None:
    """What the marks mean, in lines below the axes, as on the page."""
    width, height = panels.size_px(panel)
    top = MARGINS.top + panel.plot_wh_px[1] + MARGINS.bottom
    for row in panels.legend_rows(panel):
        for left, name, marks in row:
            for mark in marks:
                for artist in _swatch(mark, left, height - top - 3):
                    artist.set_transform(figure.dpi_scale_trans)
                    figure.add_artist(artist)
            x, y = (left + 18) / width, 1 - (top + 13) / height
            figure.text(x, y, name, fontsize=panels.FONT_PX, color=style.colour("soft"))
        top += panels.LEGEND_LINE_PX


def _swatch(mark: Mark, left: float, high: float) -> list[Artist]:
    """A small example of a mark, in inches from the figure's lower left corner."""
    if isinstance(mark, Tags | Photo):
        return []
    pen = panels.swatch_pen(mark.pen)
    box = np.array([[left + 1, high - 11, left + 13, high - 1]]) / 72
    if isinstance(mark, Rects):
        return [*_patches(Rects(box, pen))]
    if isinstance(mark, Strokes):
        return [*_lines(Strokes(box, pen))]
    return [_dots((box[:, :2] + box[:, 2:]) / 2, pen)]
