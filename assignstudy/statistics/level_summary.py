"""What does each level get, all its anchors together, and how crowded is it?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assignstudy.statistics.entered import entered, level_names, once
from assignstudy.statistics.tables import RunTables


@once
def compute(tables: RunTables) -> pd.DataFrame:
    """Sums over the anchors of each level.

    Args:
        tables: The run.

    Returns:
        One row per level: ``level``, ``stride``, ``anchors``, ``positives``, ``share`` of all positives,
        ``ground_truths`` with a positive on the level, ``ground_truth_share`` of all, ``slots``, ``contested_slots``,
        ``contested_share`` of its slots, ``unreachable``, ``unreachable_share`` of its positives, and
        ``positive_share`` of all the level's slots. Missing where there is nothing to divide by.
    """
    levels, boxes = tables.levels, entered(tables)
    names = level_names(tables)
    parts = [levels[levels["level"].astype(str) == name] for name in names]
    served = [int((boxes[f"positives_{name}"] > 0).sum()) for name in names]
    table = pd.DataFrame(
        {
            "level": names,
            "stride": [int(part["stride"].iloc[0]) for part in parts],
            "anchors": [len(part) for part in parts],
            "positives": [int(part["positives"].sum()) for part in parts],
            "ground_truths": served,
            "slots": [int(part["slots"].sum()) for part in parts],
            "contested_slots": [int(part["contested_slots"].sum()) for part in parts],
            "unreachable": pd.array([part["unreachable"].sum(min_count=1) for part in parts], dtype="Int64"),
            # The anchors of a level have equally many slots, so the level's share is their plain mean.
            "positive_share": [float(part["positive_share"].astype(float).mean()) for part in parts],
        }
    )
    return table.assign(
        share=_share(table["positives"], table["positives"].sum()),
        ground_truth_share=_share(table["ground_truths"], len(boxes)),
        contested_share=_share(table["contested_slots"], table["slots"]),
        unreachable_share=_share(table["unreachable"], table["positives"]),
    )


def _share(part: pd.Series[int], whole: pd.Series[int] | float) -> pd.Series[float]:
    """Quotient as float; missing where there is nothing to divide by."""
    divisor = pd.Series(whole, index=part.index, dtype=float)
    return part.astype("Float64").astype(float) / divisor.where(divisor > 0, np.nan)
