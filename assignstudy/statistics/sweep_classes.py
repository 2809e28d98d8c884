"""Recall of each class in each run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

COLUMNS = ("class_id", "class_name", "ground_truths", "bpr")
"""What is read of a run's table of classes."""


@dataclass(frozen=True)
class ClassRecall:
    """One class in all runs.

    Attributes:
        name: Its name.
        ground_truths: How many entered the assignment; the most of any run, for a transform can leave nothing of a box.
        recall: Its ``bpr`` in each run, by row; runs in which it has no ground truth are left out.
    """

    name: str
    ground_truths: int
    recall: Mapping[int, float]

    @property
    def lowest(self) -> int:
        """Row of the run that matches least of it; of equals the first."""
        return min(self.recall, key=lambda row: self.recall[row])

    @property
    def highest(self) -> int:
        """Row of the run that matches most of it; of equals the first."""
        return max(self.recall, key=lambda row: self.recall[row])

    @property
    def spread(self) -> float:
        """How far the best run is above the worst."""
        return self.recall[self.highest] - self.recall[self.lowest]


def compute(tables: Iterable[tuple[int, pd.DataFrame]]) -> tuple[ClassRecall, ...]:
    """Recall by class and run.

    Args:
        tables: Row of a run in the table of runs, and its table of classes; all on the same labels.

    Returns:
        The classes with ground truths in any run, by ``class_id``.
    """
    names: dict[int, str] = {}
    counts: dict[int, int] = {}
    recalls: dict[int, dict[int, float]] = {}
    for row, table in tables:
        numbers = (table[name].to_numpy(np.float64, na_value=np.nan) for name in ("class_id", "ground_truths", "bpr"))
        for name, class_id, boxes, recall in zip(table["class_name"].astype(str), *numbers, strict=True):
            names.setdefault(int(class_id), name)
            counts[int(class_id)] = max(counts.get(int(class_id), 0), int(boxes))
            if not math.isnan(recall):
                recalls.setdefault(int(class_id), {})[row] = float(recall)
    return tuple(ClassRecall(names[one], counts[one], recalls[one]) for one in sorted(recalls))
