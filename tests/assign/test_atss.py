"""The edges of the rule `atss`, each with the rows written out: (ground truth, grid_y, grid_x)."""

import numpy as np
import pytest

from assignstudy.assign.atss import Atss
from tests.boxes import make_corner_boxes, make_levels, rows_of, scattered_boxes
from tests.oracles import atss as twin

# One level of stride 8 on a 32 x 24 input: 4 columns, 3 rows; one anchor of 64 x 64 px, centred at (8 i, 8 j).
INPUT_WH = (32, 24)
SPEC = ((8, [(64, 64)]),)


def _assign(boxes, spec=SPEC, input_wh=INPUT_WH):
    return Atss().assign(make_corner_boxes([0] * len(boxes), boxes, input_wh), make_levels(spec))


def _rows(boxes, spec=SPEC, input_wh=INPUT_WH):
    return [[(gt, y, x) for gt, _, y, x, _ in rows_of(level)] for level in _assign(boxes, spec, input_wh).levels]


def test_published_anchors():
    levels = Atss().published_levels()
    assert [level.name for level in levels] == ["P3", "P4", "P5", "P6", "P7"]
    assert [level.anchor_wh_px.tolist() for level in levels] == [[[8 * s, 8 * s]] for s in (8, 16, 32, 64, 128)]


def test_equal_overlaps_are_their_own_threshold_and_positive():
    # 8 x 8 px lie inside all twelve anchors: the deviation is 0. Of the nine candidates one has its centre inside.
    assert _rows([(7, 7, 15, 15)]) == [[(0, 1, 1)]]


def test_other_overlaps_must_reach_mean_plus_deviation():
    # The box is the anchor of cell (0, 0): IoU 1, 0.78 twice, 0.62, 0.6 twice, 0.49 twice, 0.39; 0.638 + 0.187.
    assert _rows([(-32, -32, 32, 32)]) == [[(0, 0, 0)]]


def test_at_the_ninth_place_the_lowest_index_of_equally_distant_centres_wins():
    # Centred between columns 1 and 2 in row 1: the columns 0 and 3 of rows 0 and 2 are equally far, (0, 0) is taken.
    near = [(0, 0, 1), (0, 0, 2), (0, 1, 0), (0, 1, 1), (0, 1, 2), (0, 1, 3), (0, 2, 1), (0, 2, 2)]
    (rows,) = _rows([(-1, -9, 25, 25)], ((8, [(200, 200)]),))
    assert rows == sorted([*near, (0, 0, 0)])


@pytest.mark.parametrize(
    ("x1", "is_positive"),
    [(-0.009999999776482582, False), (float(np.nextafter(np.float32(-0.01), np.float32(-1))), True)],
)
def test_a_centre_exactly_a_hundredth_of_a_pixel_inside_is_not_positive(x1, is_positive):
    assert ((0, 0, 0) in _rows([(x1, -1, 1, 1)])[0]) is is_positive


def test_a_single_candidate_has_no_deviation_and_is_no_positive():
    assert _rows([(-4, -4, 4, 4)], input_wh=(8, 8)) == [[]]


def test_two_levels_of_one_cell_have_two_candidates():
    rows = _rows([(-32, -32, 32, 32)], ((8, [(64, 64)]), (16, [(128, 128)])), (8, 8))
    # IoU 1 and 0.25: mean 0.625, deviation 0.53: neither reaches 1.155.
    assert rows == [[], []]


def test_fewer_cells_than_nine_are_all_candidates():
    assert _rows([(-4, -4, 12, 4)], input_wh=(16, 8)) == [[(0, 0, 0), (0, 0, 1)]]


def test_an_anchor_goes_to_the_larger_overlap():
    assert _rows([(7, 7, 15, 15), (6, 6, 16, 15)]) == [[(1, 1, 1)]]


def test_of_equal_overlaps_the_lowest_ground_truth_wins():
    assert _rows([(7, 7, 15, 15), (7, 7, 15, 15), (6, 7, 14, 15)]) == [[(0, 1, 1)]]


def test_there_is_no_critical_number_and_no_best_anchor():
    assignment = _assign([(7, 7, 15, 15)])
    assert np.isnan(assignment.critical.numpy()).all()
    assert (assignment.best_level.tolist(), assignment.best_anchor.tolist()) == ([-1], [-1])


@pytest.mark.parametrize("input_wh", [(8, 640), (640, 8), (24, 24), (16, 640), (320, 320)])
@pytest.mark.parametrize("spread_px", [1, 40, 4000])
def test_the_nine_nearest_are_found_on_narrow_grids_and_from_outside(input_wh, spread_px):
    random = np.random.Generator(np.random.PCG64(3))
    centre = random.uniform(-spread_px, np.array(input_wh) + spread_px, (60, 2)).round(1)
    wh = random.uniform(2 * spread_px, 2 * spread_px + 600, (60, 2))
    corners = np.concatenate((centre - wh / 2, centre + wh / 2), axis=1).astype(np.float32)
    boxes = make_corner_boxes(list(range(60)), corners, input_wh)
    (level,) = Atss().assign(boxes, make_levels(SPEC)).levels
    arguments = [(image, *box) for image, box in enumerate(boxes.xyxy_px.tolist())]
    assert [rows_of(level)] == twin.assign(arguments, input_wh, SPEC)
    assert len(level) > 0


def test_levels_with_several_anchors_are_refused():
    with pytest.raises(ValueError, match="expected one anchor on each"):
        Atss().assign(scattered_boxes(0), make_levels())
