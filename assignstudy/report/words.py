"""Numbers in words, the same everywhere: separators, decimals, singular and plural, a dash for what is undefined."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from assignstudy.figures import style

UNDEFINED = "–"
NAME_LENGTH = 44
"""Characters of a name in a sentence; of longer ones the beginning and the end."""
_SMALLEST_SHARE = 0.0001


def is_undefined(value: float | str | None) -> bool:
    """Whether a value of a table or metric is missing (None, NaN, NA)."""
    return bool(pd.isna(value))


def integer(value: float | None) -> str:
    """``36,335``; a dash where undefined."""
    return UNDEFINED if value is None or is_undefined(value) else f"{int(value):,}"


def ratio(value: float | None) -> str:
    """Four decimals, ``0.9946``; never rounded up to a 1 that it is not."""
    if value is None or is_undefined(value):
        return UNDEFINED
    text = f"{value:,.4f}"
    return "0.9999" if text == "1.0000" and value < 1 else text


def number(value: float | None) -> str:
    """At most two decimals, only as many as needed: ``4``, ``12.26``."""
    if value is None or is_undefined(value):
        return UNDEFINED
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".")


def number_beside(value: float, limit: float) -> str:
    """As :func:`number`, with more decimals where it would read like a limit that it is not."""
    text = number(value)
    return text if text != number(limit) or value == limit else f"{value:.7g}"


def significant(value: float | None) -> str:
    """Three significant digits, at most four decimals: ``0.0123``, ``<0.0001``; a dash where undefined."""
    return UNDEFINED if value is None or is_undefined(value) else style.significant(value)


def quantity(value: float | None) -> str:
    """Three significant digits of any size, with a true minus: ``0.0431``, ``−12.3``; a dash where undefined."""
    return UNDEFINED if value is None or is_undefined(value) else f"{value:.3g}".replace("-", "−")


def percent(share: float | None) -> str:
    """A share from 0 to 1 as percent: one decimal, two below one percent, and neither 0 nor 100 unless it is."""
    if share is None or is_undefined(share):
        return UNDEFINED
    if 0 < share < _SMALLEST_SHARE:
        return "<0.01 %"
    decimals = 2 if share < 0.01 or 0.99 < share < 1 else 1
    text = f"{100 * share:.{decimals}f}"
    if share < 1 and float(text) == 100:
        return ">99.99 %"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def count(value: float, singular: str, plural: str | None = None) -> str:
    """A count with its noun: ``1 box``, ``2,000 boxes``, ``no boxes``."""
    many = plural or f"{singular}s"
    if not value:
        return f"no {many}"
    return f"{integer(value)} {singular if value == 1 else many}"


def name(text: object, characters: int = NAME_LENGTH) -> str:
    """A name from a data set in a sentence: no longer than fits, and kept apart where it runs from right to left."""
    return style.isolated(style.shorten(str(text), characters))


def in_full(*names: object) -> str:
    """Names that :func:`name` shortens, for whoever points at what is left of them; empty where it shortens none."""
    whole = [str(text) for text in names]
    return ", ".join(map(style.isolated, whole)) if any(len(text) > NAME_LENGTH for text in whole) else ""


def listing(words: Sequence[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; with another word than ``and`` before the last where one is given."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def sentence(text: str) -> str:
    """The text with its first letter raised, whatever it begins with."""
    return text[:1].upper() + text[1:]
