"""What helps boxes that are too small for their cells."""

from dataclasses import replace

import pytest

from assignstudy.fitting.compare import Bounds
from assignstudy.report import judgement, remedy
from assignstudy.report.content import State
from assignstudy.statistics.sub_cell import SubCell

FEW = SubCell(stride=8, share=0.04, share_finer=0.01, times=0.9, shrunk=0.5)
MANY = SubCell(stride=8, share=0.28, share_finer=0.022, times=1.7, shrunk=0.42)
CHEAP = Bounds(1.0, free=0.73, bounded=0.728)
DEAR = Bounds(1.0, free=0.73, bounded=0.69, finer=0.725, finer_strides=(4, 8, 16))


def said(boxes, bounds=None):
    alert = remedy.alert(boxes, (640, 640), bounds)
    return alert and f"{alert.finding} Try: {alert.advice}"


def test_few_small_boxes_and_a_cheap_bound_are_fine():
    assert said(FEW) is None
    assert said(FEW, CHEAP) is None
    assert said(replace(FEW, share=float("nan"))) is None


@pytest.mark.parametrize(
    ("share", "state"), [(0.05, None), (0.051, State.WATCH), (0.1, State.WATCH), (0.11, State.ACT)]
)
def test_limits_belong_to_the_better_state(share, state):
    alert = remedy.alert(replace(MANY, share=share), (640, 640), None)
    assert (alert and alert.state) == state
    assert judgement.SUB_CELL == (0.05, 0.1)


def test_more_pixels_where_the_images_have_them_and_a_finer_level_anyway():
    assert said(MANY) == (
        "28 % of the boxes are smaller than one cell (8 px) of the finest level, P3. "
        "Try: imgsz=1088, where at most 5 % of them are that small: the original images hold these pixels; "
        "or a network with a finer level, stride 4: 2.2 % of them are smaller than its cells."
    )


def test_a_finer_level_alone_where_the_images_have_no_more_pixels():
    assert "Try: a network with a finer level, stride 4" in said(replace(MANY, shrunk=1.0))


def test_a_larger_input_where_even_that_is_too_coarse():
    for hopeless in (replace(MANY, shrunk=1.0, share_finer=0.2), replace(MANY, stride=4, shrunk=1.0)):
        assert "Try: a larger imgsz: the boxes are too small for these levels." in said(hopeless)


def test_a_dear_bound_names_its_price_and_the_strides():
    assert "to have no anchor smaller than one cell of its level costs 0.0400 of fitness." in said(FEW, DEAR)
    assert "Try: a finer level, anchors.strides=[4,8,16], not smaller anchors" in said(FEW, DEAR)
    assert "the fitness is 0.7250 there, 0.6900 here" in said(MANY, DEAR)
    even = replace(DEAR, finer=0.695)
    assert "Try: a larger imgsz: even strides 4, 8, 16 only reach a fitness of 0.6950." in said(FEW, even)


def test_prices_that_cannot_be_seen_are_nothing():
    assert remedy.price(CHEAP) == "that bound costs 0.0020 of fitness"
    assert remedy.price(replace(CHEAP, bounded=0.73)) == "that bound costs nothing"
