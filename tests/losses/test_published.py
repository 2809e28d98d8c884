"""The published losses against their slow twin, their laws, their gradients and what they refuse."""

from dataclasses import replace

import pytest
import torch

from assignstudy.assign.yolov5 import Yolov5
from assignstudy.losses import LossWeights
from assignstudy.losses.formulas import Yolov3SppLoss, Yolov5Loss
from assignstudy.statistics.door import LevelArrays
from assignstudy.statistics.slots import find
from tests.boxes import make_boxes, rows_of
from tests.losses.batches import KINDS, crowded_batch, hard_batch, make_batch

PLAIN = LossWeights(box=1.0, objectness=1.0, class_=1.0)
OPTIONS = {
    "plain": PLAIN,
    "weighted": LossWeights(0.05, 0.7, 0.3, level_balance=(4, 1, 0.4)),
    "half gr": replace(PLAIN, gr=0.5),
    "no gr": replace(PLAIN, gr=0.0),
    "focal": replace(PLAIN, focal_gamma=1.5),
    "smoothing": replace(PLAIN, label_smoothing=0.1),
    "positive weights": replace(PLAIN, positive_objectness=2.5, positive_class=0.4),
    "everything": LossWeights(0.2, 3, 0.5, (3, 2, 1), 0.8, 2.0, 0.2, 1.7, 0.6),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def _assert_equals_twin(batch, weights, rtol):
    loss, expected = batch.loss(weights), batch.twin(weights)
    for term in ("total", "box", "objectness", "class_"):
        assert getattr(loss, term).item() == pytest.approx(expected[term.rstrip("_")], rel=rtol), term
    for term in ("box", "objectness", "class"):
        shares = torch.tensor(expected[f"{term}_shares"], dtype=torch.float64).reshape(-1, len(batch.spec))
        assert torch.allclose(getattr(loss, f"{term}_shares").double(), shares, rtol=rtol, atol=1e-3 * rtol), term
    assert loss.background.tolist() == pytest.approx(expected["background"], rel=rtol)


@every_kind
@pytest.mark.parametrize("weights", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("make", [crowded_batch, hard_batch])
def test_equals_its_twin(kind, weights, make):
    _assert_equals_twin(make(kind), weights, rtol=1e-9)


@every_kind
@pytest.mark.parametrize("weights", [PLAIN, OPTIONS["everything"]], ids=["plain", "everything"])
def test_equals_its_twin_in_single_precision(kind, weights):
    _assert_equals_twin(crowded_batch(kind, dtype=torch.float32), weights, rtol=1e-5)


@every_kind
def test_one_class_has_no_class_loss(kind):
    batch = crowded_batch(kind, classes=1)
    _assert_equals_twin(batch, PLAIN, rtol=1e-9)
    assert batch.loss(PLAIN).class_ == 0


@every_kind
def test_without_boxes_only_the_background_is_left(kind):
    batch = make_batch(kind, make_boxes([], [], (64, 96)))
    loss = batch.loss(PLAIN)
    _assert_equals_twin(batch, PLAIN, rtol=1e-9)
    assert loss.box == 0
    assert loss.class_ == 0
    assert loss.objectness == pytest.approx(loss.background.sum().item())
    assert loss.per_ground_truth.total.shape == (0,)


@every_kind
def test_a_level_without_rows_adds_its_objectness_only(kind):
    batch = make_batch(kind, make_boxes([0], [(0.5, 0.5, 0.08, 0.08)], (96, 64)))
    loss = batch.loss(PLAIN)
    assert [len(level) > 0 for level in batch.assignment.levels] == [True, False, False]
    _assert_equals_twin(batch, PLAIN, rtol=1e-9)
    assert loss.per_level.box[1:].tolist() == [0, 0]
    assert loss.per_level.class_[1:].tolist() == [0, 0]
    assert torch.equal(loss.per_level.objectness[1:], loss.background[1:])
    assert (loss.background > 0).all()


@every_kind
def test_levels_may_differ_in_their_number_of_anchors(kind):
    _assert_equals_twin(crowded_batch(kind, spec=((8, [(10, 13)]), (32, [(60, 60), (30, 60)]))), PLAIN, rtol=1e-9)


def test_the_batches_are_as_hard_as_they_claim():
    crowded, hard = crowded_batch("yolov5"), hard_batch("yolov5")
    contested = [
        len(find(_arrays(level), crowded.boxes.image_index.numpy()).contested_anchor)
        for level in crowded.assignment.levels
    ]
    assert min(contested) > 0
    for batch in (crowded, hard):
        rows = [row[:4] for level in batch.assignment.levels for row in rows_of(level)]
        assert len(set(rows)) < len(rows), "no self-duplicate"
    assert max(level.gt_row.max() for level in hard.assignment.levels) < 5, "the last box was meant to fit nothing"


def _arrays(level):
    parts = (level.gt_row, level.anchor, level.grid_y, level.grid_x, level.cell_offset)
    return LevelArrays(*(part.numpy() for part in parts), unreachable=None, prior_iou=None)


@every_kind
@pytest.mark.parametrize("weights", [None, OPTIONS["everything"]], ids=["published", "everything"])
def test_shares_sum_to_the_totals(kind, weights):
    loss = crowded_batch(kind).loss(weights)
    truth, level = loss.per_ground_truth, loss.per_level
    assert truth.box.sum().item() == pytest.approx(loss.box.item(), rel=1e-12)
    assert truth.class_.sum().item() == pytest.approx(loss.class_.item(), rel=1e-12)
    assert (truth.objectness.sum() + loss.background.sum()).item() == pytest.approx(loss.objectness.item(), rel=1e-12)
    assert (truth.total.sum() + loss.factor * loss.background.sum()).item() == pytest.approx(loss.total.item())
    for term in ("total", "box", "objectness", "class_"):
        assert getattr(level, term).sum().item() == pytest.approx(getattr(loss, term).item(), rel=1e-12), term


def test_only_yolov5_multiplies_by_the_batch_size():
    totals = {kind: crowded_batch(kind, images=4).loss(PLAIN) for kind in KINDS}
    for kind, factor in (("yolov5", 4), ("yolov3_spp", 1)):
        loss = totals[kind]
        assert loss.total.item() == pytest.approx(factor * (loss.box + loss.objectness + loss.class_).item())


def test_the_last_row_decides_a_shared_slots_target():
    # Two boxes of one centre in one slot; the second has the anchor's shape, so its target is the better one.
    boxes = make_boxes([0, 0], [(0.5625, 0.5625, 0.5, 0.5), (0.5625, 0.5625, 0.25, 0.25)], (64, 64))
    batch = make_batch("yolov5", boxes, spec=((8, [(16, 16)]),), images=1)
    zeros = [torch.zeros_like(level) for level in batch.predictions]
    loss = batch.loss(PLAIN, zeros)
    assert loss.objectness_shares[0].item() == 0
    # CIoU of 1 at a logit of 0: the cross entropy is log 2 whatever the target, so look at the gradient as well.
    leaf = zeros[0].requires_grad_()
    batch.loss(PLAIN, [leaf]).objectness.backward()
    assert leaf.grad[0, 0, 4, 4, 4].item() == pytest.approx((0.5 - 1) / 64, abs=1e-9)


def test_an_overlap_below_zero_asks_for_no_object():
    boxes = make_boxes([0], [(0.5625, 0.5625, 0.25, 0.25)], (64, 64))
    batch = make_batch("yolov3_spp", boxes, spec=((8, [(16, 16)]),), images=1, classes=1)
    # A tiny box in the corner of the cell, and a tiny ground truth in its middle: apart, so the GIoU is below 0.
    batch = replace(batch, boxes=make_boxes([0], [(0.5625, 0.5625, 0.001, 0.001)], (64, 64)))
    leaf = torch.zeros_like(batch.predictions[0])
    leaf[0, 0, 4, 4, :4] = torch.tensor([40.0, 40, -9, -9])
    leaf.requires_grad_()
    loss = batch.loss(PLAIN, [leaf])
    loss.objectness.backward()
    assert loss.box > 1
    assert leaf.grad[0, 0, 4, 4, 4].item() == pytest.approx((0.5 - 0) / 64)


def test_sizes_are_capped_at_a_thousand_anchors():
    raw = torch.tensor([[0.0, 0.0, 500.0, -1.0]], requires_grad=True)
    decoded = Yolov3SppLoss().decode(raw, torch.tensor([[2.0, 3.0]]))
    decoded.sum().backward()
    assert raw.grad.tolist() == [pytest.approx([0.25, 0.25, 0, 3 * 0.36787944])]
    assert decoded.tolist() == [pytest.approx([0.5, 0.5, 2000, 3 * 0.36787944])]


@every_kind
@pytest.mark.parametrize("make", [crowded_batch, hard_batch])
def test_gradient_is_that_of_the_twin_with_its_frozen_parts_held(kind, make):
    """Central differences of the twin, whose targets and aspect weights stay those of the unmoved predictions."""
    batch, weights = make(kind, classes=2), OPTIONS["everything"]
    leaves = [level.clone().requires_grad_() for level in batch.predictions]
    batch.loss(weights, leaves).total.backward()
    for level, index in _probes(batch):
        values = []
        for step in (1e-5, -1e-5):
            moved = [part.clone() for part in batch.predictions]
            moved[level][index] += step
            values.append(batch.twin(weights, moved, frozen=batch.predictions)["total"])
        slope = (values[0] - values[1]) / 2e-5
        assert leaves[level].grad[index].item() == pytest.approx(slope, rel=1e-5, abs=1e-9)


def _probes(batch):
    """All outputs of one positive slot and one other output on each level."""
    for level, positives in enumerate(batch.assignment.levels):
        yield level, (0, 0, 0, 0, 4)
        if len(positives):
            row = len(positives) // 2
            image = int(batch.boxes.image_index[positives.gt_row[row]])
            slot = (int(positives.anchor[row]), int(positives.grid_y[row]), int(positives.grid_x[row]))
            yield from ((level, (image, *slot, output)) for output in (0, 2, 3, 4, 5))


@every_kind
@pytest.mark.parametrize("weights", [PLAIN, OPTIONS["everything"]], ids=["plain", "everything"])
def test_gradcheck_of_every_part_without_frozen_values(kind, weights):
    # gr = 0 makes the objectness target a constant; CIoU's aspect weight is the one frozen value left (see above).
    batch = make_batch(
        kind, make_boxes([0, 0], [(0.5, 0.5, 0.3, 0.4), (0.7, 0.3, 0.2, 0.5)], (64, 64)), images=1, classes=2
    )
    terms = (
        ("objectness", "class_") if kind == "yolov5" else ("total", "objectness_shares", "box_shares", "class_shares")
    )
    weights = replace(weights, gr=0.0)

    def parts(*predictions):
        loss = batch.loss(weights, list(predictions))
        return tuple(getattr(loss, term) for term in terms)

    leaves = tuple(level.requires_grad_() for level in batch.predictions)
    assert torch.autograd.gradcheck(parts, leaves, fast_mode=True)


@every_kind
def test_shares_are_differentiable_one_by_one(kind):
    batch = hard_batch(kind)
    leaves = [level.requires_grad_() for level in batch.predictions]
    share = batch.loss(PLAIN).per_ground_truth.total[3]
    gradients = torch.autograd.grad(share, leaves)
    assert all((gradient[:2] == 0).all() for gradient in gradients), "its image is the third"
    assert any((gradient[2] != 0).any() for gradient in gradients)


@every_kind
def test_predictions_are_left_as_they_were(kind):
    batch = hard_batch(kind)
    before = [level.clone() for level in batch.predictions]
    batch.loss()
    assert all(torch.equal(one, other) for one, other in zip(before, batch.predictions, strict=True))


@every_kind
def test_published_weights_are_taken_for_the_shapes_at_hand(kind):
    batch = crowded_batch(kind, classes=4)
    formula = {"yolov5": Yolov5Loss(), "yolov3_spp": Yolov3SppLoss()}[kind]
    assert batch.loss().total == batch.loss(formula.published_weights(4, 3, 96)).total


def test_any_assignment_can_be_fed_to_any_loss():
    _assert_equals_twin(crowded_batch("yolov3_spp", rule=Yolov5()), PLAIN, rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda b: replace(b, predictions=b.predictions[:2]),
            r"^predictions: expected one tensor for each of 3 levels",
        ),
        (
            lambda b: replace(b, predictions=_with(b, 0, b.predictions[0][0])),
            r"^predictions\[0\]: expected shape \(B, A",
        ),
        (
            lambda b: replace(b, predictions=_with(b, 0, b.predictions[0][..., :5])),
            r"^predictions\[0\]: expected shape \(",
        ),
        (
            lambda b: replace(b, predictions=_with(b, 1, b.predictions[1][:, :2])),
            r"^predictions\[1\]: expected shape \(3, 3",
        ),
        (
            lambda b: replace(b, predictions=_with(b, 2, b.predictions[2][:2])),
            r"^predictions\[2\]: expected shape \(3, 3",
        ),
        (
            lambda b: replace(b, predictions=_with(b, 2, b.predictions[2][..., :7])),
            r"^predictions\[2\]: expected shape",
        ),
        (lambda b: replace(b, predictions=_with(b, 1, b.predictions[1].mT)), r"^predictions\[1\]: expected shape"),
        (
            lambda b: replace(b, predictions=_with(b, 1, b.predictions[1].transpose(2, 3))),
            r"^predictions\[1\]: expected the",
        ),
        (
            lambda b: replace(b, predictions=[p[:2] for p in b.predictions]),
            r"^boxes.image_index: expected ids from 0 to 1",
        ),
        (lambda b: replace(b, class_id=b.class_id + 1), r"^class_id: expected ids from 0 to 3, got"),
        (lambda b: replace(b, class_id=b.class_id[1:]), r"^class_id: expected torch.int64 of shape"),
    ],
)
def test_shapes_that_do_not_fit_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        change(crowded_batch("yolov5")).loss(PLAIN)


def _with(batch, number, prediction):
    return [prediction if k == number else part for k, part in enumerate(batch.predictions)]
