"""The table of ground truths: one row per box of the data set, ignored ones included."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.statistics.door import LabelArrays, LevelShape
from assignstudy.statistics.tally import GroundTruthCounts
from assignstudy.types import CellOffset, RuleFacts

SIZE_BINS = ("small", "medium", "large")
SMALL_BELOW_PX2 = 32**2
MEDIUM_UP_TO_PX2 = 96**2


def compute(
    labels: LabelArrays,
    counts: GroundTruthCounts,
    levels: Sequence[LevelShape],
    rule: RuleFacts,
    image_paths: Sequence[str],
    class_names: Sequence[str],
) -> pd.DataFrame:
    """One row per ground truth, ascending ``gt_id``; boxes that vanish on the network input have none.

    What only an assigned box has (counts, ``critical_anchor_t``) is missing for ignored ones; columns that mean nothing
    for the rule (``claims_*`` without neighbour cells) are missing throughout.

    Args:
        labels: All boxes, before and after the transform.
        counts: What was counted of the assigned ones.
        levels: The detection scales.
        rule: What may be asked of the rule.
        image_paths: Path of every image.
        class_names: Name of every class.
    """
    rows = np.flatnonzero(~labels.vanished)
    entered = _Entered((np.cumsum(~labels.vanished) - 1)[labels.assigned], len(rows))
    columns: dict[str, object] = {
        "gt_id": rows,
        "image": _category(labels.image_index[rows], image_paths),
        "image_index": labels.image_index[rows].astype(np.int32),
        "class_id": labels.class_id[rows].astype(np.int32),
        "class_name": _category(labels.class_id[rows], class_names),
        **_corners_orig(labels, rows),
        **_boxes_px(labels, rows),
        "ignored": labels.ignored[rows],
        **_counted(counts, levels, rule, entered),
    }
    return pd.DataFrame(columns)


class _Entered:
    """Spreads values of the assigned ground truths over all rows; the others get missing values."""

    def __init__(self, position: npt.NDArray[np.intp], rows: int) -> None:
        self._position = position
        self._missing = np.ones(rows, np.bool_)
        self._missing[position] = False

    def ints(self, values: npt.NDArray[np.integer]) -> pd.arrays.IntegerArray:
        spread = np.zeros(len(self._missing), np.int32)
        spread[self._position] = values
        return pd.arrays.IntegerArray(spread, self._missing.copy())

    def no_ints(self) -> pd.arrays.IntegerArray:
        return pd.arrays.IntegerArray(np.zeros(len(self._missing), np.int32), np.ones(len(self._missing), np.bool_))

    def floats(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        spread = np.full(len(self._missing), np.nan, np.float32)
        spread[self._position] = values
        return spread

    def codes(self, values: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        spread = np.full(len(self._missing), -1, np.int64)
        spread[self._position] = values
        return spread


def size_bin(area_px2: npt.NDArray[np.floating]) -> npt.NDArray[np.int8]:
    """COCO's area bins, as positions in :data:`SIZE_BINS`: small below 32², medium up to and with 96², then large."""
    return (area_px2 >= SMALL_BELOW_PX2).astype(np.int8) + (area_px2 > MEDIUM_UP_TO_PX2).astype(np.int8)


def _category(codes: npt.NDArray[np.integer], names: Sequence[str]) -> pd.Categorical[str]:
    """Names as a categorical; equal names (two classes of one name) share one category."""
    unique = list(dict.fromkeys(names))
    if len(unique) < len(names):
        position = {name: k for k, name in enumerate(unique)}
        codes = np.array([position[name] for name in names])[codes]
    return pd.Categorical.from_codes(codes, categories=pd.Index(unique, dtype="str"))


def _corners_orig(labels: LabelArrays, rows: npt.NDArray[np.intp]) -> dict[str, object]:
    centre, size = np.split(labels.cxcywh_norm_orig[rows].astype(np.float64), 2, axis=1)
    low = ((centre - size / 2) * labels.wh_orig[rows]).astype(np.float32)
    high = ((centre + size / 2) * labels.wh_orig[rows]).astype(np.float32)
    return {"x1_orig": low[:, 0], "y1_orig": low[:, 1], "x2_orig": high[:, 0], "y2_orig": high[:, 1]}


def _boxes_px(labels: LabelArrays, rows: npt.NDArray[np.intp]) -> dict[str, object]:
    wh_px = labels.box_wh_px if len(labels.box_wh_px) == 1 else labels.box_wh_px[rows]
    boxes = labels.cxcywh_norm[rows] * np.tile(wh_px, 2).astype(np.float32)
    bins = pd.Categorical.from_codes(
        size_bin(boxes[:, 2] * boxes[:, 3]), categories=pd.Index(SIZE_BINS, dtype="str"), ordered=True
    )
    return {
        "cx_px": boxes[:, 0],
        "cy_px": boxes[:, 1],
        "w_px": boxes[:, 2],
        "h_px": boxes[:, 3],
        "size_bin": bins,
    }


def _counted(
    counts: GroundTruthCounts, levels: Sequence[LevelShape], rule: RuleFacts, entered: _Entered
) -> dict[str, object]:
    by_level = {f"positives_{level.name}": entered.ints(counts.positives[:, k]) for k, level in enumerate(levels)}
    neighbours = {
        f"claims_{offset.name.lower()}": entered.ints(counts.claims[:, offset])
        if rule.neighbour_cells
        else entered.no_ints()
        for offset in CellOffset
        if offset is not CellOffset.CENTRE
    }
    has_anchors = rule.slots == "anchors"
    critical = {rule.threshold.critical: entered.floats(counts.critical)} if rule.threshold else {}
    matched = counts.positives.any(axis=1)
    return {
        "positives": entered.ints(counts.positives.sum(axis=1)),
        **by_level,
        "anchors": entered.ints(counts.anchors) if has_anchors else entered.no_ints(),
        "levels": entered.ints((counts.positives > 0).sum(axis=1)),
        **neighbours,
        **critical,
        "best_anchor": _best_anchor(counts, levels, entered),
        "contested": entered.ints(counts.contested),
        "owned": entered.ints(counts.owned),
        "unreachable": entered.ints(counts.unreachable) if rule.reach else entered.no_ints(),
        "best_prior_iou": entered.floats(np.where(matched, counts.best_prior_iou, np.float32(np.nan)))
        if has_anchors
        else entered.floats(np.full_like(counts.best_prior_iou, np.nan)),
    }


def _best_anchor(counts: GroundTruthCounts, levels: Sequence[LevelShape], entered: _Entered) -> pd.Categorical[str]:
    """``P4/1``: level and index of the anchor that the critical number belongs to."""
    names = [f"{level.name}/{k}" for level in levels for k in range(len(level.anchor_wh_px))]
    first = np.cumsum([0, *(len(level.anchor_wh_px) for level in levels)])
    codes = np.where(counts.best_level < 0, -1, first[counts.best_level] + counts.best_anchor)
    return pd.Categorical.from_codes(entered.codes(codes), categories=pd.Index(names, dtype="str"))
