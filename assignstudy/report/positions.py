"""Positions before rounding: what a rule's shifts look like."""

from __future__ import annotations

from markupsafe import Markup

from assignstudy.figures import panel_svg
from assignstudy.figures import positions as figures
from assignstudy.report import words
from assignstudy.report.content import Column, Finding, Kind, Picture, SectionContent
from assignstudy.report.embed import to_svg
from assignstudy.report.tables import table
from assignstudy.report.view import RunView
from assignstudy.statistics import neighbours
from assignstudy.statistics import positions as statistics


def positions(view: RunView, key: str, title: str) -> SectionContent:
    """Where positives stand before rounding, and how centres spread within their cell."""
    assert view.pictures is not None, "this section is only built for runs with pictures"
    found, within = view.pictures.positions, statistics.within_cell(neighbours.positions(view.tables))
    sentence = _sentence(view)
    columns = [Column("level", "level"), Column("axis", "axis"), Column("part", "tenth of the cell", Kind.INT)]
    columns.append(Column("share", "of the ground truths", Kind.PERCENT, bar=True))
    spread = to_svg(
        figures.draw_within_cell(within), f"{key}-within", f"Where centres fall within their cell. {sentence}"
    )
    return SectionContent(
        key,
        title,
        Finding(sentence),
        panels=tuple(
            Picture(Markup(panel_svg.write(panel, {}, f"{panel.caption}. {sentence}")), panel.caption)
            for panel in figures.draw(found)
        ),
        pictures=(Picture(spread, "Where the centres of matched boxes fall within their cell, along each axis"),),
        tables=(table(within, columns, "centres within their cell"),),
        how_to_read=_how_to_read(view),
    )


def _sentence(view: RunView) -> str:
    assert view.pictures is not None, "this section is only built for runs with pictures"
    found = view.pictures.positions
    if found.table.empty:
        return "There is no positive, so there is no position to show."
    images = f"{words.integer(found.images)} of {words.count(found.all_images, 'image')} with ground truths"
    where = f"{words.count(len(found.table), 'position')}, from {images}"
    if not view.rule.neighbour_cells:
        return (
            f"{where}: each positive stands {'at its centre' if view.rule.reach else 'where its anchor or point is'}."
        )
    return f"{where}: {words.percent(float(found.table['moved'].mean()))} of them are moved towards a neighbour cell."


def _how_to_read(view: RunView) -> str:
    dashed = "below, the dashed line is an even spread; peaks at the ends are boxes on grid lines."
    if not view.rule.neighbour_cells:
        return f"each dot is one position on a level’s grid, before it is rounded down to a cell; {dashed}"
    return (
        "each orange dot is a centre moved to claim a neighbour, the others are the centres; the corner they form "
        f"points at the neighbours that are used. {words.sentence(dashed)}"
    )
