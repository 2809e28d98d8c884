import numpy as np
import pytest
import torch

from assignstudy import losses
from assignstudy.errors import ModelError
from assignstudy.losses.weights import yolov3_spp_weights, yolov5_weights
from assignstudy.models.predictions import as_one_batch, picture_loss, training_outputs
from assignstudy.types import InputBoxes
from tests.boxes import make_levels
from tests.losses.batches import KINDS, crowded_batch

LEVELS = make_levels()
SHAPES = [(1, 3, 8, 12, 8), (1, 3, 4, 6, 8), (1, 3, 2, 3, 8)]


def outputs(shapes=SHAPES):
    return [torch.zeros(shape) for shape in shapes]


@pytest.mark.parametrize(
    "nest",
    [
        list,
        lambda raw: (torch.zeros(1, 9, 8), tuple(raw)),
        lambda raw: {"loss": None, "raw": list(reversed(raw)), "boxes": torch.zeros(3, 4)},
    ],
)
def test_training_outputs_are_found_wherever_they_are_by_level(nest):
    found = training_outputs(nest(outputs()), LEVELS, 3)
    assert [tuple(one.shape) for one in found] == SHAPES


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_outputs_that_are_no_numbers_are_refused(value):
    raw = outputs()
    raw[1][0, 0, 0, 0, 4] = value
    with pytest.raises(ModelError, match=r"^training outputs: expected numbers, got NaN or infinity"):
        training_outputs(raw, LEVELS, 3)


@pytest.mark.parametrize("output", [torch.zeros(1, 9, 8), None, (), {"a": [torch.zeros(1, 2, 3, 4)]}])
def test_a_model_without_training_outputs_has_none(output):
    assert training_outputs(output, LEVELS, 3) is None


@pytest.mark.parametrize(
    "shapes",
    [
        SHAPES[:2],
        [(1, 2, *shape[2:]) for shape in SHAPES],
        [(*shape[:4], 85) for shape in SHAPES],
        [(2, *shape[1:]) for shape in SHAPES],
    ],
)
def test_outputs_of_another_shape_are_said(shapes):
    expected = r"^training outputs: expected .* per level, \(1, 3, rows, columns, 8\), .*, got \("
    with pytest.raises(ModelError, match=expected):
        training_outputs(outputs(shapes), LEVELS, 3)


def of_image(batch, image):
    rows = torch.nonzero(batch.boxes.image_index == image).flatten().tolist()
    return batch.boxes.rows(rows[0], rows[-1] + 1), slice(rows[0], rows[-1] + 1)


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_one_by_one_cost_what_they_cost_as_one_batch(kind):
    batch = crowded_batch(kind, classes=4)
    weights = {"yolov5": yolov5_weights(4, 3, 96), "yolov3_spp": yolov3_spp_weights(4)}[kind]
    rule, parts = KINDS[kind][1](), []
    for image in range(3):
        boxes, rows = of_image(batch, image)
        raw = [level[image : image + 1].float() for level in batch.predictions]
        assignment = rule.assign(boxes, make_levels(batch.spec))
        parts.append(picture_loss(rule, raw, assignment, boxes, batch.class_id[rows], make_levels(batch.spec), weights))
    whole = batch.loss(weights)
    one_batch = as_one_batch(parts)
    for mine, theirs in (("box", "box_shares"), ("objectness", "objectness_shares"), ("class_", "class_shares")):
        joined = np.concatenate([getattr(part, mine) for part in one_batch])
        np.testing.assert_allclose(joined, getattr(whole, theirs).numpy(), rtol=2e-5, atol=1e-9)
    background = sum(part.background for part in one_batch)
    np.testing.assert_allclose(background, whole.background.numpy(), rtol=2e-5)


def test_no_picture_is_no_loss():
    assert as_one_batch([]) == []


def test_outputs_of_another_grid_are_said():
    batch = crowded_batch("yolov5")
    boxes, rows = of_image(batch, 0)
    raw = [level[:1, :, 1:].float() for level in batch.predictions]
    rule, weights, levels = KINDS["yolov5"][1](), yolov5_weights(4, 3, 96), make_levels(batch.spec)
    assignment = rule.assign(boxes, levels)
    with pytest.raises(ModelError, match=r"^training outputs: .*expected the grid .*; study the levels that the model"):
        picture_loss(rule, raw, assignment, boxes, batch.class_id[rows], levels, weights)


def test_a_picture_without_boxes_costs_its_background():
    rule = KINDS["yolov5"][1]()
    none = InputBoxes(
        torch.empty(0, dtype=torch.int64),
        torch.empty(0, dtype=torch.int64),
        torch.empty(0, 4),
        torch.empty(0, 4),
        torch.tensor([[96, 64]]),
    )
    found = picture_loss(
        rule, outputs(), rule.assign(none, LEVELS), none, none.gt_id, LEVELS, losses.LossWeights(1, 1, 1)
    )
    assert found.box.shape == (0, 3)
    np.testing.assert_allclose(found.background, np.log(2), rtol=1e-6)
