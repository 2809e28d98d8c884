"""The loss of an untrained head, as a table: what each size of ground truth pays on each level."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.losses.start import PUBLISHED_BIAS, ZERO, StartShare
from assignstudy.statistics.door import LabelArrays, LevelShape
from assignstudy.statistics.ground_truths import SIZE_BINS, size_bin

BACKGROUND = "background"
"""In the column ``size_bin``: the slots that no ground truth owns."""

TERMS = ("box", "objectness", "class")
INITIALISATIONS = {"zero": ZERO, "published": PUBLISHED_BIAS}
"""Columns of :func:`by_term`, and what they are called in the column ``init``."""


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


def by_term(shares: pd.DataFrame, part: str) -> pd.DataFrame:
    """The loss of each term, over all other columns.

    Args:
        shares: From :func:`compute`.
        part: ``level`` or ``size_bin``.

    Returns:
        One row per term and level or size bin: ``term``, ``part``, and the weighted loss with all outputs ``zero`` and
        with the ``published`` biases. A part that has no such term (the background no box) has no row.
    """
    by_part = shares.astype({part: "str"}).groupby(["init", part], sort=False)[list(TERMS)].sum(min_count=1)
    sums = {name: by_part.loc[init].unstack() for name, init in INITIALISATIONS.items()} if len(shares) else {}
    table = pd.DataFrame(sums, columns=list(INITIALISATIONS)).rename_axis(["term", "part"]).reset_index()
    return table[table["zero"].notna()].reset_index(drop=True)


def by_level_and_size(shares: pd.DataFrame) -> pd.DataFrame:
    """The initialisations side by side.

    Args:
        shares: From :func:`compute`.

    Returns:
        One row per level and size bin: ``level``, ``size_bin``, ``box``, which does not depend on the biases, and
        ``objectness_zero``, ``objectness_published``, ``class_zero`` and ``class_published``.
    """
    parts = {name: shares[shares["init"] == init].reset_index(drop=True) for name, init in INITIALISATIONS.items()}
    table = parts["zero"][["level", "size_bin", "box"]]
    return table.assign(**{f"{term}_{name}": part[term] for term in TERMS[1:] for name, part in parts.items()})
