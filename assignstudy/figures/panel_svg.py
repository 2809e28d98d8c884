"""A panel as SVG for a page: coordinates as the tables have them, one path per colour, photos shared between panels.

The plot is an inner ``<svg>`` whose view box is the data's own coordinate system, so a cell in column 12 and row 34 is
``M12 34h1v1h-1z``, and what lies outside is cut off. Lines keep their width (``vector-effect`` in the style sheet).
"""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np

from assignstudy.figures import panel as panels
from assignstudy.figures import style
from assignstudy.figures.panel import MARGINS, Dots, Doubles, Mark, Panel, Pen, Photo, Rects, Strokes, Tags

_DECIMALS = 2


def write(panel: Panel, photo_ids: dict[str, str], alt: str) -> str:
    """The panel as an ``<svg>`` element.

    Args:
        panel: What to draw.
        photo_ids: Per key of a :class:`Photo`, the id of a ``<symbol>`` on the page with a view box from 0, 0 to 1, 1.
        alt: What it shows, for people who do not see it.
    """
    width, height = panels.size_px(panel)
    root = _element(None, "svg", {"class": "panel", "viewBox": f"0 0 {_number(width)} {_number(height)}"})
    root.attrib.update({"role": "img", "aria-label": alt})
    _write_axes(root, panel)
    plot = _plot(root, panel)
    for mark in panel.marks:
        if isinstance(mark, Tags):
            _write_tags(root, panel, mark)
        else:
            _write_mark(plot, mark, photo_ids)
    _write_legend(root, panel)
    return ElementTree.tostring(root, encoding="unicode")


def write_thumbnail(panel: Panel, photo_ids: dict[str, str]) -> str:
    """The plot of a panel alone, without a word, as an ``<svg>`` element that readers aloud pass over."""
    return _write_plot(panel, photo_ids, {"aria-hidden": "true"})


def write_plain(panel: Panel, photo_ids: dict[str, str], alt: str) -> str:
    """The plot of a panel alone, as an ``<svg>`` element that says what it shows."""
    return _write_plot(panel, photo_ids, {"role": "img", "aria-label": alt})


def _write_plot(panel: Panel, photo_ids: dict[str, str], more: dict[str, str]) -> str:
    view = f"0 0 {_number(panel.wh[0])} {_number(panel.wh[1])}"
    root = _element(None, "svg", {"class": "panel", "viewBox": view, **more})
    plot = _element(root, "g", {"fill": "none"})
    for mark in panel.marks:
        if not isinstance(mark, Tags):
            _write_mark(plot, mark, photo_ids)
    return ElementTree.tostring(root, encoding="unicode")


def path_of(mark: Rects | Strokes | Dots) -> str:
    """The ``d`` of one path that holds all boxes, lines or dots of a mark, in data units."""
    if isinstance(mark, Rects):
        # Sides are taken from rounded corners, so that neighbours meet exactly.
        x1, y1, x2, y2 = mark.xyxy.round(_DECIMALS).T
        return _filled_in("M{} {}h{}v{}h{}z", np.stack((x1, y1, x2 - x1, y2 - y1, x1 - x2), axis=1))
    if isinstance(mark, Strokes):
        return _filled_in("M{} {}L{} {}", mark.xyxy)
    return _filled_in("M{} {}h0", mark.xy)


def _filled_in(template: str, rows: Doubles) -> str:
    """The template once per row, with the row's numbers; formatting all at once is several times faster than each."""
    # Adding zero turns −0 into 0.
    numbers = rows.round(_DECIMALS) + 0.0
    return (template.replace("{}", "%.9g") * len(rows)) % tuple(numbers.ravel().tolist())


def _plot(root: ElementTree.Element, panel: Panel) -> ElementTree.Element:
    width_px, height_px = panel.plot_wh_px
    box = {"x": MARGINS.left, "y": MARGINS.top, "width": width_px, "height": height_px}
    attributes = {name: _number(value) for name, value in box.items()}
    view = f"0 0 {_number(panel.wh[0])} {_number(panel.wh[1])}"
    return _element(root, "svg", {**attributes, "viewBox": view, "preserveAspectRatio": "none", "fill": "none"})


def _write_mark(parent: ElementTree.Element, mark: Rects | Strokes | Dots | Photo, photo_ids: dict[str, str]) -> None:
    if isinstance(mark, Photo):
        x1, y1, x2, y2 = mark.xyxy
        box = {"x": x1, "y": y1, "width": x2 - x1, "height": y2 - y1}
        place = {name: _number(value) for name, value in box.items()}
        _element(parent, "use", {"href": f"#{photo_ids[mark.key]}", **place})
        return
    d, pen = path_of(mark), mark.pen
    if pen.on_photo and pen.width:
        _element(
            parent,
            "path",
            {"class": "under dashed" if pen.is_dashed else "under", "d": d, "stroke-width": _number(pen.width + 1.6)},
        )
    _element(parent, "path", {"d": d, **_look(pen)})


def _look(pen: Pen) -> dict[str, str]:
    """The attributes of a path drawn with a pen."""
    colour = f"var(--{pen.colour})"
    look: dict[str, str] = {}
    if pen.fill:
        look |= {"fill": colour} | ({"fill-opacity": _number(pen.fill)} if pen.fill < 1 else {})
    if pen.width:
        look |= {"stroke": colour, "stroke-width": _number(pen.width)}
    if pen.is_dashed:
        look["class"] = "dashed"
    return look


def _write_axes(root: ElementTree.Element, panel: Panel) -> None:
    width, height = panel.plot_wh_px
    left, top, bottom = MARGINS.left, MARGINS.top, MARGINS.top + height
    frame = {"x": left, "y": top, "width": width, "height": height}
    _element(root, "rect", {"class": "frame", **{name: _number(value) for name, value in frame.items()}})
    x_ticks, y_ticks = panel.ticks()
    for place in x_ticks:
        _text(root, left + place * panel.scale, bottom + 14, f"{place:g}", {"text-anchor": "middle"})
    for place in y_ticks:
        _text(root, left - 5, top + place * panel.scale + 4, f"{place:g}", {"text-anchor": "end"})
    _text(root, left + width / 2, bottom + 29, panel.x_label, {"text-anchor": "middle"})
    middle = _number(top + height / 2)
    label = _text(root, 0, 0, panel.y_label, {"text-anchor": "middle"})
    label.attrib.update({"transform": f"translate(10 {middle}) rotate(-90)"})


def _write_legend(root: ElementTree.Element, panel: Panel) -> None:
    top = MARGINS.top + panel.plot_wh_px[1] + MARGINS.bottom
    for row in panels.legend_rows(panel):
        for left, name, marks in row:
            swatch = _element(
                root,
                "g",
                {"class": "swatch", "fill": "none", "transform": f"translate({_number(left)} {_number(top + 3)})"},
            )
            for mark in marks:
                _write_swatch(swatch, mark)
            _text(root, left + 18, top + 13, name, {})
        top += panels.LEGEND_LINE_PX


def _write_swatch(parent: ElementTree.Element, mark: Mark) -> None:
    if isinstance(mark, Tags | Photo):
        return
    shape = {Rects: "M1 1h12v10h-12z", Strokes: "M1 11L13 1", Dots: "M7 6h0"}[type(mark)]
    _element(parent, "path", {"d": shape, **_look(panels.swatch_pen(mark.pen))})


def _write_tags(root: ElementTree.Element, panel: Panel, tags: Tags) -> None:
    group = _element(root, "g", {"class": "tags"})
    for tag in panels.placed_tags(panel, tags):
        colour = {"stroke": f"var(--{tag.colour})", "fill": style.text_on(tag.colour)}
        _text(group, tag.left + MARGINS.left, tag.bottom + MARGINS.top, tag.text, colour)


def _text(parent: ElementTree.Element, x: float, y: float, text: str, more: dict[str, str]) -> ElementTree.Element:
    place = {"x": _number(x), "y": _number(y)} if x or y else {}
    element = _element(parent, "text", {**place, **more})
    element.text = text
    return element


def _element(parent: ElementTree.Element | None, tag: str, attributes: dict[str, str]) -> ElementTree.Element:
    return ElementTree.Element(tag, attributes) if parent is None else ElementTree.SubElement(parent, tag, attributes)


def _number(value: float) -> str:
    """At most two decimals, without what can be left out."""
    text = f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
