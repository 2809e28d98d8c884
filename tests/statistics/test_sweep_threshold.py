"""Recall at every threshold agrees with the runs that were made there."""

import numpy as np
import pandas as pd
import pytest

from assignstudy.statistics.sweep_threshold import AXES, one_per_curve, recall

ANCHOR_T, IOU_T = AXES


def boxes(critical, name="critical_anchor_t", ignored=None):
    flags = [False] * len(critical) if ignored is None else ignored
    return pd.DataFrame({"ignored": np.asarray(flags, bool), name: np.asarray(critical, np.float32)})


def test_equality_never_matches():
    assert recall(boxes([4.0]), ANCHOR_T, [4.0, 4.01]).tolist() == [0.0, 1.0]
    assert recall(boxes([0.5], "best_iou"), IOU_T, [0.49, 0.5]).tolist() == [1.0, 0.0]


def test_ignored_boxes_do_not_count():
    assert recall(boxes([2.0, 9.0, np.nan], ignored=[False, False, True]), ANCHOR_T, [4.0]).tolist() == [0.5]


def test_without_ground_truths_there_is_no_recall():
    assert np.isnan(recall(boxes([]), ANCHOR_T, [2.0, 4.0])).all()


@pytest.mark.parametrize("axis", AXES)
def test_the_grid_spans_the_axis_and_holds_what_the_table_shows(axis):
    assert axis.grid[0] == axis.low
    assert axis.grid[-1] == axis.high
    assert set(np.float32(axis.shown)) <= set(axis.grid)


def test_runs_that_differ_in_the_threshold_alone_share_a_curve():
    runs = pd.DataFrame(
        {"anchor_t": [3.0, 4.0, 3.0, np.nan], "iou_t": [np.nan] * 3 + [0.2], "imgsz": [320, 320, 640, 640]}
    )
    assert one_per_curve(runs, ANCHOR_T, ["anchor_t", "iou_t", "imgsz"]) == ([0, 2], ["imgsz"])
    assert one_per_curve(runs, IOU_T, ["anchor_t", "iou_t", "imgsz"]) == ([3], ["imgsz"])
    assert one_per_curve(runs.head(2), ANCHOR_T, ["anchor_t"]) == ([0], [])
