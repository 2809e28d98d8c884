"""Who gets positives and from where: by size, by level and anchor, by cell."""

from __future__ import annotations

import pandas as pd

from assignstudy.figures import (
    anchor_bars,
    cell_positions,
    compass,
    positives_by_size,
    positives_distribution,
    size_level_heat,
)
from assignstudy.report import judgement, words
from assignstudy.report.content import Column, Finding, Kind, SectionContent, State, TableView
from assignstudy.report.embed import to_picture
from assignstudy.report.tables import longest, table
from assignstudy.report.view import RunView
from assignstudy.statistics import level_summary, neighbours, positives_per_gt, size_levels, unmatched
from assignstudy.statistics.entered import records


def positives(view: RunView, key: str, title: str) -> SectionContent:
    """How many positives a ground truth gets, and how that depends on its size."""
    counts, sizes = positives_per_gt.distribution(view.tables), positives_per_gt.by_size(view.tables)
    some = sizes[sizes["ground_truths"] > 0]
    parts = [f"{row.mean:.1f} for {row.size_bin}" for row in records(some)]
    average = words.number(view.tables.metrics["positives_per_gt"])
    sentence = f"A ground truth gets {average} positives on average: {words.listing(parts)} ones."
    columns = [Column("size_bin", "size"), Column("ground_truths", "ground truths", Kind.INT, bar=True)]
    columns += [
        Column("unmatched", "unmatched", Kind.INT),
        Column("bpr", "bpr", Kind.RATIO),
        Column("mean", "mean", Kind.NUMBER),
    ]
    columns += [Column(f"p{n}", f"{n} %", Kind.INT) for n in (5, 25, 50, 75, 95)]
    return SectionContent(
        key,
        title,
        Finding(sentence, judgement.judge(_unmatched_share(view), judgement.UNMATCHED)),
        pictures=(
            to_picture(
                positives_distribution.draw(counts), f"{key}-counts", sentence, "How many boxes get how many positives"
            ),
            to_picture(
                positives_by_size.draw(sizes),
                f"{key}-sizes",
                sentence,
                "By size: median (dot), half and 90 % of the boxes",
            ),
        ),
        tables=(table(sizes, columns, "positives per ground truth by size"), _unmatched_table(view)),
        how_to_read="each bar counts the boxes with that many positives; boxes at 0 are never learned, boxes far to "
        "the right weigh most in the loss.",
    )


def _unmatched_share(view: RunView) -> float | None:
    return judgement.share(view.tables.metrics["unmatched"], view.tables.metrics["ground_truths"])


def _unmatched_table(view: RunView) -> TableView:
    threshold = view.rule.threshold
    columns = [
        Column("image", "image", Kind.CODE),
        Column("gt_id", "gt_id", Kind.INT),
        Column("class_name", "class"),
        Column("w_px", "width, px", Kind.NUMBER),
        Column("h_px", "height, px", Kind.NUMBER),
    ]
    if threshold is not None:
        columns += [
            Column(threshold.critical, threshold.critical, Kind.RATIO),
            Column("best_anchor", "best anchor", Kind.CODE),
        ]
    worst = unmatched.worst(view.tables, threshold)
    order = ", farthest from one first" if threshold is not None and threshold.decides_match else ""
    return longest(worst, columns, f"ground truths without a positive{order}", "ground_truths.parquet")


def levels(view: RunView, key: str, title: str) -> SectionContent:
    """Who serves which boxes."""
    summary, sizes = level_summary.compute(view.tables), size_levels.compute(view.tables)
    parts = [f"{row.level} {words.percent(row.share)}" for row in records(summary)]
    sentence = f"Of all positives {words.listing(parts)}."
    if view.rule.slots == "anchors" and view.tables.metrics["positives"]:
        every = view.tables.levels
        top = every.iloc[int(every["positives"].argmax())]
        name = anchor_bars.anchor_name(str(top["level"]), int(top["anchor"]), top["anchor_w_px"], top["anchor_h_px"])
        share = words.percent(top["positives"] / view.tables.metrics["positives"])
        sentence = f"Of all positives {words.listing(parts)}; the busiest anchor, {name}, has {share}."
    starved = bool((summary["share"] < judgement.STARVED_LEVEL).any())
    per_anchor = " and anchor" if view.rule.slots == "anchors" else ""
    return SectionContent(
        key,
        title,
        Finding(
            sentence if view.tables.metrics["positives"] else "No level has a positive.",
            State.WATCH if starved else State.FINE,
        ),
        pictures=(
            to_picture(
                anchor_bars.draw(view.tables.levels), f"{key}-bars", sentence, f"Positives per level{per_anchor}"
            ),
            to_picture(
                size_level_heat.draw(sizes), f"{key}-sizes", sentence, "Boxes of each size served by each level"
            ),
        ),
        tables=(_level_table(summary, view), *([_anchor_table(view)] if view.rule.slots == "anchors" else [])),
        how_to_read="on the right, each column is a size (side of a box on the network input), each row a level; a box "
        "can be served by several levels.",
    )


def _level_table(summary: pd.DataFrame, view: RunView) -> TableView:
    columns = [
        Column("level", "level"),
        Column("stride", "stride", Kind.INT),
        *([Column("anchors", "anchors", Kind.INT)] if view.rule.slots == "anchors" else []),
        Column("positives", "positives", Kind.INT, bar=True),
        Column("share", "of all", Kind.PERCENT),
        Column("ground_truths", "ground truths", Kind.INT, bar=True),
        Column("ground_truth_share", "of all", Kind.PERCENT),
    ]
    return table(summary, columns, "levels")


def _anchor_table(view: RunView) -> TableView:
    columns = [Column("level", "level"), Column("anchor", "anchor", Kind.INT)]
    columns += [Column("anchor_w_px", "width, px", Kind.NUMBER), Column("anchor_h_px", "height, px", Kind.NUMBER)]
    columns += [
        Column("positives", "positives", Kind.INT, bar=True),
        Column("ground_truths", "ground truths", Kind.INT),
    ]
    columns.append(Column("slots", "slots", Kind.INT))
    if view.rule.shares_slots:
        columns.append(Column("contested_slots", "contested", Kind.INT))
    if view.rule.reach is not None:
        columns.append(Column("unreachable", "unreachable", Kind.INT))
    columns.append(Column("mean_prior_iou", "mean prior IoU", Kind.RATIO))
    return table(view.tables.levels, columns, "anchors")


def neighbour_cells(view: RunView, key: str, title: str) -> SectionContent:
    """Use of the cells around the centre's."""
    use, places = neighbours.use(view.tables), neighbours.positions(view.tables)
    shares: dict[str, float] = dict(zip(use["offset"], use["share"], strict=True))
    beside = 1 - shares["centre"]
    parts = [f"{name} {words.percent(shares[name])}" for name in ("left", "up", "right", "down")]
    sentence = (
        f"{words.percent(beside)} of the positives stand in a cell beside the one that holds the centre: "
        f"{words.listing(parts)}."
    )
    doubled = view.tables.metrics["self_duplicates"] or 0
    if doubled:
        verb = "repeats" if doubled == 1 else "repeat"
        sentence += f" {words.count(doubled, 'row')} {verb} a slot for the same box: its centre is on a grid line."
    columns = [Column("offset", "cell"), Column("share", "all levels", Kind.PERCENT, bar=True, full=1.0)]
    columns += [
        Column(name, name.removeprefix("share_"), Kind.PERCENT) for name in use.columns if name.startswith("share_")
    ]
    return SectionContent(
        key,
        title,
        Finding(sentence if view.tables.metrics["positives"] else "There is no positive, so no cell is used."),
        pictures=(
            to_picture(compass.draw(use), f"{key}-compass", sentence, "Share of the positives per cell"),
            to_picture(cell_positions.draw(places), f"{key}-places", sentence, "Where centres fall inside their cell"),
        ),
        tables=(table(use, columns, "cells used, by level"),),
        how_to_read="a rule that adds the nearer neighbour on each axis gives each fitting anchor up to three cells; "
        "an even spread of centres uses all four sides alike.",
    )
