"""Pure functions on box tensors: layouts, side ratios, overlaps. Nothing here writes into its arguments.

All arithmetic is float32, in the order the published rules use: results on a threshold depend on it.
"""

from __future__ import annotations

import torch
from torch import Tensor


def grid_wh(input_wh_px: Tensor, stride: int) -> Tensor:
    """Columns and rows of a level's grid: the input's sides over the stride, rounded up.

    Args:
        input_wh_px: (..., 2) int64 width and height of the network input.
        stride: Input pixels per cell.
    """
    return (input_wh_px + (stride - 1)) // stride


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
    ratio = wh[:, None] / anchor_wh[None]
    return torch.maximum(ratio, 1 / ratio).amax(dim=-1)


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
