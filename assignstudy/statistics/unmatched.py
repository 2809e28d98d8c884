"""Which ground truths get no positive, and what do they share?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assignstudy.statistics.entered import entered, once
from assignstudy.statistics.ground_truths import SIZE_BINS
from assignstudy.statistics.tables import RunTables
from assignstudy.types import Threshold

ELONGATED = 3.0
"""A box whose long side is at least this many times its short one is called elongated."""

TINY_PX = 3.0
"""A box with a side below this on the network input is called tiny, as YOLOv5's own label check does."""


def worst(tables: RunTables, threshold: Threshold | None) -> pd.DataFrame:
    """The unmatched ground truths, farthest from being matched first; ties by ``gt_id``.

    Args:
        tables: The run.
        threshold: The rule's threshold; None, or one that does not decide alone, leaves the order of the data set.

    Returns:
        The rows of ``ground_truths`` without a positive.
    """
    boxes = entered(tables)
    lost: pd.DataFrame = boxes[boxes["positives"].to_numpy(np.int64) == 0]
    if threshold is None or not threshold.decides_match:
        return lost.reset_index(drop=True)
    ascending = not threshold.matches_below
    return lost.sort_values(threshold.critical, ascending=ascending, kind="stable", ignore_index=True)


@once
def traits(tables: RunTables) -> pd.DataFrame:
    """How the unmatched ground truths spread over sizes, shapes and classes, against all ground truths.

    Args:
        tables: The run.

    Returns:
        One row per trait: ``trait`` (``size``, ``shape``, ``class``), ``value``, ``unmatched``, ``ground_truths``,
        ``share`` of the unmatched that have it (missing without any), ``overall`` share of all ground truths that do.
        Classes by falling number of unmatched ground truths, only those that have any.
    """
    boxes = entered(tables)
    lost = boxes["positives"].to_numpy(np.int64) == 0
    width, height = (boxes[side].to_numpy(np.float64) for side in ("w_px", "h_px"))
    bins = boxes["size_bin"].cat.codes.to_numpy()
    rows = [("size", name, bins == number) for number, name in enumerate(SIZE_BINS)]
    rows += [
        ("shape", "wide", width >= ELONGATED * height),
        ("shape", "tall", height >= ELONGATED * width),
        ("shape", "tiny", np.minimum(width, height) < TINY_PX),
    ]
    counted = [(trait, value, np.count_nonzero(has & lost), np.count_nonzero(has)) for trait, value, has in rows]
    table = pd.DataFrame([*counted, *_classes(tables)], columns=["trait", "value", "unmatched", "ground_truths"])
    return table.assign(
        share=table["unmatched"] / (lost.sum() or np.nan), overall=table["ground_truths"] / (len(boxes) or np.nan)
    )


def _classes(tables: RunTables) -> list[tuple[str, str, int, int]]:
    classes = tables.classes[tables.classes["unmatched"] > 0].sort_values("unmatched", ascending=False, kind="stable")
    columns = zip(classes["class_name"].astype(str), classes["unmatched"], classes["ground_truths"], strict=True)
    return [("class", name, int(lost), int(boxes)) for name, lost, boxes in columns]
