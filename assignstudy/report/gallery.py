"""The gallery: sample images with their positives, the worst first. Each photo is in the page once."""

from __future__ import annotations

import base64
import io
from xml.etree import ElementTree

import pandas as pd
from markupsafe import Markup

from assignstudy.figures import gallery as figures
from assignstudy.figures import panel_svg
from assignstudy.figures.panel import Panel
from assignstudy.report import gallery_words, words
from assignstudy.report.content import Finding, Picture, Plate, SectionContent
from assignstudy.report.view import RunView
from assignstudy.statistics.gallery import Gallery, ShownImage

LONGEST_PX = 560
"""Longest side of a photo on a page: about twice as many pixels as a panel is wide."""

QUALITY = 62
"""Of the JPEGs, on Pillow's scale."""


def pictures(view: RunView, key: str, title: str) -> SectionContent:
    """Sample images with their positives."""
    gallery = view.gallery
    assert gallery is not None, "this section is only built for runs with a gallery"
    photos = {number: f"{key}-photo-{number}" for number, image in enumerate(gallery.images) if image.picture}
    plates = tuple(
        _plate(image, gallery, view, photos.get(number, ""), folded=number > 0)
        for number, image in enumerate(gallery.images)
    )
    what = "points" if view.rule.slots == "points" else "anchors"
    return SectionContent(
        key,
        title,
        Finding(_sentence(view, gallery)),
        symbols=_symbols([(photos[number], gallery.images[number]) for number in photos]),
        plates=plates,
        how_to_read=f"one colour is one ground truth, in all pictures of an image; numbers tell apart those that share "
        f"a colour. Solid lines are ground truths, dashed ones {what}; filled cells hold the centre, hatched ones lie "
        "beside it, framed ones are claimed by several ground truths; crossed-out boxes have no positive. What lies "
        "beyond the border of a picture is cut off.",
    )


def _sentence(view: RunView, gallery: Gallery) -> str:
    if not gallery.images:
        return "No image has a ground truth, so there is no picture to show."
    images = f"{words.integer(len(gallery.images))} of {words.count(view.tables.metrics['images'] or 0, 'image')}"
    boxes = pd.concat([image.ground_truths["positives"] for image in gallery.images])
    lost, all_lost = int((boxes.fillna(1) == 0).sum()), view.tables.metrics["unmatched"]
    of_them = f"{words.integer(lost)} of the {words.count(all_lost, 'unmatched one')}" if all_lost else "none unmatched"
    return f"{images}, with {words.count(len(boxes), 'ground truth')}, {of_them}; the worst come first."


def _plate(image: ShownImage, gallery: Gallery, view: RunView, photo: str, *, folded: bool) -> Plate:
    ids = {"photo": photo}
    first = figures.original(figures.Subject(image))
    return Plate(
        title=image.path,
        summary=f"{words.count(len(image.ground_truths), 'ground truth')}; {image.why}",
        thumbnail=Markup(panel_svg.write_thumbnail(first, ids)) if photo else None,
        rows=tuple(
            tuple(_picture(panel, ids, image.path) for panel in row) for row in figures.draw(image, gallery.levels)
        ),
        lines=gallery_words.lines(image, gallery.levels, view.rule),
        notice=image.problem if image.picture else f"{image.problem}. Grids only.",
        folded=folded,
    )


def _picture(panel: Panel, photo_ids: dict[str, str], path: str) -> Picture:
    return Picture(Markup(panel_svg.write(panel, photo_ids, f"{panel.caption}, {path}")), panel.caption)


def _symbols(photos: list[tuple[str, ShownImage]]) -> Markup:
    """An invisible ``<svg>`` that holds every photo once, as a symbol of 1 × 1."""
    root = ElementTree.Element("svg", {"class": "symbols", "aria-hidden": "true"})
    for photo, image in photos:
        symbol = ElementTree.SubElement(
            root, "symbol", {"id": photo, "viewBox": "0 0 1 1", "preserveAspectRatio": "none"}
        )
        place = {"width": "1", "height": "1", "preserveAspectRatio": "none", "href": _jpeg(image)}
        ElementTree.SubElement(symbol, "image", place)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # serialised from a tree: escaped


def _jpeg(image: ShownImage) -> str:
    """The photo as a data URI."""
    assert image.picture is not None
    picture = image.picture.copy()
    picture.thumbnail((LONGEST_PX, LONGEST_PX))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
