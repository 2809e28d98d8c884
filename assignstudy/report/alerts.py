"""What should worry the reader of a run page: each alert with its number and what to try, worst first."""

from __future__ import annotations

from collections.abc import Iterator

from assignstudy.report import judgement, remedy, words
from assignstudy.report.content import Alert, State
from assignstudy.report.view import RunView
from assignstudy.statistics import level_summary, unmatched
from assignstudy.statistics.entered import records

_NAMED = 5


def find(view: RunView) -> tuple[Alert, ...]:
    """All alerts of a run, worst first; within a state those that concern the larger share come first."""
    finders = (
        _unmatched,
        _tiny,
        _sub_cell,
        _threshold,
        _unreachable,
        _without_slot,
        _contested,
        _anchors,
        _levels,
        _classes,
    )
    alerts = [alert for finder in finders for alert in finder(view)]
    return tuple(sorted(alerts, key=lambda alert: (-alert.state.severity, -alert.weight)))


def _unmatched(view: RunView) -> Iterator[Alert]:
    metrics = view.tables.metrics
    share = judgement.share(metrics["unmatched"], metrics["ground_truths"])
    if not share:
        return
    lost = words.count(metrics["unmatched"] or 0, "ground truth")
    verb = "gets" if metrics["unmatched"] == 1 else "get"
    text = f"{words.sentence(lost)} ({words.percent(share)}) {verb} no positive. {_shared(view)}"
    yield Alert(judgement.judge(share, judgement.UNMATCHED), text.strip(), _remedy(view), share)


def _shared(view: RunView) -> str:
    """What most of the unmatched boxes have in common, or nothing."""
    traits = unmatched.traits(view.tables)
    common = traits[
        (traits["trait"] != "class") & (traits["share"] >= 0.5) & (traits["share"] > 1.5 * traits["overall"])
    ]
    parts = [f"{words.percent(row.share)} of them are {row.value}" for row in records(common)]
    classes = traits[traits["trait"] == "class"].head(3)
    named = words.listing([f"{words.name(row.value)} ({words.integer(row.unmatched)})" for row in records(classes)])
    return words.sentence("; ".join([*parts, f"most often {named}"])) + "."


def _remedy(view: RunView) -> str:
    metrics = view.tables.metrics
    small = (metrics["unmatched_small"] or 0) / (metrics["unmatched"] or 1)
    if small >= 0.5:
        missing = "a level" if view.rule.own_anchors else "anchors and a level"
        return f"a larger imgsz, or {missing} for smaller boxes."
    threshold = view.rule.threshold
    if threshold is None or not threshold.decides_match:
        return "looking at the boxes in the table below; the labels may be wrong."
    direction = "larger" if threshold.matches_below else "smaller"
    fitted = "anchors=fit (anchors for these shapes)" if view.fit is None else "a larger anchors.n"
    return f"{fitted}, or a {direction} {threshold.name} (see the threshold curve for its price)."


def _tiny(view: RunView) -> Iterator[Alert]:
    traits = unmatched.traits(view.tables)
    tiny = traits[traits["value"] == "tiny"].iloc[0]
    share = judgement.share(float(tiny["ground_truths"]), view.tables.metrics["ground_truths"])
    if not share:
        return
    boxes = words.sentence(words.count(tiny["ground_truths"], "ground truth"))
    verb = "has" if tiny["ground_truths"] == 1 else "have"
    text = f"{boxes} ({words.percent(share)}) {verb} a side below {unmatched.TINY_PX:g} px on the network input."
    yield Alert(judgement.judge(share, judgement.TINY), text, "a larger imgsz, or leaving such labels out.", share)


def _sub_cell(view: RunView) -> Iterator[Alert]:
    found = remedy.alert(remedy.small_boxes(view), view.input_hw, None)
    yield from [found] if found is not None else ()


def _threshold(view: RunView) -> Iterator[Alert]:
    threshold, reach = view.rule.threshold, view.rule.reach
    if threshold is None or reach is None or not view.rule.asks_beyond_reach:
        return
    text = (
        f"{threshold.name} {threshold.value:g} accepts boxes up to {threshold.value:g} times an anchor's side, "
        f"but the decoder only outputs less than {reach.max_ratio:g} times."
    )
    share = judgement.share(view.tables.metrics["unreachable"], view.tables.metrics["positives"]) or 0.0
    yield Alert(State.ACT, text, f"{threshold.name}={reach.max_ratio:g} or less, with anchors that fit better.", share)


def _unreachable(view: RunView) -> Iterator[Alert]:
    metrics = view.tables.metrics
    share = judgement.share(metrics["unreachable"], metrics["positives"])
    if not share:
        return
    positives = words.sentence(words.count(metrics["unreachable"] or 0, "positive"))
    verb = "is" if metrics["unreachable"] == 1 else "are"
    text = f"{positives} ({words.percent(share)}) {verb} trained towards something the decoder cannot output."
    cause, advice, is_chosen = _out_of_reach(view)
    state = judgement.judge(share, judgement.UNREACHABLE)
    yield Alert(state if is_chosen else State.WATCH, f"{text} {cause}", advice, share)


def _out_of_reach(view: RunView) -> tuple[str, str, bool]:
    """Why positives are unreachable, what to do, and whether a setting is the cause rather than the rule's design."""
    threshold, reach = view.rule.threshold, view.rule.reach
    if threshold is not None and reach is not None and view.rule.asks_beyond_reach:
        cause = f"{threshold.name} lets boxes in that are {reach.max_ratio:g} or more times an anchor's side."
        return cause, f"{threshold.name}={reach.max_ratio:g}; no training meets what such positives ask for.", True
    if view.rule.neighbour_cells:
        cause = "They lie in neighbour cells from which the box's centre is too far away: so the rule was designed."
        return cause, "nothing: no threshold changes it. The cells of assigner=yolov5 are nearer.", False
    cause = "The centres of their boxes lie exactly on a line of the grid, the open end of what the decoder outputs."
    return cause, "nothing: training comes as near to it as it likes.", False


def _without_slot(view: RunView) -> Iterator[Alert]:
    metrics = view.tables.metrics
    share = judgement.share(metrics["matched_without_slot"], metrics["ground_truths"])
    if not share:
        return
    verbs = ("has", "loses") if metrics["matched_without_slot"] == 1 else ("have", "lose")
    boxes = words.sentence(words.count(metrics["matched_without_slot"] or 0, "ground truth"))
    text = f"{boxes} ({words.percent(share)}) {verbs[0]} positives but {verbs[1]} every slot to another box."
    advice = "a larger imgsz to pull crowded boxes apart; check the labels for duplicates."
    yield Alert(judgement.judge(share, judgement.WITHOUT_SLOT), text, advice, share)


def _contested(view: RunView) -> Iterator[Alert]:
    metrics = view.tables.metrics
    share = judgement.share(metrics["contested_slots"], metrics["slots"])
    state = judgement.judge(share, judgement.CONTESTED)
    if share is None or state is State.FINE:
        return
    text = (
        f"{words.integer(metrics['contested_slots'])} slots ({words.percent(share)}) are claimed by more than one box."
    )
    yield Alert(state, text, "a larger imgsz, or a rule with fewer cells per box.", share)


def _anchors(view: RunView) -> Iterator[Alert]:
    levels, total = view.tables.levels, view.tables.metrics["positives"]
    if view.rule.own_anchors or not total:
        return
    for row in records(levels):
        name = f"{row.level} {words.number(row.anchor_w_px)}×{words.number(row.anchor_h_px)}"
        used = row.positives / total
        if used < judgement.LITTLE_USED_ANCHOR:
            text = f"Anchor {name} gets {_part(used)} of the positives."
            advice = "anchors=fit." if view.fit is None else "a smaller anchors.n."
            yield Alert(State.WATCH, text, advice, judgement.LITTLE_USED_ANCHOR - used)
        if row.anchor_w_px * row.anchor_h_px < row.stride**2:
            text = f"Anchor {name} is smaller than one cell of its level ({row.stride} px)."
            yield Alert(State.WATCH, text, "a level with a smaller stride for boxes of this size.", used)


def _levels(view: RunView) -> Iterator[Alert]:
    summary = level_summary.compute(view.tables)
    for row in records(summary[summary["share"] < judgement.STARVED_LEVEL]):
        text = f"Level {row.level} (stride {row.stride}) gets {_part(float(row.share))} of the positives."
        state = State.WATCH if row.positives else State.ACT
        other = "another imgsz" if view.rule.own_anchors else "another imgsz or anchors"
        advice = f"{other}, or a network without this level."
        yield Alert(state, text, advice, judgement.STARVED_LEVEL - float(row.share))


def _part(share: float) -> str:
    return f"only {words.percent(share)}" if share else "none"


def _classes(view: RunView) -> Iterator[Alert]:
    classes, bpr = view.tables.classes, view.tables.metrics["bpr"]
    if bpr is None:
        return
    judged = classes[classes["ground_truths"] >= judgement.CLASS_BOXES]
    behind = judged[judged["bpr"] < bpr - judgement.CLASS_BEHIND].sort_values("bpr", kind="stable")
    if behind.empty:
        return
    named = [f"{words.name(row.class_name)} ({words.percent(row.bpr)})" for row in records(behind.head(_NAMED))]
    more = [f"{len(behind) - _NAMED} more"] if len(behind) > _NAMED else []
    lost = int(behind["unmatched"].sum()) / len(view.tables.ground_truths)
    text = f"Recall of {words.listing([*named, *more])} is far below the data set's {words.percent(bpr)}."
    missing = "the rule may suit their sizes badly" if view.rule.own_anchors else "anchors may be missing for them"
    yield Alert(State.WATCH, text, f"looking at their shapes below: {missing}.", float(lost))
