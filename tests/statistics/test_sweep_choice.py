"""The rule of the pick, the baseline and the Pareto front, on tables small enough to judge by eye."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignstudy.report import judgement
from assignstudy.statistics.sweep_choice import COSTS, PickRule, baseline, counted_recall, pareto, ranked

NAN = float("nan")
shares = st.sampled_from([0.0, 0.005, 0.02, 0.021, 0.1])
many_runs = st.lists(st.tuples(st.sampled_from([NAN, 0.9, 0.9905, 0.991, 1.0]), shares, shares, shares), max_size=8)


def runs(*rows, megapixels=0.4):
    """Runs from (bpr, unreachable share, contested share, positives per ground truth)."""
    table = pd.DataFrame(list(rows), columns=["bpr", "unreachable_share", "contested_share", "positives_per_gt"])
    return table.assign(megapixels=megapixels, sub_cell_share=0.0)


class TestRanked:
    def test_recall_comes_first(self):
        assert ranked(runs((0.99, 0, 0.01, 5), (0.995, 0, 0.2, 15)), PickRule()) == [1, 0]

    def test_a_difference_of_exactly_the_tolerance_is_none(self):
        table = runs((0.991, 0, 0.04, 12), (0.99, 0, 0.02, 12))
        assert ranked(table, PickRule(tolerance=0.001))[0] == 1
        assert ranked(table, PickRule(tolerance=0.0009))[0] == 0

    def test_then_unreachable_then_contested_then_few_positives(self):
        table = runs((1, 0.01, 0, 1), (1, 0, 0.05, 1), (1, 0, 0.01, 9), (1, 0, 0.01, 8))
        assert ranked(table, PickRule()) == [3, 2, 1, 0]

    def test_too_many_unreachable_positives_come_after_all_others(self):
        table = runs((1.0, 0.0201, 0, 1), (0.5, 0.02, 0.3, 20), (0.4, 0, 0.3, 20))
        assert ranked(table, PickRule()) == [1, 2, 0]

    def test_unless_all_runs_have_too_many(self):
        assert ranked(runs((0.9, 0.05, 0, 1), (1.0, 0.3, 0, 1)), PickRule())[0] == 1

    def test_unless_they_are_their_rules_design(self):
        table = runs((1.0, 0.3, 0, 1), (0.5, 0, 0, 1))
        assert ranked(table, PickRule()) == [1, 0]
        assert ranked(table, PickRule(), by_design=[0]) == [0, 1]

    def test_equals_keep_their_order(self):
        assert ranked(runs((1, 0, 0, 2), (1, 0, 0, 2)), PickRule()) == [0, 1]

    def test_a_rule_without_a_reach_has_nothing_beyond_it_and_a_run_without_recall_comes_last(self):
        assert ranked(runs((NAN, NAN, NAN, NAN), (0.9, NAN, 0.1, 3)), PickRule()) == [1, 0]

    def test_a_share_that_one_rule_does_not_have_decides_nothing(self):
        table = runs((1, NAN, NAN, 5), (1, 0, 0.01, 4), (1, 0.01, 0, 3))
        assert ranked(table, PickRule()) == [2, 1, 0]

    def test_twice_the_pixels_must_bring_their_price(self):
        rule = PickRule(tolerance=0, pixel_price=0.005)
        assert ranked(runs((0.99, 0, 0, 1), (0.9949, 0, 0, 1), megapixels=[0.1, 0.2]), rule) == [0, 1]
        assert ranked(runs((0.99, 0, 0, 1), (0.9951, 0, 0, 1), megapixels=[0.1, 0.2]), rule) == [1, 0]
        assert ranked(runs((0.98, 0, 0, 1), (0.9899, 0, 0, 1), megapixels=[0.1, 0.4]), rule) == [0, 1]

    def test_of_equals_the_smaller_input_wins_though_its_slots_are_contested_more(self):
        table = runs((0.9936, 0, 0.03, 1), (0.99, 0, 0.045, 1), megapixels=[0.8, 0.4])
        assert ranked(table, PickRule()) == [1, 0]
        table = table.assign(bpr=[0.9905, 0.99])
        assert ranked(table, PickRule(pixel_price=0)) == [1, 0]
        assert "the ones with the smallest input; " in PickRule().sentence(["megapixels"])

    def test_boxes_that_own_no_slot_count_as_lost(self):
        table = runs((0.996, 0, 0, 5), (0.993, 0, 0, 5)).assign(ground_truths=1000, matched_without_slot=[8, 1])
        assert ranked(table, PickRule()) == [1, 0]
        assert ranked(table.assign(matched_without_slot=[1, 1]), PickRule()) == [0, 1]

    def test_boxes_below_one_cell_cost_their_price_beyond_the_free_share(self):
        rule = PickRule(tolerance=0)
        table = runs((0.999, 0, 0, 5), (0.79, 0, 0, 5)).assign(sub_cell_share=[0.101, 0.099])
        assert ranked(table, rule) == [0, 1]
        table = runs((0.995, 0, 0, 5), (0.98, 0, 0, 5)).assign(sub_cell_share=[0.2, 0.1])
        assert ranked(table, rule) == [1, 0]
        assert ranked(table.assign(sub_cell_share=[0.17, 0.05]), rule) == [0, 1]
        assert ranked(table, PickRule(most_sub_cell=0.2)) == ranked(table, PickRule(sub_cell_price=0)) == [0, 1]

    def test_a_run_whose_boxes_are_not_known_comes_after_all_others(self):
        table = runs((0.995, 0, 0, 5), (0.98, 0, 0, 5), (0.97, 0, 0, 5))
        assert ranked(table.assign(sub_cell_share=[NAN, 0.01, 0.3]), PickRule()) == [1, 2, 0]
        assert ranked(table.assign(sub_cell_share=NAN), PickRule()) == [0, 1, 2]

    def test_counted_recall_is_what_all_prices_leave(self):
        table = runs((0.9, 0, 0, 5), (0.99, 0, 0, 5), (NAN, 0, 0, 5), megapixels=[0.4, 0.8, 0.4])
        table = table.assign(sub_cell_share=[0.35, 0.1, 0], ground_truths=200, matched_without_slot=[4, 0, 0])
        assert counted_recall(table, PickRule()).tolist() == pytest.approx(
            [0.9 - 0.02 - 0.2 * 0.25, 0.99 - 0.004, NAN], nan_ok=True
        )

    def test_without_a_price_every_gain_is_taken(self):
        table = runs((0.99, 0, 0, 1), (0.992, 0, 0, 1), megapixels=[0.1, 1.6])
        assert ranked(table, PickRule(pixel_price=0)) == [1, 0]

    def test_an_input_of_unknown_size_has_no_price(self):
        assert ranked(runs((0.99, 0, 0, 1), (0.98, 0, 0, 1), megapixels=[NAN, 0.4]), PickRule()) == [0, 1]

    def test_no_runs_have_no_order(self):
        assert ranked(runs(), PickRule()) == []

    @given(many_runs)
    def test_holds_every_run_once_and_keeps_the_labels(self, rows):
        table = runs(*rows)
        table.index = table.index + 10
        assert sorted(ranked(table, PickRule())) == list(table.index)

    @given(many_runs)
    def test_the_first_one_keeps_the_sentence(self, rows):
        table = runs(*rows)
        if table.empty:
            return
        rule, first = PickRule(), table.loc[ranked(table, PickRule())[0]]
        allowed = table[table.unreachable_share <= rule.most_unreachable]
        pool = allowed if len(allowed) else table
        if pool.bpr.notna().any():  # inputs of one size, so that none has a price
            assert first.bpr >= pool.bpr.max() - rule.tolerance - 1e-9


class TestPareto:
    def test_a_run_that_is_beaten_in_everything_is_off_the_front(self):
        assert pareto(runs((0.9, 0, 0.1, 5), (0.95, 0, 0.1, 5), (0.99, 0, 0.2, 9))).tolist() == [False, True, True]

    def test_equal_runs_do_not_beat_each_other(self):
        assert pareto(runs((0.9, 0, 0.1, 5), (0.9, 0, 0.1, 5))).tolist() == [True, True]

    @given(many_runs)
    def test_agrees_with_the_definition(self, rows):
        table = runs(*rows)
        found = pareto(table)
        for k, run in table.iterrows():
            beaten = any(_beats(other, run) for j, other in table.iterrows() if j != k)
            assert found[k] == (not beaten)


def _beats(one, other):
    recall = [-1.0 if math.isnan(run.bpr) else run.bpr for run in (one, other)]
    no_worse = recall[0] >= recall[1] and all(one[cost] <= other[cost] for cost in COSTS)
    return no_worse and (recall[0] > recall[1] or any(one[cost] < other[cost] for cost in COSTS))


class TestBaseline:
    TABLE = pd.DataFrame({"assigner": ["yolov5"] * 3, "anchor_t": [3.0, 4.0, 4.0]}, index=[4, 6, 7])

    def test_is_the_first_run_with_the_published_threshold(self):
        found = baseline(self.TABLE, {4: (None, "", ""), 6: ("the published anchor_t of 4", "", ""), 7: ("", "", "")})
        assert found.row == 6
        assert found.reason == "the first run with the published anchor_t of 4"

    def test_is_of_these_the_one_that_is_most_as_published(self):
        found = baseline(self.TABLE, {4: ("t", "a", None), 6: ("t", None, "imgsz 640"), 7: ("t", "a", "imgsz 640")})
        assert found.row == 7
        assert found.reason == "the first run with t, a, imgsz 640"

    def test_does_not_say_what_all_runs_have_in_common(self):
        assert baseline(self.TABLE, {4: ("t", "a", "b"), 6: (None, "a", "b")}).reason == "the first run with t"

    def test_is_a_rule_without_a_threshold_where_that_comes_first(self):
        found = baseline(self.TABLE, {4: (None, "", ""), 6: ("", "", ""), 7: ("", "", "")})
        assert found.row == 6
        assert found.reason == "the first run of a rule as published"

    @pytest.mark.parametrize("published", [{}, dict.fromkeys((4, 6, 7), (None, "a", "b"))])
    def test_is_else_the_first_run(self, published):
        found = baseline(self.TABLE, published)
        assert found.row == 4
        assert found.reason == "the first run of the sweep"


def test_the_sentence_says_the_numbers():
    sentence = PickRule(tolerance=0.0025, most_unreachable=0.05).sentence()
    assert "more than 5 % unreachable" in sentence
    assert "within 0.25 percentage points" in sentence


def test_the_sentence_names_only_what_decides():
    assert "contested" not in PickRule().sentence(["unreachable_share", "positives_per_gt"])
    assert "of these" not in PickRule().sentence(["positives_per_gt"])
    assert "0.4 percentage points off the recall for every doubling" in PickRule().sentence(["megapixels"])
    small = (
        "where more than 20 % of the boxes are smaller than one cell of the finest level, count 50 % of those beyond "
    )
    assert f"{small}as lost; " in PickRule(most_sub_cell=0.2, sub_cell_price=0.5).sentence()
    assert "one cell" not in PickRule(sub_cell_price=0).sentence()
    assert "one cell" not in PickRule().sentence(["megapixels"])
    assert "doubling" not in PickRule(pixel_price=0).sentence(["megapixels"])


def test_the_sentence_says_what_is_design():
    assert "2 % unreachable positives, unless all have more" in PickRule().sentence()
    assert "2 % unreachable positives, what a rule asks for by design not counted, unless" in PickRule().sentence(
        has_designed=True
    )


def test_what_the_rule_leaves_out_is_what_a_run_page_calls_act():
    assert PickRule().most_unreachable == judgement.UNREACHABLE[1]
    assert PickRule().most_sub_cell == judgement.SUB_CELL[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"tolerance": -0.1},
        {"tolerance": NAN},
        {"most_unreachable": 1.5},
        {"pixel_price": 2},
        {"most_sub_cell": -1},
        {"sub_cell_price": 2},
    ],
)
def test_refuses_what_is_no_share(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}: expected a share from 0 to 1, got"):
        PickRule(**wrong)
