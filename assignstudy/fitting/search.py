"""The searches for anchors: both begin with seeded k-means over logarithms of shapes, then move anchors one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import cycle, islice

import numpy as np

from assignstudy.fitting import kmeans
from assignstudy.fitting.cells import OCTAVE, Floats, Steps, log_steps, sides_px
from assignstudy.fitting.fitness import Fitness
from assignstudy.fitting.placed import Placed, raised

Search = Callable[[Fitness, Fitness, Steps, np.random.Generator], Steps]
"""From boxes counted coarsely and finely, and the least logarithm of each anchor's area, to anchors by area."""

DIGITS = 3
"""Significant digits of a fitted side: its error is half a percent at most."""

_STARTS = 16
_REFINED = 2
_COARSE_STEPS = tuple(OCTAVE >> shift for shift in range(1, 6))
_FINE_STEPS = tuple(OCTAVE >> shift for shift in range(4, 9))
_DIRECTIONS = np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y], dtype=np.int32)
_WRITTEN_UNITS = (8, 4, 2, 1)
_GENERATIONS, _CHILDREN = 900, 8
_FARTHEST, _NEAREST = OCTAVE // 2, 4
"""How far a mutation reaches at most and at least, in steps."""


def kmeans_log(coarse: Fitness, fine: Fitness, least_log_area: Steps, dice: np.random.Generator) -> Steps:
    """Several k-means, each improved by a compass search over coarse counts; the best of them over fine counts.

    A compass search tries eight places around each anchor, at a distance that shrinks whenever none of them is better.
    """
    found = [_compass(coarse, start, least_log_area, _COARSE_STEPS) for start in _starts(coarse, least_log_area, dice)]
    best = sorted(found, key=lambda placed: -placed.total)[:_REFINED]
    refined = [_compass(fine, placed.log_wh, least_log_area, _FINE_STEPS) for placed in best]
    return max(refined, key=lambda placed: placed.total).log_wh


def evolve(coarse: Fitness, fine: Fitness, least_log_area: Steps, dice: np.random.Generator) -> Steps:
    """The best of several k-means, then generations of mutations of one anchor each, of which a better one survives.

    Mutations reach farther after a success and less far after a failure, for each anchor on its own.
    """
    placed = [Placed(coarse, start, least_log_area) for start in _starts(coarse, least_log_area, dice)]
    for one in placed:
        _mutate(one, _GENERATIONS // 4, dice)
    best = sorted(placed, key=lambda one: -one.total)[:_REFINED]
    for one in best:
        _mutate(one, _GENERATIONS, dice)
    first = max(best, key=lambda one: one.total)
    last = Placed(fine, raised(first.log_wh, least_log_area), least_log_area)
    _mutate(last, _GENERATIONS // 4, dice)
    return last.log_wh


SEARCHES: dict[str, Search] = {"kmeans_log": kmeans_log, "evolve": evolve}
"""By the names that ``anchors.method`` takes."""


def polish(exact: Fitness, log_wh: Steps, least_log_area: Steps) -> Steps:
    """Move anchors among sides that can be written down, for boxes counted one by one.

    Many boxes of one exact size (cut off at the border of the input, say) make the fitness jump: an anchor a hair too
    small loses all of them. Neither averages of cells nor rounding afterwards would see that. Each anchor tries each
    distance once: with boxes counted one by one this is what takes time.

    Args:
        exact: Boxes in cells of one step.
        log_wh: (A, 2) anchors from a search.
        least_log_area: (A,) int32 ascending, as for the search.

    Returns:
        (A, 2) int32 anchors whose sides are those of :func:`written`, to half a step.
    """
    placed = Placed(exact, log_steps(written(raised(log_wh, least_log_area))), least_log_area)
    for units in _WRITTEN_UNITS:
        for anchor, here in enumerate(placed.log_wh):
            sides = written(here)
            placed.move(anchor, log_steps(sides + units * unit(sides) * _DIRECTIONS))
    return placed.log_wh


def written(log_wh: Steps) -> Floats:
    """Sides in pixels rounded to :data:`DIGITS` significant digits."""
    sides = sides_px(log_wh)
    return np.rint(sides / unit(sides)) * unit(sides)


def unit(sides: Floats) -> Floats:
    """What the last of :data:`DIGITS` significant digits is worth."""
    return 10.0 ** (np.floor(np.log10(sides)) + 1 - DIGITS)


def _starts(fitness: Fitness, least_log_area: Steps, dice: np.random.Generator) -> Iterable[Steps]:
    cells = fitness.cells
    for _ in range(_STARTS):
        centres = kmeans.centres(cells.log_wh.astype(np.float64), cells.boxes, len(least_log_area), dice)
        yield raised(np.rint(centres).astype(np.int32), least_log_area)


def _compass(fitness: Fitness, start: Steps, least_log_area: Steps, steps: Iterable[int]) -> Placed:
    placed = Placed(fitness, raised(start, least_log_area), least_log_area)
    for step in steps:
        while _moved(placed, step * _DIRECTIONS):
            pass
    return placed


def _moved(placed: Placed, moves: Steps) -> bool:
    """Let every anchor try the moves once; whether any of them took one."""
    before = placed.total
    for anchor, log_wh in enumerate(placed.log_wh):
        placed.move(anchor, log_wh + moves)
    return placed.total > before


def _mutate(placed: Placed, generations: int, dice: np.random.Generator) -> None:
    reach = np.full(len(placed.log_wh), float(_FARTHEST))
    for anchor in islice(cycle(range(len(reach))), generations):
        moves = np.rint((2 * dice.random((_CHILDREN, 2)) - 1) * reach[anchor]).astype(np.int32)
        factor = 1.5 if placed.move(anchor, placed.log_wh[anchor] + moves) else 0.85
        reach[anchor] = min(max(reach[anchor] * factor, _NEAREST), _FARTHEST)
