"""Fits anchors to the boxes of a data set as a rule sees them, and puts them on levels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assignstudy.assign.levels import levels_of, pyramid_levels
from assignstudy.assign.rule import Rule
from assignstudy.errors import ConfigError
from assignstudy.fitting.cells import OCTAVE, Floats, Steps, count, log_steps
from assignstudy.fitting.fitness import fitness_of
from assignstudy.fitting.search import DIGITS, SEARCHES, polish, unit, written
from assignstudy.settings import AnchorLevel, FitSettings
from assignstudy.transforms import Transform, round_up_to_stride, to_network_input
from assignstudy.types import Dataset, InputBoxes, PyramidLevel, Threshold

COARSE, FINE = OCTAVE // 8, OCTAVE // 16
"""Widths of the cells in which boxes are counted: wide ones to search quickly, narrow ones to end at the right place.
"""

_UNBOUNDED = -(1 << 24)


@dataclass(frozen=True, eq=False)
class Fitted:
    """Anchors fitted to a data set.

    Attributes:
        boxes: The ground truths that they were fitted to.
        plain: The anchors by increasing stride; those of a level by increasing area.
        notices: Sentences that the user must see.
    """

    boxes: InputBoxes
    plain: tuple[AnchorLevel, ...]
    notices: tuple[str, ...]

    @property
    def levels(self) -> tuple[PyramidLevel, ...]:
        """The anchors as tensors."""
        return pyramid_levels(self.plain)


def fit_to_dataset(
    dataset: Dataset, rule: Rule, transform: Transform, input_hw: tuple[int, int], order: FitSettings
) -> Fitted:
    """Fit anchors to the ground truths of a data set on the network input.

    Args:
        dataset: The labels; ignored boxes do not count.
        rule: Says what fits, see :mod:`assignstudy.fitting.fitness`.
        transform: How images become the network input.
        input_hw: Height and width asked for, in pixels.
        order: How many anchors on which levels, and how to search.

    Raises:
        ConfigError: If no ground truth enters the assignment.
    """
    multiple = rule.input_multiple(levels_of(dict.fromkeys(order.strides, ())))
    height, width = (round_up_to_stride(side, multiple) for side in input_hw)
    boxes = to_network_input(dataset, transform, (width, height), multiple).boxes
    wh_px = boxes.wh_px.numpy().astype(np.float64)
    return Fitted(boxes, fit(wh_px, threshold_of(rule), order), _notices(wh_px, order))


def fit(wh_px: Floats, threshold: Threshold, order: FitSettings) -> tuple[AnchorLevel, ...]:
    """Fit anchors to widths and heights; the same boxes in any order and the same settings give the same anchors.

    Args:
        wh_px: (G, 2) in pixels of the network input, finite and above 0.
        threshold: Of the rule, says what fits.
        order: How many anchors on which levels, and how to search.

    Returns:
        The anchors by increasing stride and area, sides rounded to three significant digits. No area is below that of a
        square of ``min_side_cell`` cells; equality is allowed.

    Raises:
        ConfigError: If there is no box, or a side is not finite or not above 0.
    """
    if not len(wh_px):
        raise ConfigError("anchors: expected ground truths to fit anchors to, got none; use anchors=default")
    log_wh = log_steps(wh_px)
    coarse, fine, exact = (fitness_of(threshold, count(log_wh, width)) for width in (COARSE, FINE, 1))
    least, dice = _least_log_area(order), np.random.Generator(np.random.PCG64(order.seed))
    found = SEARCHES[order.method](coarse, fine, least, dice)
    return on_levels(polish(exact, found, least), order)


def threshold_of(rule: Rule) -> Threshold:
    """The threshold of a rule that takes anchors; each of them has one."""
    threshold = rule.facts.threshold
    assert threshold is not None, f"{rule.facts.name} takes anchors and has no threshold"
    return threshold


def on_levels(log_wh: Steps, order: FitSettings) -> tuple[AnchorLevel, ...]:
    """Anchors on levels: ordered by area, equally many on each, the smallest on the finest.

    Args:
        log_wh: (n, 2) from a search, large enough for their places when ordered.
        order: The levels and the bound.
    """
    share = order.n // len(order.strides)
    ordered = log_wh[np.lexsort((log_wh[:, 0], log_wh.sum(axis=1)))].reshape(-1, share, 2)
    return tuple(
        AnchorLevel(stride, _as_written(part, (order.min_side_cell * stride) ** 2))
        for stride, part in zip(order.strides, ordered, strict=True)
    )


def _least_log_area(order: FitSettings) -> Steps:
    """(n,) int32 what the two logarithms of each anchor add up to at least."""
    bounds = [
        math.ceil(2 * OCTAVE * math.log2(order.min_side_cell * stride)) if order.min_side_cell else _UNBOUNDED
        for stride in order.strides
    ]
    return np.repeat(np.array(bounds, dtype=np.int32), order.n // len(order.strides))


def _as_written(log_wh: Steps, least_area: float) -> tuple[tuple[float, float], ...]:
    """Rounded sides, the last digit one higher where the area would fall below the least; by increasing area."""
    nearest = written(log_wh)
    falls_below = nearest.prod(axis=1) < least_area
    sides = np.where(falls_below[:, None], nearest + unit(nearest), nearest)
    plain = [(float(f"{width:.{DIGITS}g}"), float(f"{height:.{DIGITS}g}")) for width, height in sides]
    return tuple(sorted(plain, key=lambda wh: (wh[0] * wh[1], wh[0])))


def _notices(wh_px: Floats, order: FitSettings) -> tuple[str, ...]:
    shapes = len(np.unique(log_steps(wh_px), axis=0))
    if shapes >= order.n:
        return ()
    different = "shape" if shapes == 1 else "different shapes"
    fewest = f"; anchors.n={len(order.strides)} is the least for these levels" if order.n > len(order.strides) else ""
    return (f"anchors: {order.n} were fitted to boxes of only {shapes} {different}, so that some are alike{fewest}",)
