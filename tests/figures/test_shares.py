"""Shares too small to round to anything are not written as nothing."""

import pandas as pd
import pytest

from assignstudy.figures import anchor_bars, compass, level_bars, svg


def _anchors(positives):
    return pd.DataFrame(
        {"level": "P3", "anchor": range(len(positives)), "anchor_w_px": 8.0, "anchor_h_px": 9.0, "positives": positives}
    )


def test_an_anchor_with_few_positives():
    drawing = svg.write(anchor_bars.draw(_anchors([9999, 1, 0])), "key")
    for text in ("9,999 · &gt;99.9 %", "1 · &lt;0.1 %", ">0 · 0 %<"):
        assert text in drawing


def test_a_cell_that_is_hardly_used():
    use = pd.DataFrame({"offset": ["centre", "left", "up", "right", "down"], "share": [0.6, 0.3999, 0.0001, 0, 0]})
    drawing = svg.write(compass.draw(use), "key")
    assert "&lt;0.1 %" in drawing
    assert drawing.count(">0 %<") == 2


@pytest.mark.parametrize(("share", "expected"), [(0.00001, "&lt;0.01 % · 7"), (0.0, "0 % · 7"), (0.126, "12.6 % · 7")])
def test_a_level_with_few_slots(share, expected):
    table = pd.DataFrame({"level": ["P3"], "share": [share], "slots": [7]})
    assert expected in svg.write(level_bars.draw(table, "share", "slots"), "key")
