"""What tells runs apart, and how it is written."""

import pandas as pd
import pytest

from assignstudy.statistics.sweep_parameters import differing, label, parameters, records, value_text

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
