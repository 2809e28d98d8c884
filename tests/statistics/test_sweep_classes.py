"""Recall of classes over runs, from tables that need not agree on their rows."""

import pandas as pd

from assignstudy.statistics.sweep_classes import compute


def classes(**bpr):
    names = list(bpr)
    recall = pd.array([bpr[name] for name in names], dtype="Float64")
    return pd.DataFrame(
        {
            "class_id": [ord(name) for name in names],
            "class_name": pd.Categorical(names),
            "ground_truths": [0 if one is None else 10 for one in bpr.values()],
            "bpr": recall,
        }
    )


def test_a_class_has_its_recall_in_every_run():
    (a, b) = compute([(3, classes(a=0.5, b=1.0)), (7, classes(a=0.75, b=0.25))])
    assert (a.name, a.ground_truths, dict(a.recall)) == ("a", 10, {3: 0.5, 7: 0.75})
    assert (a.lowest, a.highest, a.spread) == (3, 7, 0.25)
    assert (b.lowest, b.highest, b.spread) == (7, 3, 0.75)


def test_a_class_without_ground_truths_is_left_out_where_it_has_none():
    (found,) = compute([(0, classes(a=None, b=None)), (1, classes(a=None, b=0.5))])
    assert (found.name, found.ground_truths, dict(found.recall)) == ("b", 10, {1: 0.5})


def test_no_run_has_no_classes():
    assert compute([]) == ()
    assert compute([(0, classes())]) == ()
