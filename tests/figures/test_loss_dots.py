"""The dots of the loss at the start."""

import math

import pandas as pd
import pytest

from assignstudy.figures import loss_dots, style, svg


def _table(*rows):
    return pd.DataFrame(rows, columns=["term", "part", "zero", "published"]).astype({"zero": float, "published": float})


def test_axes_are_whole_decades_over_all_tables():
    one, other = _table(("box", "P3", 0.02, 0.03)), _table(("box", "small", 4, 0))
    assert loss_dots.limits(one, other) == pytest.approx((0.01 / 1.3, 10 * 1.3))
    assert loss_dots.limits(_table(("box", "P3", 1, 1))) == pytest.approx((1 / 1.3, 10 * 1.3))
    assert loss_dots.limits(_table(), _table(("box", "P3", 0, 0))) == (0.1, 1.0)


def test_every_part_has_its_own_colour_and_both_numbers():
    table = _table(("objectness", "P3", 2.5, 0.0123), ("objectness", "P4", 0, 0), ("class", "background", 1, 1))
    drawing = svg.write(loss_dots.draw(table, (0.01, 10)), "key")
    for text in ("2.50 → 0.0123", ">0<", ">1.00<", "objectness", "weighted loss"):
        assert text in drawing
    assert style.level_colour("P3") in drawing
    assert style.level_colour("P4") not in drawing, "a loss of 0 has no place on this axis"
    assert style.colour("soft") in drawing


def test_nothing_can_be_drawn():
    assert "weighted loss" in svg.write(loss_dots.draw(_table(), (0.1, 1)), "key")


@pytest.mark.parametrize(("least", "named"), [(0.02, True), (0.00002, False)])
def test_every_decade_has_its_line_and_a_name_where_there_is_room(least, named):
    table = _table(("box", "P3", least, 500))
    low, high = limits = loss_dots.limits(table)
    axes = loss_dots.draw(table, limits).axes[0]
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert ticks == pytest.approx([10.0**k for k in range(math.floor(math.log10(least)), 4)])
    assert (axes.xaxis.get_major_formatter()(10, 0) == "10") is named
    assert axes.xaxis.get_major_formatter()(100, 0) == "100"
