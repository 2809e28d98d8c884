"""The table of ground truths: one row per box of the data set, ignored ones included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.statistics.door import LabelArrays, LevelShape
from assignstudy.statistics.tally import GroundTruthCounts
from assignstudy.types import CellOffset, RuleFacts

SIZE_BINS = ("small", "medium", "large")
SMALL_BELOW_PX2 = 32**2
LARGE_FROM_PX2 = 96**2
_BLOCK_ROWS = 1 << 15


def compute(
    labels: LabelArrays,
    counts: GroundTruthCounts,
    levels: Sequence[LevelShape],
    rule: RuleFacts,
    image_paths: tuple[str, ...],
    class_names: tuple[str, ...],
) -> pd.DataFrame:
    """One row per ground truth, ascending ``gt_id``; boxes that vanish on the network input have none.

    What only an assigned box has (counts, ``critical_anchor_t``) is missing for ignored ones; columns that mean nothing
    for the rule (``claims_*`` without neighbour cells) are missing throughout.

    Args:
        labels: All boxes, before and after the transform.
        counts: What was counted of the assigned ones; columns may be its arrays, so nothing else may write into them.
        levels: The detection scales.
        rule: What may be asked of the rule.
        image_paths: Path of every image.
        class_names: Name of every class.
    """
    rows = np.flatnonzero(~labels.vanished)
    taken = rows if len(rows) < len(labels.vanished) else slice(None)  # nothing is copied where nothing is left out
    entered = _Entered.of(labels, len(rows))
    columns: dict[str, object] = {
        "gt_id": rows,
        "image": _category(labels.image_index[taken], image_paths),
        "image_index": labels.image_index[taken].astype(np.int32),
        "class_id": labels.class_id[taken].astype(np.int32),
        "class_name": _category(labels.class_id[taken], class_names),
        **_corners_orig(labels, rows),
        **_boxes_px(labels, rows),
        "ignored": labels.ignored[taken].copy(),
        **_counted(counts, levels, rule, entered),
    }
    return pd.DataFrame(columns, copy=False)


class _Entered:
    """Spreads values of the assigned ground truths over all rows; the others get missing values.

    Args:
        position: Row of each assigned ground truth; None where all rows are assigned.
        rows: Number of rows.
    """

    def __init__(self, position: npt.NDArray[np.intp] | None, rows: int) -> None:
        self._position, self._rows = position, rows
        self._missing = np.zeros(rows, np.bool_)
        if position is not None:
            self._missing[:] = True
            self._missing[position] = False

    @classmethod
    def of(cls, labels: LabelArrays, rows: int) -> _Entered:
        """The assigned ones among the rows that did not vanish."""
        if len(labels.assigned) == rows:
            return cls(None, rows)
        return cls((np.cumsum(~labels.vanished) - 1)[labels.assigned], rows)

    def ints(self, values: npt.NDArray[np.integer]) -> pd.arrays.IntegerArray:
        return pd.arrays.IntegerArray(self._spread(values, 0, np.dtype(np.int32)), self._missing.copy())

    def no_ints(self) -> pd.arrays.IntegerArray:
        return pd.arrays.IntegerArray(np.zeros(self._rows, np.int32), np.ones(self._rows, np.bool_))

    def floats(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return self._spread(values, np.nan, np.dtype(np.float32))

    def codes(self, values: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
        return self._spread(values, -1, np.dtype(np.int32))

    def _spread(self, values: npt.NDArray[Any], missing: float, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        if self._position is None:
            return values.astype(dtype, copy=False)  # the counts are nobody else's
        spread = np.full(self._rows, missing, dtype)
        spread[self._position] = values
        return spread


def size_bin(area_px2: npt.NDArray[np.floating]) -> npt.NDArray[np.int8]:
    """COCO's area bins, as positions in :data:`SIZE_BINS`: small below 32², medium below 96², large from there on."""
    return (area_px2 >= SMALL_BELOW_PX2).astype(np.int8) + (area_px2 >= LARGE_FROM_PX2).astype(np.int8)


def _category(codes: npt.NDArray[np.integer], names: tuple[str, ...]) -> pd.Categorical[str]:
    """Names as a categorical; equal names (two classes of one name) share one category."""
    unique = _unique(names)
    if len(unique) < len(names):
        position = {name: k for k, name in enumerate(unique)}
        codes = np.array([position[name] for name in names])[codes]
    return pd.Categorical.from_codes(codes, categories=unique.view())  # a name given to it stays in its table


@lru_cache(maxsize=2)  # the runs of a sweep have the same images and classes, and of no others millions are kept
def _unique(names: tuple[str, ...]) -> pd.Index[str]:
    return pd.Index(list(dict.fromkeys(names)), dtype="str")


def _corners_orig(labels: LabelArrays, rows: npt.NDArray[np.intp]) -> dict[str, object]:
    corners = np.empty((4, len(rows)), np.float32)
    for block in _blocks(len(rows)):
        here = rows[block]
        box, wh = (_columns(values[here], np.float64) for values in (labels.cxcywh_norm_orig, labels.wh_orig))
        half = box[2:] / 2
        corners[:2, block] = (box[:2] - half) * wh
        corners[2:, block] = (box[:2] + half) * wh
    return dict(zip(("x1_orig", "y1_orig", "x2_orig", "y2_orig"), corners, strict=True))


def _boxes_px(labels: LabelArrays, rows: npt.NDArray[np.intp]) -> dict[str, object]:
    boxes, bins = np.empty((4, len(rows)), np.float32), np.empty(len(rows), np.int8)
    for block in _blocks(len(rows)):
        here = rows[block]
        wh_px = labels.box_wh_px if len(labels.box_wh_px) == 1 else labels.box_wh_px[here]
        wh = _columns(wh_px, np.float32)
        boxes[:, block] = _columns(labels.cxcywh_norm[here], np.float32) * np.concatenate((wh, wh))
        bins[block] = size_bin(boxes[2, block] * boxes[3, block])
    return {
        **dict(zip(("cx_px", "cy_px", "w_px", "h_px"), boxes, strict=True)),
        "size_bin": pd.Categorical.from_codes(bins, categories=pd.Index(SIZE_BINS, dtype="str"), ordered=True),
    }


def _columns(rows: npt.NDArray[Any], dtype: type[np.floating]) -> npt.NDArray[Any]:
    """The columns as rows, each in one piece: several times faster to compute with."""
    return np.array(rows.T, dtype, order="C")


def _blocks(rows: int) -> Iterator[slice]:
    """Cuts of a size that stays in the processor's cache, and keeps what is computed in between small."""
    return (slice(start, min(start + _BLOCK_ROWS, rows)) for start in range(0, rows, _BLOCK_ROWS))


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
    # Small numbers: a level without anchors has -1, which is the last of any array, and is left out again.
    codes = np.where(counts.best_level < 0, -1, first[counts.best_level] + counts.best_anchor).astype(np.int32)
    return pd.Categorical.from_codes(entered.codes(codes), categories=pd.Index(names, dtype="str"))
