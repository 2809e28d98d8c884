"""A picture as the network sees it: resized and padded as its boxes were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from PIL.Image import Image

PADDING = 114
"""The grey that YOLO trainers pad with, of 255."""


def network_picture(
    picture: Image, resized_wh_px: Sequence[float], pad_px: Sequence[float], input_wh_px: tuple[int, int]
) -> Image:
    """The picture on the network input, in RGB: bilinear, padded with grey.

    Args:
        picture: The original in RGB.
        resized_wh_px: Its width and height on the input.
        pad_px: Padding on its left and above it; half a pixel of it is left to the other side.
        input_wh_px: Width and height of the input.
    """
    from PIL import Image

    width, height = (max(round(side), 1) for side in resized_wh_px)
    canvas = Image.new("RGB", input_wh_px, (PADDING,) * 3)
    left, top = (int(pad) for pad in pad_px)
    canvas.paste(picture.resize((width, height), Image.Resampling.BILINEAR), (left, top))
    return canvas


def as_tensor(picture: Image) -> Tensor:
    """(1, 3, H, W) float32 from 0 to 1, red first."""
    pixels = torch.from_numpy(np.array(picture.convert("RGB"), np.float32) / 255)
    return pixels.permute(2, 0, 1).unsqueeze(0).contiguous()
