"""Value types refuse what does not fit together."""

from dataclasses import replace

import pytest
import torch

from assignstudy.types import IssueKind, PyramidLevel
from tests.boxes import make_boxes, make_dataset


@pytest.mark.parametrize(("stride", "name"), [(4, "P2"), (8, "P3"), (64, "P6"), (1, "P0")])
def test_levels_are_named_by_their_stride(stride, name):
    assert PyramidLevel(stride, torch.ones(1, 2)).name == name


@pytest.mark.parametrize("stride", [0, -8, 12])
def test_a_stride_is_a_power_of_two(stride):
    with pytest.raises(ValueError, match="stride: expected a power of two"):
        PyramidLevel(stride, torch.ones(1, 2))


@pytest.mark.parametrize("anchors", [torch.zeros(1, 2), torch.full((2, 2), float("nan")), -torch.ones(2, 2)])
def test_anchors_have_an_area(anchors):
    with pytest.raises(ValueError, match="anchor_wh_px: expected sizes above 0"):
        PyramidLevel(8, anchors)


def test_anchors_come_as_pairs():
    with pytest.raises(ValueError, match=r"anchor_wh_px: expected torch\.float32 of shape"):
        PyramidLevel(8, torch.ones(3))


def test_datasets_are_ordered():
    dataset = make_dataset([0, 1], [(0.5, 0.5, 0.1, 0.1)] * 2, [(8, 8), (8, 8)])
    with pytest.raises(ValueError, match="image_index: expected ascending"):
        replace(dataset, image_index=torch.tensor([1, 0]))
    with pytest.raises(ValueError, match="image_paths: expected ascending, unique"):
        replace(dataset, image_paths=("b.jpg", "a.jpg"))
    with pytest.raises(ValueError, match="image_paths: expected ascending, unique"):
        replace(dataset, image_paths=("a.jpg", "a.jpg"))


def test_datasets_know_their_images_and_classes():
    dataset = make_dataset([0], [(0.5, 0.5, 0.1, 0.1)], [(8, 8)])
    with pytest.raises(ValueError, match="image_index: expected ids from 0 to 0, got 1 to 1"):
        replace(dataset, image_index=torch.tensor([1]))
    with pytest.raises(ValueError, match="class_id: expected ids from 0 to 2, got 3 to 3"):
        replace(dataset, class_id=torch.tensor([3]))


def test_frames_keep_their_type():
    boxes = make_boxes([0], [(0.5, 0.5, 0.25, 0.5)], (64, 32))
    assert boxes.wh_px.tolist() == [[16, 16]]
    with pytest.raises(ValueError, match=r"cxcywh_norm: expected torch\.float32"):
        replace(boxes, cxcywh_norm=boxes.cxcywh_norm.double())


def test_rejecting_kinds_are_the_refused_boxes():
    assert {kind for kind in IssueKind if kind.rejects_box} == {
        IssueKind.MALFORMED,
        IssueKind.NOT_FINITE,
        IssueKind.NO_AREA,
        IssueKind.UNKNOWN_CLASS,
        IssueKind.OUTSIDE,
        IssueKind.VANISHED,
    }


def test_one_image_of_a_data_set_counts_from_zero():
    dataset = make_dataset([0, 1, 1, 2], [(0.5, 0.5, 0.1 * k, 0.1) for k in range(1, 5)], [(64, 64), (32, 48), (8, 8)])
    dataset = replace(dataset, load_picture=lambda index: f"picture {index}")
    alone = dataset.only(1)
    assert alone.image_paths == ("000001.jpg",)
    assert alone.image_wh_orig.tolist() == [[32, 48]]
    assert alone.image_index.tolist() == [0, 0]
    assert torch.equal(alone.cxcywh_norm_orig, dataset.cxcywh_norm_orig[1:3])
    assert alone.load_picture(0) == "picture 1"
