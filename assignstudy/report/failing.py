"""Why a ground truth has no positive, as its rule decides it, in half a sentence."""

from __future__ import annotations

from assignstudy.report import words
from assignstudy.statistics.door import Failing
from assignstudy.types import Miss, RuleFacts

_OF_ITSELF = {
    Miss.TOO_SMALL: "it has a side below 1 px on the network input, which the rule leaves out",
    Miss.CENTRE_OUTSIDE: "its centre lies on the upper or left border, or outside, which the rule leaves out",
    Miss.NO_CANDIDATES: "the network input has only one anchor, and of one there is no threshold",
    Miss.NO_OVERLAP: "it overlaps no anchor at all, and the anchors go to other ground truths",
}

_WINNERS = {
    "fcos": ("a ground truth that is no larger", "ground truths that are no larger"),
    "atss": ("a ground truth that overlaps it no less", "ground truths that overlap them no less"),
}


def why(failing: Failing, rule: RuleFacts) -> str:
    """Which test of the rule nothing passes, with its numbers; says *it* for the ground truth.

    Args:
        failing: What it fails.
        rule: What may be asked of the rule.
    """
    match failing.miss:
        case Miss.NONE_INSIDE:
            return _none_inside(failing, rule)
        case Miss.OTHER_LEVEL | Miss.OFF_CENTRE:
            return _inside(failing)
        case Miss.LITTLE_OVERLAP:
            return _little_overlap(failing, rule)
        case Miss.TAKEN:
            return _taken(failing, rule)
    return _OF_ITSELF[failing.miss]


def _none_inside(failing: Failing, rule: RuleFacts) -> str:
    if rule.slots == "points":
        return "no point of any level lies inside it"
    return f"none of the {words.count(failing.slots, 'anchor')} nearest to its centre is centred inside it"


def _inside(failing: Failing) -> str:
    one, points = failing.slots == 1, words.count(failing.slots, "point")
    if failing.miss is Miss.OFF_CENTRE:
        return f"{'the one point inside it is not' if one else f'none of the {points} inside it is'} near its centre"
    whose = "one point inside it belongs to a level" if one else f"{points} inside it belong to levels"
    return f"the {whose} for boxes of another size"


def _little_overlap(failing: Failing, rule: RuleFacts) -> str:
    overlap, needed = words.ratio(failing.overlap), words.ratio(failing.needed)
    if rule.threshold is not None:
        return f"its best anchor overlaps it by {overlap}, where {needed} is needed"
    one = failing.slots == 1
    who = "one anchor centred inside it overlaps" if one else f"{failing.slots:,} anchors centred inside it overlap"
    return f"the {who} it by {overlap}{'' if one else ' at most'}, where its own threshold is {needed}"


def _taken(failing: Failing, rule: RuleFacts) -> str:
    slot = "point" if rule.slots == "points" else "anchor"
    winner, winners = _WINNERS.get(rule.name, ("another ground truth", "other ground truths"))
    if failing.slots == 1:
        return f"the one {slot} that suits it goes to {winner}"
    every = f"both {slot}s" if failing.slots == 2 else f"all {words.count(failing.slots, slot)}"
    return f"{every} that suit it go to {winners}"
