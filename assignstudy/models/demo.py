"""The embedded model: a small convolutional pyramid that was never trained, for trying things out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu

from assignstudy.types import PyramidLevel

NECK_CHANNELS = 32
"""Channels of every level before its head."""

_FIRST_CHANNELS = 16
_MOST_CHANNELS = 64
_GREY = 0.5


@final
class DemoPyramid(nn.Module):
    """Convolutions of stride 2 down to the coarsest level, a top-down path back up, and one head per level.

    Its weights come from numpy's PCG64, which gives the same bits on every machine, and no training ever changed them:
    what its maps show are contrasts and edges, not objects.

    Args:
        levels: The detection scales of the run, by increasing stride.
        classes: Number of classes, at least 1.
        seed: Another number gives other weights.
    """

    def __init__(self, levels: Sequence[PyramidLevel], classes: int, seed: int = 0) -> None:
        """Build the layers and fill them."""
        super().__init__()
        self.outputs = 5 + classes
        self.strides = [level.stride for level in levels]
        self.steps = _steps(self.strides)
        widths = [min(_FIRST_CHANNELS * 2 ** (step // 2), _MOST_CHANNELS) for step in range(len(self.steps))]
        halvings = [2 if stride > 1 else 1 for stride in self.steps]
        self.stages = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride=halving, padding=1)
            for before, after, halving in zip([3, *widths], widths, halvings, strict=False)
        )
        self.laterals = nn.ModuleList(
            nn.Conv2d(widths[self.steps.index(stride)], NECK_CHANNELS, 1) for stride in self.strides
        )
        self.neck = nn.ModuleList(nn.Conv2d(NECK_CHANNELS, NECK_CHANNELS, 3, padding=1) for _ in levels)
        self.heads = nn.ModuleList(
            nn.Conv2d(NECK_CHANNELS, len(level.anchor_wh_px) * self.outputs, 1) for level in levels
        )
        _fill(self, seed)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Raw outputs of every level.

        Args:
            images: (B, 3, H, W) float32 from 0 to 1.

        Returns:
            Per level (B, A, rows, columns, 5 + classes), as the losses of the YOLO rules take them.
        """
        features, at_stride = images - _GREY, {}
        for stride, stage in zip(self.steps, self.stages, strict=True):
            features = silu(stage(features))
            at_stride[stride] = features
        found = [lateral(at_stride[stride]) for stride, lateral in zip(self.strides, self.laterals, strict=True)]
        for finer in reversed(range(len(found) - 1)):
            found[finer] = found[finer] + interpolate(found[finer + 1], size=found[finer].shape[2:])
        joined = (silu(neck(level)) for neck, level in zip(self.neck, found, strict=True))
        return [self._as_slots(head(level)) for head, level in zip(self.heads, joined, strict=True)]

    def _as_slots(self, raw: Tensor) -> Tensor:
        """(B, A * outputs, H, W) as (B, A, H, W, outputs)."""
        batch, channels, height, width = raw.shape
        return raw.view(batch, channels // self.outputs, self.outputs, height, width).permute(0, 1, 3, 4, 2)


def _steps(strides: Sequence[int]) -> list[int]:
    """The strides of all stages: every power of two from 2 (or the finest level) up to the coarsest level."""
    first, last = min(strides[0], 2), strides[-1]
    return [1 << power for power in range(first.bit_length() - 1, last.bit_length())]


def _fill(model: nn.Module, seed: int) -> None:
    """Weights evenly from ±sqrt(8.5 / inputs), which keeps the size of activations through SiLU; biases 0."""
    random = np.random.Generator(np.random.PCG64(seed))
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                inputs = module.weight[0].numel()
                values = (2 * random.random(module.weight.numel()) - 1) * np.sqrt(8.5 / inputs)
                module.weight.copy_(torch.from_numpy(values.astype(np.float32)).view_as(module.weight))
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
