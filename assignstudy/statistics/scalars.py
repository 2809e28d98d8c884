"""The scalars of one run, under their published names and in their published order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assignstudy.statistics.door import Ints, LabelArrays, LevelShape
from assignstudy.statistics.factored import IOU_UNIT
from assignstudy.statistics.ground_truths import SIZE_BINS, size_bin
from assignstudy.statistics.tables import Metric
from assignstudy.statistics.tally import Tally
from assignstudy.types import CellOffset, DataIssue, RuleFacts


def compute(
    tally: Tally,
    labels: LabelArrays,
    levels: Sequence[LevelShape],
    slots_per_anchor: Sequence[int],
    images: int,
    issues: Sequence[DataIssue],
    rule: RuleFacts,
) -> dict[str, Metric]:
    """All metrics of a run; None where one is undefined for the rule or the input.

    Args:
        tally: All counts.
        labels: All boxes, before and after the transform.
        levels: The detection scales.
        slots_per_anchor: All slots of the data set that one anchor of each level has.
        images: Images of the split.
        issues: Everything found wrong, vanished boxes included.
        rule: What may be asked of the rule.
    """
    boxes = tally.ground_truths
    ground_truths = len(boxes.owned)
    positives = int(boxes.positives.sum())
    is_unmatched = boxes.positives.sum(axis=1) == 0
    unmatched = int(is_unmatched.sum())
    slots = sum(int(level.slots.sum()) for level in tally.levels)
    all_slots = sum(n * len(level.anchor_wh_px) for n, level in zip(slots_per_anchor, levels, strict=True))
    prior_iou = IOU_UNIT * sum(int(level.prior_iou_units.sum()) for level in tally.levels)
    has_anchors = rule.slots == "anchors"
    return {
        "images": images,
        "images_without_gt": images - _distinct(labels.image_index[labels.assigned]),
        "ground_truths": ground_truths,
        "ignored": int((labels.ignored & ~labels.vanished).sum()),
        "rejected": sum(issue.kind.rejects_box for issue in issues),
        "positives": positives,
        **{f"positives_{level.name}": int(boxes.positives[:, k].sum()) for k, level in enumerate(levels)},
        "unmatched": unmatched,
        "bpr": 1 - unmatched / ground_truths if ground_truths else None,
        "anchors_per_gt": _ratio(int(boxes.anchors.sum()), ground_truths) if has_anchors else None,
        "positives_per_gt": _ratio(positives, ground_truths),
        **_shares(tally, positives, rule),
        "slots": slots,
        "contested_slots": sum(int(level.contested_slots.sum()) for level in tally.levels),
        "self_duplicates": tally.self_duplicates,
        "matched_without_slot": int((~is_unmatched & (boxes.owned == 0)).sum()),
        "unreachable": int(boxes.unreachable.sum()) if rule.reach else None,
        "positive_share": _ratio(slots, all_slots),
        "mean_prior_iou": _ratio(prior_iou, positives) if has_anchors else None,
        **_unmatched_by_size(labels, is_unmatched),
    }


def _shares(tally: Tally, positives: int, rule: RuleFacts) -> dict[str, Metric]:
    by_offset = sum((level.by_offset.sum(axis=0) for level in tally.levels), np.zeros(len(CellOffset), np.int64))
    return {
        f"share_{offset.name.lower()}": _ratio(int(by_offset[offset]), positives) if rule.neighbour_cells else None
        for offset in CellOffset
    }


def _unmatched_by_size(labels: LabelArrays, is_unmatched: npt.NDArray[np.bool_]) -> dict[str, Metric]:
    rows = labels.assigned[is_unmatched]
    wh_px = labels.box_wh_px if len(labels.box_wh_px) == 1 else labels.box_wh_px[rows]
    sides = labels.cxcywh_norm[rows, 2:] * wh_px.astype(np.float32)
    counts = np.bincount(size_bin(sides.prod(axis=1)), minlength=len(SIZE_BINS))
    return {f"unmatched_{name}": int(n) for name, n in zip(SIZE_BINS, counts, strict=True)}


def _distinct(ascending: Ints) -> int:
    """How many different values there are; looking at neighbours is all it takes where they ascend."""
    return int(np.count_nonzero(np.diff(ascending))) + (len(ascending) > 0)


def _ratio(part: float, whole: int) -> float | None:
    """Quotient, or None where there is nothing to divide by."""
    return part / whole if whole else None
