"""Box layouts, side ratios and overlaps against values worked out by hand."""

import math

import pytest
import torch

from assignstudy.geometry import ciou, cxcywh_to_xyxy, diou, giou, paired_iou, worst_side_ratio, xyxy_to_cxcywh


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


# Against the square of side 2 around (0, 0); each expectation is IoU, then what is taken off.
SQUARE = (0, 0, 2, 2)
QUARTER_TURN = 4 / math.pi**2


def _paired(measure, other, one=SQUARE, **options):
    boxes = (torch.tensor([box], dtype=torch.float64) for box in (one, other))
    return measure(*boxes, **options).item()


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param((0, 0, 2, 2), 1, id="identical"),
        pytest.param((1, 0, 2, 2), 1 / 3, id="half over: the hull is the union"),
        pytest.param((1, 1, 2, 2), 1 / 7 - 2 / 9, id="a corner over: union 7 of a hull of 9"),
        pytest.param((0, 0, 1, 1), 1 / 4, id="contained"),
        pytest.param((0.5, 0.5, 1, 1), 1 / 4, id="contained in a corner"),
        pytest.param((2, 0, 2, 2), 0, id="touching side by side"),
        pytest.param((4, 0, 2, 2), -1 / 3, id="apart: union 8 of a hull of 12"),
        pytest.param((3, 3, 2, 2), -17 / 25, id="apart on both axes: union 8 of a hull of 25"),
        pytest.param((0, 0, 0, 0), 0, id="a point inside"),
        pytest.param((3, 0, 0, 0), -1 / 2, id="a point outside: union 4 of a hull of 8"),
        pytest.param((0, 0, 4, 0), -1 / 2, id="a line across, longer than the square"),
    ],
)
def test_giou(other, expected):
    assert _paired(giou, other, eps=1e-16) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param((0, 0, 2, 2), 1, id="identical"),
        pytest.param((1, 0, 2, 2), 1 / 3 - 1 / 13, id="half over: 1 of a diagonal of 3² + 2²"),
        pytest.param((0, 0, 1, 1), 1 / 4, id="contained, same centre"),
        pytest.param((0.5, 0.5, 1, 1), 1 / 4 - 0.5 / 8, id="contained in a corner"),
        pytest.param((4, 0, 2, 2), -16 / 40, id="apart: 4² of 6² + 2²"),
        pytest.param((3, 0, 0, 0), -9 / 20, id="a point outside"),
    ],
)
def test_diou(other, expected):
    assert _paired(diou, other, eps=1e-16) == pytest.approx(expected, abs=1e-12)


def _aspect_penalty(iou, angle):
    difference = QUARTER_TURN * angle**2
    return difference**2 / (difference - iou + 1)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param((0, 0, 2, 2), 1, id="identical"),
        pytest.param((1, 0, 2, 2), 1 / 3 - 1 / 13, id="same aspect: nothing more than DIoU"),
        pytest.param((0, 0, 1, 1), 1 / 4, id="contained, same aspect"),
        pytest.param((0, 0, 2, 1), 1 / 2 - _aspect_penalty(1 / 2, math.atan(2) - math.atan(1)), id="contained, wide"),
        pytest.param((0, 0, 1, 2), 1 / 2 - _aspect_penalty(1 / 2, math.atan(2) - math.atan(1)), id="contained, tall"),
        pytest.param((4, 0, 2, 2), -16 / 40, id="apart"),
        pytest.param((0, 0, 2, 0), -_aspect_penalty(0, math.pi / 4), id="a lying line has an angle of 90 degrees"),
        pytest.param((0, 0, 0, 2), -_aspect_penalty(0, math.pi / 4), id="a standing line has one of 0"),
        pytest.param((0, 0, 0, 0), -_aspect_penalty(0, math.pi / 4), id="a point counts as a standing line"),
    ],
)
def test_ciou(other, expected):
    assert _paired(ciou, other, eps=1e-16) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("measure", [giou, diou, ciou])
def test_two_points_in_one_place_are_no_overlap_and_no_nan(measure):
    point = (1, 1, 0, 0)
    assert _paired(measure, point, one=point) == 0


@pytest.mark.parametrize("measure", [giou, diou, ciou])
def test_overlaps_are_symmetric_and_take_no_boxes(measure):
    one, other = _random_pairs(20)
    assert torch.allclose(measure(one, other), measure(other, one), rtol=0, atol=1e-12)
    assert measure(one[:0], other[:0]).shape == (0,)


def test_eps_stands_in_the_union_and_in_the_hull():
    # Without area only eps is left: IoU 0 / eps, and a hull of 2 x 0 + eps around a union of eps.
    line, point = (0, 0, 2, 0), (1, 0, 0, 0)
    assert _paired(giou, point, one=line, eps=0.5) == 0
    assert _paired(diou, SQUARE, eps=0.5) == 4 / 4.5
    assert _paired(diou, (1, 0, 2, 2), eps=0.5) == 2 / 6.5 - 1 / 13.5
    assert _paired(giou, (1, 1, 2, 2), eps=0.5) == pytest.approx(1 / 7.5 - (9.5 - 7.5) / 9.5)


def test_rounding_above_one_leaves_ciou_finite():
    # In float32 the corners of a box around 0.5 may lie further apart than its width.
    sizes = torch.rand(20000, 2, generator=torch.Generator().manual_seed(0)) * 8 + 0.5
    boxes = torch.cat((torch.full_like(sizes, 0.5), sizes), dim=1)
    assert paired_iou(boxes, boxes).max() > 1
    assert torch.allclose(ciou(boxes, boxes * (1 + 1e-7)), torch.ones(20000), atol=1e-5)


def _random_pairs(pairs):
    boxes = torch.rand(2, pairs, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return boxes[0], boxes[1] + 0.05


@pytest.mark.parametrize("measure", [giou, diou])
def test_gradients_are_those_of_the_formula(measure):
    one, other = _random_pairs(12)
    assert torch.autograd.gradcheck(measure, (one.requires_grad_(), other.requires_grad_()))


def test_cious_aspect_weight_has_no_gradient():
    one, other = _random_pairs(12)

    def aspect(boxes):
        angle = torch.atan(boxes[:, 2] / boxes[:, 3]) - torch.atan(other[:, 2] / other[:, 3])
        return QUARTER_TURN * angle**2

    fixed = (diou(one, other) - ciou(one, other)) / aspect(one)
    one.requires_grad_()
    ciou(one, other).sum().backward()
    (expected,) = torch.autograd.grad((diou(one, other) - fixed * aspect(one)).sum(), one)
    assert torch.allclose(one.grad, expected, rtol=1e-9)
