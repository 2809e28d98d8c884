"""How much of a metric's differences each parameter explains."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from assignstudy.figures import bars, style


@style.drawing()
def draw(names: Sequence[str], shares: Sequence[float], texts: Sequence[str]) -> Figure:
    """One bar per parameter, and a grey one, the last, for what they do only together.

    Args:
        names: The parameters, then the rest.
        shares: From 0 to 1.
        texts: The shares in words.
    """
    colours = [style.colour("accent")] * (len(names) - 1) + [style.colour("baseline")]
    return bars.draw(names, shares, texts, colours, label_px=122, text_px=64)
