"""From the frame of the original images to that of the network input.

Three transforms as trainers use them: :class:`Letterbox` (YOLOv5 since December 2022), :class:`Stretch` (darknet) and
:class:`Rect` (one input size per image). Image sizes are computed in float64, like Python's own numbers in the
published pipelines; boxes in float32.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from assignstudy.errors import ConfigError
from assignstudy.geometry import cxcywh_to_xyxy, xyxy_to_cxcywh
from assignstudy.types import DataIssue, Dataset, InputBoxes, IssueKind

CLIP_MARGIN_PX = 1e-3
"""Corners are clipped this far inside the right and lower border, as in YOLOv5."""


@dataclass(frozen=True, eq=False)
class NetworkInput:
    """A data set as the network sees it.

    Attributes:
        boxes: The ground truths that enter the assignment.
        cxcywh_norm: (G, 4) float32, all boxes of the data set over the network input, ignored and vanished ones too.
        image_wh_px: int64, input width and height: (1, 2) where all images share one size, else (N, 2).
        resized_wh_px: (N, 2) float64, sides of each original on the input.
        pad_px: (N, 2) float64, left and upper padding before each original.
        vanished: (G,) bool, boxes of which nothing is left after clipping.
        issues: One :attr:`IssueKind.VANISHED` for each of them.
    """

    boxes: InputBoxes
    cxcywh_norm: Tensor
    image_wh_px: Tensor
    resized_wh_px: Tensor
    pad_px: Tensor
    vanished: Tensor
    issues: tuple[DataIssue, ...]


class Transform(ABC):
    """How an original image becomes the network input."""

    @abstractmethod
    def input_wh_px(self, image_wh_orig: Tensor, input_wh: tuple[int, int], stride_max: int) -> Tensor:
        """Width and height of the network input: int64, (1, 2) where it is the same for all images, else (N, 2)."""

    @abstractmethod
    def placement(self, wh_orig: Tensor, input_wh: tuple[int, int], input_wh_px: Tensor) -> tuple[Tensor, Tensor]:
        """Where originals lie on the network input.

        Args:
            wh_orig: (n, 2) float64 original sizes.
            input_wh: The size asked for, width first.
            input_wh_px: (1, 2) or (n, 2) float64, the actual input size of each.

        Returns:
            (n, 2) float64 sides on the input and (n, 2) float64 padding on the left and above, in pixels.
        """

    @abstractmethod
    def boxes(
        self, cxcywh_norm_orig: Tensor, wh_orig: Tensor, input_wh: tuple[int, int], input_wh_px: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Move boxes into the frame of the network input.

        Args:
            cxcywh_norm_orig: (G, 4) float32 boxes over the original's size.
            wh_orig: (G, 2) float64 size of each box's original image.
            input_wh: The size asked for, width first.
            input_wh_px: (1, 2) or (G, 2) float64, the actual input size of each box's image.

        Returns:
            (G, 4) float32 corners in pixels of the network input, and (G, 4) float32 boxes over its size.
        """


class _FitAndPad(Transform):
    """Scale by one factor until the image fits, pad evenly, clip boxes to the input."""

    def placement(self, wh_orig: Tensor, input_wh: tuple[int, int], input_wh_px: Tensor) -> tuple[Tensor, Tensor]:
        """The resized sides, and half of what they leave of the input."""
        resized = resized_wh(wh_orig, input_wh)
        return resized, (input_wh_px - resized) / 2

    def boxes(
        self, cxcywh_norm_orig: Tensor, wh_orig: Tensor, input_wh: tuple[int, int], input_wh_px: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Corners as ``resized * (c -/+ s / 2) + pad``, clipped; then centre and size over the input; all float32."""
        resized, pad = self.placement(wh_orig, input_wh, input_wh_px)
        corners = cxcywh_to_xyxy(cxcywh_norm_orig) * _twice(resized) + _twice(pad)
        highest = _twice(input_wh_px - CLIP_MARGIN_PX)
        clipped = corners.clamp(min=0).minimum(highest)
        return clipped, xyxy_to_cxcywh(clipped) / _twice(input_wh_px)


@final
class Letterbox(_FitAndPad):
    """Scale by one factor until the image fits, pad evenly, clip boxes to the input.

    ``r = min(W / w0, H / h0)``; the resized sides ``ceil(side * r)`` are capped at the target (the product can exceed
    it by an ulp); padding is half of what is left, also where that is half a pixel; corners are clipped to
    ``[0, side - 1e-3]``. (YOLOv5 releases up to v7.0 round the resized sides down instead.)
    """

    def input_wh_px(self, image_wh_orig: Tensor, input_wh: tuple[int, int], stride_max: int) -> Tensor:
        """The size asked for, for every image."""
        return torch.tensor([input_wh], dtype=torch.int64)


@final
class Rect(_FitAndPad):
    """Letterbox into the smallest input of whole largest strides that holds the resized image, image by image.

    Args:
        pad_strides: Added to ``side / stride`` before rounding up: 0 as in training, 0.5 as in YOLOv5's validation.

    Raises:
        ConfigError: If the padding is negative or not finite.
    """

    def __init__(self, pad_strides: float = 0.0) -> None:
        """Check and keep the padding."""
        if not (math.isfinite(pad_strides) and pad_strides >= 0):
            raise ConfigError(f"transform.pad_strides: expected a number of strides, at least 0, got {pad_strides}")
        self.pad_strides = pad_strides

    def input_wh_px(self, image_wh_orig: Tensor, input_wh: tuple[int, int], stride_max: int) -> Tensor:
        """Each image's resized sides, rounded up to whole strides."""
        resized = resized_wh(image_wh_orig.double(), input_wh)
        return (torch.ceil(resized / stride_max + self.pad_strides) * stride_max).long()


@final
class Stretch(Transform):
    """Scale width and height independently, as darknet does: normalised boxes do not change and are not clipped."""

    def input_wh_px(self, image_wh_orig: Tensor, input_wh: tuple[int, int], stride_max: int) -> Tensor:
        """The size asked for, for every image."""
        return torch.tensor([input_wh], dtype=torch.int64)

    def placement(self, wh_orig: Tensor, input_wh: tuple[int, int], input_wh_px: Tensor) -> tuple[Tensor, Tensor]:
        """The whole input, without padding."""
        filled = input_wh_px.expand(len(wh_orig), 2)
        return filled, torch.zeros_like(filled)

    def boxes(
        self, cxcywh_norm_orig: Tensor, wh_orig: Tensor, input_wh: tuple[int, int], input_wh_px: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The same numbers, now over the input's size."""
        return cxcywh_to_xyxy(cxcywh_norm_orig * _twice(input_wh_px)), cxcywh_norm_orig


def resized_wh(wh_orig: Tensor, input_wh: tuple[int, int]) -> Tensor:
    """Sides of an image scaled by one factor to fit the input.

    Args:
        wh_orig: (N, 2) float64 original sizes.
        input_wh: Width and height to fit.

    Returns:
        (N, 2) float64 whole numbers, at most ``input_wh``.
    """
    target = torch.tensor(input_wh, dtype=torch.float64)
    factor = (target / wh_orig).amin(dim=1, keepdim=True)
    return torch.ceil(wh_orig * factor).minimum(target)


def round_up_to_stride(side: int, stride_max: int) -> int:
    """The smallest multiple of the largest stride that is not below ``side``."""
    return -(-side // stride_max) * stride_max


def to_network_input(
    dataset: Dataset, transform: Transform, input_wh: tuple[int, int], stride_max: int
) -> NetworkInput:
    """Move a whole data set into the frame of the network input.

    Args:
        dataset: Labels in the frame of the original images.
        transform: How images are resized.
        input_wh: Width and height of the input, multiples of ``stride_max``.
        stride_max: What every side is a multiple of: the coarsest level's stride, or what the rule asks for instead.

    Returns:
        Boxes and sizes on the input. Ignored boxes and those that clipping leaves without area do not enter
        ``boxes``; the latter are named in ``issues``.
    """
    image_wh_px = transform.input_wh_px(dataset.image_wh_orig, input_wh, stride_max)
    box_wh_px = image_wh_px if len(image_wh_px) == 1 else image_wh_px[dataset.image_index]
    wh_orig = dataset.image_wh_orig[dataset.image_index].double()
    xyxy_px, cxcywh_norm = transform.boxes(dataset.cxcywh_norm_orig, wh_orig, input_wh, box_wh_px.double())
    vanished = ~((cxcywh_norm[:, 2:] > 0) & torch.isfinite(cxcywh_norm[:, 2:])).all(dim=1)
    gt_id = torch.nonzero(~(vanished | dataset.ignored)).flatten()
    # Millions of boxes are not copied where all of them enter.
    entering = gt_id if len(gt_id) < len(vanished) else slice(None)
    boxes = InputBoxes(
        gt_id=gt_id,
        image_index=dataset.image_index[entering],
        cxcywh_norm=cxcywh_norm[entering],
        xyxy_px=xyxy_px[entering],
        input_wh_px=box_wh_px if len(box_wh_px) == 1 else box_wh_px[entering],
    )
    resized, pad = transform.placement(dataset.image_wh_orig.double(), input_wh, image_wh_px.double())
    issues = _vanished_issues(dataset, vanished)
    return NetworkInput(boxes, cxcywh_norm, image_wh_px, resized, pad, vanished, issues)


def _vanished_issues(dataset: Dataset, vanished: Tensor) -> tuple[DataIssue, ...]:
    return tuple(
        DataIssue(
            path=dataset.image_paths[int(dataset.image_index[gt_id])],
            line=None,
            kind=IssueKind.VANISHED,
            problem=f"expected area after resizing, got none: ground truth {gt_id} ({_class_name(dataset, gt_id)})",
            kept=False,
        )
        for gt_id in torch.nonzero(vanished).flatten().tolist()
    )


def _class_name(dataset: Dataset, gt_id: int) -> str:
    return dataset.class_names[int(dataset.class_id[gt_id])]


def _twice(wh: Tensor) -> Tensor:
    """(n, 2) widths and heights as (n, 4) float32 factors for x1, y1, x2, y2 or for centre and size."""
    return torch.cat((wh, wh), dim=1).float()
