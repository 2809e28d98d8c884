"""The table of levels: one row per level and anchor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.statistics.door import Ints, LevelShape
from assignstudy.statistics.factored import IOU_UNIT
from assignstudy.statistics.tally import AnchorCounts
from assignstudy.types import CellOffset, RuleFacts


def compute(
    counts: Sequence[AnchorCounts], levels: Sequence[LevelShape], slots_per_anchor: Sequence[int], rule: RuleFacts
) -> pd.DataFrame:
    """One row per level and anchor; shares and means of anchors without a positive are missing.

    Args:
        counts: What was counted, per level.
        levels: The detection scales.
        slots_per_anchor: All slots of the data set that one anchor of each level has.
        rule: What may be asked of the rule.
    """
    parts = [_level(*row, rule=rule) for row in zip(counts, levels, slots_per_anchor, strict=True)]
    # Levels without anchors have no rows, and pandas 2 warns of joining empty parts.
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def all_slots_per_anchor(levels: Sequence[LevelShape], image_wh_px: Ints, images: int) -> list[int]:
    """Cells of each level, over all images.

    Args:
        levels: The detection scales.
        image_wh_px: Input width and height, (1, 2) for all images or (N, 2).
        images: N.
    """
    repeat = images if len(image_wh_px) == 1 else 1
    return [repeat * int((-(-image_wh_px // level.stride)).prod(axis=1).sum()) for level in levels]


def _level(counts: AnchorCounts, level: LevelShape, all_slots: int, rule: RuleFacts) -> pd.DataFrame:
    anchors = len(level.anchor_wh_px)
    positives = counts.by_offset.sum(axis=1)
    prior_iou = _ratio(counts.prior_iou_units * IOU_UNIT, positives)
    return pd.DataFrame(
        {
            "level": pd.Series([level.name] * anchors, dtype=object).astype("category"),
            "stride": np.full(anchors, level.stride, np.int32),
            "anchor": np.arange(anchors, dtype=np.int32),
            "anchor_w_px": level.anchor_wh_px[:, 0],
            "anchor_h_px": level.anchor_wh_px[:, 1],
            "positives": positives,
            "ground_truths": counts.ground_truths,
            "slots": counts.slots,
            "contested_slots": counts.contested_slots,
            "unreachable": pd.array(counts.unreachable if rule.reach else [pd.NA] * anchors, dtype="Int64"),
            "positive_share": _ratio(counts.slots, np.full(anchors, all_slots)),
            **_shares(counts, positives, rule),
            "mean_prior_iou": prior_iou if rule.slots == "anchors" else np.full(anchors, np.nan),
        }
    )


def _shares(counts: AnchorCounts, positives: Ints, rule: RuleFacts) -> dict[str, object]:
    missing = np.full(len(positives), np.nan)
    return {
        f"share_{offset.name.lower()}": _ratio(counts.by_offset[:, offset], positives)
        if rule.neighbour_cells
        else missing
        for offset in CellOffset
    }


def _ratio(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Elementwise quotient; missing where there is nothing to divide by."""
    quotient = np.full(len(whole), np.nan)
    np.divide(part, whole, out=quotient, where=whole > 0)
    return quotient
