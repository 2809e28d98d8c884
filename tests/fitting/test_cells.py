"""Boxes counted by shape: nothing is lost, and order means nothing."""

import numpy as np
import pytest

from assignstudy.errors import ConfigError
from assignstudy.fitting import cells
from tests.fitting.shapes import everyday


def test_logarithms_come_back_to_half_a_step():
    sides = np.array([1e-3, 0.5, 1, 3, 640, 65536])
    assert cells.sides_px(cells.log_steps(sides)) == pytest.approx(sides, rel=2 ** (0.5 / cells.OCTAVE) - 1)


def test_twice_as_long_is_one_octave_further():
    wh = everyday()
    assert (cells.log_steps(2 * wh) - cells.log_steps(wh) == cells.OCTAVE).all()


@pytest.mark.parametrize("side", [0.0, -1.0, float("nan"), float("inf")])
def test_a_side_without_a_logarithm_is_refused(side):
    with pytest.raises(ConfigError, match=r"^anchors: expected boxes with finite sides above 0 to fit anchors to"):
        cells.log_steps([[10.0, side]])


def test_every_box_is_counted_once_near_where_it_is():
    log_wh = cells.log_steps(everyday())
    for width in (1, 32, 128):
        counted = cells.count(log_wh, width)
        assert counted.boxes.sum() == len(log_wh)
        away = np.abs(log_wh[:, None] - counted.log_wh[None]).max(axis=2).min(axis=1)
        assert away.max() < width
        assert len(counted) == len(np.unique(log_wh // width, axis=0))


def test_cells_of_one_step_are_the_boxes():
    log_wh = np.array([[5, 7], [1, 9], [5, 7]], dtype=np.int32)
    counted = cells.count(log_wh, 1)
    assert counted.log_wh.tolist() == [[5, 7], [1, 9]]
    assert counted.boxes.tolist() == [2, 1]


def test_order_means_nothing():
    log_wh = cells.log_steps(everyday())
    one, other = cells.count(log_wh, 64), cells.count(log_wh[::-1], 64)
    assert (one.log_wh == other.log_wh).all()
    assert (one.boxes == other.boxes).all()
