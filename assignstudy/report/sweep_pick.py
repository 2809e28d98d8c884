"""Section: which setting to train with, and what it gives up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import le
from typing import Any

from assignstudy.figures import sweep_tradeoff
from assignstudy.figures.sweep_tradeoff import CostPanel, Dot
from assignstudy.report import judgement, remedy, words
from assignstudy.report.content import Alert, Card, Fact, Finding, Picture, SectionContent, State, TableView
from assignstudy.report.embed import to_svg
from assignstudy.report.sweep_cells import (
    metric_cells,
    metric_columns,
    metric_text,
    metric_value,
    run_cells,
    run_columns,
)
from assignstudy.report.sweep_view import SweepView
from assignstudy.statistics.sweep_choice import COSTS, COUNTED, PRICE, SUB_CELL
from assignstudy.statistics.sweep_metrics import facts

KEY, TITLE = "pick", "What to pick"
CARD_METRICS = ("bpr", "unmatched", "unreachable_share", "contested_share", SUB_CELL, "positives_per_gt")
WITHOUT_SLOT = "matched_without_slot"
FRONT_METRICS = ("bpr", "unmatched", *COSTS, PRICE)
COUNTED_METRICS = ("bpr", "unreachable_share", WITHOUT_SLOT, PRICE, SUB_CELL, COUNTED)
ENLARGED = 1.05
"""Input pixels per pixel of the original images from which on a page says that they are enlarged."""

CAPTION = "Recall against what it costs"
ANOTHER_RULE = (
    "python -m assignstudy.sweep FOLDER --tolerance 0.001 --most-unreachable 0.02 --most-sub-cell 0.1 "
    "--sub-cell-price 0.2 --pixel-price 0.004 builds this page again with other limits; these are the usual ones. "
    "Prices of 0 take every gain, whatever it costs."
)
HOW_TO_READ = (
    "a dot is a run; the upper left is best. Hollow dots are beaten: another run has at least their recall, at no "
    "higher cost, pixels not counted. Filled ones are the Pareto front: to choose between them is to choose what to "
    "give up."
)


def build(view: SweepView) -> SectionContent:
    """The recommended run beside the baseline, its YAML, and the runs that no other beats."""
    if not view.order:
        return SectionContent(KEY, TITLE, Finding("No run finished, so there is nothing to recommend."))
    if not view.has_recall:
        nothing = "No ground truth entered the assignment, so there is nothing to choose between."
        return SectionContent(KEY, TITLE, Finding(nothing))
    pictures = _pictures(view)
    return SectionContent(
        KEY,
        TITLE,
        Finding(_sentence(view)),
        cards=_cards(view),
        alerts=_alerts(view),
        facts=_facts(view),
        pictures=pictures,
        tables=(_front(view), *([_counted(view)] if len(view.order) > 1 else [])),
        how_to_read=HOW_TO_READ if pictures else "",
    )


def _sentence(view: SweepView) -> str:
    pick = view.run(view.order[0])
    matched = pick["ground_truths"] - pick["unmatched"]
    found = (
        f"it matches {words.integer(matched)} of {words.count(pick['ground_truths'], 'ground truth')} "
        f"(bpr {words.ratio(pick['bpr'])}){_reach(pick)}"
    )
    more = (_best_trial(view), _against_baseline(view, pick), _too_small(view), _highest_recall(view, pick))
    return " ".join(filter(None, (f"{_start(view)}: {found}.", *more)))


def _start(view: SweepView) -> str:
    """What the recommended run is; between rules, which belong to detectors, there is nothing to recommend."""
    name = view.name(view.order[0])
    if len(view.order) == 1:
        return "There is only one run to go by"
    if not _compares_rules(view):
        return f"Train with {name}"
    pick, *others = (float(view.run(row)["unmatched"]) for row in view.order)
    if pick < min(others):
        return f"Most boxes are matched by {name}"
    return f"No run matches more boxes than {name}" if pick == min(others) else f"By the rule below {name} comes first"


def _compares_rules(view: SweepView) -> bool:
    return view.comparable["assigner"].nunique() > 1


def _reach(run: Mapping[str, Any]) -> str:
    if words.is_undefined(run["unreachable"]):
        return ""
    if not run["unreachable"]:
        return ", all positives within the decoder's reach"
    return f", {words.percent(run['unreachable_share'])} of the positives out of the decoder's reach"


def _against_baseline(view: SweepView, pick: Mapping[str, Any]) -> str:
    if view.baseline is None or len(view.order) == 1:
        return ""
    if view.baseline.row == view.order[0]:
        return f"It is also the baseline, {view.baseline.reason}: by the rule below no other run is better."
    base = view.run(view.baseline.row)
    fewer = int(base["unmatched"] - pick["unmatched"])
    change = f"{words.integer(abs(fewer))} {'more' if fewer > 0 else 'fewer'}" if fewer else "as many"
    return (
        f"Against the baseline ({view.name(view.baseline.row)}) that is {change}{_without_slot(pick, base)}"
        f"{_contested(pick, base)}{_pixels(view, pick, base)}."
    )


def _contested(pick: Mapping[str, Any], base: Mapping[str, Any]) -> str:
    """The share of contested slots, where the rule of the pick has any; and the baseline's, where that has any."""
    share, before = pick["contested_share"], base["contested_share"]
    if words.is_undefined(share):
        return ""
    instead = "" if words.is_undefined(before) else f" instead of {metric_text('contested_share', before)}"
    return f", and {metric_text('contested_share', share)} of its slots are contested{instead}"


def _without_slot(pick: Mapping[str, Any], base: Mapping[str, Any]) -> str:
    """How many more or fewer boxes are matched and lose all their slots, which decides as much as a match does."""
    if any(words.is_undefined(run[WITHOUT_SLOT]) for run in (pick, base)):
        return ""
    fewer = int(base[WITHOUT_SLOT] - pick[WITHOUT_SLOT])
    lose = "loses all its slots" if abs(fewer) == 1 else "lose all their slots"
    return f", {words.integer(abs(fewer))} {'fewer' if fewer > 0 else 'more'} {lose} to others" if fewer else ""


def _best_trial(view: SweepView) -> str:
    """What a search found by its own objective, which is not the rule of the pick."""
    search = view.search
    if search is None or search.best is None or len(view.order) == 1:
        return ""
    goal = f"By the objective of the search, {search.objective} ({search.direction}d)"
    if search.best == view.order[0]:
        return f"{goal}, it is the best trial, too: {words.quantity(search.values[search.best])}."
    own = words.quantity(search.values[view.order[0]])
    best = f"{view.name(search.best)} with {words.quantity(search.values[search.best])}"
    return f"{goal}, the best trial is {best}; the one above has {own}."


def _too_small(view: SweepView) -> str:
    """How many runs pay for boxes below one cell."""
    beyond = sum(_beyond(view, row) for row in view.order)
    if not beyond or not view.rule.sub_cell_price or len(view.order) == 1:
        return ""
    runs, most = words.count(len(view.order), "run"), f"{100 * view.rule.most_sub_cell:g} %"
    return (
        f"In {words.integer(beyond)} of {runs} more than {most} of the boxes are smaller than one cell of the finest "
        "level, which the rule counts in part as lost."
    )


def _alerts(view: SweepView) -> tuple[Alert, ...]:
    """Whether the boxes are too small for the recommended run, and what helps."""
    pick = view.run(view.order[0])
    if view.small_boxes is None or any(words.is_undefined(pick[side]) for side in ("input_h", "input_w")):
        return ()
    input_hw = int(pick["input_h"]), int(pick["input_w"])
    found = remedy.alert(view.small_boxes, input_hw, view.bounds)
    return () if found is None else (found,)


def _small_boxes(view: SweepView) -> str:
    """What the recommended run's boxes are beside its cells, and what that costs fitted anchors."""
    if view.small_boxes is None or math.isnan(view.small_boxes.share):
        return ""
    said = words.sentence(remedy.finding(view.small_boxes))
    if view.bounds is None:
        return f"{said}."
    bound = f"Fitted with a bound of {remedy.cells(view.bounds.least_cell)} anchors have a fitness of"
    both = f"{words.ratio(view.bounds.bounded)}, without one {words.ratio(view.bounds.free)}"
    return f"{said}. {bound} {both}; {remedy.price(view.bounds)}."


def _pixels(view: SweepView, pick: Mapping[str, Any], base: Mapping[str, Any]) -> str:
    """What another network input costs or leaves out, which none of the metrics knows."""
    times = float(pick[PRICE] / base[PRICE])
    if math.isnan(times) or times == 1:
        return ""
    said = f"; its network input has {words.number(times)} times the pixels"
    if times < 1:
        return f"{said}, and recall does not say what that costs in accuracy"
    enlarged = view.small_boxes.shrunk if view.small_boxes is not None else math.nan
    if enlarged > ENLARGED:
        return f"{said} and enlarges the images {words.number(enlarged)} times, which parts boxes but shows nothing new"
    return said


def _highest_recall(view: SweepView, pick: Mapping[str, Any]) -> str:
    """What is given up: the run with the highest recall, where it is not the recommended one, and why it is not."""
    highest = max(view.order, key=lambda row: metric_value(view, row, "bpr"))
    run = view.run(highest)
    if words.is_undefined(pick["bpr"]) or not run["bpr"] > pick["bpr"]:
        return ""
    shown = ("unreachable_share", "contested_share", *([SUB_CELL] if _beyond(view, highest) else []))
    costs = [f"{metric_text(name, run[name])} {facts(name).title}" for name in shown]
    costs += [f"{words.number(times)} times the pixels"] if (times := run[PRICE] / pick[PRICE]) > 1 else []
    known = words.listing([cost for cost in costs if not cost.startswith(words.UNDEFINED)])
    return f"The highest recall, {words.ratio(run['bpr'])}, is that of {view.name(highest)}, with {known}."


def _cards(view: SweepView) -> tuple[Card, ...]:
    pick = view.run(view.order[0])
    base = view.baseline.row if view.baseline else view.order[0]
    return tuple(_card(name, pick, None if base == view.order[0] else view.run(base)) for name in CARD_METRICS)


def _card(name: str, pick: Mapping[str, Any], base: Mapping[str, Any] | None) -> Card:
    detail = "" if base is None else f"baseline {metric_text(name, base[name])}"
    return Card(facts(name).short or facts(name).title, metric_text(name, pick[name]), detail, _state(name, pick))


def _state(name: str, run: Mapping[str, Any]) -> State | None:
    """As the run's own page judges it."""
    known = {key: None if words.is_undefined(value) else value for key, value in run.items()}
    unmatched = judgement.share(known["unmatched"], known["ground_truths"])
    judged = {
        "bpr": (unmatched, judgement.UNMATCHED),
        "unmatched": (unmatched, judgement.UNMATCHED),
        "unreachable_share": (known["unreachable_share"], judgement.UNREACHABLE),
        "contested_share": (known["contested_share"], judgement.CONTESTED),
        SUB_CELL: (known[SUB_CELL], judgement.SUB_CELL),
    }
    return judgement.judge(*judged[name]) if name in judged else None


def _facts(view: SweepView) -> tuple[Fact, ...]:
    several = len(view.order) > 1
    designed = any(_is_designed(view, row) for row in view.order)
    decides = [SUB_CELL] if any(_beyond(view, row) for row in view.order) else []
    rule = view.rule.sentence([*_compared(view), *decides], has_designed=designed)
    why = [Fact("Rule of the pick", rule)] if several else []
    why += [Fact("Another rule", ANOTHER_RULE)] if several else []
    why += [Fact("Off the front", _beaten(view))] if several and not view.on_front[view.order[0]] else []
    why += [Fact("Different rules", _rules(view))] if _compares_rules(view) else []
    why += [Fact("Small boxes", small)] if (small := _small_boxes(view)) else []
    if several and view.baseline is not None:
        why.append(Fact("Baseline", f"{view.name(view.baseline.row)}: {view.baseline.reason}."))
    # A line break makes the page keep the lines as they are.
    recipe = view.recipe
    paste = [Fact("To paste", f"{recipe.yaml}\n"), Fact("To run it again", f"{recipe.command}\n")] if recipe else []
    return tuple(why + paste)


def _beyond(view: SweepView, row: int) -> bool:
    """Whether so many boxes of a run are below one cell that the rule has a price for them."""
    return metric_value(view, row, SUB_CELL) > view.rule.most_sub_cell


def _is_designed(view: SweepView, row: int) -> bool:
    """Whether a run has unreachable positives that no threshold of its rule would change."""
    rule, unreachable = view.rules.get(row), metric_value(view, row, "unreachable")
    return rule is not None and not rule.asks_beyond_reach and unreachable > 0


DEFAULT_ANCHORS = (
    "anchors=default gives each rule the anchors it was published with; name a set (anchors=coco_p5) to change the "
    "rule alone. "
)


def _beaten(view: SweepView) -> str:
    """Why the recommended run is not one of those that beat it in everything."""
    pick = view.order[0]
    names = ("bpr", *view.shared(COSTS))
    signs = {name: -1.0 if name == "bpr" else 1.0 for name in names}
    value = {row: [signs[name] * metric_value(view, row, name) for name in names] for row in view.order}
    beating = [row for row in view.order if value[row] != value[pick] and all(map(le, value[row], value[pick]))]
    some = words.listing([view.name(row) for row in beating[:3]])
    verb, among = "beats" if len(beating) == 1 else "beat", "among them " if len(beating) > 3 else ""
    why = words.listing(_passed_over(view, beating), "or")
    return f"{words.count(len(beating), 'run')} {verb} the recommended one in everything else, {why}: {among}{some}."


def _passed_over(view: SweepView, rows: Sequence[int]) -> list[str]:
    """What the rule holds against runs that beat the recommended one otherwise."""
    charged = {
        "with more boxes below one cell, which the rule counts in part as lost": (SUB_CELL, view.rule.most_sub_cell),
        "with a larger network input, which the rule has its price for": (PRICE, 0.0),
        "with more boxes that own no slot, which the rule counts as lost": (WITHOUT_SLOT, 0.0),
    }
    left, reasons = list(rows), []
    for reason, (name, free) in charged.items():
        least = max(free, metric_value(view, view.order[0], name))
        kept = [row for row in left if not metric_value(view, row, name) > least]
        reasons += [reason] * (len(kept) < len(left))
        left = kept
    return [*reasons, *(["by differences that the rule counts as none"] if left else [])]


def _rules(view: SweepView) -> str:
    """What can be compared between rules that were published with different detectors, and what cannot."""
    facts_of = [view.rules[row] for row in view.order if row in view.rules]
    exclusive = sorted({rule.title for rule in facts_of if not rule.shares_slots})
    boundless = sorted({rule.title for rule in facts_of if rule.reach is None})
    left_out = [
        f"{what}: {words.listing(titles)} {has} none by design"
        for what, titles, has in (
            ("contested slots", exclusive, "leaves" if len(exclusive) == 1 else "leave"),
            ("unreachable positives", boundless, "has" if len(boundless) == 1 else "have"),
        )
        if 0 < len(titles) < len({rule.title for rule in facts_of})
    ]
    return (
        "A rule belongs to a detector, so read this as what each would make of the same boxes, not as a switch. "
        "Recall, unmatched boxes, positives and slots mean the same for all, and boxes are paired one by one below. "
        f"{DEFAULT_ANCHORS if set(view.comparable['anchors']) == {'default'} else ''}"
        + (f"Left out of the comparison, because not all rules know them: {'; '.join(left_out)}." if left_out else "")
    ).strip()


def _pictures(view: SweepView) -> tuple[Picture, ...]:
    costs = _compared(view)
    if not costs:
        return ()
    best = view.run(view.order[0])
    prices = words.listing([f"{facts(name).title} {metric_text(name, best[name])}" for name in costs])
    alt = f"Best possible recall against its costs, a dot per run. Recommended: {words.ratio(best['bpr'])}, {prices}."
    figure = sweep_tradeoff.draw([_panel(view, name) for name in costs], int(best["ground_truths"]))
    return (Picture(to_svg(figure, "sweep-tradeoff", alt), CAPTION),)


def _compared(view: SweepView) -> list[str]:
    """The costs that all runs have and that tell them apart."""
    return [name for name in view.shared((*COSTS, PRICE)) if view.comparable[name].nunique() > 1]


def _panel(view: SweepView, cost: str) -> CostPanel:
    dots = [_dot(view, row, cost) for row in view.order]
    known = tuple(dot for dot in dots if not math.isnan(dot.cost) and not math.isnan(dot.recall))
    return CostPanel(facts(cost).title, facts(cost).kind == "percent", known)


def _dot(view: SweepView, row: int, cost: str) -> Dot:
    recall, price = (metric_value(view, row, name) for name in ("bpr", cost))
    return Dot(price, recall, view.on_front[row], view.role(row))


def _front(view: SweepView) -> TableView:
    rows = [row for row in view.order if view.on_front[row]]
    cells = metric_cells(view, rows, FRONT_METRICS)
    all_on_front = 1 < len(rows) == len(view.order)
    note = "No run beats another in everything: all are on the front." if all_on_front else ""
    return TableView(
        "Pareto front: the runs that no other beats in everything, the recommended one first",
        (*run_columns(view), *metric_columns(FRONT_METRICS, in_words=True)),
        tuple((*run_cells(view, row), *cells[row]) for row in rows),
        note=note,
    )


def _counted(view: SweepView) -> TableView:
    """What the rule takes off each run's recall."""
    allowed = [row for row in view.order if row not in view.barred]
    cells = metric_cells(view, allowed, COUNTED_METRICS)
    barred = metric_cells(view, view.barred, COUNTED_METRICS)
    cells |= {row: [*barred[row][:-1], replace(barred[row][-1], mark="left out")] for row in barred}
    return TableView(
        "How the rule counts: recall less what it takes off, in the order of the recommendation",
        (*run_columns(view), *metric_columns(COUNTED_METRICS, in_words=True)),
        tuple((*run_cells(view, row), *cells[row]) for row in view.order),
    )
