"""The loss at the start against the real loss on a whole tensor of constant predictions."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from assignstudy import losses
from assignstudy.assign.run import run
from assignstudy.assign.yolov3 import Yolov3
from assignstudy.assign.yolov3_spp import Yolov3Spp
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.assign.yolov5_v2 import Yolov5V2
from assignstudy.assign.yolov7_aux import Yolov7Aux
from assignstudy.losses.start import INITIALISATIONS, LossAtStart, class_logit, objectness_logit
from tests.boxes import COCO_P5, make_boxes, make_levels, seeded_boxes

INPUT_WH = (256, 160)
IMAGES = 7  # the boxes lie on the first five
ALL_SLOTS = [IMAGES * 3 * (256 // stride) * (160 // stride) for stride in (8, 16, 32)]
RULES = [Yolov5(), Yolov5V2(), Yolov7Aux(), Yolov3Spp()]
every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.facts.name)


def _shares(rule, boxes, group, classes=4, weights=None, all_slots=ALL_SLOTS, boxes_per_chunk=20, spec=COCO_P5):
    levels, formula = make_levels(spec), losses.formula_of(rule)
    weights = weights or formula.published_weights(classes, len(levels), max(INPUT_WH))
    start = LossAtStart(formula, levels, weights, classes, group, 3)
    for chunk in run(rule, boxes, levels, boxes_per_chunk=boxes_per_chunk):
        start.add(chunk)
    return start.finish(all_slots)


def _constant_predictions(init, classes, spec=COCO_P5):
    for stride, anchors in spec:
        raw = torch.zeros(IMAGES, len(anchors), 160 // stride, 256 // stride, 5 + classes, dtype=torch.float64)
        raw[..., 4] = objectness_logit(init, stride)
        raw[..., 5:] = class_logit(init, classes)
        yield raw


def _real_loss(rule, boxes, init, classes=4, weights=None):
    levels = make_levels()
    published = {"YOLOv5": losses.yolov5, "YOLOv3-SPP": losses.yolov3_spp}[losses.formula_of(rule).title]
    class_id = torch.arange(len(boxes)) % classes
    predictions = list(_constant_predictions(init, classes))
    return published(predictions, rule.assign(boxes, levels), boxes, class_id, levels, weights)


def _boxes_and_groups():
    boxes = seeded_boxes(0, boxes=90, images=5, input_wh=INPUT_WH)
    return boxes, np.random.Generator(np.random.PCG64(0)).integers(0, 3, 90)


@every_rule
@pytest.mark.parametrize("init", INITIALISATIONS)
@pytest.mark.parametrize(
    "options",
    [{}, {"gr": 0.4, "focal_gamma": 1.5, "label_smoothing": 0.2, "positive_class": 2.0}],
    ids=["plain", "all"],
)
def test_equals_the_real_loss_on_constant_predictions(rule, init, options):
    boxes, group = _boxes_and_groups()
    weights = replace(losses.formula_of(rule).published_weights(4, 3, 256), **options)
    real = _real_loss(rule, boxes, init, weights=weights)
    shares = [share for share in _shares(rule, boxes, group, weights=weights) if share.init == init]
    assert [(share.level, share.group) for share in shares] == [(k, g) for k in range(3) for g in (0, 1, 2, None)]
    for share in shares:
        if share.group is None:
            assert share.objectness == pytest.approx(real.background[share.level].item(), rel=1e-6)
            assert (share.box, share.class_) == (None, None)
            continue
        mine = torch.from_numpy(group == share.group)
        for term, of_group in (("box", share.box), ("objectness", share.objectness), ("class", share.class_)):
            expected = getattr(real, f"{term}_shares")[mine, share.level].sum().item()
            # The real loss evaluates overlaps in double precision here, and the start in float32.
            assert of_group == pytest.approx(expected, rel=1e-5, abs=1e-9), term


@every_rule
def test_chunks_do_not_change_a_bit(rule):
    boxes, group = _boxes_and_groups()
    assert _shares(rule, boxes, group, boxes_per_chunk=1) == _shares(rule, boxes, group, boxes_per_chunk=90)


def test_sizes_may_differ_from_image_to_image():
    boxes, group = _boxes_and_groups()
    wide = replace(boxes, input_wh_px=boxes.input_wh_px.expand(90, 2))
    assert _shares(RULES[0], wide, group) == _shares(RULES[0], boxes, group)
    # One slot twice on the wide image: the grid of the narrow one must not fold its rows into each other.
    sizes = torch.tensor([[64, 64], [256, 64], [256, 64]])
    mixed = replace(
        make_boxes([0, 1, 1], [(0.55, 0.55, 0.3, 0.3), (0.55, 0.3, 0.1, 0.3), (0.55, 0.8, 0.1, 0.3)], (64, 64))
    )
    mixed = replace(mixed, input_wh_px=sizes)
    per_chunk = [_shares(RULES[0], mixed, np.zeros(3), boxes_per_chunk=size) for size in (1, 9)]
    assert per_chunk[0] == per_chunk[1]


@pytest.mark.parametrize("classes", [0, 1])
def test_less_than_two_classes_have_no_class_loss(classes):
    boxes, group = _boxes_and_groups()
    assert {share.class_ for share in _shares(RULES[0], boxes, group, classes=classes)} == {None}


def test_without_boxes_only_the_background_pays():
    shares = _shares(RULES[0], make_boxes([], [], INPUT_WH), np.zeros(0))
    assert {share.objectness for share in shares if share.group is not None} == {0.0}
    assert {share.box for share in shares if share.group is not None} == {0.0}
    zero = [share.objectness for share in shares if share.group is None and share.init == "zero"]
    weights = losses.formula_of(RULES[0]).published_weights(4, 3, 256)
    assert zero == pytest.approx([math.log(2) * weights.objectness * balance for balance in (4, 1, 0.4)])


def test_without_images_there_is_no_objectness():
    shares = _shares(RULES[0], make_boxes([], [], INPUT_WH), np.zeros(0), all_slots=[0, 0, 0])
    assert {share.objectness for share in shares} == {None}


def test_published_biases():
    assert objectness_logit("published bias", 8) == pytest.approx(math.log(8 / 6400))
    assert class_logit("published bias", 80) == pytest.approx(math.log(0.6 / 79.00001))
    assert objectness_logit("zero", 8) == class_logit("zero", 80) == 0


def test_a_wider_threshold_makes_the_box_loss_of_an_untrained_head_worse():
    boxes, group = _boxes_and_groups()
    means = [
        sum(share.box or 0 for share in _shares(Yolov5(anchor_t), boxes, group) if share.init == "zero")
        for anchor_t in (1.5, 4.0, 8.0)
    ]
    assert means == sorted(means)


def test_rules_say_which_loss_they_feed():
    assert [losses.formula_of(rule).title for rule in RULES] == ["YOLOv5"] * 3 + ["YOLOv3-SPP"]
    assert losses.formula_of(Yolov3()) is None


def test_a_balance_for_other_levels_is_refused():
    boxes, group = _boxes_and_groups()
    weights = losses.LossWeights(1, 1, 1, level_balance=(1.0, 1.0))
    with pytest.raises(ValueError, match=r"^level_balance: expected one weight for each of 3 levels, got 2$"):
        _shares(RULES[0], boxes, group, weights=weights)


def test_chunks_pass_unchanged():
    boxes, group = _boxes_and_groups()
    levels, formula = make_levels(), losses.formula_of(RULES[0])
    start = LossAtStart(formula, levels, formula.published_weights(4, 3, 256), 4, group, 3)
    chunks = list(run(RULES[0], boxes, levels, boxes_per_chunk=20))
    assert list(start.passing(chunks)) == chunks
    weights = formula.published_weights(4, 3, 256)
    assert start.finish(ALL_SLOTS) == _shares(RULES[0], boxes, group, weights=weights)
