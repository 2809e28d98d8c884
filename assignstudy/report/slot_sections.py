"""What becomes of the slots: contested, unreachable, positive at all."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from assignstudy.figures import level_bars
from assignstudy.report import judgement, words
from assignstudy.report.content import Column, Finding, Kind, SectionContent, TableView
from assignstudy.report.embed import to_picture
from assignstudy.report.tables import longest, table
from assignstudy.report.view import RunView
from assignstudy.statistics import level_summary


def crowding(view: RunView, key: str, title: str) -> SectionContent:
    """Contested and unreachable slots, and how few slots are positive at all."""
    metrics, summary = view.tables.metrics, level_summary.compute(view.tables)
    sentence = _crowding_sentence(view)
    contested = judgement.share(metrics["contested_slots"], metrics["slots"])
    unreachable = judgement.share(metrics["unreachable"], metrics["positives"])
    states = judgement.judge(contested, judgement.CONTESTED), judgement.judge(unreachable, judgement.UNREACHABLE)
    figures = [("contested_share", "contested_slots", "Contested slots, of the positive ones")]
    if view.rule.reach is not None:
        figures.append(("unreachable_share", "unreachable", "Unreachable positives, of all positives"))
    figures.append(("positive_share", "slots", "Positive slots, of all slots"))
    pictures = [
        to_picture(level_bars.draw(summary, part, whole), f"{key}-{part}", sentence, caption)
        for part, whole, caption in figures
    ]
    return SectionContent(
        key,
        title,
        Finding(
            words.sentence(sentence) if metrics["positives"] else "There is no positive, so nothing is contested.",
            max(states, key=lambda one: one.severity),
        ),
        pictures=tuple(pictures),
        tables=(_crowding_table(summary), _pair_table(view.tables.contested_pairs)),
        how_to_read="where two boxes claim one slot, the last one in the published order wins and the other "
        "loses that slot.",
    )


def _crowding_sentence(view: RunView) -> str:
    metrics, pairs = view.tables.metrics, view.tables.contested_pairs
    contested = judgement.share(metrics["contested_slots"], metrics["slots"])
    slots = words.count(metrics["slots"] or 0, "slot")
    parts = [f"{words.integer(metrics['contested_slots'])} of {slots} ({words.percent(contested)}) are contested"]
    if view.rule.reach is not None:
        parts.append(f"{words.count(metrics['unreachable'] or 0, 'positive')} lie beyond the decoder's reach")
    background = f"{words.percent(metrics['positive_share'])} of all slots are positives, the rest is background"
    sentence = f"{words.listing(parts)}; {background}."
    if len(pairs):
        top = pairs.iloc[0]
        one, other = words.name(top["class_a"]), words.name(top["class_b"])
        who = f"Two boxes of {one}" if top["class_a"] == top["class_b"] else f"Boxes of {one} and {other}"
        sentence += f" {who} meet most often ({words.count(top['contested_slots'], 'slot')})."
    return sentence


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
    picture = to_picture(
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
