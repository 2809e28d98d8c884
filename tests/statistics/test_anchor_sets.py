"""Sets of anchors as tables, against plain numbers."""

import numpy as np
import pytest

from assignstudy.assign.levels import pyramid_levels
from assignstudy.fitting.compare import AnchorSet, Comparison
from assignstudy.settings import AnchorLevel
from assignstudy.statistics import anchor_sets
from tests.views import aerial_fit_view, demo_fit_view

LEVELS = pyramid_levels((AnchorLevel(8, ((4.0, 4.0), (16.0, 16.0))), AnchorLevel(16, ((8.0, 32.0),))))
WH_PX = np.array([(6.0, 6.0), (7.0, 7.0), (40.0, 40.0), (8.0, 8.0)], dtype=np.float32)
MATCHED = np.array([(True, True), (True, False), (False, False), (True, True)])


@pytest.fixture(scope="module")
def tables():
    return anchor_sets.compute(Comparison(WH_PX, (AnchorSet("one", LEVELS, 0.25, MATCHED),)))


def test_recall_is_over_the_boxes_of_each_size(tables):
    (row,) = tables.sets.to_dict("records")
    assert row["strides"] == "8, 16"
    assert (row["fitness"], row["bpr"], row["unmatched"]) == (0.25, 0.75, 1)
    assert (row["recall_small"], row["recall_medium"]) == (1.0, 0.0)
    assert np.isnan(row["recall_large"])


def test_a_box_with_the_side_of_a_cell_is_not_below_it(tables):
    assert tables.levels["level"].tolist() == ["P3", "P4"]
    assert tables.levels["ground_truths"].tolist() == [3, 2]
    assert tables.levels["sub_cell"].tolist() == [2, 2]
    assert tables.levels["sub_cell_share"].tolist() == pytest.approx([2 / 3, 1.0])


def test_sides_are_square_roots_of_areas_in_cells(tables):
    assert tables.anchors["side_cell"].tolist() == [0.5, 2.0, 1.0]
    assert tables.levels["least_cell"].tolist() == [0.5, 1.0]
    assert tables.levels["largest_cell"].tolist() == [2.0, 1.0]


def test_a_level_without_a_match_has_no_share():
    tables = anchor_sets.compute(Comparison(WH_PX, (AnchorSet("one", LEVELS, 0.0, np.zeros((4, 2), np.bool_)),)))
    assert tables.levels["sub_cell_share"].isna().all()


@pytest.mark.parametrize("view", [demo_fit_view, aerial_fit_view])
def test_the_fitted_set_is_that_of_the_run(view):
    run, fit = view().tables, view().fit.tables
    chosen = fit.sets.set_index("set").loc["fitted"]
    assert chosen["bpr"] == pytest.approx(run.metrics["bpr"])
    for size in ("small", "medium", "large"):
        boxes = run.ground_truths[run.ground_truths["size_bin"] == size]
        assert chosen[f"recall_{size}"] == pytest.approx((boxes["positives"] > 0).mean(), nan_ok=True)
    levels = fit.levels[fit.levels["set"] == "fitted"].set_index("level")
    side = np.sqrt(run.ground_truths["w_px"].astype(float) * run.ground_truths["h_px"].astype(float))
    for level, row in levels.iterrows():
        matched = run.ground_truths[f"positives_{level}"] > 0
        assert row["ground_truths"] == matched.sum()
        assert row["sub_cell"] == (side[matched] < row["stride"]).sum()
