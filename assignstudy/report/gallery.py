"""The gallery: sample images with their positives, the worst first. Each photo is in the page once."""

from __future__ import annotations

import base64
import io
from xml.etree import ElementTree

from markupsafe import Markup

from assignstudy.figures import gallery as figures
from assignstudy.figures import panel_svg
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
    shown, every = len(gallery.images), view.tables.metrics["images"]
    boxes = sum(len(image.ground_truths) for image in gallery.images)
    lost = sum(
        int((image.ground_truths["positives"].fillna(1) == 0).sum()) for image in gallery.images
    )
    all_lost = view.tables.metrics["unmatched"] or 0
    without = f"{lost} of the {words.count(all_lost, 'unmatched ground truth')}" if all_lost else "none of them unmatched"
    return (
        f"{words.integer(shown)} of {words.count(every or 0, 'image')}, with {words.count(boxes, 'ground truth')}, "
        f"{without}; the worst come first."
    )


def _plate(image: ShownImage, gallery: Gallery, view: RunView, photo: str, *, folded: bool) -> Plate:
    ids = {"photo": photo}
    rows = tuple(
        tuple(
            Picture(Markup(panel_svg.write(panel, ids, f"{panel.caption}, {image.path}")), panel.caption)
            for panel in row
        )
        for row in figures.draw(image, gallery.levels)
        if row
    )
    thumbnail = Markup(panel_svg.write_thumbnail(figures.original(image), ids)) if photo else Markup("")
    notice = image.problem if image.picture else f"{image.problem}. Grids only."
    return Plate(
        title=image.path,
        summary=f"{words.count(len(image.ground_truths), 'ground truth')}; {image.why}",
        thumbnail=thumbnail,
        rows=rows,
        lines=gallery_words.lines(image, gallery.levels, view.rule),
        notice=notice,
        folded=folded,
    )


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
