"""The edges of the rule `max_iou`, each with the rows written out: (ground truth, anchor, grid_y, grid_x)."""

import math

import numpy as np
import pytest
import torch

from assignstudy.assign.max_iou import PAIRS_AT_ONCE, MaxIou
from assignstudy.errors import ConfigError
from tests.boxes import make_corner_boxes, make_levels, rows_of, seeded_boxes
from tests.oracles import max_iou as twin

# One level of stride 32 on a 96 x 64 input: 3 columns, 2 rows; one anchor of 64 x 64 px, centred at (32 i, 32 j).
INPUT_WH = (96, 64)
SPEC = ((32, [(64, 64)]),)
EVERY_SLOT = [(0, y, x) for y in (0, 1) for x in (0, 1, 2)]


def _assign(boxes, spec=SPEC, images=None, **options):
    images = images or [0] * len(boxes)
    return MaxIou(**options).assign(make_corner_boxes(images, boxes, INPUT_WH), make_levels(spec))


def _rows(boxes, spec=SPEC, images=None, **options):
    (level,) = _assign(boxes, spec, images, **options).levels
    return [row[:4] for row in rows_of(level)]


def test_anchors_are_centred_at_the_cells_corner():
    assert _rows([(0, 0, 64, 64)]) == [(0, 0, 1, 1)]


def test_anchors_may_reach_over_the_border():
    assert _rows([(-32, -32, 32, 32)]) == [(0, 0, 0, 0)]


def test_published_retinanet_anchors_and_their_order():
    shapes = MaxIou("detectron2").published_levels()[0].anchor_wh_px
    sizes = [32 * 2 ** (k / 3) for k in range(3)]
    expected = [(size / math.sqrt(ratio), size * math.sqrt(ratio)) for size in sizes for ratio in (0.5, 1, 2)]
    assert shapes.numpy() == pytest.approx(np.array(expected), rel=1e-6)
    regrouped = shapes.reshape(3, 3, 2).transpose(0, 1).reshape(9, 2)
    assert torch.equal(MaxIou("mmdet").published_levels()[0].anchor_wh_px, regrouped)
    assert [level.name for level in MaxIou().published_levels()] == ["P3", "P4", "P5", "P6", "P7"]


def test_published_faster_rcnn_anchors():
    levels = MaxIou(preset="faster_rcnn").published_levels()
    assert [level.name for level in levels] == ["P2", "P3", "P4", "P5", "P6"]
    assert levels[0].anchor_wh_px[1].tolist() == [32, 32]
    assert levels[0].anchor_wh_px.prod(dim=1).numpy() == pytest.approx(1024)


@pytest.mark.parametrize(
    ("iou_t", "expected"),
    [
        pytest.param(1 / 3, [(0, 0, 0, 1), (0, 0, 1, 0), (0, 0, 1, 1), (0, 0, 1, 2)], id="equality is positive"),
        pytest.param(float(np.nextafter(np.float32(1 / 3), np.float32(1))), [(0, 0, 1, 1)], id="an ulp more is not"),
    ],
)
def test_an_iou_of_exactly_iou_t(iou_t, expected):
    # The anchor of cell (1, 1) is the box itself; those of the cells beside it share half: 2048 / 6144.
    assert _rows([(0, 0, 64, 64)], iou_t=iou_t) == expected


def test_thresholds_are_compared_in_float32():
    # 28 px to the right of the anchor of cell (1, 1): IoU 36 / 92, in float32 below the double 36 / 92.
    assert float(np.float32(36 / 92)) < 36 / 92
    assert _rows([(28, 0, 92, 64)], iou_t=36 / 92) == [(0, 0, 1, 1), (0, 0, 1, 2)]


def test_below_the_threshold_the_best_anchors_are_forced_all_of_equals():
    # 8 x 8 px inside the anchors of four cells: IoU 64 / 4096 with each.
    expected = [(0, 0, 0, 0), (0, 0, 0, 1), (0, 0, 1, 0), (0, 0, 1, 1)]
    assert _rows([(12, 12, 20, 20)]) == _rows([(12, 12, 20, 20)], variant="mmdet") == expected


@pytest.mark.parametrize(("variant", "expected"), [("detectron2", 0), ("mmdet", 1)])
def test_of_identical_boxes_the_first_is_best_but_the_last_forces(variant, expected):
    assert _rows([(0, 0, 64, 64)] * 2, variant=variant) == [(expected, 0, 1, 1)]


@pytest.mark.parametrize(
    ("variant", "expected"),
    [pytest.param("detectron2", 0, id="its own best"), pytest.param("mmdet", 1, id="who forced it")],
)
def test_who_gets_an_anchor_that_is_forced_but_overlaps_another_ground_truth_more(variant, expected):
    # The first box is the anchor of cell (1, 1); the second is best with it too, at an IoU of 1600 / 4096.
    assert _rows([(0, 0, 64, 64), (14, 14, 54, 54)], variant=variant) == [(expected, 0, 1, 1)]


def test_a_forced_anchor_goes_to_the_image_mate_it_overlaps_most_even_below_the_threshold():
    # Both boxes are below 0.5 and best with cell (1, 1), where the second one overlaps more.
    boxes = [(20, 20, 44, 44), (18, 18, 46, 46)]
    assert _rows(boxes) == [(1, 0, 1, 1)]
    assert _rows(boxes, images=[0, 1]) == [(0, 0, 1, 1), (1, 0, 1, 1)]
    assert _rows(boxes[::-1], variant="mmdet") == [(1, 0, 1, 1)]


@pytest.mark.parametrize(
    ("height", "preset", "expected"),
    [
        (106.66666412353516, "faster_rcnn", [(0, 0, 0, 0)]),
        (106.66667175292969, "faster_rcnn", []),
        (106.66667175292969, "retinanet", [(0, 0, 0, 0)]),
    ],
)
def test_mmdet_forces_only_from_min_pos_iou_on(height, preset, expected):
    # The anchor lies inside the box: IoU 4096 / (128 h), just above and just below float32(0.3).
    boxes = make_corner_boxes([0], [(-64, -53, 64, height - 53)], (32, 32))
    (level,) = MaxIou("mmdet", preset, 0.9).assign(boxes, make_levels(SPEC)).levels
    assert [row[:4] for row in rows_of(level)] == expected


@pytest.mark.parametrize("variant", ["detectron2", "mmdet"])
def test_a_box_that_overlaps_nothing_forces_every_anchor(variant):
    rows = _rows([(1000, 1000, 1010, 1010)], variant=variant)
    assert rows == [(0, *slot) for slot in EVERY_SLOT]


def test_what_forces_every_anchor_leaves_each_to_its_own_best_in_detectron2():
    rows = _rows([(1000, 0, 1010, 10), (0, 0, 64, 64), (2000, 0, 2010, 10)], images=[0, 0, 1])
    assert [(gt, *slot) for gt, *slot in rows[:6]] == [(1, *slot) for slot in EVERY_SLOT]
    assert [(gt, *slot) for gt, *slot in rows[6:]] == [(2, *slot) for slot in EVERY_SLOT]


def test_what_forces_every_anchor_takes_all_but_the_later_ones_in_mmdet():
    rows = _rows([(0, 0, 64, 64), (1000, 0, 1010, 10), (900, 0, 910, 10), (64, 32, 128, 96)], variant="mmdet")
    assert rows == [(2, *slot) for slot in EVERY_SLOT[:-1]] + [(3, 0, 1, 2)]


def test_nothing_is_forced_below_min_pos_iou_even_at_zero():
    assert _rows([(1000, 1000, 1010, 1010)], variant="mmdet", preset="faster_rcnn") == []


def test_best_iou_belongs_to_the_first_of_equal_anchors():
    spec = ((16, [(8, 8), (32, 32)]), (32, [(32, 32)]))
    assignment = _assign([(16, 16, 48, 48), (1000, 0, 1010, 10)], spec)
    assert assignment.critical.tolist() == [1.0, 0.0]
    assert (assignment.best_level.tolist(), assignment.best_anchor.tolist()) == ([0, 0], [1, 0])


def test_best_anchor_may_be_on_a_later_level():
    assignment = _assign([(0, 0, 64, 64)], ((16, [(8, 8)]), (32, [(32, 32), (64, 64)])))
    assert (assignment.best_level.tolist(), assignment.best_anchor.tolist()) == ([1], [1])


def test_a_box_far_larger_than_every_anchor_is_matched_by_those_inside():
    rows = _rows([(-500, -500, 600, 600)])
    assert rows == [(0, *slot) for slot in EVERY_SLOT]


def test_more_pairs_than_are_compared_at_once():
    # One box overlaps nothing and forces all 57,600 anchors of P3, each of which looks for its owner among 24 boxes.
    inside = seeded_boxes(0, boxes=23, images=1, input_wh=(640, 640)).xyxy_px.tolist()
    boxes = make_corner_boxes([0] * 24, [*inside, (5000, 0, 5010, 10)], (640, 640))
    levels = MaxIou().published_levels()
    assert PAIRS_AT_ONCE < 57_600 * 24
    arguments = ([(0, *box) for box in boxes.xyxy_px.tolist()], (640, 640))
    spec = [(level.stride, level.anchor_wh_px.tolist()) for level in levels]
    expected = twin.assign(*arguments, spec, iou_t=0.5, variant="detectron2", preset="retinanet")
    assert [rows_of(level) for level in MaxIou().assign(boxes, levels).levels] == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variant": "torchvision"}, r"^variant: expected detectron2 or mmdet, got torchvision"),
        ({"preset": "ssd"}, r"^preset: expected retinanet or faster_rcnn, got ssd"),
        ({"iou_t": 0}, r"^iou_t: expected a number above 0 and up to 1, got 0"),
        ({"iou_t": 1e-60}, r"^iou_t: expected a number above 0"),
        ({"iou_t": 1.01}, r"^iou_t: expected a number above 0 and up to 1, got 1.01"),
    ],
)
def test_options_that_cannot_be_used(options, message):
    with pytest.raises(ConfigError, match=message):
        MaxIou(**options)


@pytest.mark.parametrize(("preset", "iou_t"), [("retinanet", 0.5), ("faster_rcnn", 0.7)])
def test_the_preset_decides_the_published_threshold(preset, iou_t):
    assert MaxIou(preset=preset).published_threshold == iou_t
    assert MaxIou(preset=preset).facts.threshold.value == pytest.approx(iou_t)
    assert MaxIou(preset=preset, iou_t=0.6).published_threshold == iou_t
