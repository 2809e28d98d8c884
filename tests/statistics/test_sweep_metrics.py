"""The catalogue of metrics: complete, in the published order, and shares that divide by something."""

import pandas as pd
import pytest

from assignstudy.statistics.sweep_metrics import (
    METRICS,
    facts,
    in_order,
    is_metric,
    level_columns,
    shared_by_all,
    with_shares,
)
from tests.views import demo_view


def test_knows_every_metric_of_a_real_run_in_its_order():
    names = list(demo_view().tables.metrics)
    assert in_order(reversed(names)) == names
    assert all(is_metric(name) for name in names)
    assert len(names) == len(METRICS) + 3


def test_counts_and_ratios_are_told_apart():
    for name, value in demo_view().tables.metrics.items():
        assert (facts(name).kind == "int") == isinstance(value, int)


def test_levels_are_in_order_of_their_stride_and_unknown_names_come_last():
    names = in_order(["new_one", "positives_P10", "positives_P3"])
    place = names.index("positives")
    assert names[place : place + 3] == ["positives", "positives_P3", "positives_P10"]
    assert names[-1] == "new_one"
    assert level_columns(["positives_P10", "positives", "positives_P3"]) == ["positives_P3", "positives_P10"]


def test_an_unknown_name_is_none_of_them():
    assert not is_metric("unreachable_share")
    assert not is_metric("positives_P")
    with pytest.raises(KeyError, match="new_one"):
        facts("new_one")


def test_shares_are_missing_where_there_is_nothing_to_divide_by():
    runs = pd.DataFrame(
        {
            "unreachable": pd.array([1, None, 0], dtype="Int64"),
            "positives": pd.array([4, 4, 0], dtype="Int64"),
            "contested_slots": [1, 1, 0],
            "slots": [2, 4, 0],
            "positive_share": [0.25, 0.1, None],
            "input_h": [100, 1000, None],
            "input_w": [200, 1000, None],
        }
    )
    shares = with_shares(runs)
    assert shares.unreachable_share.tolist()[0] == 0.25
    assert shares.unreachable_share.isna().tolist() == [False, True, True]
    assert shares.contested_share.tolist()[:2] == [0.5, 0.25]
    assert shares.contested_share.isna().tolist() == [False, False, True]
    assert "unreachable_share" not in runs
    assert shares.all_slots.tolist()[:2] == [8, 40]
    assert shares.megapixels.tolist()[:2] == [0.02, 1.0]
    assert shares[["all_slots", "megapixels"]].isna().sum().tolist() == [1, 1]


def test_nothing_is_contested_where_the_rule_itself_gives_each_slot_to_one_ground_truth():
    names = ("unreachable", "positives", "contested_slots", "slots", "positive_share", "input_h", "input_w")
    runs = pd.DataFrame({name: [4, 4] for name in names})
    assert with_shares(runs, exclusive=[1]).contested_share.isna().tolist() == [False, True]


def test_metrics_of_all_are_those_that_no_run_with_positives_lacks():
    runs = pd.DataFrame({"bpr": [0.9, 0.8, 0.0], "slots": [3, 4, None], "unreachable_share": [0.1, None, 0.2]})
    assert shared_by_all(runs, ["slots", "unreachable_share"]) == ["slots"]
    assert shared_by_all(runs.head(0), ["slots"]) == ["slots"]
