import numpy as np
import pytest
import torch

from assignstudy.errors import ModelError
from assignstudy.models.features import chosen_channels, feature_map
from assignstudy.models.taps import Tapped
from assignstudy.types import LevelPositives

VALUES = torch.tensor([[[0.0, 1, 2]], [[-9, 0, 0]], [[3, 3, 3]], [[-3, -3, -3]]])


def rows(grid_x):
    column = torch.tensor(grid_x, dtype=torch.int64)
    zero = torch.zeros_like(column)
    return LevelPositives(zero, zero, zero, column, zero)


def found(grid_x=(), channels=2, strongest=False):
    return feature_map(Tapped("neck", (1, 3), VALUES), 1, rows(list(grid_x)), channels, strongest)


def test_the_mean_is_over_all_channels_whichever_are_kept():
    assert found().mean.tolist() == pytest.approx(np.array([[-2.25, 0.25, 0.5]]))
    assert found().channel_count == 4


def test_channels_come_in_their_order_or_the_strongest_first_with_ties_by_number():
    assert found().channels.tolist() == [0, 1]
    assert found(strongest=True, channels=3).channels.tolist() == [1, 2, 3]
    assert found(strongest=True).maps.tolist() == [[[-9, 0, 0]], [[3, 3, 3]]]


def test_more_channels_than_there_are_is_all_of_them():
    assert len(chosen_channels(VALUES, 9, strongest=False)) == len(chosen_channels(VALUES, 9, strongest=True)) == 4


def test_a_cell_counts_once_however_many_positives_it_has():
    one = found(grid_x=(0, 0, 2))
    assert (one.inside.total, one.inside.cells) == (-1.75, 2)
    assert (one.outside.total, one.outside.cells) == (0.25, 1)


def test_without_positives_everything_is_the_rest():
    assert found().inside.cells == 0
    assert found().outside.cells == 3


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_said(value):
    tapped = Tapped("neck", (1, 1), torch.full((2, 1, 1), value))
    with pytest.raises(ModelError, match=r"^neck: expected finite activations, got NaN or infinity"):
        feature_map(tapped, 0, rows([]), 2, False)
