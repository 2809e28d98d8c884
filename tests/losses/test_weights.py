"""The published weights, and the ranges of all options."""

import pytest

from assignstudy.errors import ConfigError
from assignstudy.losses.weights import LossWeights, yolov3_spp_weights, yolov5_weights


def test_yolov5_on_coco_as_published():
    assert yolov5_weights(80, 3, 640) == LossWeights(0.05, 1.0, 0.5, level_balance=(4, 1, 0.4))


@pytest.mark.parametrize(
    ("levels", "balance"),
    [(1, (4,)), (2, (4, 1)), (3, (4, 1, 0.4)), (4, (4, 1, 0.25, 0.06)), (5, (4, 1, 0.25, 0.06, 0.02))],
)
def test_yolov5_scales_with_levels_classes_and_size(levels, balance):
    weights = yolov5_weights(20, levels, 1280)
    assert weights.level_balance == balance
    scaled = (0.05 * 3 / levels, 4 * 3 / levels, 0.125 * 3 / levels)
    assert (weights.box, weights.objectness, weights.class_) == pytest.approx(scaled)


def test_yolov5_balances_no_sixth_level():
    with pytest.raises(ConfigError, match=r"^levels: expected at most 5, for which YOLOv5 publishes a balance, got 6;"):
        yolov5_weights(80, 6, 640)


def test_yolov3_spp_as_published():
    assert yolov3_spp_weights(80) == LossWeights(3.54, 64.3, 37.4)
    assert yolov3_spp_weights(20).class_ == pytest.approx(9.35)
    assert yolov3_spp_weights(20).balance(4) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"box": -0.1}, r"^box: expected a number of at least 0, got -0.1$"),
        ({"objectness": float("nan")}, r"^objectness: expected a number of at least 0, got nan$"),
        ({"class_": float("inf")}, r"^class_: expected a number of at least 0, got inf$"),
        ({"gr": 1.1}, r"^gr: expected a number of at least 0 and at most 1, got 1.1$"),
        ({"label_smoothing": -0.5}, r"^label_smoothing: expected a number of at least 0 and at most 1, got -0.5$"),
        ({"focal_gamma": -1}, r"^focal_gamma: expected a number of at least 0, got -1$"),
        ({"positive_class": 0}, r"^positive_class: expected a number above 0, got 0$"),
        ({"positive_objectness": -2}, r"^positive_objectness: expected a number above 0, got -2$"),
        ({"level_balance": (1, -1)}, r"^level_balance: expected a number of at least 0, got -1$"),
    ],
)
def test_options_outside_their_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        LossWeights(**{"box": 1, "objectness": 1, "class_": 1, **options})
