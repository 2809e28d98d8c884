"""Slot counts against a dictionary from slot to rows."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given

from assignstudy.assign.run import run
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.statistics import door, slots, tally
from assignstudy.statistics.tally import competing_classes, count
from tests.boxes import input_boxes, make_boxes, make_levels, rows_of, seeded_boxes
from tests.oracles import slots as oracle


def _tally(boxes, class_id=None, boxes_per_chunk=1 << 15):
    levels = make_levels()
    chunks = run(Yolov5(), boxes, levels, boxes_per_chunk=boxes_per_chunk)
    classes = np.zeros(len(boxes), np.int64) if class_id is None else np.asarray(class_id)
    return count(map(door.chunk_arrays, chunks), door.level_shapes(levels), classes)


def _assert_equals_oracle(boxes):
    assignment = Yolov5().assign(boxes, make_levels())
    expected = oracle.count([rows_of(level) for level in assignment.levels], boxes.image_index.tolist())
    tally = _tally(boxes)
    per_gt = tally.ground_truths
    assert sum(int(level.slots.sum()) for level in tally.levels) == expected["slots"]
    assert sum(int(level.contested_slots.sum()) for level in tally.levels) == expected["contested_slots"]
    assert tally.self_duplicates == expected["self_duplicates"]
    assert int((per_gt.positives.any(axis=1) & (per_gt.owned == 0)).sum()) == expected["matched_without_slot"]
    assert per_gt.owned.tolist() == [expected["owned"].get(gt, 0) for gt in range(len(boxes))]
    assert per_gt.contested.tolist() == [expected["contested"].get(gt, 0) for gt in range(len(boxes))]


@given(input_boxes())
def test_hard_boxes(boxes):
    _assert_equals_oracle(boxes)


@pytest.mark.parametrize("seed", range(3))
def test_crowded_images(seed):
    _assert_equals_oracle(seeded_boxes(seed))


@pytest.mark.parametrize("boxes_per_chunk", [1, 10, 100])
def test_chunks_change_no_count(boxes_per_chunk):
    boxes = seeded_boxes(1)
    classes = np.arange(len(boxes)) % 4
    whole, cut = _tally(boxes, classes), _tally(boxes, classes, boxes_per_chunk)
    for one, other in zip((whole.ground_truths, *whole.levels), (cut.ground_truths, *cut.levels), strict=True):
        for name in vars(one):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert whole.contested_pairs == cut.contested_pairs
    assert whole.self_duplicates == cut.self_duplicates


def test_exact_duplicates_leave_one_without_a_slot():
    boxes = make_boxes([0, 0], [(0.5, 0.5, 0.05, 0.05)] * 2, (640, 640))
    tally = _tally(boxes)
    assert tally.ground_truths.owned[0] == 0
    assert tally.ground_truths.owned[1] > 0
    assert (tally.ground_truths.contested == tally.ground_truths.owned[1]).all()


def test_the_same_cell_in_two_images_is_two_slots():
    tally = _tally(make_boxes([0, 1], [(0.5, 0.5, 0.05, 0.05)] * 2, (640, 640)))
    assert sum(int(level.contested_slots.sum()) for level in tally.levels) == 0


def test_competing_classes_count_each_pair_once_per_slot():
    claims = slots.SlotClaims(
        contested_anchor=np.array([0, 0]),
        claims=np.array([3, 2]),
        claim_gt=np.array([0, 1, 2, 3, 4]),
        self_duplicates=0,
        lost=np.array([0, 1, 3]),
    )
    # Slot 0 is claimed by classes 1, 0 and 1 (pairs 0-1, 0-1 and 1-1); slot 1 by 2 and 2.
    assert sorted(competing_classes(claims, np.array([1, 0, 1, 2, 2]), 3)) == [0 * 3 + 1, 1 * 3 + 1, 2 * 3 + 2]


def test_keys_that_do_not_fit_are_refused():
    far = np.array([2**32])
    one = np.zeros(1, np.int64)
    level = door.LevelArrays(one, far, far, one, one, np.zeros(1, bool), np.zeros(1, np.float32))
    with pytest.raises(OverflowError, match="use smaller chunks"):
        slots.find(level, np.zeros(1, np.int64))


def test_a_slot_of_countless_classes_has_few_pairs():
    boxes = 20_000
    claims = slots.SlotClaims(
        contested_anchor=np.array([0]),
        claims=np.array([boxes]),
        claim_gt=np.arange(boxes),
        self_duplicates=0,
        lost=np.arange(1, boxes),
    )
    assert len(competing_classes(claims, np.arange(boxes), boxes)) < 16 * boxes
    assert competing_classes(claims, np.zeros(boxes, np.int64), 1).tolist() == [0]


def test_more_rows_than_two_bytes_can_number():
    rows = (1 << 16) + 10
    cell = np.zeros(rows, np.int64)
    positives = SimpleNamespace(gt_row=np.arange(rows) % 2, anchor=cell, grid_y=cell, grid_x=cell)
    claims = slots.find(positives, np.array([0, 0]))
    assert claims.lost.tolist() == list(range(rows - 1))
    assert (claims.claims.tolist(), claims.claim_gt.tolist()) == ([2], [1, 0])


def test_the_pairs_that_meet_most_often_are_kept(monkeypatch):
    monkeypatch.setattr(tally, "MOST_PAIRS", 2)
    parts = [(np.array([1, 12, 23]), np.array([5, 1, 4])), (np.array([12, 23]), np.array([1, 4]))]
    assert tally._most_often(parts, 10) == {(2, 3): 8, (0, 1): 5}
