"""Detection scales from plain numbers."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from assignstudy.settings import AnchorLevel
from assignstudy.types import PyramidLevel


def pyramid_levels(levels: Iterable[AnchorLevel]) -> tuple[PyramidLevel, ...]:
    """The levels as tensors, in the same order."""
    return tuple(PyramidLevel(one.stride, torch.tensor(one.wh_px, dtype=torch.float32)) for one in levels)
