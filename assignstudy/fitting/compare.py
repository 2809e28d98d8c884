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
from assignstudy.settings import AnchorLevel, FitSettings
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


@dataclass(frozen=True, slots=True)
class Bounds:
    """What it costs to keep anchors as large as their cells, and what a finer level gives; fitness each.

    Attributes:
        least_cell: The bound: the least side of an anchor in cells of its level.
        free: Of anchors without a bound.
        bounded: Of anchors with one.
        finer: Of anchors with the bound on levels of half the stride; None where the bound is not dear.
        finer_strides: Those strides.
    """

    least_cell: float
    free: float
    bounded: float
    finer: float | None = None
    finer_strides: tuple[int, ...] = ()

    @property
    def cost(self) -> float:
        """Fitness that the bound costs; 0 where the search with it happens to end better."""
        return max(self.free - self.bounded, 0.0)

    @property
    def is_dear(self) -> bool:
        """Whether the bound costs more than :data:`DEAR`."""
        return self.cost > DEAR

    @property
    def finer_helps(self) -> bool:
        """Whether halved strides bring back at least half of what the bound costs."""
        return self.finer is not None and self.finer - self.bounded >= self.cost / 2


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
    other = _other(order)
    sets = [
        measure(PUBLISHED, rule, fitted.boxes, rule.published_levels()),
        measure(CHOSEN, rule, fitted.boxes, fitted.levels),
        _refitted(BOUNDED if other.min_side_cell else UNBOUNDED, rule, fitted.boxes, other),
    ]
    if finer := _finer(order, sets[1].fitness - sets[2].fitness):
        sets.append(_refitted(FINER, rule, fitted.boxes, finer))
    return Comparison(fitted.boxes.wh_px.numpy(), tuple(sets))


def bounds(wh_px: npt.NDArray[np.float32], rule: Rule, levels: Sequence[AnchorLevel], order: FitSettings) -> Bounds:
    """The fitness of :func:`compare`'s sets that tell what a bound costs, without assigning a box.

    Args:
        wh_px: (G, 2) sizes of the boxes on the network input, at least one.
        rule: Takes anchors.
        levels: The anchors that were fitted to these boxes.
        order: As they were asked for.
    """
    chosen, other = (_fitness(wh_px, rule, one) for one in (levels, _fit(wh_px, rule, _other(order))))
    free, bounded = (other, chosen) if order.min_side_cell else (chosen, other)
    finer = _finer(order, free - bounded)
    if finer is None:
        return Bounds(least_cell(order), free, bounded)
    return Bounds(least_cell(order), free, bounded, _fitness(wh_px, rule, _fit(wh_px, rule, finer)), finer.strides)


def least_cell(order: FitSettings) -> float:
    """The bound in use, in cells; or one cell, the one to think of where there is none."""
    return order.min_side_cell or 1.0


def _other(order: FitSettings) -> FitSettings:
    """The same with the bound that was not asked for: one cell, or none."""
    return replace(order, min_side_cell=0.0 if order.min_side_cell else least_cell(order))


def _finer(order: FitSettings, gap: float) -> FitSettings | None:
    """The same with a bound and all strides halved, if the bound makes a difference that is worth a word."""
    if abs(gap) <= DEAR or order.strides[0] == 1:
        return None
    return replace(order, min_side_cell=least_cell(order), strides=tuple(one // 2 for one in order.strides))


def _fit(wh_px: npt.NDArray[np.float32], rule: Rule, order: FitSettings) -> tuple[AnchorLevel, ...]:
    return fit(wh_px.astype(np.float64), threshold_of(rule), order)


def _fitness(wh_px: npt.NDArray[np.float32], rule: Rule, levels: Sequence[AnchorLevel]) -> float:
    anchors = torch.cat([level.anchor_wh_px for level in pyramid_levels(tuple(levels))])
    return mean_fit(torch.tensor(wh_px), anchors, threshold_of(rule))


def _refitted(name: str, rule: Rule, boxes: InputBoxes, order: FitSettings) -> AnchorSet:
    return measure(name, rule, boxes, pyramid_levels(_fit(boxes.wh_px.numpy(), rule, order)))


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
