"""Fitted anchors: on which levels, how small, how written, and what happens where there is little to fit to."""

from itertools import pairwise

import numpy as np
import pytest

from assignstudy.assign.yolov3 import Yolov3
from assignstudy.assign.yolov3_spp import Yolov3Spp
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.datasets import read_dataset
from assignstudy.errors import ConfigError
from assignstudy.fitting.cells import log_steps
from assignstudy.fitting.fit import fit, fit_to_dataset, on_levels
from assignstudy.settings import FIT_METHODS, AnchorLevel
from assignstudy.transforms import Letterbox, Rect, Stretch
from tests.boxes import make_dataset
from tests.fitting.shapes import RATIO, aerial, everyday, settings


def areas(levels):
    return [width * height for level in levels for width, height in level.wh_px]


@pytest.mark.parametrize("method", FIT_METHODS)
@pytest.mark.parametrize("make", [everyday, aerial])
@pytest.mark.parametrize("least", [0.0, 0.5, 1.0, 2.0])
def test_small_anchors_stand_on_fine_levels_and_none_is_below_the_bound(method, make, least):
    levels = fit(make(), RATIO, settings(method=method, min_side_cell=least))
    assert [level.stride for level in levels] == [8, 16, 32]
    assert [len(level.wh_px) for level in levels] == [3, 3, 3]
    assert all(one <= other for one, other in pairwise(areas(levels)))
    for level in levels:
        assert all(width * height >= (least * level.stride) ** 2 for width, height in level.wh_px)


def test_unbounded_anchors_for_small_boxes_are_all_small_and_the_bound_stops_that():
    free, bounded = (fit(aerial(), RATIO, settings(min_side_cell=least)) for least in (0.0, 1.0))
    assert min(areas(free[-1:])) < 32**2 <= min(areas(bounded[-1:]))


def test_sides_have_three_digits():
    for level in fit(everyday(), RATIO, settings()):
        assert all(float(f"{side:.3g}") == side for pair in level.wh_px for side in pair)


@pytest.mark.parametrize("method", FIT_METHODS)
def test_boxes_exactly_at_the_threshold_are_not_lost_to_rounding(method):
    wh_px = np.array([(150.0, 150.0)] * 300 + [(640.0, 640.0)] * 200)
    (level,) = fit(wh_px, RATIO, settings(strides=(8,), n=1, method=method))
    assert level.wh_px == ((161.0, 161.0),)


def test_a_side_is_rounded_up_where_it_would_fall_below_the_bound():
    (level,) = on_levels(log_steps([[32.04, 32.04]]), settings(strides=(32,), n=1, min_side_cell=1.0012))
    assert level == AnchorLevel(32, ((32.1, 32.1),))


def test_the_order_of_boxes_means_nothing():
    assert fit(everyday(), RATIO, settings()) == fit(everyday()[::-1], RATIO, settings())


def test_boxes_twice_as_large_get_anchors_twice_as_large_where_nothing_bounds_them():
    one, other = (fit(times * everyday(), RATIO, settings(min_side_cell=0.0)) for times in (1, 2))
    assert np.array(areas(other)) == pytest.approx(4 * np.array(areas(one)), rel=0.02)


def test_another_number_of_anchors_and_levels():
    levels = fit(everyday(), RATIO, settings(strides=(4, 8, 16, 32), n=8))
    assert [(level.stride, len(level.wh_px)) for level in levels] == [(4, 2), (8, 2), (16, 2), (32, 2)]
    (level,) = fit(everyday(), RATIO, settings(strides=(16,), n=1))
    assert len(level.wh_px) == 1


def test_no_box_is_said_in_a_sentence():
    with pytest.raises(ConfigError, match=r"^anchors: expected ground truths to fit anchors to, got none"):
        fit(np.empty((0, 2)), RATIO, settings())


def test_a_box_without_size_is_said_in_a_sentence():
    with pytest.raises(ConfigError, match=r"^anchors: expected boxes with finite sides above 0"):
        fit(np.array([[10.0, 0.0]]), RATIO, settings())


@pytest.mark.parametrize("method", FIT_METHODS)
@pytest.mark.parametrize("wh_px", [[(30.0, 60.0)] * 50, [(30.0, 60.0)], [(9.0, 9.0), (300.0, 300.0)]])
def test_boxes_of_fewer_shapes_than_anchors_still_get_anchors_that_fit(method, wh_px):
    levels = fit(np.array(wh_px), RATIO, settings(method=method))
    assert len(areas(levels)) == 9
    for width, height in wh_px:
        nearest = min(max(w / width, width / w, h / height, height / h) for one in levels for w, h in one.wh_px)
        assert nearest < 1.1


def test_boxes_far_below_every_bound_leave_anchors_at_the_bound():
    levels = fit(np.full((40, 2), 0.5), RATIO, settings())
    assert all(width * height >= level.stride**2 for level in levels for width, height in level.wh_px)


@pytest.mark.parametrize("rule", [Yolov5(), Yolov3Spp(), Yolov3()], ids=lambda rule: rule.facts.name)
@pytest.mark.parametrize("transform", [Letterbox(), Rect(0.5), Stretch()], ids=lambda one: type(one).__name__)
def test_a_data_set_is_fitted_as_the_network_sees_it(rule, transform):
    dataset = read_dataset("demo", {"images": 20})
    fitted = fit_to_dataset(dataset, rule, transform, (320, 416), settings())
    assert len(fitted.boxes) == len(dataset.image_index)
    assert fitted.plain == fit(fitted.boxes.wh_px.double().numpy(), rule.facts.threshold, settings())
    assert [level.stride for level in fitted.levels] == [8, 16, 32]
    assert fitted.notices == ()


def test_boxes_that_vanish_or_are_ignored_do_not_count():
    boxes = [(0.5, 0.5, 0.1, 0.2), (0.5, 0.5, 0.9, 0.9), (0.5, 0.5, 0.0, 0.2)]
    dataset = make_dataset([0, 0, 0], boxes, [(640, 640)], ignored=[False, True, False])
    fitted = fit_to_dataset(dataset, Yolov5(), Letterbox(), (640, 640), settings(strides=(8,), n=1))
    assert len(fitted.boxes) == 1
    assert fitted.plain == (AnchorLevel(8, ((64.0, 128.0),)),)


@pytest.mark.parametrize(
    ("boxes", "order", "notice"),
    [
        (
            [(0.5, 0.5, 0.1, 0.2)] * 30,
            settings(),
            "anchors: 9 were fitted to boxes of only 1 shape, so that some are alike; anchors.n=3 is the least for "
            "these levels",
        ),
        (
            [(0.5, 0.5, 0.1, 0.2), (0.5, 0.5, 0.4, 0.2)],
            settings(n=3),
            "anchors: 3 were fitted to boxes of only 2 different shapes, so that some are alike",
        ),
    ],
)
def test_fewer_shapes_than_anchors_is_a_notice(boxes, order, notice):
    dataset = make_dataset([0] * len(boxes), boxes, [(640, 640)])
    assert fit_to_dataset(dataset, Yolov5(), Letterbox(), (640, 640), order).notices == (notice,)


def test_a_data_set_without_boxes_is_refused():
    with pytest.raises(ConfigError, match=r"^anchors: expected ground truths to fit anchors to, got none"):
        fit_to_dataset(make_dataset([], [], [(64, 64)]), Yolov5(), Letterbox(), (640, 640), settings())
