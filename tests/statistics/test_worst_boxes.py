"""The worst ground truths: which, in what order, what lies around them, and why they fail."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from assignstudy.assign.atss import Atss
from assignstudy.assign.fcos import Fcos
from assignstudy.assign.max_iou import MaxIou
from assignstudy.assign.yolov3 import Yolov3
from assignstudy.assign.yolov3_spp import Yolov3Spp
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.figures import worst_boxes as figure
from assignstudy.figures.panel import Rects, drawn
from assignstudy.report.worst_boxes import why_it_fails
from assignstudy.statistics import worst_boxes
from assignstudy.study import Study, run
from assignstudy.transforms import Letterbox
from assignstudy.types import Miss
from tests.boxes import make_dataset

POINT = (0.50625, 0.50625, 0.01, 0.01)
FINE, FLAT, FLATTER = (0.303, 0.302, 0.1, 0.1), (0.5, 0.5, 0.5, 0.004), (0.5, 0.5, 0.5, 0.002)


def worst_of(*cxcywh, rule=None, load=None, size=(640, 640), most=12):
    dataset = replace(make_dataset([0] * len(cxcywh), cxcywh, [size]), load_picture=load)
    rule = rule or Yolov5()
    result = run(Study(dataset, rule, rule.published_levels(), Letterbox(), (640, 640)))
    return worst_boxes.compute(
        dataset, result.network_input, result.tables, rule, rule.published_levels(), most
    ), rule.facts


def test_the_farthest_from_being_matched_come_first_and_then_those_without_a_slot():
    found, _ = worst_of(FINE, FINE, FLAT, FLATTER)
    assert [box.row.gt_id for box in found] == [3, 2, 0]


def test_of_rules_without_a_number_the_farthest_test_comes_first_and_then_the_smallest():
    outside, small, smaller, taken = (
        (0.503, 0.502, 0.002, 0.002),
        (0.5, 0.5, 0.002, 0.002),
        (0.5, 0.5, 0.001, 0.001),
        POINT,
    )
    found, _ = worst_of(taken, taken, small, outside, smaller, rule=Fcos())
    assert [box.row.gt_id for box in found] == [3, 4, 2, 1]
    assert [box.failing.miss for box in found] == [Miss.NONE_INSIDE, Miss.OTHER_LEVEL, Miss.OTHER_LEVEL, Miss.TAKEN]


def test_no_more_than_wanted():
    found, _ = worst_of(FLAT, FLATTER, FLAT, most=2)
    assert len(found) == 2


def test_nobody_fails_where_all_is_well():
    assert worst_of(FINE)[0] == ()


def test_the_window_holds_the_box_and_its_best_anchor_and_stays_in_the_image():
    found, _ = worst_of((0.01, 0.99, 0.02, 0.0005), size=(800, 600))
    left, top, right, bottom = found[0].window_orig
    assert (left, bottom) == (0, 600)
    assert right - left == bottom - top == worst_boxes.LEAST_WINDOW_ORIG


def test_a_crop_shows_what_the_window_holds():
    def load(_):
        pixels = np.zeros((640, 640, 3), np.uint8)
        pixels[:, 320:] = 255
        return Image.fromarray(pixels)

    found, _ = worst_of(FLAT, load=load)
    picture = np.asarray(found[0].picture)
    assert picture.shape[0] == picture.shape[1] == worst_boxes.CROP_PX
    assert picture[:, :170].max() < 20
    assert picture[:, 190:].min() > 235


def test_marks_stand_relative_to_the_window():
    found, _ = worst_of(FLAT, size=(1280, 960))
    panel = figure.draw(found[0])
    left, top, _, _ = found[0].window_orig
    box = drawn(panel, Rects, "ground truth") + np.array([left, top, left, top])
    assert np.allclose(box, [[320, 478.08, 960, 481.92]], atol=0.01)
    anchor = drawn(panel, Rects, "anchor")
    width, height = found[0].anchor_wh_px
    assert np.allclose(anchor[:, 2:] - anchor[:, :2], [[2 * width, 2 * height]], atol=0.01)


@pytest.mark.parametrize(
    ("rule", "boxes", "why"),
    [
        (Yolov5(), [FLAT], "9.7 times as wide as its best anchor, where less than 4 times fits"),
        (Yolov5(), [(0.5, 0.5, 0.004, 0.5)], "10.67 times as tall as its best anchor, where less than 4 times fits"),
        (Yolov3Spp(), [FLAT], "shares 0.06 of its shape with its best anchor, where more than 0.2 fits"),
        (Fcos(), [(0.503, 0.502, 0.001, 0.001)], "no point of any level lies inside it"),
        (Fcos(), [(0.5, 0.5, 0.001, 0.001)], "the one point inside it belongs to a level for boxes of another size"),
        (Fcos("detectron2"), [(0.1535, 0.335, 0.0193, 0.5007)], "none of the 2 points inside it is near its centre"),
        (Fcos(), [POINT, POINT], "the one point that suits it goes to a ground truth that is no larger"),
        (Atss(), [(0.503, 0.502, 0.001, 0.001)], "none of the 45 anchors nearest to its centre is centred inside it"),
        (MaxIou(), [FINE, FINE], "all 35 anchors that suit it go to other ground truths"),
        (
            MaxIou("mmdet", "faster_rcnn"),
            [(0.503, 0.502, 0.02, 0.02)],
            "its best anchor overlaps it by 0.1600, where 0.3000 is needed",
        ),
        (Atss(), [FINE, FINE], "all 9 anchors that suit it go to ground truths that overlap them no less"),
        (Yolov3(), [(0.5, 0.5, 0.001, 0.5)], "it has a side below 1 px on the network input"),
        (Yolov5(), [FINE, FINE], "all of its 18 positives lie on slots that other ground truths win"),
    ],
)
def test_it_is_said_why(rule, boxes, why):
    found, facts = worst_of(*boxes, rule=rule)
    assert why_it_fails(found[0], facts).startswith(why)
