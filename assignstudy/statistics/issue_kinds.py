"""What is wrong with the labels, by kind?"""

from __future__ import annotations

import pandas as pd

from assignstudy.statistics.tables import RunTables


def compute(tables: RunTables) -> pd.DataFrame:
    """Issues by kind and by whether the box or image was kept.

    Args:
        tables: The run.

    Returns:
        ``kind``, ``kept``, ``issues``, ``files``; most issues first, ties by kind.
    """
    groups = tables.data_issues.groupby(["kind", "kept"], sort=True, observed=True)["path"]
    table = groups.agg(issues="size", files="nunique").reset_index()
    return table.sort_values("issues", ascending=False, kind="stable", ignore_index=True)
