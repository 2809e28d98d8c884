"""One number per level."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.figure import Figure

from assignstudy.figures import bars, style


@style.drawing()
def draw(table: pd.DataFrame, share: str, part: str) -> Figure:
    """One bar per level: a share, with the count behind it.

    Args:
        table: From ``statistics.level_summary.compute``.
        share: Column of the share that is drawn; may be missing.
        part: Column of the count.
    """
    names = table["level"].astype(str).tolist()
    shares = table[share].astype(float).tolist()
    texts = [
        "undefined" if math.isnan(s) else f"{style.rounded_percent(s, 2)} · {count:,}"
        for s, count in zip(shares, table[part], strict=True)
    ]
    return bars.draw(names, shares, texts, [style.level_colour(name) for name in names], label_px=40, text_px=132)
