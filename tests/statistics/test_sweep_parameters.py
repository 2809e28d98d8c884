"""What tells runs apart, and how it is written."""

import pandas as pd
import pytest

from assignstudy.statistics.sweep_parameters import axes, differing, label, parameters, records, swept, value_text

NAN = float("nan")
RUNS = pd.DataFrame(
    {
        "anchor_t": [4.0, float("nan"), 4.0],
        "iou_t": [float("nan"), 0.2, float("nan")],
        "anchors": ["coco_p5"] * 3,
        "imgsz": pd.Series([640, 640, "384x640"], dtype=object),
        "input_h": [640, 640, 384],
        "bpr": [0.9, 0.8, 0.7],
        "run_key": ["a", "b", "c"],
    }
)


def test_parameters_stand_before_the_input_size():
    assert parameters(RUNS) == ["anchor_t", "iou_t", "anchors", "imgsz"]


def test_a_missing_value_differs_from_any_other():
    assert differing(RUNS) == ["anchor_t", "iou_t", "imgsz"]
    assert differing(RUNS.head(1)) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(4.0, "4"), (3.7, "3.7"), (640, "640"), ("384x640", "384x640"), (None, "–"), (float("nan"), "–"), (pd.NA, "–")],
)
def test_values_are_written_as_people_type_them(value, text):
    assert value_text(value) == text


def test_a_label_names_numbers_and_lets_choices_speak():
    runs = records(RUNS)
    assert label(runs[0], ["anchor_t", "iou_t", "anchors", "imgsz"]) == "anchor_t 4, coco_p5, imgsz 640"
    assert label(runs[1], ["anchor_t", "iou_t"]) == "iou_t 0.2"
    assert label(runs[2], []) == "run c"


def test_records_keep_the_labels_of_rows():
    assert list(records(RUNS.iloc[1:])) == [1, 2]


def test_a_label_leaves_out_the_group_of_an_option():
    assert label({"assigner.preset": "retinanet", "dataset.split": None}, ["assigner.preset", "dataset.split"]) == (
        "preset retinanet"
    )


def mixed(**columns):
    return pd.DataFrame({"anchor_t": NAN, "iou_t": NAN, "anchors": "default", **columns, "input_h": 640})


class TestSwept:
    def test_what_only_follows_from_the_rule_was_not_varied(self):
        runs = mixed(anchor_t=[4.0, 4.0, NAN], iou_t=[NAN, NAN, 0.2], assigner=["yolov5", "yolov7_aux", "yolov3_spp"])
        assert differing(runs) == ["anchor_t", "iou_t", "assigner"]
        assert swept(runs) == ["assigner"]

    def test_nor_what_follows_from_an_option_of_the_rule(self):
        runs = mixed(iou_t=[0.5, 0.7], assigner=["max_iou"] * 2, **{"assigner.preset": ["retinanet", "faster_rcnn"]})
        assert swept(runs) == ["assigner.preset"]

    def test_a_threshold_that_one_rule_has_twice_was_varied(self):
        runs = mixed(anchor_t=[3.0, 4.0, NAN], assigner=["yolov5", "yolov5", "atss"])
        assert swept(runs) == ["assigner", "anchor_t"]

    def test_without_rules_everything_that_differs_was_varied(self):
        assert swept(mixed(anchor_t=[3.0, 4.0], imgsz=[320, 640])) == ["anchor_t", "imgsz"]


class TestAxes:
    def test_a_parameter_of_some_rules_only_joins_them(self):
        runs = mixed(anchor_t=[3.0, 4.0, NAN], assigner=["yolov5", "yolov5", "atss"], imgsz=[320, 320, 640])
        found = axes(runs)
        assert list(found) == ["assigner with anchor_t", "imgsz"]
        assert found["assigner with anchor_t"].tolist() == ["yolov5, anchor_t 3", "yolov5, anchor_t 4", "atss"]

    def test_a_parameter_that_all_rules_were_varied_in_is_an_axis(self):
        runs = mixed(anchor_t=[3.0, 4.0] * 2, assigner=["yolov5"] * 2 + ["yolov7_aux"] * 2)
        assert list(axes(runs)) == ["assigner", "anchor_t"]

    def test_every_run_has_a_place_of_its_own(self):
        runs = mixed(
            anchor_t=[3.0, 4.0, NAN, NAN], assigner=["a", "a", "b", "b"], **{"assigner.variant": [None, None, "x", "y"]}
        )
        found = axes(runs)
        assert found.notna().all(axis=None)
        assert not found.duplicated().any()

    def test_one_setting_has_no_axis(self):
        assert axes(mixed(anchor_t=[4.0])).columns.empty
