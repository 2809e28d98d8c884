"""The parts that the dense rules share."""

import pytest
import torch

from assignstudy.assign.dense import Claims, cell_range, cells_between, corner_iou, one_per_slot, spread
from tests.boxes import make_corner_boxes, make_levels, rows_of

LEVELS = make_levels(((8, [(8, 8), (16, 16)]),))


def _ints(*values):
    return torch.tensor(values, dtype=torch.int64)


def test_spread_numbers_the_members_of_groups():
    group, place = spread(_ints(2, 0, 3))
    assert (group.tolist(), place.tolist()) == ([0, 0, 2, 2, 2], [0, 1, 0, 1, 2])
    assert [part.shape for part in spread(_ints())] == [(0,), (0,)]


def test_cells_between_lists_each_range_by_row():
    part, grid_y, grid_x = cells_between(torch.tensor([[1, 5], [4, 4], [0, 0]]), torch.tensor([[2, 6], [3, 9], [0, 0]]))
    assert list(zip(part.tolist(), grid_y.tolist(), grid_x.tolist(), strict=True)) == [
        (0, 5, 1),
        (0, 5, 2),
        (0, 6, 1),
        (0, 6, 2),
        (2, 0, 0),
    ]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.0, 2.0, (1, 2)),
        (1.1, 2.9, (2, 2)),
        (1.2, 1.8, (2, 1)),
        (1.001, 1.999, (1, 2)),
        (-float("inf"), float("inf"), (0, 3)),
        (-9.0, -5.0, (0, -1)),
        (9.0, 12.0, (4, 3)),
    ],
)
def test_cell_range_is_kept_inside_the_grid_and_widened_by_a_hair(low, high, expected):
    first, last = cell_range(torch.tensor([[low, 0.0]]), torch.tensor([[high, 0.0]]), torch.tensor([[3, 3]]))
    assert (int(first[0, 0]), int(last[0, 0])) == expected


@pytest.mark.parametrize(
    ("other", "expected"),
    [((0, 0, 8, 8), 1), ((4, 0, 12, 8), 1 / 3), ((8, 0, 16, 8), 0), ((20, 20, 21, 21), 0), ((2, 2, 6, 6), 0.25)],
)
def test_corner_iou(other, expected):
    one = torch.tensor([0.0, 0.0, 8.0, 8.0])
    assert corner_iou(one, torch.tensor(other).float()).item() == pytest.approx(expected)


def test_one_per_slot_takes_the_largest_worth_then_the_lowest_ground_truth():
    boxes = make_corner_boxes([0, 0, 0, 1], [(0, 0, 8, 8)] * 4, (32, 32))
    claims = Claims(_ints(2, 3, 1, 0, 2), _ints(0, 0, 0, 0, 1), _ints(1, 1, 1, 1, 0), _ints(3, 3, 3, 3, 0))
    won = one_per_slot(boxes, LEVELS[0], claims, torch.tensor([0.5, 0.1, 0.5, 0.4, 0.0]))
    assert rows_of(won) == [(2, 1, 0, 0, 0), (1, 0, 1, 3, 0), (3, 0, 1, 3, 0)]


def test_one_per_slot_of_no_claims_is_empty():
    boxes = make_corner_boxes([], [], (32, 32))
    none = Claims(_ints(), _ints(), _ints(), _ints())
    assert len(one_per_slot(boxes, LEVELS[0], none, torch.zeros(0))) == 0
