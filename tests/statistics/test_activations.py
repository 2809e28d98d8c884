import numpy as np
import pytest

from assignstudy.models.features import Activation, FeatureMap
from assignstudy.statistics import activations
from assignstudy.statistics.door import LevelShape

LEVELS = tuple(LevelShape(f"P{k}", 1 << k, np.ones((1, 2), np.float32)) for k in (3, 4))


def shown(layer, level, inside, outside):
    nothing = np.zeros((1, 1), np.float32)
    none = np.empty(0, np.int64)
    return FeatureMap(layer, level, nothing, none, nothing[None], 4, Activation(*inside), Activation(*outside))


def test_cells_count_alike_whichever_picture_they_are_of():
    maps = [shown("a", 0, (1.0, 1), (6.0, 3)), shown("b", 1, (0.0, 0), (2.0, 4)), shown("a", 0, (6.0, 6), (0.0, 1))]
    found = activations.compute(maps, LEVELS)
    assert found[["layer", "level", "positive_cells"]].to_numpy().tolist() == [["a", "P3", 7], ["b", "P4", 0]]
    assert found["inside"][0] == 1
    assert found["outside"].tolist() == [1.5, 0.5]
    assert found["difference"][0] == -0.5


def test_without_a_positive_cell_there_is_no_mean_inside():
    found = activations.compute([shown("b", 1, (0.0, 0), (2.0, 4))], LEVELS)
    assert found[["inside", "difference"]].isna().all(axis=None)


def test_one_layer_on_two_levels_is_two_rows():
    maps = [shown("a", 0, (1.0, 1), (0.0, 1)), shown("a", 1, (3.0, 1), (0.0, 1))]
    assert activations.compute(maps, LEVELS)["inside"].tolist() == pytest.approx([1, 3])


def test_nothing_shown_is_an_empty_table():
    found = activations.compute([], LEVELS)
    assert found.empty
    assert list(found.columns) == ["layer", "level", "positive_cells", "inside", "outside", "difference"]
