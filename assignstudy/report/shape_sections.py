"""What the rule accepts and what it does not: shapes against the rule, and recall at every other threshold."""

from __future__ import annotations

import pandas as pd

from assignstudy.figures import shapes as shapes_figure
from assignstudy.figures import threshold_curve
from assignstudy.report import judgement, words
from assignstudy.report.content import Column, Finding, Kind, SectionContent
from assignstudy.report.embed import to_picture
from assignstudy.report.tables import longest, table
from assignstudy.report.view import RunView
from assignstudy.statistics import shapes as shape_statistics
from assignstudy.statistics import threshold_curve as curve_statistics
from assignstudy.statistics import unmatched
from assignstudy.types import Threshold


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
        pictures=(
            to_picture(figure, f"{key}-map", sentence, "Width against height of all boxes, on the network input"),
        ),
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
            to_picture(
                threshold_curve.draw_recall(curve, chosen.name), f"{key}-recall", sentence, "Boxes with a positive"
            ),
            to_picture(
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
