"""Element-wise cross entropy, its targets, and who owns a slot."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from assignstudy.types import LevelPositives

FOCAL_ALPHA = 0.25
"""The focal factor weights positives by this and negatives by 1 minus it."""


def cross_entropy(logit: Tensor, target: Tensor, positive_weight: float, focal_gamma: float) -> Tensor:
    r"""Binary cross entropy of every element, with logits.

    .. math:: -\bigl[p \, t \log \sigma + (1 - t) \log (1 - \sigma)\bigr]

    and, for a focal :math:`\gamma > 0`, times

    .. math:: (0.25 t + 0.75 (1 - t)) \, \bigl(1 - (t \sigma + (1 - t)(1 - \sigma))\bigr)^\gamma.

    Source: Lin et al., *Focal Loss for Dense Object Detection*, 2017, with targets between 0 and 1 as YOLOv5 uses it.

    Args:
        logit: Raw outputs of any shape.
        target: Targets from 0 to 1 of the same shape.
        positive_weight: :math:`p`, above 0.
        focal_gamma: :math:`\gamma`, at least 0.

    Returns:
        The losses, of the same shape.
    """
    weight = logit.new_tensor(positive_weight)
    plain = binary_cross_entropy_with_logits(logit, target, reduction="none", pos_weight=weight)
    if not focal_gamma:
        return plain
    predicted = logit.sigmoid()
    certainty = target * predicted + (1 - target) * (1 - predicted)
    alpha = target * FOCAL_ALPHA + (1 - target) * (1 - FOCAL_ALPHA)
    return plain * alpha * (1 - certainty) ** focal_gamma


def objectness_target(overlap: Tensor, gr: float) -> Tensor:
    """(P,) ``(1 - gr) + gr * max(overlap, 0)``, without gradient."""
    return (1 - gr) + gr * overlap.detach().clamp(min=0)


def class_target(class_id: Tensor, like: Tensor, smoothing: float) -> Tensor:
    """(P, C) targets: ``1 - smoothing / 2`` at each row's class, ``smoothing / 2`` elsewhere."""
    target = torch.full_like(like, smoothing / 2)
    return target.scatter(1, class_id[:, None], 1 - smoothing / 2)


def slot_of(positives: LevelPositives, image: Tensor, anchors: int, grid_hw: tuple[int, int]) -> Tensor:
    """(P,) int64 position of each row's slot in a (B, A, H, W) tensor laid out flat.

    Args:
        positives: The rows of one level.
        image: (P,) position of each row's image in the batch.
        anchors: A.
        grid_hw: H and W, or any larger numbers where only equality of slots matters.
    """
    height, width = grid_hw
    return ((image * anchors + positives.anchor) * height + positives.grid_y) * width + positives.grid_x


def owning_rows(slot: Tensor) -> Tensor:
    """(S,) int64 rows that own their slot, by ascending slot: where rows share one, the last wins.

    Args:
        slot: (P,) int64 slot of each row, in the published order of rows.
    """
    ordered, order = slot.sort(stable=True)
    is_last = torch.ones_like(ordered, dtype=torch.bool)
    is_last[:-1] = ordered[1:] != ordered[:-1]
    return order[is_last]
