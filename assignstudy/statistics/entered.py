"""What the page's questions have in common: which ground truths count, and which levels there are."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd

from assignstudy.statistics.tables import RunTables


def once(compute: Callable[[RunTables], pd.DataFrame]) -> Callable[[RunTables], pd.DataFrame]:
    """The same function, carried out once per run: several sections ask, and nobody writes into the answer."""
    known: WeakKeyDictionary[RunTables, pd.DataFrame] = WeakKeyDictionary()

    @wraps(compute)
    def remembered(tables: RunTables) -> pd.DataFrame:
        if tables not in known:
            known[tables] = compute(tables)
        return known[tables]

    return remembered


@once
def entered(tables: RunTables) -> pd.DataFrame:
    """The ground truths that entered the assignment: all but the ignored ones."""
    boxes = tables.ground_truths
    is_ignored = boxes["ignored"].to_numpy(bool)
    return boxes[~is_ignored] if is_ignored.any() else boxes  # picking rows copies every column


def level_names(tables: RunTables) -> tuple[str, ...]:
    """The levels, by increasing stride."""
    return tuple(dict.fromkeys(tables.levels["level"].astype(str)))


def level_strides(tables: RunTables) -> dict[str, int]:
    """Stride of each level, by increasing stride."""
    return dict(zip(tables.levels["level"].astype(str), tables.levels["stride"].astype(int), strict=True))


def records(frame: pd.DataFrame) -> list[Any]:
    """The rows of a small table as named tuples, without its index; each value has the type of its column."""
    return list(frame.itertuples(index=False, name="Row"))
