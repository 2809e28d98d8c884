"""The fitness of anchors against its slow twin, and on its threshold."""

import numpy as np
import pytest

from assignstudy.fitting.cells import OCTAVE, count, log_steps, sides_px
from assignstudy.fitting.fitness import OverlapFitness, RatioFitness, fitness_of
from tests.fitting.shapes import BEST_OVERLAP, OVERLAP, RATIO, everyday
from tests.oracles import fitting as twin

ANCHORS = np.array([(10, 13), (16, 30), (62, 45), (156, 198)])


def on_steps(wh):
    """Sizes moved to whole steps, so that the twin sees the same ones."""
    return sides_px(log_steps(wh))


@pytest.mark.parametrize("anchor_t", [1.001, 2.0, 4.0, 7.5, 1e6])
def test_ratio_fitness_equals_its_slow_twin(anchor_t):
    wh, anchors = on_steps(everyday(300)), on_steps(ANCHORS)
    fast = RatioFitness(count(log_steps(wh), 1), anchor_t).mean(log_steps(anchors))
    assert fast == pytest.approx(twin.ratio_fitness(wh.tolist(), anchors.tolist(), anchor_t), abs=2e-5)


@pytest.mark.parametrize("iou_t", [0.0, 0.2, 0.7])
def test_overlap_fitness_equals_its_slow_twin(iou_t):
    wh, anchors = on_steps(everyday(300)), on_steps(ANCHORS)
    fast = OverlapFitness(count(log_steps(wh), 1), iou_t).mean(log_steps(anchors))
    assert fast == pytest.approx(twin.overlap_fitness(wh.tolist(), anchors.tolist(), iou_t), abs=2e-5)


def test_a_ratio_that_equals_the_threshold_does_not_fit():
    anchor = np.array([[6 * OCTAVE, 6 * OCTAVE]], dtype=np.int32)
    for over, expected in ((2 * OCTAVE, 0.0), (2 * OCTAVE - 1, 0.25)):
        for sign in (1, -1):
            fitness = RatioFitness(count(anchor + sign * np.array([[over, 0]], dtype=np.int32), 1), 4.0)
            assert fitness.mean(anchor) == pytest.approx(expected, abs=2e-4)


def test_an_overlap_that_equals_the_threshold_does_not_fit():
    anchor = np.array([[6 * OCTAVE, 6 * OCTAVE]], dtype=np.int32)
    half = count(anchor - np.array([[OCTAVE, 0]], dtype=np.int32), 1)
    assert OverlapFitness(half, 0.5).mean(anchor) == 0
    assert OverlapFitness(half, 0.49).mean(anchor) == pytest.approx(0.5, abs=2e-5)


def test_a_rule_chooses_its_fitness():
    cells = count(log_steps(everyday(100)), 1)
    far = log_steps([(600.0, 1.0)])
    assert isinstance(fitness_of(RATIO, cells), RatioFitness)
    assert isinstance(fitness_of(OVERLAP, cells), OverlapFitness)
    assert fitness_of(OVERLAP, cells).mean(far) < fitness_of(BEST_OVERLAP, cells).mean(far)


def test_the_larger_fitness_counts_every_box():
    fitness = RatioFitness(count(log_steps([(10.0, 10.0)] * 3 + [(1000.0, 10.0)]), 64), 4.0)
    assert fitness.mean(log_steps([(10.0, 10.0)])) == pytest.approx(0.75)
