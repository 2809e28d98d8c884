"""Tables print every value by its kind, and say what they leave out."""

import pandas as pd

from assignstudy.report.content import Column, Kind
from assignstudy.report.tables import LONGEST, longest, table


def test_values_are_printed_by_kind():
    frame = pd.DataFrame({"n": [1234, 5], "r": [0.5, None], "s": ["<b>", "ok"], "p": [0.25, 1.0]})
    columns = [
        Column("n", "n", Kind.INT),
        Column("r", "r", Kind.RATIO),
        Column("s", "s"),
        Column("p", "p", Kind.PERCENT),
    ]
    rows = [[cell.text for cell in row] for row in table(frame, columns, "all kinds").rows]
    assert rows == [["1,234", "0.5000", "<b>", "25 %"], ["5", "–", "ok", "100 %"]]


def test_bars_compare_with_the_largest_or_with_a_full_one():
    frame = pd.DataFrame({"n": [2, 4, None]})
    relative = table(frame, [Column("n", "n", Kind.INT, bar=True)], "relative")
    absolute = table(frame, [Column("n", "n", Kind.INT, bar=True, full=8)], "absolute")
    assert [row[0].bar for row in relative.rows] == [50, 100, 0]
    assert [row[0].bar for row in absolute.rows] == [25, 50, 0]


def test_bars_of_nothing_are_empty():
    frame = pd.DataFrame({"n": [0, 0]})
    assert [row[0].bar for row in table(frame, [Column("n", "n", Kind.INT, bar=True)], "zero").rows] == [0, 0]


def test_long_tables_name_the_file_with_the_rest():
    frame = pd.DataFrame({"n": range(LONGEST + 1)})
    shown = longest(frame, [Column("n", "n", Kind.INT)], "many", "all.parquet")
    assert len(shown.rows) == LONGEST
    assert shown.note == "The first 50 of 51 rows; all are in all.parquet."
    assert longest(frame.head(3), [Column("n", "n", Kind.INT)], "few", "all.parquet").note == ""
