"""The gallery: sample images with their positives, the worst first. Each photo is in the page once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
from markupsafe import Markup

from assignstudy.figures import gallery as figures
from assignstudy.figures import panel_svg
from assignstudy.figures.panel import Panel
from assignstudy.report import gallery_words, words
from assignstudy.report.content import Finding, Picture, Plate, SectionContent
from assignstudy.report.photos import symbols
from assignstudy.report.view import RunView
from assignstudy.statistics.gallery import MOST_BOXES, PICKED, Gallery, ShownImage

SHOW = "python -m assignstudy.show"

MOST_CHARACTERS = 130_000
"""Of all pictures of an image, on average: eight images with their photos then take 1.5 MB of a page at most."""

Rows = tuple[tuple[Picture, ...], ...]


def pictures(view: RunView, key: str, title: str) -> SectionContent:
    """Sample images with their positives."""
    assert view.pictures is not None, "this section is only built for runs with pictures"
    gallery = view.pictures.gallery
    photos = {f"{key}-photo-{number}": image.picture for number, image in enumerate(gallery.images) if image.picture}
    ids = [{"photo": f"{key}-photo-{number}"} for number in range(len(gallery.images))]
    drawn = [_draw(image, gallery, photo) for image, photo in zip(gallery.images, ids, strict=True)]
    shown = within_budget(drawn, MOST_CHARACTERS * max(8, len(drawn)))
    plates = tuple(
        _plate(gallery.images[number], view, rows, ids[number], is_whole=rows == drawn[number], folded=number > 0)
        for number, rows in enumerate(shown)
    )
    finding = Finding(_sentence(view, gallery))
    return SectionContent(
        key, title, finding, symbols=symbols(photos), plates=plates, how_to_read=_how_to_read(view) if plates else ""
    )


def within_budget(drawn: Sequence[Rows], most: int) -> list[Rows]:
    """The rows of all images that fit into a number of characters.

    Again and again the last row of the image with the longest pictures goes, until all fit or each has only one row.
    """
    kept = list(drawn)
    sizes = [[sum(len(picture.svg) for picture in row) for row in rows] for rows in drawn]
    while sum(map(sum, sizes)) > most:
        largest = max(range(len(sizes)), key=lambda number: (len(sizes[number]) > 1, sum(sizes[number])))
        if len(sizes[largest]) == 1:
            break
        sizes[largest].pop()
        kept[largest] = kept[largest][:-1]
    return kept


def _how_to_read(view: RunView) -> str:
    dashed = "its points are dots" if view.rule.slots == "points" else "dashed boxes are its anchors"
    parts = ["filled cells hold the centre, hatched ones lie beside it"] if view.rule.neighbour_cells else []
    parts += ["framed cells are claimed by several ground truths"] if view.rule.shares_slots else []
    marks = "; ".join([*parts, "crossed-out boxes have no positive"])
    return (
        "one colour is one ground truth, in all pictures of an image; numbers tell apart those that share a colour. "
        f"Solid boxes are ground truths, {dashed}; {marks}."
    )


def _sentence(view: RunView, gallery: Gallery) -> str:
    if not gallery.images:
        if not view.tables.metrics["ground_truths"]:
            return "No image has a ground truth, so there is no picture to show."
        return f"Every image has more than {words.integer(MOST_BOXES)} ground truths; name one to see it."
    images = f"{words.integer(len(gallery.images))} of {words.count(view.tables.metrics['images'] or 0, 'image')}"
    boxes = pd.concat([image.ground_truths["positives"] for image in gallery.images])
    lost, all_lost = int((boxes.fillna(1) == 0).sum()), view.tables.metrics["unmatched"]
    of_them = f"{words.integer(lost)} of the {words.count(all_lost, 'unmatched one')}" if all_lost else "none unmatched"
    is_picked = all(image.why == PICKED for image in gallery.images)
    order = PICKED if is_picked else "the worst come first"
    return f"{images}, with {words.count(len(boxes), 'ground truth')}, {of_them}; {order}."


def _draw(image: ShownImage, gallery: Gallery, photo_ids: dict[str, str]) -> Rows:
    return tuple(
        tuple(_picture(panel, photo_ids, image.path) for panel in row) for row in figures.draw(image, gallery.levels)
    )


def _plate(
    image: ShownImage, view: RunView, rows: Rows, photo_ids: dict[str, str], *, is_whole: bool, folded: bool
) -> Plate:
    assert view.pictures is not None, "this section is only built for runs with pictures"
    problem = f"{words.name(image.path)}{image.problem.removeprefix(image.path)}"
    notices = [problem if image.picture else f"{problem}. Grids only"] if image.problem else []
    if not is_whole:
        notices.append(f"Some pictures are left out to keep the page small; {SHOW} image={image.path} draws them all")
    return Plate(
        title=image.path,
        summary=f"{words.count(len(image.ground_truths), 'ground truth')}; {image.why}",
        thumbnail=_thumbnail(image, photo_ids) if image.picture else None,
        rows=rows,
        clipped=gallery_words.clipped(image) if image.picture else "",
        lines=gallery_words.lines(image, view.pictures.gallery.levels, view.rule),
        notice="".join(f"{notice}. " for notice in notices).strip(),
        folded=folded,
    )


def _thumbnail(image: ShownImage, photo_ids: dict[str, str]) -> Markup:
    """The photo with its boxes, without them where they would hide it."""
    panel = figures.original(figures.Subject(image))
    if len(image.ground_truths) > figures.MOST_TAGS:
        panel = replace(panel, marks=panel.marks[:1])
    return Markup(panel_svg.write_thumbnail(panel, photo_ids))


def _picture(panel: Panel, photo_ids: dict[str, str], path: str) -> Picture:
    return Picture(Markup(panel_svg.write(panel, photo_ids, f"{panel.caption}, {words.name(path)}")), panel.caption)
