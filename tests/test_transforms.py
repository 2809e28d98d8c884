"""Letterbox, rect and stretch against a slow twin, and on the sizes where rounding bites."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assignstudy.errors import ConfigError
from assignstudy.transforms import Letterbox, Rect, Stretch, resized_wh, round_up_to_stride, to_network_input
from assignstudy.types import IssueKind
from tests.boxes import make_dataset

f32 = np.float32
image_side = st.integers(1, 5000)
input_side = st.integers(1, 40).map(lambda strides: 32 * strides)
centre = st.floats(-0.25, 1.25, width=32)
size = st.floats(2.0**-12, 1.5, width=32)


def _twin(box, size_orig, target_wh, input_wh):
    """Corners in float32 as RULES' prose has them: resized * (c -/+ s / 2) + pad, clipped, back to centre and size."""
    factor = min(target_wh[0] / size_orig[0], target_wh[1] / size_orig[1])
    result = [None] * 4
    for axis in (0, 1):
        resized = min(math.ceil(size_orig[axis] * factor), target_wh[axis])
        pad = f32((input_wh[axis] - resized) / 2)
        half = f32(box[2 + axis]) / f32(2)
        low, high = (f32(resized) * (f32(box[axis]) + sign * half) + pad for sign in (f32(-1), f32(1)))
        highest = f32(input_wh[axis] - 1e-3)
        low, high = (min(max(corner, f32(0)), highest) for corner in (low, high))
        result[axis] = (low + high) / f32(2) / f32(input_wh[axis])
        result[2 + axis] = (high - low) / f32(input_wh[axis])
    return [float(value) for value in result]


@given(st.tuples(image_side, image_side), st.tuples(input_side, input_side), st.tuples(centre, centre, size, size))
def test_letterbox_equals_its_twin(size_orig, input_wh, box):
    dataset = make_dataset([0], [box], [size_orig])
    moved = to_network_input(dataset, Letterbox(), input_wh, 32).cxcywh_norm
    assert moved.tolist() == [_twin(box, size_orig, input_wh, input_wh)]


@given(
    st.tuples(image_side, image_side), input_side, st.tuples(centre, centre, size, size), st.sampled_from([0.0, 0.5])
)
def test_rect_equals_its_twin(size_orig, side, box, pad_strides):
    dataset = make_dataset([0], [box], [size_orig])
    moved = to_network_input(dataset, Rect(pad_strides), (side, side), 32)
    factor = side / max(size_orig)
    expected = [math.ceil(min(math.ceil(s * factor), side) / 32 + pad_strides) * 32 for s in size_orig]
    assert moved.image_wh_px.tolist() == [expected]
    assert moved.cxcywh_norm.tolist() == [_twin(box, size_orig, (side, side), expected)]


def test_stretch_changes_no_number_even_outside_the_image():
    dataset = make_dataset([0, 0], [(0.5, 0.5, 0.2, 0.1), (1.1, 0.5, 0.4, 0.4)], [(640, 480)])
    moved = to_network_input(dataset, Stretch(), (416, 416), 32)
    assert torch.equal(moved.boxes.cxcywh_norm, dataset.cxcywh_norm_orig)


def test_resized_side_never_exceeds_the_target():
    # 147 * (640 / 147) is 640 and an ulp in float64; its ceiling would be 641.
    assert math.ceil(147 * (640 / 147)) == 641
    assert resized_wh(torch.tensor([[147.0, 100.0]], dtype=torch.float64), (640, 640)).tolist() == [[640, 436]]


def test_half_a_pixel_of_padding_is_kept():
    moved = to_network_input(make_dataset([0], [(0.5, 0.0, 0.5, 0.0625)], [(640, 427)]), Letterbox(), (640, 640), 32)
    upper = (moved.boxes.cxcywh_norm[0, 1] - moved.boxes.cxcywh_norm[0, 3] / 2) * 640
    assert upper.item() == pytest.approx(106.5 - 427 / 32, abs=1e-4)


def test_rect_sizes_differ_between_images():
    dataset = make_dataset([0, 1, 1], [(0.5, 0.5, 0.5, 0.5)] * 3, [(640, 360), (100, 200)])
    moved = to_network_input(dataset, Rect(), (640, 640), 32)
    assert moved.image_wh_px.tolist() == [[640, 384], [320, 640]]
    assert moved.boxes.input_wh_px.tolist() == [[640, 384], [320, 640], [320, 640]]


def test_ignored_boxes_do_not_enter_and_vanished_ones_are_named():
    tiny_outside = (1 - 1e-7, 0.5, 1e-7, 0.1)
    cxcywh = [(0.5, 0.5, 0.1, 0.1), (0.5, 0.5, 0.2, 0.2), tiny_outside]
    dataset = make_dataset([0, 0, 0], cxcywh, [(640, 640)], ignored=[False, True, False])
    moved = to_network_input(dataset, Letterbox(), (640, 640), 32)
    assert moved.boxes.gt_id.tolist() == [0]
    assert moved.vanished.tolist() == [False, False, True]
    (issue,) = moved.issues
    assert (issue.kind, issue.path, issue.kept) == (IssueKind.VANISHED, "000000.jpg", False)
    assert "ground truth 2" in issue.problem


@pytest.mark.parametrize("transform", [Letterbox(), Rect(), Stretch()])
def test_no_boxes_and_no_images(transform):
    moved = to_network_input(make_dataset([], [], []), transform, (64, 64), 32)
    assert len(moved.boxes) == 0
    assert moved.issues == ()


@pytest.mark.parametrize(("side", "expected"), [(1, 32), (32, 32), (33, 64), (640, 640)])
def test_sides_are_rounded_up_to_whole_strides(side, expected):
    assert round_up_to_stride(side, 32) == expected


@pytest.mark.parametrize("pad_strides", [-0.5, float("nan"), float("inf")])
def test_rect_refuses_impossible_padding(pad_strides):
    with pytest.raises(ConfigError, match=r"transform\.pad_strides: expected"):
        Rect(pad_strides)
