"""One labelled box in its surroundings, as a small JPEG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import ImageDraw

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE_PX = 168
"""Side of the square picture, twice that of the smallest screens' share of it."""

MOST_BYTES = 12_000
"""Size of the file that no thumbnail exceeds, however busy its picture is."""

_QUALITIES = (80, 70, 60, 50, 40, 30, 20, 10)
_SURROUNDINGS = 2.2
_LEAST_SIDE_PX = 48
_DARK, _LIGHT = (0, 0, 0), (255, 255, 255)

Corners = tuple[float, float, float, float]


def draw(picture: Image, corners_orig: Corners) -> bytes:
    """The square around a box, with the box drawn as a light line on a dark one: it is seen on any photo.

    Args:
        picture: The whole original, in RGB.
        corners_orig: Left, top, right and bottom of the box in pixels of the original.

    Returns:
        A JPEG file of at most :data:`MOST_BYTES`, unless even the lowest quality takes more.
    """
    window = _window(corners_orig)
    thumbnail = picture.crop(window).resize((SIDE_PX, SIDE_PX))
    scale = SIDE_PX / (window[2] - window[0])
    left, top, right, bottom = ((corner - window[k % 2]) * scale for k, corner in enumerate(corners_orig))
    pen = ImageDraw.Draw(thumbnail)
    for width, colour in ((4, _DARK), (2, _LIGHT)):
        half = width / 2
        pen.rectangle((left - half, top - half, right + half, bottom + half), outline=colour, width=width)
    return _as_jpeg(thumbnail)


def _window(corners_orig: Corners) -> Corners:
    """The square to show, around the middle of the box; it may reach over the border of the picture, which is black."""
    left, top, right, bottom = corners_orig
    side = max(_SURROUNDINGS * max(right - left, bottom - top), _LEAST_SIDE_PX)
    x, y = round((left + right - side) / 2), round((top + bottom - side) / 2)
    return (x, y, x + round(side), y + round(side))


def _as_jpeg(picture: Image) -> bytes:
    content = b""
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True)
        content = buffer.getvalue()
        if len(content) <= MOST_BYTES:
            break
    return content
