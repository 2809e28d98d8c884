"""Feature maps: their pixels are their cells, and what lies over them stands where the table says."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from assignstudy.figures import crop, feature_maps
from assignstudy.figures.gallery import Subject
from assignstudy.figures.panel import Photo, Rects
from assignstudy.models.features import Activation, FeatureMap
from assignstudy.statistics.door import LevelShape
from assignstudy.statistics.gallery import Placement, ShownImage
from tests.views import model_view


def shown(mean, maps=None):
    mean = np.asarray(mean, np.float32)
    maps = np.asarray([mean] if maps is None else maps, np.float32)
    rest = Activation(0.0, 1)
    return FeatureMap("neck", 0, mean, np.arange(len(maps)), maps, 9, rest, rest)


def pixels(png):
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image), image.getpalette()


def test_one_pixel_is_one_cell_from_the_lowest_to_the_highest_value():
    steps, palette = pixels(feature_maps.mean_png(shown([[-1.0, 0.0], [0.5, 1.0]])))
    last = feature_maps.SHADES - 1
    assert steps.tolist() == [[0, (last + 1) // 2], [(last + 1) * 3 // 4, last]]
    assert sum(palette[:3]) < sum(palette[3 * last : 3 * last + 3]), "dark is low"


@pytest.mark.parametrize("value", [0.0, -3.5])
def test_a_constant_map_has_one_shade(value):
    steps, _ = pixels(feature_maps.mean_png(shown(np.full((3, 2), value))))
    assert steps.tolist() == [[0, 0]] * 3


def test_of_large_grids_blocks_are_averaged_and_the_border_is_not_diluted():
    side = 2 * feature_maps.MOST_CELLS - 1
    values = np.zeros((side, 3), np.float32)
    values[-1] = 8
    steps, _ = pixels(feature_maps.mean_png(shown(values)))
    assert steps.shape == (feature_maps.MOST_CELLS, 2)
    assert (steps[-1] == feature_maps.SHADES - 1).all()
    assert (steps[:-1] == 0).all()


def test_channels_stand_in_rows_and_what_is_left_is_white():
    maps = [np.array([[k, k + 1]]) for k in range(6)]
    steps, palette = pixels(feature_maps.channels_png(shown([[0, 1]], maps)))
    assert steps.shape == (2, 8)
    assert steps[1, 4:].tolist() == [feature_maps.SHADES] * 4
    assert palette[3 * feature_maps.SHADES : 3 * feature_maps.SHADES + 3] == [255, 255, 255]


def test_the_cells_over_a_map_are_those_of_the_table():
    view = model_view()
    for image in view.pictures.gallery.images:
        for level, one in zip(view.pictures.gallery.levels, view.model.study().pictures[0].maps, strict=True):
            panel = feature_maps.mean_panel(Subject(image), level, one, "p")
            drawn = [mark.xyxy for mark in panel.marks if isinstance(mark, Rects) and mark.name != "contested slot"]
            found = {tuple(row) for row in np.concatenate([np.empty((0, 4)), *drawn]).tolist()}
            rows = image.on_level(level.name)
            assert found == {(x, y, x + 1, y + 1) for x, y in zip(rows["grid_x"], rows["grid_y"], strict=True)}
            assert all(mark.pen.fill == 0 for mark in panel.marks if isinstance(mark, Rects))


def test_a_map_fills_its_grid():
    level = LevelShape("P3", 8, np.ones((1, 2), np.float32))
    view = model_view()
    one = view.model.study().pictures[0].maps[0]
    panel = feature_maps.mean_panel(Subject(view.pictures.gallery.images[0]), level, one, "p")
    rows, columns = one.mean.shape
    assert panel.wh == (columns, rows)
    assert panel.marks[0].xyxy == (0, 0, columns, rows)
    assert panel.x_label == "column, cells of 8 px"


def subject(box, wh_orig):
    boxes = pd.DataFrame([box], columns=["x1_orig", "y1_orig", "x2_orig", "y2_orig"]).astype("float64")
    boxes = boxes.assign(cx_px=0.0, cy_px=0.0, w_px=1.0, h_px=1.0)
    place = Placement(wh_orig, wh_orig, wh_orig, (0.0, 0.0))
    return Subject(ShownImage("a.jpg", "picked by name", place, boxes, pd.DataFrame(), None, ""))


@pytest.mark.parametrize(
    ("box", "wh_orig"),
    [
        ((300, 200, 340, 220), (640, 480)),
        ((0, 0, 8, 8), (640, 480)),
        ((600, 100, 640, 480), (640, 480)),
        ((0, 0, 640, 480), (640, 480)),
        ((1, 1, 3, 90), (30, 100)),
    ],
)
def test_a_crop_moves_box_and_photo_together_and_stays_inside_where_it_can(box, wh_orig):
    panel = crop.draw(subject(box, wh_orig), 1, "car 1")
    photo, outline = panel.marks
    assert isinstance(photo, Photo)
    left, top = photo.xyxy[:2]
    assert outline.xyxy[0].tolist() == pytest.approx([box[0] + left, box[1] + top, box[2] + left, box[3] + top])
    assert photo.xyxy[2] - left == pytest.approx(wh_orig[0])
    assert photo.xyxy[3] - top == pytest.approx(wh_orig[1])
    assert panel.wh[0] == panel.wh[1]
    for start, side, whole in zip((left, top), panel.wh, wh_orig, strict=True):
        if side <= whole:
            assert side - whole - 1e-9 <= start <= 1e-9
        else:
            assert start == pytest.approx((side - whole) / 2)
    assert (outline.xyxy >= 0).all()
    assert (outline.xyxy <= np.tile(panel.wh, 2)).all()
