"""The YOLO rules, and their slow twins, make of the hand-made boxes what is written out in the golden table."""

import importlib

import pytest

from assignstudy.assign.yolov3 import Yolov3
from assignstudy.assign.yolov3_spp import Yolov3Spp
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.assign.yolov5_v2 import Yolov5V2
from assignstudy.assign.yolov7_aux import Yolov7Aux
from tests.assign.golden import FURTHER_ANCHORS, INPUT_WH, P3, SHARED_SLOTS, SPEC, TABLE
from tests.boxes import make_boxes, make_levels, rows_of

RULES = {rule.facts.name: rule for rule in (Yolov5(), Yolov5V2(), Yolov7Aux(), Yolov3Spp(), Yolov3())}
every_rule = pytest.mark.parametrize("name", RULES)


def _norm(boxes_px):
    return [(cx / 64, cy / 32, w / 64, h / 32) for cx, cy, w, h in boxes_px]


def _rows(rule, boxes_px):
    boxes = make_boxes([0] * len(boxes_px), _norm(boxes_px), INPUT_WH)
    return _flat([rows_of(level) for level in rule.assign(boxes, make_levels(SPEC)).levels])


def _flat(levels):
    return [(gt, level, *rest) for level, rows in enumerate(levels) for gt, *rest in rows]


@every_rule
@pytest.mark.parametrize("golden", TABLE, ids=lambda golden: golden.name)
def test_rule(name, golden):
    assert _rows(RULES[name], golden.boxes) == getattr(golden, name), golden.why


@every_rule
@pytest.mark.parametrize("golden", TABLE, ids=lambda golden: golden.name)
def test_slow_twin(name, golden):
    twin = importlib.import_module(f"tests.oracles.{name}")
    threshold = {RULES[name].threshold_name: RULES[name].published_threshold}
    rows = _flat(twin.assign(_norm(golden.boxes), INPUT_WH, SPEC, **threshold))
    assert rows == getattr(golden, name), golden.why


@every_rule
def test_boxes_of_one_image_do_not_change_each_others_rows(name):
    alone = [golden for golden in TABLE if len(golden.boxes) == 1]
    together = _rows(RULES[name], [golden.boxes[0] for golden in alone])
    for number, golden in enumerate(alone):
        mine = [(0, *rest) for gt, *rest in together if gt == number]
        assert mine == getattr(golden, name), golden.why


@pytest.mark.parametrize(("why", "box", "iou_t", "expected"), FURTHER_ANCHORS)
def test_further_anchors_of_yolov4(why, box, iou_t, expected):
    assert _rows(Yolov3(iou_t), [box]) == expected, why


@pytest.mark.parametrize(
    ("golden", "name", "slot", "owner"),
    [
        (SHARED_SLOTS[0], "yolov5", (P3, 0, 2, 3), 1),
        (SHARED_SLOTS[1], "yolov5", (P3, 0, 2, 4), 0),
        (SHARED_SLOTS[1], "yolov7_aux", (P3, 0, 2, 3), 1),
        (SHARED_SLOTS[1], "yolov3_spp", (P3, 0, 2, 4), 1),
    ],
)
def test_the_last_row_owns_a_shared_slot(golden, name, slot, owner):
    claimants = [gt for gt, *where, _ in _rows(RULES[name], golden.boxes) if tuple(where) == slot]
    assert claimants[-1] == owner


def test_the_table_is_as_long_as_it_claims_and_names_are_unique():
    names = [golden.name for golden in TABLE]
    assert len(names) == len(set(names)) >= 40
