"""What is counted from the factors is what is counted from the rows, to the last bit."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assignstudy import losses
from assignstudy.assign import run as assignment
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.assign.yolov5_v2 import Yolov5V2
from assignstudy.assign.yolov7_aux import Yolov7Aux
from assignstudy.losses.start import LossAtStart
from assignstudy.statistics import door, factored
from assignstudy.statistics.tally import count, count_factors
from tests.boxes import COCO_P5, input_boxes, make_boxes, make_levels, seeded_boxes

RULES = (Yolov5, Yolov5V2, Yolov7Aux)


def _both(rule, boxes, levels, threads=1):
    shapes, class_id = door.level_shapes(levels), np.arange(len(boxes)) % 3
    rows = count(map(door.chunk_arrays, assignment.run(rule, boxes, levels)), shapes, class_id)
    parts = assignment.factored_parts(rule, boxes, levels)
    chunks = [lambda part=part: door.factored_chunk(part.first_row, part.boxes, part.factors()) for part in parts]
    with ThreadPoolExecutor(threads) as pool:
        return rows, count_factors(chunks, shapes, class_id, rule.facts, rule.anchor_centre, pool)


def _assert_equal(rows, factors):
    for one, other in zip((rows.ground_truths, *rows.levels), (factors.ground_truths, *factors.levels), strict=True):
        for name in vars(one):
            expected, got = getattr(one, name), getattr(other, name)
            assert expected.dtype == got.dtype
            assert np.ascontiguousarray(expected).tobytes() == np.ascontiguousarray(got).tobytes(), name
    assert rows.self_duplicates == factors.self_duplicates
    assert rows.contested_pairs == factors.contested_pairs


@given(input_boxes(), st.sampled_from(RULES), st.sampled_from([1.5, 4.0, 10.0]))
def test_hard_boxes(boxes, rule, anchor_t):
    _assert_equal(*_both(rule(anchor_t), boxes, make_levels()))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", range(3))
def test_crowded_images(rule, seed):
    _assert_equal(*_both(rule(), seeded_boxes(seed), make_levels()))


@pytest.mark.parametrize("boxes_per_part", [1, 10, 100])
def test_parts_and_threads_change_nothing(boxes_per_part, monkeypatch):
    monkeypatch.setattr(assignment, "BOXES_PER_PART", boxes_per_part)
    _assert_equal(*_both(Yolov5(), seeded_boxes(1), make_levels(), threads=3))


@pytest.mark.parametrize("spec", [COCO_P5[:1], ((8, []), (16, [(30, 61)]))])
def test_levels_with_one_anchor_or_none(spec):
    _assert_equal(*_both(Yolov5(), seeded_boxes(0), make_levels(spec)))


def test_no_boxes():
    _assert_equal(*_both(Yolov5(), make_boxes([], [], (64, 96)), make_levels()))


@pytest.mark.parametrize("side", [1e-30, 1e30])
def test_sides_at_the_ends_of_float32(side):
    boxes = make_boxes([0, 0], [(0.5, 0.5, side, side), (0.5, 0.5, 0.1, 0.1)], (640, 640))
    with np.errstate(all="ignore"):
        _assert_equal(*_both(Yolov5(), boxes, make_levels(((8, [(side * 640, side * 640), (10, 13)]),))))


@pytest.mark.parametrize("seed", range(3))
def test_a_claim_that_is_not_crowded_shares_its_cell_with_nobody(seed):
    boxes, levels = seeded_boxes(seed), make_levels()
    chunk = door.factored_chunk(0, boxes, Yolov5().factors(boxes, levels))
    for level in chunk.levels:
        claims = factored.Claims.of(level)
        crowded = factored.crowded(claims, chunk.image_index)
        cells = list(zip(chunk.image_index[claims.gt_row], claims.grid_y, claims.grid_x, strict=True))
        shared = np.array([cells.count(cell) > 1 for cell in cells])
        assert not (shared & ~crowded).any()


@given(input_boxes())
def test_rows_come_from_the_factors_in_the_published_order(boxes):
    for level, factors in zip(
        Yolov5().assign(boxes, make_levels()).levels, Yolov5().factors(boxes, make_levels()).levels, strict=True
    ):
        order = list(zip(level.cell_offset.tolist(), level.anchor.tolist(), level.gt_row.tolist(), strict=True))
        assert order == sorted(order)
        assert len(level) == int((factors.fits.sum(dim=0) * factors.claims.sum(dim=0)).sum())
        assert torch.equal(level.gt_row.unique(), (factors.fits.any(dim=0)).nonzero().flatten())


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", range(3))
def test_the_loss_at_the_start_is_that_of_the_rows(rule, seed):
    boxes, levels = seeded_boxes(seed), make_levels()
    _assert_same_loss(rule(), boxes, levels)


@given(input_boxes(), st.sampled_from([1.5, 4.0, 10.0]))
def test_the_loss_at_the_start_of_hard_boxes(boxes, anchor_t):
    _assert_same_loss(Yolov5(anchor_t), boxes, make_levels())


def _assert_same_loss(rule, boxes, levels):
    formula, group = losses.formula_of(rule), np.arange(len(boxes)) % 3
    weights = formula.published_weights(80, len(levels), 640)
    by_row, by_factor = (LossAtStart(formula, levels, weights, 80, group, 3) for _ in range(2))
    for chunk in assignment.run(rule, boxes, levels):
        by_row.add(chunk)
    parts = assignment.factored_parts(rule, boxes, levels)
    chunks = [lambda part=part: door.factored_chunk(part.first_row, part.boxes, part.factors()) for part in parts]
    with ThreadPoolExecutor(2) as pool:
        arguments = (door.level_shapes(levels), np.zeros(len(boxes), np.int64), rule.facts, rule.anchor_centre)
        count_factors(chunks, *arguments, pool, by_factor)
    slots = [10_000] * len(levels)
    assert by_row.finish(slots) == by_factor.finish(slots)
