"""Pure functions on box tensors: layouts, side ratios, overlaps. Nothing here writes into its arguments.

All arithmetic is float32, in the order the published rules use: results on a threshold depend on it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def cxcywh_to_xyxy(cxcywh: Tensor) -> Tensor:
    """Centre and size to corners, as ``c - s / 2`` and ``c + s / 2``.

    Args:
        cxcywh: (..., 4) boxes in any frame.

    Returns:
        (..., 4) corners x1, y1, x2, y2 in the same frame.
    """
    centre, half = cxcywh[..., :2], cxcywh[..., 2:] / 2
    return torch.cat((centre - half, centre + half), dim=-1)


def xyxy_to_cxcywh(xyxy: Tensor) -> Tensor:
    """Corners to centre and size, as ``(c1 + c2) / 2`` and ``c2 - c1``.

    Args:
        xyxy: (..., 4) corners in any frame.

    Returns:
        (..., 4) centre x, centre y, width, height in the same frame.
    """
    low, high = xyxy[..., :2], xyxy[..., 2:]
    return torch.cat(((low + high) / 2, high - low), dim=-1)


def worst_side_ratio(wh: Tensor, anchor_wh: Tensor) -> Tensor:
    """How badly each anchor's shape fits each box: the largest of w/aw, aw/w, h/ah and ah/h.

    Args:
        wh: (G, 2) box sizes.
        anchor_wh: (A, 2) anchor sizes in the same frame, above 0.

    Returns:
        (G, A) ratios, at least 1 up to rounding; infinite for a side so thin that its inverse overflows.
    """
    # Each axis in rows of its own: vectors along the boxes are several times faster than pairs and short rows.
    width, height = (wh[:, axis].contiguous() / anchor_wh[:, axis, None] for axis in (0, 1))
    worst = torch.maximum(torch.maximum(width, 1 / width), torch.maximum(height, 1 / height))
    return worst.T


def wh_iou(wh: Tensor, anchor_wh: Tensor) -> Tensor:
    """Overlap of shapes: IoU of each box with each anchor when both share a corner.

    Args:
        wh: (G, 2) box sizes, above 0.
        anchor_wh: (A, 2) anchor sizes in the same frame, above 0; or (G, A, 2), each box's own.

    Returns:
        (G, A) ``inter / (area + anchor_area - inter)`` with ``inter = min(w, aw) * min(h, ah)``.
    """
    inter = torch.minimum(wh[:, None], anchor_wh).prod(dim=-1)
    return inter / (wh.prod(dim=-1)[:, None] + anchor_wh.prod(dim=-1) - inter)


def paired_iou(one_cxcywh: Tensor, other_cxcywh: Tensor) -> Tensor:
    """Intersection over union of boxes taken pair by pair.

    Args:
        one_cxcywh: (P, 4) boxes.
        other_cxcywh: (P, 4) boxes in the same frame.

    Returns:
        (P,) overlaps from 0 (apart or merely touching) to 1; 0 where both boxes have no area, NaN where a side is NaN.
    """
    one, other = cxcywh_to_xyxy(one_cxcywh), cxcywh_to_xyxy(other_cxcywh)
    sides = torch.minimum(one[:, 2:], other[:, 2:]) - torch.maximum(one[:, :2], other[:, :2])
    inter = sides.clamp(min=0).prod(dim=-1)
    union = one_cxcywh[:, 2:].prod(dim=-1) + other_cxcywh[:, 2:].prod(dim=-1) - inter
    return torch.where(union == 0, torch.zeros_like(union), inter / union)


def giou(one_cxcywh: Tensor, other_cxcywh: Tensor, eps: float = 1e-7) -> Tensor:
    r"""Generalised IoU of boxes taken pair by pair, differentiable.

    With the union :math:`U` and the area :math:`C` of the smallest box around both,

    .. math:: \mathrm{GIoU} = \mathrm{IoU} - \frac{C - U}{C},

    so boxes that are apart still tell how far. Source: Rezatofighi et al., *Generalized Intersection over Union*, 2019.

    Args:
        one_cxcywh: (P, 4) boxes, centre and size.
        other_cxcywh: (P, 4) boxes in the same frame.
        eps: Added to :math:`U` and to :math:`C`, so that boxes without area give 0 and not NaN. YOLOv3-SPP: 1e-16.

    Returns:
        (P,) from -1 (apart without end) to 1 (identical).
    """
    inter, union = _inter_and_union(one_cxcywh, other_cxcywh, eps)
    hull = _hull_wh(one_cxcywh, other_cxcywh).prod(dim=-1) + eps
    return inter / union - (hull - union) / hull


def diou(one_cxcywh: Tensor, other_cxcywh: Tensor, eps: float = 1e-7) -> Tensor:
    r"""Distance IoU of boxes taken pair by pair, differentiable.

    .. math:: \mathrm{DIoU} = \mathrm{IoU} - \frac{\rho^2}{c^2}

    with the distance :math:`\rho` of the centres and the diagonal :math:`c` of the smallest box around both.
    Source: Zheng et al., *Distance-IoU Loss*, 2020.

    Args:
        one_cxcywh: (P, 4) boxes, centre and size.
        other_cxcywh: (P, 4) boxes in the same frame.
        eps: Added to the union and to :math:`c^2`, so that boxes without area give 0 and not NaN.

    Returns:
        (P,) from -1 (apart without end) to 1 (identical).
    """
    inter, union = _inter_and_union(one_cxcywh, other_cxcywh, eps)
    return inter / union - _centre_distance(one_cxcywh, other_cxcywh, eps)


def ciou(one_cxcywh: Tensor, other_cxcywh: Tensor, eps: float = 1e-7) -> Tensor:
    r"""Complete IoU of boxes taken pair by pair, differentiable.

    .. math::

        \mathrm{CIoU} = \mathrm{IoU} - \frac{\rho^2}{c^2} - \alpha v, \qquad
        v = \frac{4}{\pi^2} \Bigl(\arctan\frac{w}{h} - \arctan\frac{w'}{h'}\Bigr)^2, \qquad
        \alpha = \frac{v}{v - \mathrm{IoU} + 1 + \varepsilon}

    where :math:`\alpha` is a weight without gradient, and :math:`\rho` and :math:`c` are those of :func:`diou`. Source:
    Zheng et al., *Distance-IoU Loss*, 2020; :math:`\varepsilon` stands where YOLOv5 puts it.

    Args:
        one_cxcywh: (P, 4) boxes, centre and size.
        other_cxcywh: (P, 4) boxes in the same frame.
        eps: Added to the union and to :math:`c^2` as well, so that boxes without area give no NaN. YOLOv5: 1e-7.

    Returns:
        (P,) from -2, not included, to 1 (identical). A box of width and height 0 has the aspect of a vertical line.
    """
    inter, union = _inter_and_union(one_cxcywh, other_cxcywh, eps)
    iou = inter / union
    aspect = _aspect_difference(one_cxcywh[..., 2:], other_cxcywh[..., 2:])
    # Identical boxes may overlap by a rounding error more than 1, which must not make the weight infinite.
    weight = (aspect / (aspect + (1 - iou).clamp(min=0) + eps)).detach()
    return iou - _centre_distance(one_cxcywh, other_cxcywh, eps) - weight * aspect


def _inter_and_union(one_cxcywh: Tensor, other_cxcywh: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """(P,) areas of intersection and of union, the latter with ``eps``."""
    one, other = cxcywh_to_xyxy(one_cxcywh), cxcywh_to_xyxy(other_cxcywh)
    sides = torch.minimum(one[..., 2:], other[..., 2:]) - torch.maximum(one[..., :2], other[..., :2])
    inter = sides.clamp(min=0).prod(dim=-1)
    return inter, (one_cxcywh[..., 2:].prod(dim=-1) + eps) + other_cxcywh[..., 2:].prod(dim=-1) - inter


def _hull_wh(one_cxcywh: Tensor, other_cxcywh: Tensor) -> Tensor:
    """(P, 2) width and height of the smallest box around both."""
    one, other = cxcywh_to_xyxy(one_cxcywh), cxcywh_to_xyxy(other_cxcywh)
    return torch.maximum(one[..., 2:], other[..., 2:]) - torch.minimum(one[..., :2], other[..., :2])


def _centre_distance(one_cxcywh: Tensor, other_cxcywh: Tensor, eps: float) -> Tensor:
    """(P,) squared distance of the centres over the squared diagonal of the smallest box around both."""
    distance = (one_cxcywh[..., :2] - other_cxcywh[..., :2]).square().sum(dim=-1)
    return distance / (_hull_wh(one_cxcywh, other_cxcywh).square().sum(dim=-1) + eps)


def _aspect_difference(one_wh: Tensor, other_wh: Tensor) -> Tensor:
    """(P,) squared difference of the angles of the diagonals, 1 for a right angle."""
    # atan2 is atan(w / h) that also knows a height of 0.
    angle = torch.atan2(one_wh[..., 0], one_wh[..., 1]) - torch.atan2(other_wh[..., 0], other_wh[..., 1])
    return (4 / math.pi**2) * angle.square()
