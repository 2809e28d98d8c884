"""Photos on a page: each embedded once, as a JPEG, in a symbol that any number of pictures use."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from markupsafe import Markup

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST_PX = 560
"""Longest side of a photo on a page: about twice as many pixels as a panel is wide."""

QUALITY = 62
"""Of the JPEGs, on Pillow's scale."""


def symbols(photos: Mapping[str, Image]) -> Markup:
    """An ``<svg>`` that shows nothing and holds every photo as a ``<symbol>`` of 1 × 1.

    Args:
        photos: By the id that the symbol gets.
    """
    return _symbols({name: _jpeg(picture) for name, picture in photos.items()}, {})


def pixel_symbols(pngs: Mapping[str, bytes]) -> Markup:
    """The same for PNG files whose pixels are values: enlarged, they stay squares.

    Args:
        pngs: By the id that the symbol gets.
    """
    return _symbols({name: _data("png", png) for name, png in pngs.items()}, {"style": "image-rendering: pixelated"})


def _symbols(data: Mapping[str, str], look: Mapping[str, str]) -> Markup:
    root = ElementTree.Element("svg", {"class": "symbols", "aria-hidden": "true"})
    for name, uri in data.items():
        attributes = {"id": name, "viewBox": "0 0 1 1", "preserveAspectRatio": "none"}
        symbol = ElementTree.SubElement(root, "symbol", attributes)
        place = {"width": "1", "height": "1", "preserveAspectRatio": "none", **look, "href": uri}
        ElementTree.SubElement(symbol, "image", place)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # serialised from a tree: escaped


def _jpeg(picture: Image) -> str:
    """The photo as a data URI."""
    small = picture.copy()
    small.thumbnail((LONGEST_PX, LONGEST_PX))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=QUALITY, optimize=True)
    return _data("jpeg", file.getvalue())


def _data(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
