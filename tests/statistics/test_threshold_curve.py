"""Recall at every threshold equals what a run at that threshold finds."""

import numpy as np
import pytest

from assignstudy.statistics import threshold_curve
from tests.views import demo_view, empty_view


@pytest.mark.parametrize("anchor_t", [2.0, 3.0, 5.0])
def test_the_curve_is_what_other_runs_would_find(anchor_t):
    view = demo_view()
    curve = threshold_curve.compute(view.tables, view.rule.threshold)
    here = curve[(curve.threshold == np.float32(anchor_t)) & (curve.size_bin == "all")]
    other = demo_view(anchor_t).tables.metrics
    assert here.matched.tolist() == [other["ground_truths"] - other["unmatched"]]
    assert here.recall.tolist() == [pytest.approx(other["bpr"])]


def test_size_bins_add_up_and_the_chosen_threshold_is_marked():
    view = demo_view()
    curve = threshold_curve.compute(view.tables, view.rule.threshold)
    parts = curve[curve.size_bin != "all"].groupby("threshold").matched.sum()
    assert parts.tolist() == curve[curve.size_bin == "all"].matched.tolist()
    assert set(curve.threshold[curve.chosen]) == {np.float32(4)}


def test_needed_thresholds_reach_their_goal_and_nothing_smaller_does():
    view = demo_view()
    boxes = view.tables.ground_truths
    for row in threshold_curve.needed(view.tables, view.rule.threshold).itertuples():
        recall = (boxes.critical_anchor_t < np.float32(row.threshold)).mean()
        before = (boxes.critical_anchor_t < np.float32(row.threshold - 0.01)).mean()
        assert row.recall == pytest.approx(recall)
        assert recall >= row.goal - 1e-9
        assert before < row.goal


def test_nothing_to_match():
    view = empty_view()
    assert threshold_curve.compute(view.tables, view.rule.threshold).recall.isna().all()
    assert threshold_curve.needed(view.tables, view.rule.threshold).threshold.isna().all()
