"""Whether a model's layers answer to positive cells: mean activations inside and outside of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import pandas as pd

from assignstudy.models.features import Activation, FeatureMap
from assignstudy.statistics.door import LevelShape


def compute(maps: Iterable[FeatureMap], levels: Sequence[LevelShape]) -> pd.DataFrame:
    """One row per layer and level, in the order of the maps, over all pictures.

    Columns: ``layer``, ``level``, ``positive_cells``, ``inside`` and ``outside`` (mean over all channels and over the
    cells that hold a positive, or over all others; missing where there is no such cell), ``difference``.

    Args:
        maps: The layers of some pictures.
        levels: The detection scales.
    """
    found: dict[tuple[str, str], list[FeatureMap]] = defaultdict(list)
    for one in maps:
        found[one.layer, levels[one.level].name].append(one)
    inside = [_mean(one.inside for one in same) for same in found.values()]
    outside = [_mean(one.outside for one in same) for same in found.values()]
    table = pd.DataFrame(
        {
            "layer": pd.Series([layer for layer, _ in found], dtype="str"),
            "level": pd.Series([level for _, level in found], dtype="str"),
            "positive_cells": pd.Series(
                [sum(one.inside.cells for one in same) for same in found.values()], dtype="int64"
            ),
            "inside": pd.Series(inside, dtype="float64"),
            "outside": pd.Series(outside, dtype="float64"),
        }
    )
    return table.assign(difference=table["inside"] - table["outside"])


def _mean(parts: Iterable[Activation]) -> float:
    every = list(parts)
    cells = sum(one.cells for one in every)
    return sum(one.total for one in every) / cells if cells else float("nan")
