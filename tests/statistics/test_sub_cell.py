"""Boxes beside the cells of the finest level, against plain numbers."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignstudy.statistics.sub_cell import COLUMNS, compute


def boxes(*sides, shrunk=0.5, ignored=()):
    """Square boxes of some sides on the network input."""
    side = np.array(sides, dtype=np.float64)
    origin, far = np.zeros_like(side), side / shrunk
    values = [np.isin(np.arange(len(side)), list(ignored)), side, side, origin, origin, far, far]
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


def test_a_side_that_equals_the_cell_is_not_below_it():
    found = compute(boxes(3.9, 4, 7.9, 8), stride=8, most=0.25)
    assert (found.share, found.share_finer) == (0.75, 0.25)


def test_the_side_is_the_square_root_of_the_area():
    assert compute(boxes(6).assign(w_px=4.0, h_px=16.0), stride=8, most=0.1).share == 0
    assert compute(boxes(6).assign(w_px=4.0, h_px=15.9), stride=8, most=0.1).share == 1


def test_ignored_boxes_do_not_count():
    assert compute(boxes(2, 16, ignored=[0]), stride=8, most=0.1).share == 0


def test_larger_inputs_help_as_long_as_the_images_have_the_pixels():
    assert compute(boxes(4, 4, 4, shrunk=0.5), stride=8, most=0).times == 2
    assert compute(boxes(4, 4, 4, shrunk=0.5), stride=8, most=0).has_pixels
    assert not compute(boxes(4, 4, 4, shrunk=0.6), stride=8, most=0).has_pixels


def test_without_boxes_nothing_is_known():
    found = compute(boxes(), stride=8, most=0.1)
    assert math.isnan(found.share)
    assert not found.has_pixels


@given(st.lists(st.floats(0.5, 100), min_size=1, max_size=40), st.sampled_from([0.0, 0.05, 0.5, 1.0]))
def test_at_so_many_times_the_input_no_more_are_below_a_cell(sides, most):
    found = compute(boxes(*sides), stride=8, most=most)
    larger = compute(boxes(*(side * found.times * (1 + 1e-9) for side in sides)), stride=8, most=most)
    assert larger.share <= most
    assert larger.times == pytest.approx(1, rel=1e-6)
