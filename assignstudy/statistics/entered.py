"""What the page's questions have in common: which ground truths count, and which levels there are."""

from __future__ import annotations

from typing import Any

import pandas as pd

from assignstudy.statistics.tables import RunTables


def entered(tables: RunTables) -> pd.DataFrame:
    """The ground truths that entered the assignment: all but the ignored ones."""
    return tables.entered


def level_names(tables: RunTables) -> tuple[str, ...]:
    """The levels, by increasing stride."""
    return tuple(dict.fromkeys(tables.levels["level"].astype(str)))


def level_strides(tables: RunTables) -> dict[str, int]:
    """Stride of each level, by increasing stride."""
    return dict(zip(tables.levels["level"].astype(str), tables.levels["stride"].astype(int), strict=True))


def records(frame: pd.DataFrame) -> list[Any]:
    """The rows of a small table as named tuples, without its index; each value has the type of its column."""
    return list(frame.itertuples(index=False, name="Row"))
