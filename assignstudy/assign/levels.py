"""Detection scales from plain numbers, and the anchors that most YOLO releases share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch

from assignstudy.settings import AnchorLevel
from assignstudy.types import PyramidLevel


def pyramid_levels(levels: Iterable[AnchorLevel]) -> tuple[PyramidLevel, ...]:
    """The levels as tensors, in the same order."""
    return levels_of({one.stride: one.wh_px for one in levels})


def plain_levels(levels: Iterable[PyramidLevel]) -> tuple[AnchorLevel, ...]:
    """The levels as plain numbers, in the same order."""
    return tuple(
        AnchorLevel(level.stride, tuple((width, height) for width, height in level.anchor_wh_px.tolist()))
        for level in levels
    )


def levels_of(wh_px: Mapping[int, Sequence[tuple[float, float]]]) -> tuple[PyramidLevel, ...]:
    """Levels in the order of the mapping.

    Args:
        wh_px: For each stride the width and height of its anchors in input pixels; rounded to float32 here.
    """
    return tuple(
        PyramidLevel(stride, torch.tensor(shapes, dtype=torch.float32).reshape(-1, 2))
        for stride, shapes in wh_px.items()
    )


COCO_P5 = levels_of(
    {
        8: [(10, 13), (16, 30), (33, 23)],
        16: [(30, 61), (62, 45), (59, 119)],
        32: [(116, 90), (156, 198), (373, 326)],
    }
)
"""YOLOv3's and YOLOv5's anchors, fitted to COCO."""
