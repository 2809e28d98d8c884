"""Weighted k-means, seeded: where a search for anchors starts."""

from __future__ import annotations

import numpy as np

from assignstudy.fitting.cells import Floats

_ROUNDS = 12


def centres(points: Floats, weights: Floats, count: int, dice: np.random.Generator) -> Floats:
    """Cluster points; the first centres are drawn far apart (k-means++), then moved to their members' mean.

    Args:
        points: (C, 2) float64, at least one.
        weights: (C,) float64 above 0.
        count: How many centres. Where there are fewer distinct points, some centres coincide.
        dice: What draws.

    Returns:
        (count, 2) float64.
    """
    found = _spread_out(points, weights, count, dice)
    for _ in range(_ROUNDS):
        nearest = _squared_distances(points, found).argmin(axis=0)
        members = np.bincount(nearest, weights, count)
        sums = np.stack([np.bincount(nearest, weights * points[:, axis], count) for axis in (0, 1)], axis=1)
        has_members = members[:, None] > 0
        found = np.where(has_members, sums / np.where(has_members, members[:, None], 1), found)
    return found


def _spread_out(points: Floats, weights: Floats, count: int, dice: np.random.Generator) -> Floats:
    drawn = [points[_draw(weights, dice)]]
    away = _squared_distances(points, drawn[0][None])[0]
    while len(drawn) < count:
        is_covered = not away.any()
        drawn.append(points[_draw(weights if is_covered else weights * away, dice)])
        away = np.minimum(away, _squared_distances(points, drawn[-1][None])[0])
    return np.stack(drawn)


def _draw(weights: Floats, dice: np.random.Generator) -> int:
    """A position, with a chance in proportion to its weight; running sums are the same on every machine."""
    upto = weights.cumsum()
    return min(int(np.searchsorted(upto, dice.random() * upto[-1], side="right")), len(weights) - 1)


def _squared_distances(points: Floats, centres: Floats) -> Floats:
    """(count, C) squared distances."""
    across = points[:, 0] - centres[:, 0, None]
    down = points[:, 1] - centres[:, 1, None]
    return across * across + down * down
