"""DataFrames as tables of a page: every value printed by the kind of its column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from assignstudy.report import words
from assignstudy.report.content import Cell, Column, Kind, TableView

LONGEST = 50
"""Rows of a table that could be as long as the data set; the files beside the page hold the rest."""

_PRINT: dict[Kind, Callable[[float | None], str]] = {
    Kind.INT: words.integer,
    Kind.NUMBER: words.number,
    Kind.QUANTITY: words.quantity,
    Kind.RATIO: words.ratio,
    Kind.LOSS: words.significant,
    Kind.PERCENT: words.percent,
}


def table(frame: pd.DataFrame, columns: Sequence[Column], caption: str, note: str = "") -> TableView:
    """A table of all rows of a frame.

    Args:
        frame: Has every column's key.
        columns: What to show, from left to right.
        caption: What it lists.
        note: What it leaves out, and where that is.
    """
    cells = [_cells(frame[column.key], column) for column in columns]
    return TableView(caption, tuple(columns), tuple(zip(*cells, strict=True)), note)


def longest(frame: pd.DataFrame, columns: Sequence[Column], caption: str, file: str) -> TableView:
    """A table of the first :data:`LONGEST` rows; the note says how many there are and which file has them."""
    left_out = len(frame) - LONGEST
    note = f"The first {LONGEST} of {len(frame):,} rows; all are in {file}." if left_out > 0 else ""
    return table(frame.head(LONGEST), columns, caption, note)


def _cells(values: pd.Series, column: Column) -> list[Cell]:
    texts = [_text(value, column.kind) for value in values]
    if not column.bar:
        return [Cell(text) for text in texts]
    lengths = values.astype("Float64").astype(float)
    full = column.full or lengths.max()
    return [
        Cell(text, bar=0.0 if words.is_undefined(length) or not full > 0 else 100 * length / full)
        for text, length in zip(texts, lengths, strict=True)
    ]


def _text(value: float | str | None, kind: Kind) -> str:
    if words.is_undefined(value):
        return words.UNDEFINED
    if kind in (Kind.TEXT, Kind.CODE):
        return str(value)
    assert not isinstance(value, str), f"{kind}: expected a number, got {value!r}"
    return _PRINT[kind](value)
