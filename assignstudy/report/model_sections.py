"""What a model adds to the page: its feature maps under the positive cells, and what each ground truth costs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd
from markupsafe import Markup

from assignstudy.errors import ModelError
from assignstudy.figures import crop, panel_svg
from assignstudy.figures import feature_maps as figures
from assignstudy.figures.gallery import Subject, original
from assignstudy.figures.panel import Panel, Photo
from assignstudy.models.study import ModelStudy, PictureStudy
from assignstudy.report import words
from assignstudy.report.content import (
    Column,
    Crop,
    Finding,
    Kind,
    Line,
    Picture,
    Plate,
    SectionContent,
    State,
    TableView,
)
from assignstudy.report.photos import pixel_symbols
from assignstudy.report.tables import table
from assignstudy.report.view import ModelView, RunView
from assignstudy.statistics import activations, model_losses
from assignstudy.statistics.entered import records
from assignstudy.statistics.gallery import Gallery, ShownImage

SHOWN = 10
"""Ground truths whose pictures stand beside their loss."""

LISTED = 25
"""Ground truths in the table of losses."""

MOST_NAMED = 7
"""Layers and levels in the sentence of the finding."""

NO_PICTURE = "No picture of this run can be shown to the model; report.gallery.images=8 with picture files shows some."


def feature_maps(view: RunView, key: str, title: str) -> SectionContent:
    """What the model's layers hold for the images of the gallery."""
    model, gallery, study = _shown(view)
    if gallery is None or not study.pictures:
        return SectionContent(key, title, Finding(NO_PICTURE, State.WATCH))
    found = activations.compute((one for picture in study.pictures for one in picture.maps), gallery.levels)
    pictures = {picture.path: picture for picture in study.pictures}
    shown = [
        (number, image, pictures[image.path]) for number, image in enumerate(gallery.images) if image.path in pictures
    ]
    return SectionContent(
        key,
        title,
        Finding(_answer(found)),
        symbols=pixel_symbols(dict(_pngs(shown, key))),
        plates=tuple(_plate(image, picture, gallery, model, (key, number)) for number, image, picture in shown),
        tables=(_activation_table(found),),
        how_to_read=f"{model.title}: one forward pass per image, in evaluation mode. Each map runs from its own lowest "
        "value (dark) to its highest (bright), one square per cell of the level. Outlines are positive cells in the "
        "colour of their ground truth, those beside the centre's dashed. The rest counts all other cells, padding too.",
    )


def losses(view: RunView, key: str, title: str) -> SectionContent:
    """Which ground truths of the images shown cost the model most."""
    try:
        _, gallery, study = _shown(view)
    except ModelError:  # said once, in the section before
        return SectionContent(key, title, Finding("The model does not fit this run, see “Feature maps”.", State.ACT))
    shares = [picture.loss for picture in study.pictures if picture.loss is not None]
    if gallery is None or not study.pictures:
        return SectionContent(key, title, Finding(NO_PICTURE, State.WATCH))
    if study.no_loss:
        return SectionContent(key, title, Finding(words.sentence(study.no_loss)))
    costs = model_losses.compute(shares, view.tables.ground_truths)
    return SectionContent(
        key,
        title,
        Finding(_dearest(costs, len(study.pictures))),
        crops=_crops(costs.head(SHOWN), gallery),
        tables=(_loss_table(costs),),
        how_to_read=f"the weighted loss of {view.rule.title}, the images shown being one batch, before any factor for "
        "the size of the batch. A ground truth pays for its positives (box, class) and for the slots it owns "
        "(objectness); one without a positive pays nothing and is never learned.",
    )


def _shown(view: RunView) -> tuple[ModelView, Gallery | None, ModelStudy]:
    assert view.model is not None, "these sections are only built for runs with a model"
    gallery = view.pictures.gallery if view.pictures else None
    return view.model, gallery, view.model.study()


def _answer(found: pd.DataFrame) -> str:
    """Per layer and level, the mean in positive cells against the rest."""
    answers = found[found["positive_cells"] > 0]
    if answers.empty:
        return "No cell of the images shown holds a positive, so there is nothing to compare."
    parts = [
        f"{row.level} {words.quantity(row.inside)} against {words.quantity(row.outside)}" for row in records(answers)
    ]
    more = "; the table has all layers" if len(parts) > MOST_NAMED else ""
    return f"Mean activation in positive cells against the rest: {words.listing(parts[:MOST_NAMED])}{more}."


def _activation_table(found: pd.DataFrame) -> TableView:
    columns = [
        Column("layer", "layer", Kind.CODE),
        Column("level", "level"),
        Column("positive_cells", "positive cells", Kind.INT),
        Column("inside", "mean in them", Kind.QUANTITY),
        Column("outside", "in the rest", Kind.QUANTITY),
        Column("difference", "difference", Kind.QUANTITY),
    ]
    return table(found, columns, "mean activation over all channels, all images shown")


def _plate(
    image: ShownImage, picture: PictureStudy, gallery: Gallery, model: ModelView, place: tuple[str, int]
) -> Plate:
    key, number = place
    photo = {"photo": _photo_id(number)}
    names = [(f"{key}-{number}-{k}", gallery.levels[one.level], one) for k, one in enumerate(picture.maps)]
    subject = Subject(image)
    means = [figures.mean_panel(subject, level, one, f"{name}-m") for name, level, one in names]
    channels = [figures.channels_panel(level, one, f"{name}-c", model.strongest) for name, level, one in names]
    rows = tuple(tuple(_picture(panel, image.path) for panel in row) for row in (means, channels))
    own = activations.compute(picture.maps, gallery.levels)
    return Plate(
        title=image.path,
        summary=f"{words.count(len(image.ground_truths), 'ground truth')}; {image.why}",
        thumbnail=Markup(panel_svg.write_thumbnail(original(subject), photo)) if image.picture else None,
        rows=rows,
        lines=tuple(map(_line, records(own))),
        folded=number > 0,
    )


def _photo_id(number: int) -> str:
    """The id of a photo that stands in the gallery's section."""
    return f"gallery-photo-{number}"


def _picture(panel: Panel, path: str) -> Picture:
    keys = {mark.key: mark.key for mark in panel.marks if isinstance(mark, Photo)}
    return Picture(Markup(panel_svg.write(panel, keys, f"{panel.caption}, {words.name(path)}")), panel.caption)


def _line(row: Any) -> Line:
    if not row.positive_cells:
        return Line(f"{row.layer}, {row.level}: no positive cell; mean {words.quantity(row.outside)}.")
    return Line(
        f"{row.layer}, {row.level}: mean {words.quantity(row.inside)} in"
        f" {words.count(row.positive_cells, 'positive cell')}, {words.quantity(row.outside)} in the rest."
    )


def _pngs(shown: Iterable[tuple[int, ShownImage, PictureStudy]], key: str) -> Iterator[tuple[str, bytes]]:
    """Ids of the pictures of all maps, and their files."""
    for number, _, picture in shown:
        for layer, one in enumerate(picture.maps):
            yield f"{key}-{number}-{layer}-m", figures.mean_png(one)
            yield f"{key}-{number}-{layer}-c", figures.channels_png(one)


def _dearest(costs: pd.DataFrame, pictures: int) -> str:
    if costs.empty:
        return "No ground truth of the images shown has a positive, so none costs anything."
    top, few = costs.iloc[0], costs.head(5)
    sentence = (
        f"Of what {words.count(len(costs), 'ground truth')} in {words.count(pictures, 'image')} cost the model, "
        f"{words.name(top['class_name'])} in {words.name(top['image'])} takes {words.percent(top['share'])}"
    )
    together = f", the {len(few)} dearest together {words.percent(few['share'].sum())}" if len(few) > 1 else ""
    return f"{sentence}{together}."


def _crops(dearest: pd.DataFrame, gallery: Gallery) -> tuple[Crop, ...]:
    """The ground truths with the highest loss, cut out of the photos that stand in the gallery."""
    shown = {image.path: (_photo_id(k), image) for k, image in enumerate(gallery.images) if image.picture is not None}
    return tuple(_crop(row, *shown[str(row.image)]) for row in records(dearest) if str(row.image) in shown)


def _crop(row: Any, photo: str, image: ShownImage) -> Crop:
    numbers = image.ground_truths
    number = int(numbers.loc[numbers["gt_id"] == row.gt_id, "number"].iloc[0])
    name, why = f"{words.name(row.class_name)} {number}", f"{words.percent(row.share)} of the loss."
    panel = crop.draw(Subject(image), number, name)
    lines = (
        f"{row.w_px:.0f} × {row.h_px:.0f} px",
        words.count(row.positives, "positive"),
        *(f"{term} {words.quantity(getattr(row, f'{term}_loss'))}" for term in ("box", "objectness", "class")),
    )
    where = words.name(row.image)
    svg = panel_svg.write_plain(panel, {"photo": photo}, f"{name} in {where}: {why}")
    full = words.in_full(row.class_name, row.image)
    return Crop(Markup(svg), name, f"{where}, gt_id {row.gt_id}", lines, why, full)


def _loss_table(costs: pd.DataFrame) -> TableView:
    columns = [
        Column("image", "image", Kind.CODE),
        Column("gt_id", "gt_id", Kind.INT),
        Column("class_name", "class"),
        Column("size", "size, px"),
        Column("positives", "positives", Kind.INT),
        Column("share", "of the loss", Kind.PERCENT, bar=True),
        Column("loss", "loss", Kind.QUANTITY),
        *(Column(f"{term}_loss", term, Kind.QUANTITY) for term in ("box", "objectness", "class")),
    ]
    shown = costs.head(LISTED)
    shown = shown.assign(size=[f"{row.w_px:.0f}\u00a0×\u00a0{row.h_px:.0f}" for row in records(shown)])
    left_out = len(costs) - len(shown)
    note = f"{words.count(left_out, 'further ground truth')} with a lower loss." if left_out else ""
    return table(shown, columns, "ground truths by their loss, highest first", note)
