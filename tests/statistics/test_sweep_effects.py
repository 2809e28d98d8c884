"""Sums of squares: exact on full grids, and only there."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignstudy.statistics.sweep_effects import compute, means, missing_runs


def grid(*sizes):
    """A full grid with axes a, b and so on."""
    rows = list(itertools.product(*(range(size) for size in sizes)))
    return pd.DataFrame(rows, columns=list("abcd"[: len(sizes)]))


def test_what_adds_up_is_explained_by_the_parameters_alone():
    axes = grid(2, 3)
    (effect,) = compute(axes, pd.DataFrame({"bpr": 3.0 * axes.a + axes.b}), ["bpr"])
    # By hand: 6 runs; a: 6 * 1.5**2 = 13.5; b: 4 * 1**2 = 4.
    assert effect.alone == pytest.approx({"a": 13.5 / 17.5, "b": 4 / 17.5})
    assert effect.together == 0


def test_what_one_does_only_with_the_other_is_neithers_own():
    axes = grid(2, 2)
    (effect,) = compute(axes, pd.DataFrame({"bpr": (axes.a == axes.b).astype(float)}), ["bpr"])
    assert effect.alone == pytest.approx({"a": 0, "b": 0})
    assert effect.together == pytest.approx(1)


@given(st.lists(st.floats(0, 1, width=32), min_size=12, max_size=12))
def test_agrees_with_a_regression_on_indicators(values):
    axes, y = grid(2, 3, 2), np.asarray(values)
    total = ((y - y.mean()) ** 2).sum()
    if total < 1e-6:
        return
    (effect,) = compute(axes, pd.DataFrame({"m": y}), ["m"])
    for name, share in effect.alone.items():
        design = pd.get_dummies(axes[name]).to_numpy(float)
        fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
        assert share == pytest.approx(((fitted - y.mean()) ** 2).sum() / total, abs=1e-9)
    assert sum(effect.alone.values()) + effect.together == pytest.approx(1)


def test_a_metric_that_never_changes_or_that_a_run_lacks_is_left_out():
    runs = pd.DataFrame({"same": [1.0] * 4, "gap": [1.0, 2.0, None, 4.0], "bpr": [1.0, 2.0, 3.0, 4.0]})
    assert [effect.metric for effect in compute(grid(2, 2), runs, ["same", "gap", "bpr"])] == ["bpr"]


def test_a_grid_with_a_hole_is_told():
    assert missing_runs(grid(2, 3)) == 0
    assert missing_runs(grid(2, 3).drop(index=[1, 5])) == 2


def test_means_are_in_the_order_of_the_runs():
    assert list(means(pd.Series(["z", "a", "z"]), pd.Series([1, 5, 3], dtype="Int64")).items()) == [("z", 2), ("a", 5)]
