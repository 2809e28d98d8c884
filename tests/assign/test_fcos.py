"""The edges of the rule `fcos`, each with the rows written out: (ground truth, grid_y, grid_x)."""

import numpy as np
import pytest

from assignstudy.assign.fcos import Fcos
from assignstudy.errors import ConfigError
from tests.boxes import make_corner_boxes, make_levels, rows_of

NAN = float("nan")
# Two levels of stride 8 and 16 on a 128 x 64 input; points at (8 i + 4, 8 j + 4) and (16 i + 8, 16 j + 8).
INPUT_WH = (128, 64)
SPEC = ((8, [(NAN, NAN)]), (16, [(NAN, NAN)]))
ONE_LEVEL = SPEC[:1]


def _rows(boxes, spec=ONE_LEVEL, **options):
    assignment = Fcos(**options).assign(make_corner_boxes([0] * len(boxes), boxes, INPUT_WH), make_levels(spec))
    return [[(gt, y, x) for gt, _, y, x, _ in rows_of(level)] for level in assignment.levels]


def test_published_points():
    levels = Fcos().published_levels()
    assert [level.name for level in levels] == ["P3", "P4", "P5", "P6", "P7"]
    assert all(level.anchor_wh_px.isnan().all() for level in levels)


def test_points_sit_in_the_middle_of_their_cells():
    assert _rows([(3, 3, 5, 5)]) == [[(0, 0, 0)]]


@pytest.mark.parametrize(("x1", "columns"), [(4.0, [1, 2]), (3.999, [0, 1, 2])])
def test_a_point_on_the_side_is_outside(x1, columns):
    assert _rows([(x1, 8, 28, 16)]) == [[(0, 1, x) for x in columns]]


@pytest.mark.parametrize(
    ("variant", "half_px", "levels"),
    [
        pytest.param("mmdet", 64.0, [0, 1], id="64 is in both levels"),
        pytest.param("detectron2", 64.0, [], id="64 is in none"),
        pytest.param("mmdet", 63.99, [0], id="below 64 is in the first"),
        pytest.param("detectron2", 63.99, [0], id="below 64 is in the first of detectron2"),
        pytest.param("mmdet", 64.01, [1], id="above 64 is in the second"),
        pytest.param("detectron2", 64.01, [1], id="above 64 is in the second of detectron2"),
    ],
)
def test_a_farthest_side_of_64_px(variant, half_px, levels):
    # Boxes centred on the points of column 4 of level 8 and column 2 of level 16: both sides are equally far there.
    boxes = [(36 - half_px, 0, 36 + half_px, 7), (40 - half_px, 0, 40 + half_px, 16)]
    rows = [_rows([box], SPEC, variant=variant, center_sampling=True) for box in boxes]
    assert [k for k in (0, 1) if (0, 0, (4, 2)[k]) in rows[k][k]] == levels


def test_the_last_level_is_unbounded_and_the_first_takes_the_smallest():
    assert len(_rows([(-5000, -5000, 5000, 5000)])[0]) == 16 * 8
    assert _rows([(3.99, 3.99, 4.01, 4.01)], SPEC) == [[(0, 0, 0)], []]


@pytest.mark.parametrize("variant", ["mmdet", "detectron2"])
@pytest.mark.parametrize(("shift", "columns"), [(0.0, [4, 5]), (-0.25, [3, 4, 5]), (0.25, [4, 5, 6])])
def test_centre_sampling_is_strict_at_one_and_a_half_strides(variant, shift, columns):
    # Centred at x = 40, between the points 36 and 44; those at 28 and 52 are exactly 12 px away.
    rows = _rows([(8 + shift, 8, 72 + shift, 16)], variant=variant, center_sampling=True)
    assert rows == [[(0, 1, x) for x in columns]]


def test_without_centre_sampling_every_point_inside_counts():
    assert _rows([(8, 8, 72, 16)]) == [[(0, 1, x) for x in range(1, 9)]]


def test_the_variants_own_choice_of_centre_sampling():
    boxes = [(8, 8, 72, 16)]
    assert _rows(boxes, variant="mmdet") == _rows(boxes, variant="mmdet", center_sampling=False)
    assert _rows(boxes, variant="detectron2") == _rows(boxes, variant="detectron2", center_sampling=True)
    assert _rows(boxes, variant="mmdet", center_sampling=True) == _rows(boxes, variant="detectron2")


@pytest.mark.parametrize("variant", ["mmdet", "detectron2"])
def test_a_point_goes_to_the_smaller_box(variant):
    owners = {(y, x): gt for gt, y, x in _rows([(0, 0, 24, 24), (10, 10, 14, 14)], variant=variant)[0]}
    assert owners == {(y, x): int((y, x) == (1, 1)) for y in range(3) for x in range(3)}


@pytest.mark.parametrize(("variant", "owner"), [("mmdet", 1), ("detectron2", 0)])
def test_areas_that_differ_by_little_are_equal_for_detectron2(variant, owner):
    # 100 and 96 px²: 1e8 - 96 and 1e8 - 100 are 4 apart, where float32 counts in steps of 8.
    assert _rows([(7, 7, 17, 17), (7, 7, 17, 16.6)], variant=variant, center_sampling=True) == [[(owner, 1, 1)]]


def test_of_equal_areas_the_lowest_ground_truth_wins():
    assert _rows([(10, 10, 14, 14), (11, 10, 15, 14), (10, 10, 14, 14)]) == [[(0, 1, 1)]]


def test_there_is_no_critical_number_and_no_best_anchor():
    assignment = Fcos().assign(make_corner_boxes([0], [(3, 3, 5, 5)], INPUT_WH), make_levels(SPEC))
    assert np.isnan(assignment.critical.numpy()).all()
    assert (assignment.best_level.tolist(), assignment.best_anchor.tolist()) == ([-1], [-1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variant": "torchvision"}, r"^variant: expected mmdet or detectron2, got torchvision"),
        ({"variant": "detectron2", "center_sampling": False}, r"^center_sampling: .* use variant=mmdet"),
    ],
)
def test_options_that_cannot_be_used(options, message):
    with pytest.raises(ConfigError, match=message):
        Fcos(**options)


def test_levels_with_anchors_are_refused():
    with pytest.raises(ValueError, match="expected one point per cell"):
        Fcos().assign(make_corner_boxes([0], [(3, 3, 5, 5)], INPUT_WH), make_levels())
