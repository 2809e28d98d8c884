"""Sets of anchors as levels, and the one that most YOLO releases share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from assignstudy.types import PyramidLevel


def levels_of(anchor_wh_px: Mapping[int, Sequence[tuple[float, float]]]) -> tuple[PyramidLevel, ...]:
    """Levels in the order of the mapping.

    Args:
        anchor_wh_px: For each stride the widths and heights of its anchors in input pixels; rounded to float32 here.
    """
    return tuple(
        PyramidLevel(stride, torch.tensor(shapes, dtype=torch.float32).reshape(-1, 2))
        for stride, shapes in anchor_wh_px.items()
    )


COCO_P5 = levels_of(
    {
        8: [(10, 13), (16, 30), (33, 23)],
        16: [(30, 61), (62, 45), (59, 119)],
        32: [(116, 90), (156, 198), (373, 326)],
    }
)
"""YOLOv3's and YOLOv5's anchors, fitted to COCO."""
