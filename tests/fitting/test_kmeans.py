"""Weighted k-means: seeded, and sane where there is little to cluster."""

import numpy as np
import pytest

from assignstudy.fitting.kmeans import centres


def dice(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def test_far_clumps_are_found_and_weights_count():
    points = np.array([[0.0, 0], [1, 0], [100, 100], [103, 100], [0, 500]])
    found = centres(points, np.array([1.0, 1, 1, 2, 1]), 3, dice())
    assert sorted(found.tolist()) == pytest.approx(np.array([[0, 500], [0.5, 0], [102, 100]]))


def test_the_same_seed_draws_the_same():
    points, weights = dice(1).random((50, 2)), np.ones(50)
    one, other = (centres(points, weights, 5, dice(7)) for _ in range(2))
    assert (one == other).all()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_fewer_points_than_centres(count):
    found = centres(np.array([[3.0, 4.0], [5.0, 6.0]]), np.array([1.0, 3.0]), count, dice())
    assert found.shape == (count, 2)
    assert np.isfinite(found).all()
