"""Sets of anchors side by side: what a rule gives the same boxes with each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from assignstudy.assign.levels import pyramid_levels
from assignstudy.assign.rule import Rule
from assignstudy.assign.run import chunk_bounds
from assignstudy.fitting.fit import Fitted, fit
from assignstudy.geometry import wh_iou, worst_side_ratio
from assignstudy.settings import FitSettings
from assignstudy.types import InputBoxes, PyramidLevel, Threshold

_AT_ONCE = 1 << 16

PUBLISHED, CHOSEN, UNBOUNDED, BOUNDED, FINER = "published", "fitted", "without a bound", "bounded", "finer levels"
"""What the sets are called."""


@dataclass(frozen=True, eq=False)
class AnchorSet:
    """A set of anchors and what it gives the boxes.

    Attributes:
        name: What it is.
        levels: The anchors.
        fitness: See :mod:`assignstudy.fitting.fitness`.
        matched: (G, L) bool, whether each ground truth has a positive on each level.
    """

    name: str
    levels: tuple[PyramidLevel, ...]
    fitness: float
    matched: npt.NDArray[np.bool_]


def compare(rule: Rule, fitted: Fitted, order: FitSettings) -> tuple[AnchorSet, ...]:
    """The rule's published anchors, the fitted ones, and what else could have been fitted.

    That is a fit with the bound that was not asked for (one cell, or none) and, bounded, one with all strides halved:
    together they say whether small boxes need smaller anchors or a finer level.

    Args:
        rule: Takes anchors.
        fitted: What was fitted to which boxes.
        order: As it was asked for.
    """
    bound = order.min_side_cell or 1.0
    other = replace(order, min_side_cell=0.0 if order.min_side_cell else bound)
    orders = {UNBOUNDED if order.min_side_cell else BOUNDED: other}
    if order.strides[0] > 1:
        orders[FINER] = replace(order, min_side_cell=bound, strides=tuple(stride // 2 for stride in order.strides))
    sets = {PUBLISHED: rule.published_levels(), CHOSEN: fitted.levels}
    threshold, wh_px = rule.facts.threshold, fitted.boxes.wh_px.numpy().astype(np.float64)
    assert threshold is not None, "every rule that takes anchors has a threshold"
    sets |= {name: pyramid_levels(fit(wh_px, threshold, one)) for name, one in orders.items()}
    return tuple(measure(name, rule, fitted.boxes, levels) for name, levels in sets.items())


def measure(name: str, rule: Rule, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> AnchorSet:
    """Assign all boxes with a set of anchors."""
    matched = np.zeros((len(boxes), len(levels)), dtype=np.bool_)
    for start, stop in chunk_bounds(boxes.image_index, rule.boxes_per_chunk):
        for number, positives in enumerate(rule.assign(boxes.rows(start, stop), levels).levels):
            matched[start + positives.gt_row.numpy(), number] = True
    threshold = rule.facts.threshold
    assert threshold is not None, "every rule that takes anchors has a threshold"
    anchors = torch.cat([level.anchor_wh_px for level in levels])
    return AnchorSet(name, tuple(levels), mean_fit(boxes.wh_px, anchors, threshold), matched)


def mean_fit(wh_px: Tensor, anchor_wh_px: Tensor, threshold: Threshold) -> float:
    """The fitness of anchors, exactly; NaN without a box.

    Args:
        wh_px: (G, 2) float32 boxes.
        anchor_wh_px: (A, 2) float32 anchors, at least one.
        threshold: Of the rule, says what fits.
    """
    best = [_best_fit(part, anchor_wh_px, threshold) for part in wh_px.split(_AT_ONCE)]
    return float(np.concatenate(best).mean(dtype=np.float64)) if len(wh_px) else float("nan")


def _best_fit(wh_px: Tensor, anchor_wh_px: Tensor, threshold: Threshold) -> npt.NDArray[np.float32]:
    if threshold.matches_below:
        worst = worst_side_ratio(wh_px, anchor_wh_px).amin(dim=1)
        fit_of = torch.where(worst < threshold.value, 1 / worst, 0.0)
    else:
        iou = wh_iou(wh_px, anchor_wh_px).amax(dim=1)
        fit_of = torch.where(iou > (threshold.value if threshold.decides_match else 0.0), iou, 0.0)
    found: npt.NDArray[np.float32] = fit_of.numpy()
    return found
