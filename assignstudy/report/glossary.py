"""The words of a run page, for readers who have never seen one."""

from __future__ import annotations

from assignstudy.report.content import Fact
from assignstudy.types import RuleFacts

_BOX = Fact("ground truth", "One labelled box, as it stands on the network input after resizing.")
_LEVEL = Fact("level", "One detection scale, named P3 for stride 8: a grid of cells laid over the network input.")
_STRIDE = Fact("stride", "Input pixels from one cell of a level to the next: 8 on P3, 16 on P4, 32 on P5.")
_ANCHOR = Fact("anchor", "A width and a height in input pixels that a prediction starts from; each cell has some.")
_POINT = Fact("point", "The middle of a cell, from which a prediction measures its box; each cell has one.")
_ANCHOR_SLOT = Fact("slot", "One prediction that the network makes: one image, level, anchor and cell.")
_POINT_SLOT = Fact("slot", "One prediction that the network makes: one image, level and cell.")
_POSITIVE = Fact("positive", "A slot trained to predict a given ground truth. Without one, a box is never learned.")
_UNMATCHED = Fact("unmatched", "A ground truth without a positive: training treats it as background.")
_BPR = Fact("bpr", "Best possible recall: the share of the ground truths that have a positive at all.")
_CONTESTED = Fact("contested slot", "A slot that two or more ground truths claim; it can only predict one of them.")
_UNREACHABLE = Fact("unreachable", "A positive whose target the network's output formula cannot express.")
_SIZES = Fact(
    "small, medium, large",
    "Area on the network input below 32², from there below 96², and from 96² pixels on, as in COCO.",
)
_NEIGHBOURS = Fact(
    "neighbour cell", "A cell beside the one that holds a box's centre which the rule makes a positive as well."
)


def words_for(rule: RuleFacts) -> tuple[Fact, ...]:
    """The words that this rule's page uses."""
    slots = (_POINT, _POINT_SLOT) if rule.slots == "points" else (_ANCHOR, _ANCHOR_SLOT)
    extra = [
        word
        for word, is_used in (
            (_CONTESTED, rule.shares_slots),
            (_UNREACHABLE, rule.reach is not None),
            (_NEIGHBOURS, rule.neighbour_cells),
        )
        if is_used
    ]
    return (_BOX, _LEVEL, _STRIDE, *slots, _POSITIVE, _UNMATCHED, _BPR, *extra, _SIZES)
