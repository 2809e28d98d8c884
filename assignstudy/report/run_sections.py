"""What each section of a run page says and shows; which there are and in what order is said in ``sections.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from assignstudy.figures import (
    anchor_bars,
    cell_positions,
    class_recall,
    compass,
    level_bars,
    positives_by_size,
    positives_distribution,
    size_level_heat,
    threshold_curve,
)
from assignstudy.figures import shapes as shapes_figure
from assignstudy.report import alerts, judgement, words
from assignstudy.report.content import (
    Card,
    Cell,
    Column,
    Fact,
    Finding,
    Kind,
    Picture,
    SectionContent,
    Segment,
    State,
    TableView,
)
from assignstudy.report.embed import to_svg
from assignstudy.report.tables import longest, table
from assignstudy.report.view import RunView
from assignstudy.statistics import issue_kinds, level_summary, neighbours, positives_per_gt, size_levels, unmatched
from assignstudy.statistics import shapes as shape_statistics
from assignstudy.statistics import threshold_curve as curve_statistics
from assignstudy.statistics.entered import records
from assignstudy.types import Threshold

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def verdict(view: RunView, key: str, title: str) -> SectionContent:
    """The five numbers that matter most, and what should worry."""
    metrics, found = view.tables.metrics, alerts.find(view)
    worst = found[0].state if found else State.FINE
    if not metrics["ground_truths"]:
        return SectionContent(
            key, title, Finding("No box enters the assignment: there is nothing to learn from here.", State.ACT)
        )
    matched = int(metrics["ground_truths"] or 0) - int(metrics["unmatched"] or 0)
    numbers = {State.ACT: 0, State.WATCH: 0} | pd.Series(
        [a.state for a in found], dtype=object
    ).value_counts().to_dict()
    to_do = [words.count(numbers[State.ACT], "thing") + " to act on"] if numbers[State.ACT] else []
    to_do += [words.count(numbers[State.WATCH], "thing") + " to watch"] if numbers[State.WATCH] else []
    sentence = (
        f"{view.rule.title} gives {words.integer(matched)} of "
        f"{words.count(metrics['ground_truths'] or 0, 'ground truth')} ({words.percent(metrics['bpr'])}) "
        f"at least one positive; {words.listing(to_do) or 'nothing stands out'}."
    )
    return SectionContent(key, title, Finding(sentence, worst), cards=_cards(view), alerts=found)


def _cards(view: RunView) -> tuple[Card, ...]:
    metrics = view.tables.metrics
    unmatched_share = judgement.share(metrics["unmatched"], metrics["ground_truths"])
    contested_share = judgement.share(metrics["contested_slots"], metrics["slots"])
    unreachable_share = judgement.share(metrics["unreachable"], metrics["positives"])
    lost = judgement.judge(unmatched_share, judgement.UNMATCHED)
    cards = [
        Card("bpr", words.ratio(metrics["bpr"]), "best possible recall: boxes with a positive", lost),
        Card(
            "unmatched",
            words.integer(metrics["unmatched"]),
            f"{words.percent(unmatched_share)} of the ground truths",
            lost,
        ),
        Card("positives per gt", words.number(metrics["positives_per_gt"]), "slots trained for each box, on average"),
    ]
    if view.rule.shares_slots:
        state = judgement.judge(contested_share, judgement.CONTESTED)
        detail = f"{words.percent(contested_share)} of the slots have several boxes"
        cards.append(Card("contested", words.integer(metrics["contested_slots"]), detail, state))
    if view.rule.reach is not None:
        state = judgement.judge(unreachable_share, judgement.UNREACHABLE)
        detail = f"{words.percent(unreachable_share)} of the positives"
        cards.append(Card("unreachable", words.integer(metrics["unreachable"]), detail, state))
    return tuple(cards)


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
            _picture(
                positives_distribution.draw(counts), f"{key}-counts", sentence, "How many boxes get how many positives"
            ),
            _picture(
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
            _picture(anchor_bars.draw(view.tables.levels), f"{key}-bars", sentence, f"Positives per level{per_anchor}"),
            _picture(size_level_heat.draw(sizes), f"{key}-sizes", sentence, "Boxes of each size served by each level"),
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
            _picture(compass.draw(use), f"{key}-compass", sentence, "Share of the positives per cell"),
            _picture(cell_positions.draw(places), f"{key}-places", sentence, "Where centres fall inside their cell"),
        ),
        tables=(table(use, columns, "cells used, by level"),),
        how_to_read="a rule that adds the nearer neighbour on each axis gives each fitting anchor up to three cells; "
        "an even spread of centres uses all four sides alike.",
    )


def shapes(view: RunView, key: str, title: str) -> SectionContent:
    """Widths and heights against what the rule accepts."""
    boxes, lost = shape_statistics.histogram(view.tables), shape_statistics.unmatched(view.tables)
    accepted = shape_statistics.accepted(view.tables, view.rule.threshold)
    traits = unmatched.traits(view.tables)
    elongated = int(traits.loc[traits["value"].isin(["wide", "tall"]), "ground_truths"].sum())
    share = judgement.share(elongated, view.tables.metrics["ground_truths"])
    missed = int(traits.loc[traits["value"].isin(["wide", "tall"]), "unmatched"].sum())
    unmatched_boxes = words.count(view.tables.metrics["unmatched"] or 0, "unmatched box", "unmatched boxes")
    among = (
        f"{words.integer(missed)} of the {unmatched_boxes} {'is' if missed == 1 else 'are'} among them"
        if view.tables.metrics["unmatched"]
        else "no box is unmatched"
    )
    sentence = (
        f"{words.percent(share)} of the boxes are at least {unmatched.ELONGATED:g} times as long as they are short; "
        f"{among}."
    )
    columns = [Column("trait", "trait"), Column("value", "value"), Column("unmatched", "unmatched", Kind.INT, bar=True)]
    columns += [Column("share", "of the unmatched", Kind.PERCENT), Column("ground_truths", "ground truths", Kind.INT)]
    columns += [Column("overall", "of all", Kind.PERCENT)]
    figure = shapes_figure.draw(boxes, lost, view.tables.levels, accepted, shape_statistics.PER_OCTAVE)
    anchors = "squares are anchors in the colour of their level, " if view.rule.slots == "anchors" else ""
    region = "the outlined region is what the rule accepts, " if len(accepted) else ""
    crosses = "crosses are boxes without a positive, " if len(lost) else ""
    return SectionContent(
        key,
        title,
        Finding(sentence if view.tables.metrics["ground_truths"] else "There is no box, so no shape to show."),
        pictures=(_picture(figure, f"{key}-map", sentence, "Width against height of all boxes, on the network input"),),
        tables=(longest(traits, columns, "what the unmatched boxes share", "ground_truths.parquet"),),
        how_to_read=f"both axes double from line to line; {anchors}{region}{crosses}".rstrip(", ") + ".",
    )


def threshold(view: RunView, key: str, title: str) -> SectionContent:
    """Recall at every other threshold."""
    chosen = view.rule.threshold
    assert chosen is not None, "this section is only built for rules with a threshold"
    curve, goals = curve_statistics.compute(view.tables, chosen), curve_statistics.needed(view.tables, chosen)
    columns = [Column("goal", "to match", Kind.PERCENT), Column("threshold", f"{chosen.name} needed", Kind.NUMBER)]
    columns += [Column("recall", "bpr there", Kind.RATIO)]
    sentence = _threshold_sentence(view, chosen, goals)
    return SectionContent(
        key,
        title,
        Finding(sentence),
        pictures=(
            _picture(
                threshold_curve.draw_recall(curve, chosen.name), f"{key}-recall", sentence, "Boxes with a positive"
            ),
            _picture(
                threshold_curve.draw_unmatched(curve, chosen.name),
                f"{key}-lost",
                sentence,
                "Boxes without one, enlarged",
            ),
        ),
        tables=(table(goals, columns, f"{chosen.name} needed for a recall"),),
        how_to_read="no second run is needed: each box knows the threshold from which on it is matched. More positives "
        "are not better by themselves: each wider threshold adds worse fitting anchors.",
    )


def _threshold_sentence(view: RunView, chosen: Threshold, goals: pd.DataFrame) -> str:
    here = f"At {chosen.name} {chosen.value:g} recall is {words.ratio(view.tables.metrics['bpr'])}"
    everyone = goals.iloc[-1]
    if words.is_undefined(everyone["threshold"]):
        return f"{here}; no {chosen.name} matches every box."
    return f"{here}; matching every box would take {chosen.name} {words.number(everyone['threshold'])}."


def crowding(view: RunView, key: str, title: str) -> SectionContent:
    """Contested and unreachable slots, and how few slots are positive at all."""
    metrics, summary = view.tables.metrics, level_summary.compute(view.tables)
    contested = judgement.share(metrics["contested_slots"], metrics["slots"])
    slots = words.count(metrics["slots"] or 0, "slot")
    parts = [f"{words.integer(metrics['contested_slots'])} of {slots} ({words.percent(contested)}) are contested"]
    if view.rule.reach is not None:
        parts.append(f"{words.count(metrics['unreachable'] or 0, 'positive')} lie beyond the decoder's reach")
    background = f"{words.percent(metrics['positive_share'])} of all slots are positives, the rest is background"
    sentence = f"{words.listing(parts)}; {background}."
    pairs = view.tables.contested_pairs
    if len(pairs):
        top = pairs.iloc[0]
        one, other = words.name(top["class_a"]), words.name(top["class_b"])
        who = f"Two boxes of {one}" if top["class_a"] == top["class_b"] else f"Boxes of {one} and {other}"
        sentence += f" {who} meet most often ({words.count(top['contested_slots'], 'slot')})."
    figures = [("contested_share", "contested_slots", "Contested slots, of the positive ones")]
    if view.rule.reach is not None:
        figures.append(("unreachable_share", "unreachable", "Unreachable positives, of all positives"))
    figures.append(("positive_share", "slots", "Positive slots, of all slots"))
    pictures = [
        _picture(level_bars.draw(summary, part, whole), f"{key}-{part}", sentence, caption)
        for part, whole, caption in figures
    ]
    state = max(
        judgement.judge(contested, judgement.CONTESTED),
        judgement.judge(judgement.share(metrics["unreachable"], metrics["positives"]), judgement.UNREACHABLE),
        key=lambda one: one.severity,
    )
    return SectionContent(
        key,
        title,
        Finding(
            words.sentence(sentence) if metrics["positives"] else "There is no positive, so nothing is contested.",
            state,
        ),
        pictures=tuple(pictures),
        tables=(_crowding_table(summary), _pair_table(pairs)),
        how_to_read="where two boxes claim one slot, the last one in the published order wins and the other "
        "loses that slot.",
    )


def background(view: RunView, key: str, title: str) -> SectionContent:
    """How few slots are positive at all, where the rule gives each slot to one ground truth."""
    summary, metrics = level_summary.compute(view.tables), view.tables.metrics
    slots = words.count(metrics["slots"] or 0, "positive slot")
    sentence = (
        f"{words.percent(metrics['positive_share'])} of all slots are positives, the rest is background; the rule "
        f"itself gives each of the {slots} to one box."
    )
    columns = [Column("level", "level"), Column("slots", "positive slots", Kind.INT)]
    columns.append(Column("positive_share", "of all slots", Kind.PERCENT, bar=True))
    picture = _picture(
        level_bars.draw(summary, "positive_share", "slots"), f"{key}-share", sentence, "Positive slots, of all slots"
    )
    return SectionContent(
        key,
        title,
        Finding(sentence if metrics["positives"] else "There is no positive: all slots are background."),
        pictures=(picture,),
        tables=(table(summary, columns, "slots by level"),),
        how_to_read="the fewer positives, the more the loss must hold the background down; a finer level has more "
        "cells and so more background.",
    )


def _crowding_table(summary: pd.DataFrame) -> TableView:
    columns = [Column("level", "level"), Column("slots", "positive slots", Kind.INT)]
    columns += [
        Column("positive_share", "of all slots", Kind.PERCENT),
        Column("contested_slots", "contested", Kind.INT),
    ]
    columns += [
        Column("contested_share", "of the slots", Kind.PERCENT, bar=True),
        Column("unreachable", "unreachable", Kind.INT),
    ]
    columns += [Column("unreachable_share", "of the positives", Kind.PERCENT)]
    return table(summary, columns, "slots by level")


def _pair_table(pairs: pd.DataFrame) -> TableView:
    columns = [Column("class_a", "class"), Column("class_b", "and class")]
    columns += [Column("contested_slots", "contested slots", Kind.INT, bar=True)]
    shown = longest(pairs, columns, "classes that compete for slots", "")
    left_out = len(pairs) - len(shown.rows)
    return replace(shown, note=f"{words.count(left_out, 'further pair')} with fewer slots." if left_out else "")


def classes(view: RunView, key: str, title: str) -> SectionContent:
    """Which classes fall behind."""
    every = view.tables.classes
    some = every[every["ground_truths"] > 0].sort_values("ground_truths", ascending=False, kind="stable")
    figure = class_recall.draw(every, view.tables.metrics["bpr"])
    sentence = _class_sentence(some)
    empty = len(every) - len(some)
    note = (
        f"{words.count(empty, 'class', 'classes')} without a box {'is' if empty == 1 else 'are'} left out."
        if empty
        else ""
    )
    lowest = float(some["bpr"].min()) if len(some) else 1.0
    misfit = "shapes the anchors do not fit" if view.rule.slots == "anchors" else "boxes that hold too few points"
    behind = lowest < (view.tables.metrics["bpr"] or 0) - judgement.CLASS_BEHIND
    return SectionContent(
        key,
        title,
        Finding(sentence, State.WATCH if behind else State.FINE),
        pictures=(_picture(figure, f"{key}-recall", sentence, "Recall of each class against its number of boxes"),),
        tables=(_class_table(some, note),),
        how_to_read=f"a class low in the picture has {misfit}; one far to the left has few boxes to judge from.",
    )


def _class_sentence(some: pd.DataFrame) -> str:
    if some.empty:
        return "No class has a box."
    losing = some[some["unmatched"] > 0]
    if losing.empty:
        return f"Every box of {'the one class' if len(some) == 1 else f'all {len(some)} classes'} has a positive."
    worst = losing.iloc[int(losing["bpr"].argmin())]
    verb = "loses" if len(losing) == 1 else "lose"
    return (
        f"{words.integer(len(losing))} of {words.count(len(some), 'class', 'classes')} {verb} boxes; "
        f"{words.name(worst['class_name'])} has the lowest recall, {words.percent(worst['bpr'])} of "
        f"{words.count(worst['ground_truths'], 'box', 'boxes')}."
    )


def _class_table(some: pd.DataFrame, note: str) -> TableView:
    names = [name for name in some.columns if name.startswith("positives_P")]
    columns = [
        Column("class_name", "class"),
        Column("ground_truths", "boxes", Kind.INT, bar=True),
        Column("unmatched", "unmatched", Kind.INT),
        Column("bpr", "bpr", Kind.RATIO, bar=True, full=1.0),
        Column("positives_per_gt", "positives per box", Kind.NUMBER, bar=True),
    ]
    if some["critical_anchor_t_p95"].notna().any():
        columns.append(Column("critical_anchor_t_p95", "anchor_t for 95 %", Kind.NUMBER))
    plain = table(some, columns, "classes, most boxes first", note)
    mixes = [_level_mix({name.removeprefix("positives_"): row[name] for name in names}) for _, row in some.iterrows()]
    rows = tuple((*cells, mix) for cells, mix in zip(plain.rows, mixes, strict=True))
    return replace(plain, columns=(*plain.columns, Column("mix", "levels")), rows=rows, folded=len(some) > 12)


def _level_mix(positives_by_level: Mapping[str, float]) -> Cell:
    total = sum(positives_by_level.values())
    if not total:
        return Cell(words.UNDEFINED)
    labels = {level: f"{level} {words.percent(part / total)}" for level, part in positives_by_level.items()}
    segments = tuple(
        Segment(f"level-{level.removeprefix('P')}", 100 * part / total, labels[level])
        for level, part in positives_by_level.items()
        if part
    )
    return Cell(", ".join(labels.values()), segments=segments)


def data_issues(view: RunView, key: str, title: str) -> SectionContent:
    """What is wrong with the labels."""
    issues, kinds = view.tables.data_issues, issue_kinds.compute(view.tables)
    rejected = int(view.tables.metrics["rejected"] or 0)
    parts = [f"{words.integer(row.issues)} × {row.kind}" for row in records(kinds)]
    found = "Nothing is wrong with the labels"
    if parts:
        found = f"{words.sentence(words.count(len(issues), 'issue'))} in the labels and images: {words.listing(parts)}"
    left_out = (
        f"; {words.count(rejected, 'box', 'boxes')} {'was' if rejected == 1 else 'were'} refused" if rejected else ""
    )
    state = State.ACT if rejected else State.WATCH if parts else State.FINE
    columns = [Column("path", "file", Kind.CODE), Column("line", "line", Kind.INT), Column("kind", "kind")]
    columns += [Column("problem", "problem"), Column("kept", "kept")]
    shown = issues.assign(kept=["kept" if kept else "left out" for kept in issues["kept"]])
    kind_columns = [
        Column("kind", "kind"),
        Column("issues", "issues", Kind.INT, bar=True),
        Column("files", "files", Kind.INT),
    ]
    tables = (table(kinds, kind_columns, "issues by kind"), longest(shown, columns, "issues", "data_issues.parquet"))
    return SectionContent(key, title, Finding(f"{found}{left_out}.", state), tables=tables if parts else ())


def provenance(view: RunView, key: str, title: str) -> SectionContent:
    """Where the numbers come from, and what they do not model."""
    height, width = view.input_hw
    sentence = (
        f"{words.count(view.tables.metrics['images'] or 0, 'image')} as the network sees them at "
        f"{width} × {height} pixels, assigned by the rule of {view.rule.source}; training augmentation (mosaic, "
        "scaling, flips) is not modelled."
    )
    facts = tuple(Fact(label, value) for label, value in view.provenance.items())
    return SectionContent(key, title, Finding(words.sentence(sentence)), facts=facts, tables=(_metric_table(view),))


def _metric_table(view: RunView) -> TableView:
    metrics = view.tables.metrics
    rows = pd.DataFrame({"name": list(metrics), "value": [_metric_text(value) for value in metrics.values()]})
    columns: Sequence[Column] = (Column("name", "metric", Kind.CODE), Column("value", "value", Kind.CODE))
    return table(rows, columns, "all metrics, by the names in run.json and pandas")


def _metric_text(value: float | None) -> str:
    return words.integer(value) if isinstance(value, int) else words.ratio(value)


def _picture(figure: Figure, key: str, alt: str, caption: str) -> Picture:
    return Picture(to_svg(figure, key, f"{caption}. {alt}"), caption)
