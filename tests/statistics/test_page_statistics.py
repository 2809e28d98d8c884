"""The page's questions against plain pandas on the same tables."""

from dataclasses import replace

import numpy as np
import pytest

from assignstudy.statistics import (
    issue_kinds,
    level_summary,
    neighbours,
    positives_per_gt,
    shapes,
    size_levels,
    unmatched,
)
from tests.views import VIEWS, crowded_view, demo_view, empty_view, hostile_view, one_anchor_view, yolov3_view

LEVELS = ("P3", "P4", "P5")


@pytest.fixture(scope="module")
def tables():
    return demo_view().tables


def test_distribution_counts_every_box_once(tables):
    counts = positives_per_gt.distribution(tables)
    expected = tables.ground_truths.positives.value_counts()
    assert counts.ground_truths.sum() == len(tables.ground_truths)
    assert dict(zip(counts["last"], counts.ground_truths, strict=True)).items() >= expected.to_dict().items()
    assert (counts[["small", "medium", "large"]].sum(axis=1) == counts.ground_truths).all()


def test_distribution_of_many_positives_goes_in_steps_that_lose_none(tables):
    many = tables.ground_truths.assign(positives=tables.ground_truths.positives * 37)
    counts = positives_per_gt.distribution(replace(tables, ground_truths=many))
    assert len(counts) <= positives_per_gt.MOST_BARS + 1
    for row in counts.itertuples():
        assert row.ground_truths == many.positives.between(row.first, row.last).sum()


def test_by_size(tables):
    for row in positives_per_gt.by_size(tables).itertuples():
        of_size = tables.ground_truths.positives[tables.ground_truths.size_bin == row.size_bin]
        assert row.ground_truths == len(of_size)
        assert row.unmatched == (of_size == 0).sum()
        assert row.mean == pytest.approx(of_size.mean())


def test_level_summary(tables):
    summary = level_summary.compute(tables).set_index("level")
    for level in LEVELS:
        assert summary.positives[level] == tables.metrics[f"positives_{level}"]
        assert summary.ground_truths[level] == (tables.ground_truths[f"positives_{level}"] > 0).sum()
    assert summary.share.sum() == pytest.approx(1)
    assert summary.slots.sum() == tables.metrics["slots"]


def test_sizes_served_by_each_level(tables):
    served = size_levels.compute(tables)
    side = np.sqrt(tables.ground_truths.w_px * tables.ground_truths.h_px)
    for row in served.itertuples():
        of_size = tables.ground_truths[(side >= row.side_from_px) & (side < row.side_below_px)]
        positives = of_size.positives == 0 if row.level == "none" else of_size[f"positives_{row.level}"] > 0
        assert (row.boxes, row.ground_truths) == (len(of_size), positives.sum())


def test_use_of_cells(tables):
    use = neighbours.use(tables).set_index("offset")
    assert use.share.sum() == pytest.approx(1)
    for name in use.index:
        assert use.share[name] == tables.metrics[f"share_{name}"]
        weights = tables.levels.positives[tables.levels.level == "P4"]
        shares = tables.levels[f"share_{name}"][tables.levels.level == "P4"]
        assert use.share_P4[name] == pytest.approx((weights * shares).sum() / weights.sum())


def test_places_within_a_cell(tables):
    places = neighbours.positions(tables)
    of_level = places[places.level == "P4"]
    served = tables.ground_truths[tables.ground_truths.positives_P4 > 0]
    upper_left = ((served.cx_px / 16 % 1 < 0.1) & (served.cy_px / 16 % 1 < 0.1)).sum()
    assert of_level.ground_truths.sum() == len(served)
    assert of_level.ground_truths[(of_level.row == 0) & (of_level.column == 0)].item() == upper_left


def test_every_box_is_in_the_map_of_shapes(tables):
    histogram, lost = shapes.histogram(tables), shapes.unmatched(tables)
    assert histogram.ground_truths.sum() == len(tables.ground_truths)
    assert histogram.unmatched.sum() == lost.unmatched.sum() == tables.metrics["unmatched"]


def test_the_accepted_region_is_what_the_rule_accepts(tables):
    accepted = shapes.accepted(tables, demo_view().rule.threshold)
    boxes = tables.ground_truths
    fits = np.zeros(len(boxes), bool)
    for row in accepted.itertuples():
        wide = (boxes.w_px > row.w_from_px) & (boxes.w_px < row.w_below_px)
        fits |= (wide & (boxes.h_px > row.h_from_px) & (boxes.h_px < row.h_below_px)).to_numpy()
    assert (fits == (boxes.positives > 0).to_numpy(bool)).all()
    assert len(shapes.accepted(tables, None)) == 0


def test_unmatched_boxes_come_farthest_first(tables):
    worst = unmatched.worst(tables, demo_view().rule.threshold)
    assert len(worst) == tables.metrics["unmatched"]
    assert worst.critical_anchor_t.is_monotonic_decreasing


def test_unmatched_boxes_keep_their_order_where_the_threshold_does_not_decide():
    threshold = replace(yolov3_view().rule.threshold, critical="nobody asks for it")
    assert unmatched.worst(crowded_view().tables, threshold).gt_id.is_monotonic_increasing


def test_traits_count_what_they_say(tables):
    traits = unmatched.traits(tables)
    lost = tables.ground_truths[tables.ground_truths.positives == 0]
    wide = traits[traits.value == "wide"].iloc[0]
    assert wide.unmatched == (lost.w_px >= 3 * lost.h_px).sum()
    assert traits[traits.trait == "size"].unmatched.sum() == len(lost)
    assert traits[traits.trait == "class"].unmatched.sum() == len(lost)


def test_issues_by_kind():
    kinds = issue_kinds.compute(hostile_view().tables)
    assert kinds.to_dict("records") == [{"kind": "malformed row", "kept": False, "issues": 1, "files": 1}]


@pytest.mark.parametrize("name", list(VIEWS))
def test_columns_do_not_depend_on_the_data(name, tables):
    other = VIEWS[name]().tables
    for question in (positives_per_gt.by_size, positives_per_gt.distribution, level_summary.compute, shapes.histogram):
        assert list(question(other).columns) == list(question(tables).columns)


def test_nothing_is_undefined_not_zero():
    assert level_summary.compute(empty_view().tables).share.isna().all()
    assert unmatched.traits(empty_view().tables).share.isna().all()
    assert size_levels.compute(one_anchor_view().tables).share.notna().any()
