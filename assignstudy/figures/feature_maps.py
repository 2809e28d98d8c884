"""What a layer of a model holds for one image: its mean under the positive cells, and some of its channels."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from PIL import Image

from assignstudy.figures.gallery import Subject, cell_marks
from assignstudy.figures.panel import Panel, Photo, Rects, Tags
from assignstudy.models.features import FeatureMap
from assignstudy.statistics.door import LevelShape

Floats = npt.NDArray[np.float32]

SHADES = 32
"""Steps of the colour scale: enough for the eye, few enough for small files."""

MOST_CELLS = 112
MOST_CHANNEL_CELLS = 56
"""Longest side in pixels of a map and of a channel as drawn; of larger ones blocks of cells are averaged."""

PER_ROW = 4
_TAG_SIDE = 0.23
"""Where in its tile a channel's number stands, in widths of a tile from the top."""


def mean_panel(subject: Subject, level: LevelShape, shown: FeatureMap, photo: str) -> Panel:
    """The mean over all channels on the level's grid, with the outlines of its positive cells.

    Args:
        subject: Whose picture it is.
        level: The layer's level.
        shown: What the layer holds.
        photo: Key of the picture that :func:`mean_png` makes of it.
    """
    rows, columns = shown.mean.shape
    low, high = float(shown.mean.min()), float(shown.mean.max())
    caption = (
        f"{level.name}, {shown.layer}: mean of {shown.channel_count} channels, {_number(low)} (dark) to {_number(high)}"
    )
    photo_mark = Photo(photo, (0.0, 0.0, float(columns), float(rows)))
    # Neither the grid nor numbers: they would hide the map, and both stand in the gallery's pictures of this level.
    cells = tuple(_outlined(mark) for mark in cell_marks(subject, level) if isinstance(mark, Rects))
    axes = (f"column, cells of {level.stride} px", "row")
    return Panel(f"{photo}-mean", caption, (columns, rows), *axes, (photo_mark, *cells))


def channels_panel(level: LevelShape, shown: FeatureMap, photo: str, strongest: bool) -> Panel:
    """The channels kept, side by side in rows of :data:`PER_ROW`, each with its number.

    Args:
        level: The layer's level.
        shown: What the layer holds.
        photo: Key of the picture that :func:`channels_png` makes of it.
        strongest: Whether they are the strongest ones, else the first.
    """
    count, columns = len(shown.maps), min(len(shown.maps), PER_ROW)
    rows = -(-count // PER_ROW)
    height, width = shown.mean.shape
    aspect = height / width
    what = f"the {count} strongest" if strongest else f"the first {count}"
    what = f"all {count}" if count == shown.channel_count else f"{what} of {shown.channel_count}"
    caption = f"{level.name}: {what} channels, each on its own scale"
    corners = np.array([(k % PER_ROW + 0.04, (k // PER_ROW) * aspect + _TAG_SIDE) for k in range(count)])
    tags = Tags(np.tile(corners, 2), tuple(map(str, shown.channels.tolist())), ("padding",) * count)
    picture = Photo(photo, (0.0, 0.0, float(columns), rows * aspect))
    return Panel(f"{photo}-channels", caption, (float(columns), rows * aspect), "", "", (picture, tags))


def mean_png(shown: FeatureMap) -> bytes:
    """The mean as a PNG, one pixel per cell, from its lowest to its highest value."""
    return _png(_shades(_reduced(shown.mean, MOST_CELLS)))


def channels_png(shown: FeatureMap) -> bytes:
    """The channels as one PNG, in rows of :data:`PER_ROW`, each from its lowest to its highest value."""
    tiles = [_shades(_reduced(one, MOST_CHANNEL_CELLS)) for one in shown.maps]
    height, width = tiles[0].shape
    rows = -(-len(tiles) // PER_ROW)
    sheet = np.full((rows * height, min(len(tiles), PER_ROW) * width), SHADES, np.uint8)
    for k, tile in enumerate(tiles):
        top, left = (k // PER_ROW) * height, (k % PER_ROW) * width
        sheet[top : top + height, left : left + width] = tile
    return _png(sheet)


def _outlined(cells: Rects) -> Rects:
    """Cells as mere outlines, so that what lies below shows; those beside the centre's dashed."""
    is_beside, is_contested = cells.name == "neighbour cell", cells.name == "contested slot"
    # A legend cannot show white on paper, so contested cells also have the thicker line.
    width = 2.2 if is_contested else 1.2
    pen = replace(cells.pen, fill=0.0, width=width, is_dashed=is_beside, on_photo=is_contested)
    if is_contested:
        pen = replace(pen, colour="on-photo")
    return replace(cells, pen=pen)


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _reduced(values: Floats, most: int) -> Floats:
    """Means of square blocks of cells, as large as needed for ``most`` on the longer side."""
    side = -(-max(values.shape) // most)
    if side == 1:
        return values
    height, width = (-(-length // side) * side for length in values.shape)
    padded = np.pad(values, ((0, height - values.shape[0]), (0, width - values.shape[1])), mode="edge")
    blocks: Floats = padded.reshape(height // side, side, width // side, side).mean(axis=(1, 3))
    return blocks


def _shades(values: Floats) -> npt.NDArray[np.uint8]:
    """Steps from 0 to :data:`SHADES` - 1 between the lowest and the highest value; all 0 where these are equal."""
    low, high = float(values.min()), float(values.max())
    if high == low:
        return np.zeros(values.shape, np.uint8)
    steps = (values.astype(np.float64) - low) / (high - low) * SHADES
    return steps.clip(max=SHADES - 1).astype(np.uint8)


def _png(shades: npt.NDArray[np.uint8]) -> bytes:
    colours = colormaps["cividis"].resampled(SHADES)(np.arange(SHADES), bytes=True)[:, :3]
    image = Image.fromarray(shades)
    image.putpalette([*colours.ravel().tolist(), 255, 255, 255])
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()
