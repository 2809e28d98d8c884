"""What a loss is weighted with, and the two published sets."""

from __future__ import annotations

import math
from dataclasses import dataclass

from assignstudy.errors import ConfigError

LEVEL_BALANCE = (4.0, 1.0, 0.25, 0.06, 0.02)
"""YOLOv5's balance of the objectness over up to five levels; three levels have their own last one."""

THREE_LEVEL_BALANCE = (4.0, 1.0, 0.4)


@dataclass(frozen=True)
class LossWeights:
    r"""Weights and options of a loss, for one number of classes, levels and input size.

    Attributes:
        box: Weight of the box term.
        objectness: Weight of the objectness term.
        class_: Weight of the class term.
        level_balance: Further weight of each level's objectness; None for 1 on every level.
        gr: How much of the overlap goes into the objectness target :math:`(1 - gr) + gr \max(v, 0)`; from 0 to 1.
        focal_gamma: Exponent of the focal factor on the objectness and class terms; 0 leaves the whole factor out, its
            0.25 and 0.75 included.
        label_smoothing: :math:`\varepsilon` of the class targets :math:`1 - \varepsilon/2` and :math:`\varepsilon/2`;
            from 0 to 1.
        positive_objectness: Weight of the positive part of the objectness cross entropy (``obj_pw``), above 0.
        positive_class: Weight of the positive part of the class cross entropy (``cls_pw``), above 0.

    Raises:
        ValueError: If one of them is outside its range.
    """

    box: float
    objectness: float
    class_: float
    level_balance: tuple[float, ...] | None = None
    gr: float = 1.0
    focal_gamma: float = 0.0
    label_smoothing: float = 0.0
    positive_objectness: float = 1.0
    positive_class: float = 1.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("box", "objectness", "class_", "focal_gamma"):
            _check(name, getattr(self, name), 0, math.inf)
        for name in ("gr", "label_smoothing"):
            _check(name, getattr(self, name), 0, 1)
        for name in ("positive_objectness", "positive_class"):
            _check(name, getattr(self, name), math.ulp(0.0), math.inf)
        for weight in self.level_balance or ():
            _check("level_balance", weight, 0, math.inf)

    def balance(self, levels: int) -> tuple[float, ...]:
        """The weight of each level's objectness.

        Raises:
            ValueError: If the balance was given for another number of levels.
        """
        balance = (1.0,) * levels if self.level_balance is None else self.level_balance
        if len(balance) != levels:
            raise ValueError(f"level_balance: expected one weight for each of {levels} levels, got {len(balance)}")
        return balance


def yolov5_weights(classes: int, levels: int, imgsz: int) -> LossWeights:
    """YOLOv5's published weights, scaled as its training scales them.

    Box 0.05, objectness ``1.0 * (imgsz / 640)²``, class ``0.5 * classes / 80``, all times ``3 / levels``; objectness
    balance 4, 1, 0.4 on three levels, else the first of 4, 1, 0.25, 0.06, 0.02.

    Args:
        classes: Number of classes.
        levels: Number of levels, at most five: more have no published balance.
        imgsz: Longer side of the network input in pixels.

    Raises:
        ConfigError: If there are more than five levels.
    """
    if levels > len(LEVEL_BALANCE):
        raise ConfigError(
            f"levels: expected at most {len(LEVEL_BALANCE)}, for which YOLOv5 publishes a balance, got {levels};"
            " from Python, pass weights of your own"
        )
    share = 3 / levels
    return LossWeights(
        box=0.05 * share,
        objectness=(imgsz / 640) ** 2 * share,
        class_=0.5 * classes / 80 * share,
        level_balance=THREE_LEVEL_BALANCE if levels == 3 else LEVEL_BALANCE[:levels],
    )


def yolov3_spp_weights(classes: int) -> LossWeights:
    """YOLOv3-SPP's published weights: box 3.54, objectness 64.3, class ``37.4 * classes / 80``; no level balance.

    They belong to 320 px. A widely read VOC training at 512 px scaled the objectness to ``64.3 * 512 / 320 = 102.88``.

    Args:
        classes: Number of classes.
    """
    return LossWeights(box=3.54, objectness=64.3, class_=37.4 * classes / 80)


def _check(name: str, value: float, low: float, high: float) -> None:
    if not (low <= value <= high and math.isfinite(value)):
        upper = "" if high == math.inf else f" and at most {high:g}"
        lower = "above 0" if low == math.ulp(0.0) else f"of at least {low:g}"
        raise ValueError(f"{name}: expected a number {lower}{upper}, got {value}")
