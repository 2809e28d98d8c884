"""Positions before rounding: the centre and its copies, moved as each rule moves them."""

import numpy as np
import pytest

from assignstudy.assign.fcos import Fcos
from assignstudy.assign.max_iou import MaxIou
from assignstudy.assign.yolov3_spp import Yolov3Spp
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.assign.yolov7_aux import Yolov7Aux
from assignstudy.figures import positions as figure
from assignstudy.figures.panel import Dots, drawn
from assignstudy.statistics import neighbours, positions
from assignstudy.study import Study, run
from assignstudy.transforms import Letterbox
from tests.boxes import make_dataset

# On P3 the centre is at 20.25, 30.75.
BOX = (20.25 / 80, 30.75 / 80, 0.04, 0.04)


def positions_of(rule, images=(0,), boxes=(BOX,), input_hw=(640, 640)):
    dataset = make_dataset(list(images), boxes, [(640, 640)] * (max(images, default=0) + 1))
    study = Study(dataset, rule, rule.published_levels(), Letterbox(), input_hw)
    result = run(study)
    return positions.compute(rule, study.levels, dataset, result.network_input, result.tables), result


def on_p3(found):
    table = found.table[found.table["level"] == "P3"]
    return sorted(zip(table["x_cell"], table["y_cell"], table["moved"], strict=True))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Yolov5(), [(19.75, 30.75, True), (20.25, 30.75, False), (20.25, 31.25, True)]),
        (Yolov3Spp(), [(20.25, 30.75, False)]),
        (
            Yolov7Aux(),
            [
                (19.25, 30.75, True),
                (20.25, 29.75, True),
                (20.25, 30.75, False),
                (20.25, 31.75, True),
                (21.25, 30.75, True),
            ],
        ),
    ],
)
def test_centres_move_by_the_step_of_the_rule(rule, expected):
    assert on_p3(positions_of(rule)[0]) == expected


@pytest.mark.parametrize(("rule", "fraction"), [(Fcos(), 0.5), (MaxIou(), 0.0)])
def test_points_and_dense_anchors_stand_where_they_are(rule, fraction):
    found, _ = positions_of(rule)
    assert len(found.table)
    assert set(np.mod(found.table[["x_cell", "y_cell"]].to_numpy(), 1).ravel()) == {fraction}
    assert not found.table["moved"].any()


def test_rounding_positions_down_gives_the_cells_of_the_rule():
    found, result = positions_of(Yolov5(), boxes=[(0.313, 0.427, 0.09, 0.11)])
    boxes = result.network_input.boxes
    levels = Yolov5().assign(boxes, Yolov5().published_levels()).levels
    for name, level in zip(("P3", "P4", "P5"), levels, strict=True):
        table = found.table[found.table["level"] == name]
        cells = np.floor(table[["x_cell", "y_cell"]].to_numpy())
        expected = np.stack((level.grid_x.numpy(), level.grid_y.numpy()), axis=1)
        assert np.array_equal(np.unique(cells, axis=0), np.unique(expected, axis=0))


def test_where_there_are_too_many_images_are_taken_evenly():
    images = [k // 10 for k in range(3000)]
    random = np.random.Generator(np.random.PCG64(0))
    boxes = np.concatenate((random.uniform(0.1, 0.9, (3000, 2)), np.full((3000, 2), 0.05)), axis=1)
    found, _ = positions_of(Yolov5(), images, boxes)
    assert found.all_images == 300
    assert 0 < found.images < 60
    assert found.table.groupby("level").size().max() <= positions.MOST


def test_images_without_positives_are_sampled_too():
    found, _ = positions_of(Yolov5(), range(300), np.tile((0.5, 0.5, 0.9, 0.001), (300, 1)))
    assert found.table.empty
    assert (found.all_images, found.images) == (300, 150)


def test_no_box_no_position():
    found, result = positions_of(Yolov5(), (), np.empty((0, 4)))
    assert found.table.empty
    assert figure.draw(found) == ()
    assert positions.within_cell(neighbours.positions(result.tables))["share"].isna().all()


def test_dots_have_the_coordinates_of_the_table():
    found, _ = positions_of(Yolov5())
    panel = figure.draw(found)[0]
    assert panel.wh == (80, 80)
    assert drawn(panel, Dots, "as assigned").tolist() == [[20.25, 30.75]]
    assert drawn(panel, Dots, "moved towards a neighbour").tolist() == [[19.75, 30.75], [20.25, 31.25]]


def test_shares_within_the_cell_add_up_to_one_along_each_axis():
    _, result = positions_of(Yolov5(), (0, 0), (BOX, (0.31, 0.42, 0.1, 0.1)))
    within = positions.within_cell(neighbours.positions(result.tables))
    sums = within.groupby(["level", "axis"])["share"].sum()
    assert np.allclose(sums[sums > 0], 1)
    x = within[(within["level"] == "P4") & (within["axis"] == "x")].set_index("part")["share"]
    assert x[1] == 0.5  # 20.25 / 2 = 10.125
