"""What there is to see in a layer: the mean over its channels, some channels, and how it answers to positive cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from assignstudy.errors import ModelError
from assignstudy.models.taps import Tapped
from assignstudy.types import LevelPositives

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Activation:
    """Activations summed over cells.

    Attributes:
        total: Sum of the channel means.
        cells: How many cells; 0 leaves the mean undefined.
    """

    total: float
    cells: int


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """One layer on one level, for one picture.

    Attributes:
        layer: Its name as pages say it.
        level: Position of the level in the run's.
        mean: (rows, columns) mean over all channels.
        channels: (k,) which channels are shown.
        maps: (k, rows, columns) their values.
        channel_count: How many channels the layer has.
        inside: Over the cells that hold a positive, whatever its anchor.
        outside: Over all other cells of the grid, those of the padding included.
    """

    layer: str
    level: int
    mean: Floats
    channels: npt.NDArray[np.int64]
    maps: Floats
    channel_count: int
    inside: Activation
    outside: Activation


def feature_map(tapped: Tapped, level: int, positives: LevelPositives, channels: int, strongest: bool) -> FeatureMap:
    """Sum up what a layer holds.

    Args:
        tapped: What it put out.
        level: Position of its level.
        positives: The positives of this picture on that level.
        channels: How many channels to keep, at most all.
        strongest: Whether those with the largest mean magnitude, strongest first and the lower one where two are
            equal; else the first ones in their order.

    Raises:
        ModelError: A value is not finite.
    """
    values = tapped.values
    if not bool(torch.isfinite(values).all()):
        raise ModelError(f"{tapped.layer}: expected finite activations, got NaN or infinity; check weights and input")
    shown = chosen_channels(values, channels, strongest)
    mean = values.mean(dim=0)
    is_inside = torch.zeros_like(mean, dtype=torch.bool)
    is_inside[positives.grid_y, positives.grid_x] = True
    return FeatureMap(
        layer=tapped.layer,
        level=level,
        mean=mean.numpy(),
        channels=shown.numpy(),
        maps=values[shown].numpy(),
        channel_count=len(values),
        inside=_activation(mean[is_inside]),
        outside=_activation(mean[~is_inside]),
    )


def chosen_channels(values: Tensor, channels: int, strongest: bool) -> Tensor:
    """(k,) int64 channels of (C, H, W) values to show, see :func:`feature_map`."""
    if not strongest:
        return torch.arange(min(channels, len(values)))
    strength = values.abs().mean(dim=(1, 2))
    return strength.sort(descending=True, stable=True).indices[:channels]


def _activation(values: Tensor) -> Activation:
    return Activation(float(values.double().sum()), values.numel())
