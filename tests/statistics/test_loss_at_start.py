"""The table of the loss at the start."""

import math

import numpy as np
import pandas as pd
import pytest

from assignstudy import losses
from assignstudy.assign.run import run
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.losses.start import LossAtStart
from assignstudy.statistics import door, loss_at_start
from assignstudy.transforms import Letterbox, to_network_input
from tests.boxes import make_dataset, make_levels

# On an input of 64 x 64: a box of 16 x 16, one of 64 x 64, an ignored one; the second image has none.
DATASET = make_dataset(
    [0, 0, 0],
    [(0.4, 0.4, 0.25, 0.25), (0.5, 0.5, 1, 1), (0.5, 0.5, 1, 1)],
    [(64, 64)] * 2,
    ignored=[False, False, True],
)
LEVELS = make_levels(((8, [(16, 16)]), (32, [(64, 64)])))


def _table(classes=3):
    network_input = to_network_input(DATASET, Letterbox(), (64, 64), 32)
    labels = door.label_arrays(DATASET, network_input)
    formula = losses.formula_of(Yolov5())
    weights = formula.published_weights(classes, 2, 64)
    start = LossAtStart(formula, LEVELS, weights, classes, loss_at_start.size_groups(labels), 3)
    for chunk in run(Yolov5(anchor_t=2.0), network_input.boxes, LEVELS):
        start.add(chunk)
    return loss_at_start.compute(start.finish([2 * 64, 2 * 4]), door.level_shapes(LEVELS)), weights


def test_one_row_per_initialisation_level_and_size_bin():
    table, _ = _table()
    assert list(table.columns) == ["init", "level", "size_bin", "box", "objectness", "class"]
    assert table["init"].tolist() == ["zero"] * 8 + ["published bias"] * 8
    assert table["level"].tolist() == (["P3"] * 4 + ["P5"] * 4) * 2
    assert table["size_bin"].tolist() == ["small", "medium", "large", "background"] * 4


def test_each_size_pays_on_its_own_level():
    table, weights = _table()
    zero = table[table["init"] == "zero"].set_index(["level", "size_bin"])
    # The only rows of each level are those of one box; every class output costs log 2 whatever its target.
    expected = math.log(2) * weights.class_
    assert zero.loc[("P3", "small"), "class"] == pytest.approx(expected)
    assert zero.loc[("P5", "medium"), "class"] == pytest.approx(expected)
    assert zero.loc[("P3", "medium"), ["box", "objectness", "class"]].tolist() == [0, 0, 0]
    # At a logit of 0 every slot costs log 2 too: the three slots of the small box among 2 images of 8 x 8 cells.
    assert zero.loc[("P3", "small"), "objectness"] == pytest.approx(4 * weights.objectness * math.log(2) * 3 / 128)
    assert zero.loc[("P3", "background"), "objectness"] == pytest.approx(
        4 * weights.objectness * math.log(2) * 125 / 128
    )


def test_the_background_has_no_box_and_no_class_loss():
    table, _ = _table()
    background = table[table["size_bin"] == "background"]
    assert background[["box", "class"]].isna().all(axis=None)
    assert background["objectness"].notna().all()


def test_a_single_class_is_missing_throughout():
    table, _ = _table(classes=1)
    assert table["class"].isna().all()
    assert table["class"].dtype == np.float64


def test_nothing_has_its_ordinary_columns():
    table = loss_at_start.compute([], [])
    assert isinstance(table, pd.DataFrame)
    assert [str(kind) for kind in table.dtypes[["box", "objectness", "class"]]] == ["float64"] * 3
    assert len(table) == 0
