"""A picture as the network sees it: resized and padded as its boxes were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from assignstudy.transforms import Transform

if TYPE_CHECKING:
    from PIL.Image import Image

PADDING = 114
"""The grey that YOLO trainers pad with, of 255."""

_WHOLE_IMAGE = (0.5, 0.5, 1.0, 1.0)


def placement_px(
    transform: Transform, wh_orig: tuple[int, int], input_wh: tuple[int, int], input_wh_px: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Where an image lies on the network input: left, top, width and height in whole pixels.

    It is where the transform moves a box around the whole image, so that pictures and boxes cannot disagree; a padding
    of half a pixel more on the left or the top is left to the other side.

    Args:
        transform: How images become the network input.
        wh_orig: Size of the original.
        input_wh: The size asked for.
        input_wh_px: The input size of this image.
    """
    sizes = (torch.tensor([wh], dtype=torch.float64) for wh in (wh_orig, input_wh_px))
    original, actual = sizes
    corners, _ = transform.boxes(torch.tensor([_WHOLE_IMAGE]), original, input_wh, actual)
    left, top, right, bottom = corners[0].tolist()
    return int(left), int(top), max(round(right - left), 1), max(round(bottom - top), 1)


def network_picture(
    picture: Image, transform: Transform, input_wh: tuple[int, int], input_wh_px: tuple[int, int]
) -> Image:
    """The picture on the network input, in RGB: bilinear, padded with grey.

    Args:
        picture: The original in RGB.
        transform: How images become the network input.
        input_wh: The size asked for.
        input_wh_px: The input size of this image.
    """
    from PIL import Image

    left, top, width, height = placement_px(transform, picture.size, input_wh, input_wh_px)
    canvas = Image.new("RGB", input_wh_px, (PADDING,) * 3)
    canvas.paste(picture.resize((width, height), Image.Resampling.BILINEAR), (left, top))
    return canvas


def as_tensor(picture: Image) -> Tensor:
    """(1, 3, H, W) float32 from 0 to 1, red first."""
    pixels = torch.from_numpy(np.array(picture.convert("RGB"), np.float32) / 255)
    return pixels.permute(2, 0, 1).unsqueeze(0).contiguous()
