"""All that a page shows of single images and boxes."""

from __future__ import annotations

from dataclasses import dataclass

from assignstudy.statistics.gallery import Gallery
from assignstudy.statistics.positions import Positions
from assignstudy.statistics.worst_boxes import WorstBox


@dataclass(frozen=True, eq=False)
class Pictures:
    """What the pictures of a page are drawn from.

    Attributes:
        gallery: The images shown, with all their positives.
        worst: The ground truths that fare worst.
        positions: Where positives stand before rounding.
    """

    gallery: Gallery
    worst: tuple[WorstBox, ...]
    positions: Positions
