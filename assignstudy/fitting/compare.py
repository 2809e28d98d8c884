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
from assignstudy.fitting.fit import Fitted, fit, threshold_of
from assignstudy.geometry import wh_iou, worst_side_ratio
from assignstudy.settings import FitSettings
from assignstudy.types import InputBoxes, PyramidLevel, Threshold

DEAR = 0.01
"""From here on a bound costs fitness that is worth a word."""

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


@dataclass(frozen=True, eq=False)
class Comparison:
    """Sets of anchors on the same boxes.

    Attributes:
        wh_px: (G, 2) float32, sizes of the boxes on the network input.
        sets: The published one first, the fitted one second, then what else could have been fitted.
    """

    wh_px: npt.NDArray[np.float32]
    sets: tuple[AnchorSet, ...]


def compare(rule: Rule, fitted: Fitted, order: FitSettings) -> Comparison:
    """The rule's published anchors, the fitted ones, and what else could have been fitted.

    That is a fit with the bound that was not asked for (one cell, or none); and, where the bound costs more fitness
    than :data:`DEAR`, a bounded one with all strides halved, which says whether a finer level is the remedy.

    Args:
        rule: Takes anchors.
        fitted: What was fitted to which boxes.
        order: As it was asked for.
    """
    bound = order.min_side_cell or 1.0
    other = replace(order, min_side_cell=0.0 if order.min_side_cell else bound)
    sets = [
        measure(PUBLISHED, rule, fitted.boxes, rule.published_levels()),
        measure(CHOSEN, rule, fitted.boxes, fitted.levels),
        _refitted(BOUNDED if other.min_side_cell else UNBOUNDED, rule, fitted.boxes, other),
    ]
    if abs(sets[1].fitness - sets[2].fitness) > DEAR and order.strides[0] > 1:
        halved = tuple(stride // 2 for stride in order.strides)
        finer = replace(order, min_side_cell=bound, strides=halved)
        sets.append(_refitted(FINER, rule, fitted.boxes, finer))
    return Comparison(fitted.boxes.wh_px.numpy(), tuple(sets))


def _refitted(name: str, rule: Rule, boxes: InputBoxes, order: FitSettings) -> AnchorSet:
    levels = fit(boxes.wh_px.numpy().astype(np.float64), threshold_of(rule), order)
    return measure(name, rule, boxes, pyramid_levels(levels))


def measure(name: str, rule: Rule, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> AnchorSet:
    """Assign all boxes with a set of anchors."""
    matched = np.zeros((len(boxes), len(levels)), dtype=np.bool_)
    for start, stop in chunk_bounds(boxes.image_index, rule.boxes_per_chunk):
        for number, positives in enumerate(rule.assign(boxes.rows(start, stop), levels).levels):
            matched[start + positives.gt_row.numpy(), number] = True
    anchors = torch.cat([level.anchor_wh_px for level in levels])
    return AnchorSet(name, tuple(levels), mean_fit(boxes.wh_px, anchors, threshold_of(rule)), matched)


def mean_fit(wh_px: Tensor, anchor_wh_px: Tensor, threshold: Threshold) -> float:
    """The fitness of anchors, exactly; NaN without a box.

    Args:
        wh_px: (G, 2) float32 boxes.
        anchor_wh_px: (A, 2) float32 anchors, at least one.
        threshold: Of the rule, says what fits.
    """
    parts = (wh_px[start : start + _AT_ONCE] for start in range(0, len(wh_px), _AT_ONCE))
    best = [_best_fit(part, anchor_wh_px, threshold) for part in parts]
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
