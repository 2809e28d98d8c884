"""Figures as SVG text, as matplotlib writes it: deterministic, with text that stays text."""

from __future__ import annotations

import io
import warnings

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from assignstudy.figures import style

_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}


def write(figure: Figure, key: str) -> str:
    """A figure as an SVG document.

    Args:
        figure: Drawn with the colours of ``figures.style``.
        key: What the ids within it are made from, so that they are the same every time.
    """
    FigureCanvasSVG(figure)
    buffer = io.StringIO()
    with style.drawing(hashsalt=key), warnings.catch_warnings():
        # Text is not drawn here but in the browser, which has fonts for these glyphs: only their width is guessed.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    return buffer.getvalue()
