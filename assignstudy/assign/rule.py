"""What every assignment rule is and says about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch

from assignstudy.types import Assignment, InputBoxes, PyramidLevel, RuleFacts


class Rule(ABC):
    """A fixed rule that decides which slots are positives of which ground truth, from labels alone.

    Attributes:
        threshold_name: Configuration key of the rule's threshold, ``anchor_t`` or ``iou_t``; None without one.
        published_threshold: Its value in the publication the rule follows; None without one.
    """

    threshold_name: ClassVar[str | None]
    published_threshold: ClassVar[float | None]

    @property
    @abstractmethod
    def facts(self) -> RuleFacts:
        """What pages and statistics may know of the rule."""

    @abstractmethod
    def assign(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Assignment:
        """Assign some whole images.

        Args:
            boxes: Ground truths of whole images, in ascending order of images.
            levels: The detection scales, by increasing stride.

        Returns:
            The positives per level in the published row order, and the rule's own number per ground truth.
        """


def as_float32(value: float) -> float:
    """A threshold as the float32 that the published arithmetic compares with."""
    return float(torch.tensor(value, dtype=torch.float32))
