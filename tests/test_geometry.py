"""Box layouts, side ratios and overlaps against values worked out by hand."""

import pytest
import torch

from assignstudy.geometry import cxcywh_to_xyxy, paired_iou, worst_side_ratio, xyxy_to_cxcywh


def test_layouts_are_each_others_inverse():
    boxes = torch.tensor([[5.0, 6, 4, 2], [0, 0, 1, 1]])
    assert cxcywh_to_xyxy(boxes).tolist() == [[3, 5, 7, 7], [-0.5, -0.5, 0.5, 0.5]]
    assert torch.equal(xyxy_to_cxcywh(cxcywh_to_xyxy(boxes)), boxes)


@pytest.mark.parametrize(
    ("wh", "expected"),
    [((10, 10), 1), ((20, 10), 2), ((10, 5), 2), ((5, 40), 4), ((30, 2), 5), ((1e-39, 10), float("inf"))],
)
def test_worst_side_ratio_takes_the_worse_direction_of_the_worse_side(wh, expected):
    assert worst_side_ratio(torch.tensor([wh], dtype=torch.float32), torch.tensor([[10.0, 10.0]])).item() == expected


def test_worst_side_ratio_of_nothing():
    assert worst_side_ratio(torch.zeros(0, 2), torch.ones(3, 2)).shape == (0, 3)
    assert worst_side_ratio(torch.ones(2, 2), torch.zeros(0, 2)).shape == (2, 0)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param((0, 0, 2, 2), 1, id="identical"),
        pytest.param((1, 0, 2, 2), 1 / 3, id="half over"),
        pytest.param((0, 0, 1, 1), 1 / 4, id="contained"),
        pytest.param((2, 0, 2, 2), 0, id="touching"),
        pytest.param((9, 9, 2, 2), 0, id="apart on both axes"),
        pytest.param((0, 0, 0, 0), 0, id="a point inside"),
    ],
)
def test_paired_iou(other, expected):
    one = torch.tensor([[0.0, 0, 2, 2]])
    assert paired_iou(one, torch.tensor([other], dtype=torch.float32)).item() == pytest.approx(expected)


def test_iou_of_two_points_is_zero_not_nan():
    point = torch.zeros(1, 4)
    assert paired_iou(point, point).tolist() == [0]
