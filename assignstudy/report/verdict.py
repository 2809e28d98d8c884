"""The first section of a run page: the numbers that matter most, and what should worry."""

from __future__ import annotations

import pandas as pd

from assignstudy.report import alerts, judgement, words
from assignstudy.report.content import Card, Finding, SectionContent, State
from assignstudy.report.view import RunView


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
