"""The gallery: sample images with their positives, the worst first. Each photo is in the page once."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from assignstudy.figures import gallery as figures
from assignstudy.figures import panel_svg
from assignstudy.figures.panel import Panel
from assignstudy.report import gallery_words, words
from assignstudy.report.content import Finding, Picture, Plate, SectionContent
from assignstudy.report.photos import symbols
from assignstudy.report.view import RunView
from assignstudy.statistics.gallery import Gallery, ShownImage


def pictures(view: RunView, key: str, title: str) -> SectionContent:
    """Sample images with their positives."""
    assert view.pictures is not None, "this section is only built for runs with pictures"
    gallery = view.pictures.gallery
    photos = {f"{key}-photo-{number}": image.picture for number, image in enumerate(gallery.images) if image.picture}
    plates = tuple(
        _plate(image, gallery, view, f"{key}-photo-{number}", folded=number > 0)
        for number, image in enumerate(gallery.images)
    )
    what = "points" if view.rule.slots == "points" else "anchors"
    return SectionContent(
        key,
        title,
        Finding(_sentence(view, gallery)),
        symbols=symbols(photos),
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
        thumbnail=Markup(panel_svg.write_thumbnail(first, ids)) if image.picture else None,
        rows=tuple(
            tuple(_picture(panel, ids, image.path) for panel in row) for row in figures.draw(image, gallery.levels)
        ),
        clipped=gallery_words.clipped(image) if image.picture else "",
        lines=gallery_words.lines(image, gallery.levels, view.rule),
        notice=image.problem if image.picture else f"{image.problem}. Grids only.",
        folded=folded,
    )


def _picture(panel: Panel, photo_ids: dict[str, str], path: str) -> Picture:
    return Picture(Markup(panel_svg.write(panel, photo_ids, f"{panel.caption}, {path}")), panel.caption)
