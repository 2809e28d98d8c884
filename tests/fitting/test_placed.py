"""Anchors in place: only better sets are taken, and none below the bound."""

import numpy as np

from assignstudy.fitting.cells import count, log_steps
from assignstudy.fitting.fitness import RatioFitness
from assignstudy.fitting.placed import Placed, raised
from tests.fitting.shapes import everyday

FREE = np.full(3, -(1 << 24), dtype=np.int32)


def test_what_is_kept_is_what_counting_anew_gives():
    fitness = RatioFitness(count(log_steps(everyday(300)), 32), 4.0)
    placed = Placed(fitness, log_steps([(10, 10), (40, 40), (200, 200)]), FREE)
    dice = np.random.Generator(np.random.PCG64(0))
    before = placed.total
    for turn in range(60):
        placed.move(turn % 3, placed.log_wh[turn % 3] + dice.integers(-400, 400, (4, 2)).astype(np.int32))
        assert placed.total == fitness.total(fitness.fits(placed.log_wh).max(axis=0))
    assert placed.total > before


def test_a_place_below_the_bound_or_no_better_is_not_taken():
    fitness = RatioFitness(count(log_steps([(10.0, 10.0)]), 1), 4.0)
    start = log_steps([(20.0, 20.0)])
    placed = Placed(fitness, start, start.sum(axis=1).astype(np.int32))
    assert not placed.move(0, log_steps([(10.0, 10.0), (30.0, 30.0)]))
    assert not placed.move(0, start)
    assert (placed.log_wh == start).all()
    assert Placed(fitness, start, FREE[:1]).move(0, log_steps([(10.0, 10.0)]))


def test_raised_orders_by_area_and_keeps_shapes():
    least = np.array([log_steps(16.0) * 2, log_steps(64.0) * 2], dtype=np.int32)
    found = raised(log_steps([(64.0, 16.0), (4.0, 8.0)]), least)
    areas = found.sum(axis=1)
    assert (areas >= least).all()
    assert (areas - least <= 1).all()
    assert (found[:, 0] - found[:, 1] == log_steps([4.0, 64.0]) - log_steps([8.0, 16.0])).all()
