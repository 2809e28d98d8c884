"""What each anchor of each level gets."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from assignstudy.figures import bars, style
from assignstudy.statistics.entered import records

_WHOLE_PX = 20
"""From here on sides are named in whole pixels."""


@style.drawing()
def draw(table: pd.DataFrame) -> Figure:
    """One bar per level and anchor: its positives, in the colour of its level.

    Args:
        table: The run's ``levels``.
    """
    total = int(table["positives"].sum()) or 1
    names = [anchor_name(*row) for row in records(table[["level", "anchor", "anchor_w_px", "anchor_h_px"]])]
    texts = [f"{count:,} · {style.rounded_percent(count / total)}" for count in table["positives"]]
    colours = [style.level_colour(level) for level in table["level"].astype(str)]
    return bars.draw(names, table["positives"].astype(float).tolist(), texts, colours, label_px=104, text_px=112)


def anchor_name(level: str, anchor: int, width_px: float, height_px: float) -> str:
    """``P3 · 10×13`` for an anchor, ``P3`` for a rule without anchors."""
    if np.isnan(width_px):
        return f"{level}" if not anchor else f"{level} · {anchor}"
    # A generated anchor has sides such as 57.017; the table beside says them in full.
    width, height = (style.thousands(round(side) if side >= _WHOLE_PX else side) for side in (width_px, height_px))
    return f"{level} · {width}×{height}"
