"""Figures published or computed with the published code, on real labels where they are at hand."""

import pytest

from assignstudy.assign.yolov5 import Yolov5
from assignstudy.datasets import read_dataset
from assignstudy.study import Study, run
from assignstudy.transforms import Letterbox
from tests.boxes import make_levels

NAMES = [
    "ground_truths",
    "positives_P3",
    "positives_P4",
    "positives_P5",
    "unmatched",
    "slots",
    "contested_slots",
    "self_duplicates",
    "matched_without_slot",
    "unreachable",
]


@pytest.mark.parametrize(
    ("imgsz", "anchor_t", "expected", "anchors_per_gt"),
    [
        (640, 4, [929, 3718, 4600, 3554, 5, 11392, 443, 11, 1, 0], 4.2583),
        (640, 5, [929, 4459, 5527, 4236, 4, 13521, 632, 15, 1, 1185], 5.1012),
        (320, 4, [929, 4547, 4148, 2401, 35, 10257, 739, 8, 8, 0], 3.9828),
    ],
)
def test_coco128_equals_the_published_code_to_the_last_row(coco128_yaml, imgsz, anchor_t, expected, anchors_per_gt):
    dataset = read_dataset("yolo", {"data": str(coco128_yaml)})
    metrics = run(Study(dataset, Yolov5(anchor_t), make_levels(), Letterbox(), (imgsz, imgsz))).tables.metrics
    assert [metrics[name] for name in NAMES] == expected
    assert metrics["anchors_per_gt"] == pytest.approx(anchors_per_gt, abs=5e-5)


def test_yolov5s_own_two_numbers_for_coco128(coco128_yaml):
    dataset = read_dataset("yolo", {"data": str(coco128_yaml)})
    metrics = run(Study(dataset, Yolov5(), make_levels(), Letterbox(), (640, 640))).tables.metrics
    assert round(metrics["anchors_per_gt"], 2) == 4.26
    assert round(metrics["bpr"], 4) == 0.9946
