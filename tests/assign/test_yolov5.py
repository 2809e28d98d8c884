"""The edges of the rule `yolov5`, each with the rows written out: (anchor, grid_y, grid_x, offset)."""

import numpy as np
import pytest

from assignstudy.assign.yolov5 import Yolov5
from tests.boxes import make_boxes, make_levels, rows_of

CENTRE, LEFT, UP, RIGHT, DOWN = range(5)
BELOW_HALF = float(np.nextafter(np.float32(0.5), np.float32(0)))

# One level of stride 8 on a 64 x 32 input: 8 columns, 4 rows; one anchor of 16 x 16 px. X = 8 x, Y = 4 y.
INPUT_WH = (64, 32)
SPEC = ((8, [(16, 16)]),)


def _rows(x_cell, y_cell, w_px=16, h_px=16, anchor_t=4.0):
    boxes = make_boxes([0], [(x_cell / 8, y_cell / 4, w_px / 64, h_px / 32)], INPUT_WH)
    (level,) = Yolov5(anchor_t).assign(boxes, make_levels(SPEC)).levels
    return [row[1:] for row in rows_of(level)]


@pytest.mark.parametrize(
    ("x_cell", "expected"),
    [
        pytest.param(3.25, [(0, 2, 3, CENTRE), (0, 2, 2, LEFT)], id="left half uses left"),
        pytest.param(3.75, [(0, 2, 3, CENTRE), (0, 2, 4, RIGHT)], id="right half uses right"),
        pytest.param(3.5, [(0, 2, 3, CENTRE)], id="the middle uses neither"),
        pytest.param(
            3.0, [(0, 2, 3, CENTRE), (0, 2, 2, LEFT), (0, 2, 3, RIGHT)], id="grid line: right is the centre again"
        ),
        pytest.param(1.0, [(0, 2, 1, CENTRE), (0, 2, 1, RIGHT)], id="X = 1 has no left"),
        pytest.param(0.25, [(0, 2, 0, CENTRE)], id="no left of the first column"),
        pytest.param(7.0, [(0, 2, 7, CENTRE), (0, 2, 6, LEFT)], id="X = W - 1 has no right"),
        pytest.param(7.75, [(0, 2, 7, CENTRE)], id="no right of the last column"),
        pytest.param(8.0, [(0, 2, 7, CENTRE), (0, 2, 7, LEFT)], id="X = W is clamped and left lands there too"),
        pytest.param(8.75, [(0, 2, 7, CENTRE)], id="beyond the border"),
        pytest.param(-0.25, [(0, 2, 0, CENTRE), (0, 2, 0, RIGHT)], id="before the border: doubled in cell 0"),
        pytest.param(0.0, [(0, 2, 0, CENTRE), (0, 2, 0, RIGHT)], id="X = 0 is a grid line"),
    ],
)
def test_columns(x_cell, expected):
    assert _rows(x_cell, 2.5) == expected


@pytest.mark.parametrize(
    ("y_cell", "expected"),
    [
        pytest.param(1.25, [(0, 1, 5, CENTRE), (0, 0, 5, UP)], id="upper half uses up"),
        pytest.param(1.75, [(0, 1, 5, CENTRE), (0, 2, 5, DOWN)], id="lower half uses down"),
        pytest.param(3.0, [(0, 3, 5, CENTRE), (0, 2, 5, UP)], id="Y = H - 1 has no down"),
        pytest.param(4.0, [(0, 3, 5, CENTRE), (0, 3, 5, UP)], id="Y = H is clamped on the shorter side"),
    ],
)
def test_rows_on_a_non_square_grid(y_cell, expected):
    assert _rows(5.5, y_cell) == expected


def test_both_axes_on_grid_lines_give_five_rows_in_three_cells():
    rows = _rows(3.0, 2.0)
    assert [row[3] for row in rows] == [CENTRE, LEFT, UP, RIGHT, DOWN]
    assert len({row[:3] for row in rows}) == 3


def test_just_below_the_middle_still_uses_left():
    boxes = make_boxes([0], [((3 + BELOW_HALF) / 8, 2.5 / 4, 0.25, 0.5)], INPUT_WH)
    (level,) = Yolov5().assign(boxes, make_levels(SPEC)).levels
    # 3 + 0.49999997 rounds to 3.5 in float32: the step below 3.5 is wider than that below 0.5.
    assert len(level) == 1
    below = float(np.nextafter(np.float32(3.5), np.float32(0)))
    assert _rows(below, 2.5) == [(0, 2, 3, CENTRE), (0, 2, 2, LEFT)]


@pytest.mark.parametrize(("w_px", "fits"), [(64, False), (63.999996, True), (4, False), (4.0000005, True)])
def test_a_ratio_of_exactly_anchor_t_does_not_fit(w_px, fits):
    assert bool(_rows(3.5, 2.5, w_px=w_px)) is fits


def test_thresholds_are_compared_in_float32():
    # 16 * 3.3 in float32 over 16 is float32(3.3), which is below the double 3.3: a double comparison would accept it.
    width = float(np.float32(3.3)) * 16
    assert float(np.float32(3.3)) < 3.3
    assert _rows(3.5, 2.5, w_px=width, anchor_t=3.3) == []


def test_targets_are_relative_to_the_clamped_cell():
    boxes = make_boxes([0], [(8.75 / 8, 2.5 / 4, 0.25, 0.5)], INPUT_WH)
    (level,) = make_levels(SPEC)
    (positives,) = Yolov5().assign(boxes, (level,)).levels
    assert Yolov5().target_offset(boxes, level, positives).tolist() == [[1.75, 0.5]]


def test_uniform_centres_use_three_cells_less_the_border():
    # The expectation 3 - 1/W - 1/H, from a regular lattice of centres off the grid lines.
    x, y = np.meshgrid((np.arange(80) + 0.5) / 80, (np.arange(40) + 0.5) / 40)
    cxcywh = np.stack((x.ravel(), y.ravel(), np.full(3200, 0.25), np.full(3200, 0.5)), axis=1)
    (level,) = Yolov5().assign(make_boxes([0] * 3200, cxcywh, INPUT_WH), make_levels(SPEC)).levels
    assert len(level) / 3200 == pytest.approx(3 - 1 / 8 - 1 / 4, abs=1e-9)


def test_first_anchor_wins_ties_of_the_critical_number():
    boxes = make_boxes([0], [(0.5, 0.5, 0.25, 0.5)], INPUT_WH)
    assignment = Yolov5().assign(boxes, make_levels(((8, [(32, 32), (8, 8)]), (16, [(8, 8)]))))
    assert assignment.critical.tolist() == [2.0]
    assert (assignment.best_level.tolist(), assignment.best_anchor.tolist()) == ([0], [0])


def test_best_anchor_counts_within_its_own_level():
    boxes = make_boxes([0], [(0.5, 0.5, 0.25, 0.5)], INPUT_WH)
    assignment = Yolov5().assign(boxes, make_levels(((8, [(50, 50)]), (16, [(60, 60), (16, 16)]))))
    assert (assignment.best_level.tolist(), assignment.best_anchor.tolist()) == ([1], [1])
