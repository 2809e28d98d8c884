"""Figures as inline SVG: small, deterministic, in the page's own colours and font, pointing nowhere outside.

Text stays text, so that names in any script are drawn by the reader's fonts and escaped like everything else.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from markupsafe import Markup

from assignstudy.figures import style, svg
from assignstudy.report.content import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_VARIABLES = {colour.light: f"var(--{name})" for name, colour in style.COLOURS.items()}
_HEX = re.compile(r"#[0-9a-f]{6}\b")
_LONG_DECIMAL = re.compile(r"-?\d+\.\d{3,}")
_REFERENCE = re.compile(r"#([\w.-]+)")
_FONT_FAMILY = re.compile(r"font-family:[^;]*;?\s*")
_FONT_SHORTHAND = re.compile(r"font:\s*(?:[\w ]*?)(\d+)?\s*([\d.]+px)\s+[^;]+")
_COORDINATES = ("d", "x", "y", "width", "height", "points", "cx", "cy", "r")
_KEPT_IDS = (style.LIGHT_ONLY, style.DARK_ONLY)


def to_svg(figure: Figure, key: str, alt: str) -> Markup:
    """A figure as ``<svg>`` for an HTML page.

    Args:
        figure: Drawn with the colours of ``figures.style``.
        key: Unique on the page; every id within the SVG begins with it.
        alt: What the figure shows, for people who do not see it.
    """
    root = ElementTree.fromstring(svg.write(figure, key))
    for parent in list(root.iter()):
        for child in [child for child in parent if _local(child.tag) in ("metadata", "style")]:
            parent.remove(child)
    referenced = _referenced_ids(root)
    for element in root.iter():
        _adapt(element, key, referenced)
    _set_root(root, alt)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # serialised from a tree: escaped


def to_picture(figure: Figure, key: str, finding: str, caption: str) -> Picture:
    """A figure with its caption; people who do not see it are told the caption and the section's finding."""
    return Picture(to_svg(figure, key, f"{caption}. {finding}"), caption)


def to_data_address(jpeg: bytes) -> str:
    """A JPEG file as an address that a page needs no other file for."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"


def _local(name: str) -> str:
    """A tag's or attribute's name without its namespace, which HTML supplies by itself."""
    return name.rpartition("}")[2]


def _referenced_ids(root: ElementTree.Element) -> frozenset[str]:
    values = (value for element in root.iter() for name, value in element.attrib.items() if name != "id")
    return frozenset(found for value in values if "#" in value for found in _REFERENCE.findall(value))


def _adapt(element: ElementTree.Element, key: str, referenced: frozenset[str]) -> None:
    element.tag = _local(element.tag)
    attributes = {_local(name): value for name, value in element.attrib.items()}
    element.attrib.clear()
    for name, value in attributes.items():
        if name == "id":
            element.attrib.update(_id(value, key, referenced))
        else:
            element.set(name, _value(name, value, key))
    if element.tag != "text":
        element.text = None
    element.tail = None


def _id(value: str, key: str, referenced: frozenset[str]) -> dict[str, str]:
    if value in _KEPT_IDS:
        return {"class": value}
    return {"id": f"{key}-{value}"} if value in referenced else {}


def _value(name: str, value: str, key: str) -> str:
    if name == "style":
        value = _HEX.sub(lambda found: _VARIABLES.get(found[0], found[0]), _plain_font(value))
    if name in _COORDINATES:
        return " ".join(_LONG_DECIMAL.sub(lambda found: f"{float(found[0]):.2f}", value).split())
    if name == "href" and value.startswith("#"):
        return f"#{key}-{value[1:]}"
    return value.replace("url(#", f"url(#{key}-")


def _plain_font(css: str) -> str:
    """Leave the choice of the font to the page; keep its size and weight."""
    css = _FONT_SHORTHAND.sub(lambda found: f"font-size: {found[2]}; font-weight: {found[1] or 'normal'}", css)
    return _FONT_FAMILY.sub("", css)


def _set_root(root: ElementTree.Element, alt: str) -> None:
    width = root.get("viewBox", "0 0 0 0").split()[2]
    box = root.get("viewBox", "")
    root.attrib.clear()
    root.attrib.update({"class": "figure", "viewBox": box, "role": "img", "aria-label": alt, "style": f"--w: {width}"})
