"""What the page's questions have in common: which ground truths count, and which levels there are."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd

from assignstudy.statistics.tables import RunTables

_ENTERED: WeakKeyDictionary[RunTables, pd.DataFrame] = WeakKeyDictionary()


def entered(tables: RunTables) -> pd.DataFrame:
    """The ground truths that entered the assignment: all but the ignored ones."""
    if tables not in _ENTERED:
        boxes = tables.ground_truths
        is_ignored = boxes["ignored"].to_numpy(bool)
        # Picking rows copies every column, and a dozen statistics ask.
        _ENTERED[tables] = boxes[~is_ignored] if is_ignored.any() else boxes
    return _ENTERED[tables]


def level_names(tables: RunTables) -> tuple[str, ...]:
    """The levels, by increasing stride."""
    return tuple(dict.fromkeys(tables.levels["level"].astype(str)))


def level_strides(tables: RunTables) -> dict[str, int]:
    """Stride of each level, by increasing stride."""
    return dict(zip(tables.levels["level"].astype(str), tables.levels["stride"].astype(int), strict=True))


def records(frame: pd.DataFrame) -> list[Any]:
    """The rows of a small table as named tuples, without its index; each value has the type of its column."""
    return list(frame.itertuples(index=False, name="Row"))
