"""The whole pipeline under every rule: totals agree, and what means nothing for a rule is missing, not 0."""

import json

import numpy as np
import pandas as pd
import pytest

from assignstudy.assign.atss import Atss
from assignstudy.assign.fcos import Fcos
from assignstudy.assign.max_iou import MaxIou
from assignstudy.study import Study, run
from assignstudy.transforms import Letterbox, Rect
from tests.boxes import make_dataset
from tests.contracts.test_rules import every_rule

SHARES = [f"share_{name}" for name in ("centre", "left", "up", "right", "down")]


def _dataset(boxes=150, images=12):
    random = np.random.Generator(np.random.PCG64(5))
    wh = np.exp(random.uniform(np.log(0.01), np.log(0.9), (boxes, 2)))
    cxcywh = np.concatenate((random.uniform(0, 1, (boxes, 2)), wh), axis=1)
    index = np.sort(random.integers(0, images - 1, boxes))
    sizes = random.integers(100, 1000, (images, 2)).tolist()
    ignored = (np.arange(boxes) % 50 == 0).tolist()
    return make_dataset(index.tolist(), cxcywh, sizes, random.integers(0, 3, boxes).tolist(), ignored)


def _study(rule, input_hw=(160, 416), transform=None):
    return run(Study(_dataset(), rule, rule.published_levels(), transform or Letterbox(), input_hw))


@every_rule
def test_every_total_is_the_same_in_every_table(variant):
    tables = _study(variant.rule).tables
    metrics, boxes = tables.metrics, tables.ground_truths[~tables.ground_truths.ignored]
    totals = [part.positives.sum() for part in (boxes, tables.levels, tables.classes)]
    assert totals == [metrics["positives"]] * 3
    assert sum(metrics[f"positives_{level}"] for level in tables.levels.level.unique()) == metrics["positives"]
    assert metrics["slots"] == boxes.owned.sum() == tables.levels.slots.sum()
    assert metrics["unmatched"] == (boxes.positives == 0).sum() == tables.classes.unmatched.sum()
    assert metrics["contested_slots"] == tables.levels.contested_slots.sum()


@every_rule
@pytest.mark.parametrize("transform", [Letterbox(), Rect()], ids=["letterbox", "rect"])
def test_slots_are_part_of_all_slots(variant, transform):
    metrics = _study(variant.rule, transform=transform).tables.metrics
    assert 0 < metrics["positive_share"] < 1


@every_rule
def test_what_has_no_meaning_for_the_rule_is_missing(variant):
    facts, tables = variant.rule.facts, _study(variant.rule).tables
    has_anchors = facts.slots == "anchors"
    missing = {
        "unreachable": facts.reach is None,
        "anchors_per_gt": not has_anchors,
        "mean_prior_iou": not has_anchors,
        **dict.fromkeys(SHARES, not facts.neighbour_cells),
    }
    assert {name: tables.metrics[name] is None for name in missing} == missing
    assert tables.levels.unreachable.isna().all() == (facts.reach is None)
    assert tables.levels[["anchor_w_px", "anchor_h_px"]].isna().all(axis=None) == (not has_anchors)
    assert tables.levels.mean_prior_iou.isna().all() == (not has_anchors)
    assert tables.ground_truths[["anchors", "best_prior_iou"]].isna().all(axis=None) == (not has_anchors)
    assert tables.ground_truths.unreachable.isna().all() == (facts.reach is None)
    assert tables.ground_truths.claims_left.isna().all() == (not facts.neighbour_cells)
    assert tables.ground_truths.best_anchor.isna().all() == (facts.threshold is None)
    assert {"critical_anchor_t", "best_iou"} & set(tables.ground_truths.columns) == (
        {facts.threshold.critical} if facts.threshold else set()
    )


@every_rule
def test_no_metric_is_nan(variant):
    json.dumps(_study(variant.rule).tables.metrics, allow_nan=False)


@every_rule
def test_an_empty_data_set_has_the_same_columns(variant):
    rule = variant.rule
    empty = run(Study(make_dataset([], [], [(64, 64)]), rule, rule.published_levels(), Letterbox(), (64, 64))).tables
    full = _study(rule).tables
    for name in ("ground_truths", "levels", "classes"):
        assert list(getattr(empty, name).columns) == list(getattr(full, name).columns)
    assert list(empty.metrics) == list(full.metrics)
    assert empty.metrics["bpr"] is None


@pytest.mark.parametrize("rule", [MaxIou(), MaxIou("mmdet", "faster_rcnn"), Atss()])
def test_prior_overlap_is_that_of_the_anchor_where_it_stands(rule):
    # An anchor of exactly the box's shape at the box's place.
    side = 64 if isinstance(rule, Atss) else 32
    centre = 96 / 416
    dataset = make_dataset([0], [(centre, centre, side / 416, side / 416)], [(416, 416)])
    tables = run(Study(dataset, rule, rule.published_levels(), Letterbox(), (416, 416))).tables
    assert tables.ground_truths.best_prior_iou.tolist() == [pytest.approx(1)]
    if isinstance(rule, MaxIou):
        assert tables.ground_truths.best_iou.tolist() == [pytest.approx(1)]


def test_dense_grids_are_rounded_up_where_the_coarsest_stride_does_not_fit():
    rule = Fcos()
    result = _study(rule, input_hw=(160, 416))
    assert result.input_hw == (160, 416)
    assert result.notices == ()
    cells = sum(-(-416 // s) * -(-160 // s) for s in (8, 16, 32, 64, 128))
    metrics = result.tables.metrics
    assert metrics["positive_share"] == pytest.approx(metrics["slots"] / (12 * cells), rel=1e-12)


def test_sizes_that_the_trainers_pad_are_rounded_up_and_said():
    result = _study(Atss(), input_hw=(150, 416))
    assert result.input_hw == (160, 416)
    assert result.notices == (
        "imgsz 150x416 (height x width) is not a multiple of 32, which ATSS pads to; used 160x416 instead",
    )


def test_same_study_same_tables():
    one, other = (_study(MaxIou()).tables for _ in range(2))
    assert one.metrics == other.metrics
    pd.testing.assert_frame_equal(one.ground_truths, other.ground_truths)
    pd.testing.assert_frame_equal(one.levels, other.levels)
