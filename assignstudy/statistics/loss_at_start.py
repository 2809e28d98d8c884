"""The loss of an untrained head, as a table: what each size of ground truth pays on each level."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.losses.start import StartShare
from assignstudy.statistics.door import LabelArrays, LevelShape
from assignstudy.statistics.ground_truths import SIZE_BINS, size_bin

BACKGROUND = "background"
"""In the column ``size_bin``: the slots that no ground truth owns."""


def size_groups(labels: LabelArrays) -> npt.NDArray[np.int8]:
    """(G,) size bin of every assigned ground truth, as positions in the size bins' names."""
    rows = labels.assigned
    wh_px = labels.box_wh_px if len(labels.box_wh_px) == 1 else labels.box_wh_px[rows]
    sides = labels.cxcywh_norm[rows, 2:] * wh_px.astype(np.float32)
    return size_bin(sides[:, 0] * sides[:, 1])


def compute(shares: Iterable[StartShare], levels: Sequence[LevelShape]) -> pd.DataFrame:
    """One row per initialisation, level and size bin, the background being a last bin of its own.

    The weighted losses ``box``, ``objectness`` and ``class`` are shares: sum them over size bins for a level's loss,
    over levels for all. The background has no box and no class loss, a single class no class loss: missing, not 0.

    Args:
        shares: What the loss at the start came to, with the groups of :func:`size_groups`.
        levels: The detection scales.
    """
    rows = list(shares)
    bins = (*SIZE_BINS, BACKGROUND)
    codes = [len(SIZE_BINS) if row.group is None else row.group for row in rows]
    return pd.DataFrame(
        {
            "init": pd.Series([row.init for row in rows], dtype="str"),
            "level": pd.Series([levels[row.level].name for row in rows], dtype="str"),
            "size_bin": pd.Categorical.from_codes(codes, categories=pd.Index(bins, dtype="str"), ordered=True),
            "box": pd.Series([row.box for row in rows], dtype="float64"),
            "objectness": pd.Series([row.objectness for row in rows], dtype="float64"),
            "class": pd.Series([row.class_ for row in rows], dtype="float64"),
        }
    )
