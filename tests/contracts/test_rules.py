"""Every rule in `assignstudy/assign` keeps these laws and equals its slow twin in `tests/oracles`."""

import importlib
import inspect
import pkgutil
from dataclasses import fields, replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import assignstudy.assign
from assignstudy.assign.rule import Rule
from assignstudy.assign.run import run
from assignstudy.errors import ConfigError
from tests.boxes import COCO_P5, input_boxes, make_boxes, make_levels, rows_of, seeded_boxes


def _rules():
    for module in pkgutil.iter_modules(assignstudy.assign.__path__):
        for one in vars(importlib.import_module(f"assignstudy.assign.{module.name}")).values():
            is_rule = isinstance(one, type) and issubclass(one, Rule) and not inspect.isabstract(one)
            if is_rule and one.__module__.endswith(f".{module.name}"):
                yield pytest.param(one, id=module.name)


RULES = list(_rules())
every_rule = pytest.mark.parametrize("rule_class", RULES)


def _twin(rule_class):
    return importlib.import_module(f"tests.oracles.{rule_class().facts.name}")


def _threshold(rule):
    return {rule.threshold_name: rule.facts.threshold.value} if rule.facts.threshold else {}


def _assert_equals_twin(rule, boxes, spec=COCO_P5):
    assignment = rule.assign(boxes, make_levels(spec))
    arguments = (boxes.cxcywh_norm.tolist(), boxes.input_wh_px[0].tolist(), spec)
    expected = _twin(type(rule)).assign(*arguments, **_threshold(rule))
    assert [rows_of(level) for level in assignment.levels] == expected
    assert assignment.critical.tolist() == [float(value) for value in _twin(type(rule)).critical(*arguments)]


def test_rules_are_found():
    assert "yolov5" in {parameter.id for parameter in RULES}


@every_rule
@given(data=st.data())
def test_equals_its_twin_on_hard_boxes(rule_class, data):
    rule = rule_class()
    _assert_equals_twin(rule, data.draw(input_boxes(threshold=rule.published_threshold or 4.0)))


@every_rule
@pytest.mark.parametrize("seed", range(3))
def test_equals_its_twin_on_crowded_images(rule_class, seed):
    _assert_equals_twin(rule_class(), seeded_boxes(seed, boxes=60, images=3))


@every_rule
def test_levels_may_differ_in_their_number_of_anchors(rule_class):
    _assert_equals_twin(
        rule_class(), seeded_boxes(7, boxes=40, images=2), ((8, [(10, 13)]), (32, [(60, 60), (116, 90)]))
    )


@every_rule
def test_one_level_with_one_anchor(rule_class):
    _assert_equals_twin(rule_class(), seeded_boxes(8, boxes=40, images=2), ((16, [(30, 61)]),))


@every_rule
def test_nothing_to_assign_has_its_ordinary_shape(rule_class):
    assignment = rule_class().assign(make_boxes([], [], (64, 96)), make_levels())
    assert [len(level) for level in assignment.levels] == [0, 0, 0]
    assert assignment.critical.shape == (0,)


@every_rule
def test_cells_are_inside_their_grid(rule_class):
    boxes = make_boxes([0] * 5, [(x, 1 - x, 0.2, 0.2) for x in (-0.6, 0, 0.5, 1, 1.7)], (64, 96))
    for level, positives in zip(make_levels(), rule_class().assign(boxes, make_levels()).levels, strict=True):
        assert ((positives.grid_x >= 0) & (positives.grid_x < 64 // level.stride)).all()
        assert ((positives.grid_y >= 0) & (positives.grid_y < 96 // level.stride)).all()


@every_rule
@pytest.mark.parametrize("boxes_per_chunk", [1, 7, 64])
def test_chunks_do_not_change_anything(rule_class, boxes_per_chunk):
    boxes = seeded_boxes(3)
    (whole,) = run(rule_class(), boxes, make_levels(), boxes_per_chunk=len(boxes))
    chunks = list(run(rule_class(), boxes, make_levels(), boxes_per_chunk=boxes_per_chunk))
    assert len(chunks) > 1
    rows = [
        (level, chunk.first_row + gt, *rest)
        for chunk in chunks
        for level, positives in enumerate(chunk.assignment.levels)
        for gt, *rest in rows_of(positives)
    ]
    expected = [(level, *row) for level, part in enumerate(whole.assignment.levels) for row in rows_of(part)]
    assert sorted(rows) == sorted(expected)
    assert torch.equal(torch.cat([chunk.assignment.critical for chunk in chunks]), whole.assignment.critical)


@every_rule
def test_order_of_boxes_within_an_image_only_renames_them(rule_class):
    boxes = seeded_boxes(4, boxes=50, images=1)
    order = torch.randperm(50, generator=torch.Generator().manual_seed(0))
    shuffled = make_boxes([0] * 50, boxes.cxcywh_norm[order], tuple(boxes.input_wh_px[0].tolist()))
    straight = rule_class().assign(boxes, make_levels())
    renamed = rule_class().assign(shuffled, make_levels())
    for one, other in zip(straight.levels, renamed.levels, strict=True):
        assert sorted(rows_of(one)) == sorted((int(order[gt]), *rest) for gt, *rest in rows_of(other))


@every_rule
def test_sizes_per_image_equal_one_size_for_all(rule_class):
    boxes = seeded_boxes(5)
    each = boxes.input_wh_px.expand(len(boxes), 2)
    per_image = replace(boxes, input_wh_px=each)
    one, other = (rule_class().assign(b, make_levels()) for b in (boxes, per_image))
    assert [rows_of(level) for level in one.levels] == [rows_of(level) for level in other.levels]


@every_rule
def test_arguments_are_left_as_they_were(rule_class):
    boxes, levels = seeded_boxes(6), make_levels()
    before = [getattr(boxes, part.name).clone() for part in fields(boxes)]
    rule_class().assign(boxes, levels)
    assert all(torch.equal(old, getattr(boxes, part.name)) for old, part in zip(before, fields(boxes), strict=True))


@every_rule
def test_critical_number_alone_decides_whether_a_box_is_matched(rule_class):
    rule, boxes = rule_class(), seeded_boxes(9)
    threshold = rule.facts.threshold
    if threshold is None or not threshold.decides_match:
        pytest.skip("this rule matches a ground truth without asking a threshold")
    assignment = rule.assign(boxes, make_levels())
    passes = assignment.critical < threshold.value if threshold.matches_below else assignment.critical > threshold.value
    matched = torch.zeros(len(boxes), dtype=torch.bool)
    matched[torch.cat([level.gt_row for level in assignment.levels])] = True
    assert torch.equal(matched, passes)
    assert matched.any()
    assert not matched.all()


@every_rule
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_impossible_thresholds_are_refused(rule_class, value):
    if rule_class.threshold_name is None:
        return
    with pytest.raises(ConfigError, match=rf"^{rule_class.threshold_name}: expected"):
        rule_class(**{rule_class.threshold_name: value})
