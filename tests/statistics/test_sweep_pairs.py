"""Pairing ground truths of two runs, and a whole sweep against one of them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignstudy.statistics import sweep_pairs
from assignstudy.statistics.sweep_pairs import CHANGES, compare, largest_by_class, nullable, pair, standing, telling

SIZES = ("small", "medium", "large")
rows = st.lists(
    st.tuples(st.booleans(), st.integers(0, 2), st.integers(0, 2), st.sampled_from(SIZES), st.booleans()), max_size=12
)


def table(gt_id, p3, p4, sizes=None, ignored=None):
    """A table of ground truths with two levels; None among the positives is a missing value."""
    boxes = len(gt_id)
    return pd.DataFrame(
        {
            "gt_id": np.asarray(gt_id, np.int64),
            "image_index": np.zeros(boxes, np.int32),
            "w_px": np.ones(boxes, np.float32),
            "h_px": np.arange(boxes, dtype=np.float32),
            "class_id": np.arange(boxes, dtype=np.int32) % 2,
            "size_bin": pd.Categorical(sizes or ["small"] * boxes, categories=SIZES, ordered=True),
            "ignored": np.asarray(ignored if ignored is not None else [False] * boxes, bool),
            "positives_P4": pd.array(p4, dtype="Int32"),
            "positives_P3": pd.array(p3, dtype="Int32"),
        }
    )


def drawn(spec):
    """A table from drawn rows; ground truths that are not there are left out."""
    there = [(k, *row) for k, row in enumerate(spec) if row[0]]
    columns = list(zip(*there, strict=True)) or [[]] * 6
    return table(columns[0], columns[2], columns[3], list(columns[4]), list(columns[5]))


def levels_by_id(run):
    """Plainly: the set of levels with a positive, per ground truth that entered."""
    return {
        row.gt_id: {level for level in ("positives_P3", "positives_P4") if getattr(row, level) > 0}
        for row in run.itertuples()
        if not row.ignored
    }


def change_of(one, other):
    if bool(one) != bool(other):
        return "lost" if one else "gained"
    return "level" if one != other else "same"


class TestPair:
    def test_tells_the_four_changes_apart(self):
        a = table([0, 1, 2, 3, 4], [1, 0, 3, 1, 0], [0, 0, 0, 0, 0])
        b = table([0, 1, 2, 3, 4], [0, 3, 0, 6, 0], [0, 0, 3, 0, 0])
        assert pair(a, b).change.tolist() == ["lost", "gained", "level", "same", "same"]

    def test_a_change_of_the_number_of_positives_alone_is_none(self):
        assert pair(table([0], [1], [2]), table([0], [9], [1])).change.tolist() == ["same"]

    def test_a_missing_side_is_unmatched_there(self):
        pairs = pair(table([0, 1], [1, 0], [0, 0]), table([1, 2], [0, 3], [0, 0]))
        assert pairs.gt_id.tolist() == [0, 1, 2]
        assert pairs.change.tolist() == ["lost", "same", "gained"]
        assert pairs.w_px_b.isna().tolist() == [True, False, False]
        assert pairs.image_index_a.dtype == pd.Int32Dtype()
        assert pairs.ignored_a.dtype == pd.BooleanDtype()

    def test_an_ignored_ground_truth_is_unmatched(self):
        a = table([0], [None], [None], ignored=[True])
        assert pair(a, table([0], [3], [0])).change.tolist() == ["gained"]

    def test_a_level_that_one_run_does_not_have_counts(self):
        a = table([0], [1], [0]).rename(columns={"positives_P3": "positives_P6"})
        assert pair(a, table([0], [1], [0])).change.tolist() == ["level"]

    @pytest.mark.parametrize("sides", [([], [7]), ([7], []), ([], [])])
    def test_an_empty_side_is_ordinary(self, sides):
        pairs = pair(*(table(ids, [1] * len(ids), [0] * len(ids)) for ids in sides))
        assert len(pairs) == len(sides[0]) + len(sides[1])

    @given(rows, rows)
    def test_agrees_with_plain_sets(self, one, other):
        a, b = (run[~run.ignored] for run in (drawn(one), drawn(other)))
        sets = [levels_by_id(run) for run in (a, b)]
        expected = {gt: change_of(*(side.get(gt, set()) for side in sets)) for gt in sets[0] | sets[1]}
        pairs = pair(a, b)
        assert dict(zip(pairs.gt_id, pairs.change, strict=True)) == expected


class TestCompare:
    @given(rows, st.lists(rows, max_size=3))
    def test_counts_what_plain_python_counts(self, first, others):
        base, runs = drawn(first), [drawn(spec) for spec in others]
        found = compare(standing(base), [(str(k), standing(run)) for k, run in enumerate(runs)])
        sets = [levels_by_id(run) for run in (base, *runs)]
        everyone = set().union(*sets)
        assert found.ground_truths == len(everyone)
        assert found.never_ids.tolist() == sorted(gt for gt in everyone if not any(side.get(gt) for side in sets))
        assert found.never.sum() == sum(not any(side.get(gt) for side in sets) for gt in everyone)
        for k, side in enumerate(sets[1:]):
            counts = dict.fromkeys(CHANGES, 0)
            for gt in sets[0] | side:
                counts[change_of(sets[0].get(gt, set()), side.get(gt, set()))] += 1
            assert found.changes.loc[str(k), list(CHANGES)].to_dict() == counts

    def test_sizes_are_those_of_the_baseline_and_of_the_others_where_it_has_none(self):
        base = table([0, 1], [0, 0], [0, 0], ["large", "small"])
        other = table([0, 2], [1, 0], [0, 0], ["small", "medium"])
        found = compare(standing(base), [("run", standing(other))])
        assert found.changes.loc["run", ["gained_small", "gained_large"]].tolist() == [0, 1]
        assert found.never.to_dict() == {"small": 1, "medium": 1, "large": 0}

    def test_by_size_adds_up(self):
        base = table([0, 1, 2], [0, 1, 0], [0, 0, 0], ["large", "small", "small"])
        other = table([0, 1, 2], [1, 0, 1], [0, 0, 0])
        counts = compare(standing(base), [("run", standing(other))]).changes.loc["run"]
        assert counts[["gained", "lost", "level", "same"]].tolist() == [2, 1, 0, 0]
        assert counts[[f"gained_{size}" for size in SIZES]].tolist() == [1, 0, 1]
        assert counts[[f"lost_{size}" for size in SIZES]].tolist() == [1, 0, 0]

    def test_without_other_runs_only_the_baseline_counts(self):
        found = compare(standing(table([0, 1], [0, 1], [0, 0])), [])
        assert found.changes.empty
        assert found.never.to_dict() == {"small": 1, "medium": 0, "large": 0}


def test_standing_leaves_ignored_boxes_out():
    result = standing(table([3, 5], [2, None], [0, None], ignored=[False, True]))
    assert result.gt_id.tolist() == [3]
    assert result.levels.tolist() == [1 << 3]


@pytest.mark.parametrize(
    ("dtype", "expected"), [(np.int32, "Int32"), (np.uint8, "UInt8"), (bool, "boolean"), (np.float32, "float32")]
)
def test_nullable_types_hold_the_same_values(dtype, expected):
    assert nullable(np.dtype(dtype)) == pd.Series([], dtype=expected).dtype


def test_the_changes_are_the_published_words():
    assert sweep_pairs.CHANGES == ("lost", "gained", "level", "same")


def test_every_class_has_its_turn_the_largest_first():
    assert largest_by_class(pd.Series([0, 0, 1, 1, 2]), pd.Series([9.0, 8.0, 1.0, 2.0, 5.0])) == [0, 4, 3, 1, 2]
    assert largest_by_class(pd.Series([], dtype="int64"), pd.Series([], dtype="float64")) == []


class TestTelling:
    def test_shows_the_largest_of_each_class(self):
        pairs = pair(table(range(6), [0] * 6, [0] * 6), table(range(6), [1, 1, 1, 1, 1, 0], [0] * 6))
        assert telling(pairs, "gained", 3).gt_id.tolist() == [4, 3, 2]
        assert telling(pairs, "lost", 3).empty

    def test_leaves_out_what_never_entered(self):
        before = table([0, 1], [None, 0], [None, 0], ignored=[True, False])
        pairs = pair(before, table([0, 1], [1, 1], [0, 0], ignored=[True, False]))
        assert telling(pairs, "gained", 3).gt_id.tolist() == [1]

    def test_a_ground_truth_that_one_run_does_not_have_counts(self):
        pairs = pair(table([], [], []), table([3, 4], [1, 1], [0, 0]))
        assert telling(pairs, "gained", 3).gt_id.tolist() == [4, 3]
