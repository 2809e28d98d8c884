"""The words of a run page, for readers who have never seen one."""

from __future__ import annotations

from assignstudy.report.content import Fact
from assignstudy.types import RuleFacts

_WORDS = (
    Fact("ground truth", "One labelled box, as it stands on the network input after resizing."),
    Fact("level", "One detection scale, P3 to P5 in most networks: a grid of cells laid over the network input."),
    Fact("stride", "Input pixels from one cell of a level to the next: 8 on P3, 16 on P4, 32 on P5."),
    Fact("anchor", "A width and a height in input pixels that a prediction starts from; each cell has a few."),
    Fact("slot", "One prediction that the network makes: one image, level, anchor and cell."),
    Fact("positive", "A slot that is trained to predict a given ground truth. Without one, a box is never learned."),
    Fact("unmatched", "A ground truth without a positive: training treats it as background."),
    Fact("bpr", "Best possible recall: the share of the ground truths that have a positive at all."),
    Fact("contested slot", "A slot that two or more ground truths claim; it can only predict one of them."),
    Fact("unreachable", "A positive whose target the network's output formula cannot express."),
    Fact("small, medium, large", "Area on the network input below 32², up to 96², and above 96² pixels, as in COCO."),
)
_NEIGHBOURS = Fact(
    "neighbour cell", "A cell beside the one that holds a box's centre which the rule makes a positive as well."
)


def words_for(rule: RuleFacts) -> tuple[Fact, ...]:
    """The words that this rule's page uses."""
    return (*_WORDS, _NEIGHBOURS) if rule.neighbour_cells else _WORDS
