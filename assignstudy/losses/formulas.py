r"""What differs between the published losses: decoder, target, overlap and weights.

Both work in cells, relative to the upper left corner of a positive's cell. With raw outputs :math:`t`, an anchor of
:math:`a` cells and a ground truth's centre :math:`X`:

* YOLOv3-SPP: centre :math:`\sigma(t)`, size :math:`\min(e^t, 1000) \, a`; target centre :math:`X - \lfloor X \rfloor`;
  overlap GIoU with an eps of 1e-16.
* YOLOv5: centre :math:`2 \sigma(t) - 0.5`, size :math:`(2 \sigma(t))^2 \, a`; target centre :math:`X` minus the cell;
  overlap CIoU with an eps of 1e-7.

Sources: Ultralytics YOLOv3-SPP until 2020-05-17; YOLOv5 since 2020-08 (CIoU).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, final

import torch
from torch import Tensor

from assignstudy.assign.ratio import RatioRule
from assignstudy.assign.rule import Rule
from assignstudy.assign.yolov3_spp import Yolov3Spp
from assignstudy.geometry import ciou, giou
from assignstudy.losses.weights import LossWeights, yolov3_spp_weights, yolov5_weights

LARGEST_SIZE_RATIO = 1e3
"""What YOLOv3-SPP caps the exponential of the size at."""


class LossFormula(ABC):
    """One published loss, up to its means and weights.

    Attributes:
        title: As people write it.
        times_batch_size: Whether the published total is multiplied by the number of images.
    """

    title: ClassVar[str]
    times_batch_size: ClassVar[bool]

    @abstractmethod
    def decode(self, raw: Tensor, anchor_wh_cell: Tensor) -> Tensor:
        """(P, 4) predicted boxes in cells, centre relative to the cell, from (P, 4) raw outputs and (P, 2) anchors."""

    @abstractmethod
    def target_xy(self, xy_cell: Tensor, cell_xy: Tensor) -> Tensor:
        """(P, 2) target centres relative to the cell, from (P, 2) centres in cells and (P, 2) cells."""

    @abstractmethod
    def overlap(self, predicted: Tensor, target: Tensor) -> Tensor:
        """(P,) overlap of (P, 4) predicted and target boxes; the box loss is 1 minus it."""

    @abstractmethod
    def published_weights(self, classes: int, levels: int, imgsz: int) -> LossWeights:
        """The published weights for a number of classes and levels, and the longer side of the input in pixels."""


@final
class Yolov5Loss(LossFormula):
    """YOLOv5's loss."""

    title = "YOLOv5"
    times_batch_size = True

    def decode(self, raw: Tensor, anchor_wh_cell: Tensor) -> Tensor:
        """Centre in (-0.5, 1.5), sides in (0, 4) anchors."""
        doubled = 2 * raw.sigmoid()
        return torch.cat((doubled[:, :2] - 0.5, doubled[:, 2:].square() * anchor_wh_cell), dim=1)

    def target_xy(self, xy_cell: Tensor, cell_xy: Tensor) -> Tensor:
        """The distance from the cell, which the decoder may not reach."""
        return xy_cell - cell_xy

    def overlap(self, predicted: Tensor, target: Tensor) -> Tensor:
        """CIoU."""
        return ciou(predicted, target, eps=1e-7)

    def published_weights(self, classes: int, levels: int, imgsz: int) -> LossWeights:
        """See :func:`assignstudy.losses.weights.yolov5_weights`."""
        return yolov5_weights(classes, levels, imgsz)


@final
class Yolov3SppLoss(LossFormula):
    """YOLOv3-SPP's loss."""

    title = "YOLOv3-SPP"
    times_batch_size = False

    def decode(self, raw: Tensor, anchor_wh_cell: Tensor) -> Tensor:
        """Centre in (0, 1), sides up to 1000 anchors."""
        # Far above the cap the exponential overflows, and its gradient would be 0 times infinity.
        sides = raw[:, 2:].clamp(max=80).exp().clamp(max=LARGEST_SIZE_RATIO) * anchor_wh_cell
        return torch.cat((raw[:, :2].sigmoid(), sides), dim=1)

    def target_xy(self, xy_cell: Tensor, cell_xy: Tensor) -> Tensor:
        """The fraction of the centre, whatever the cell."""
        return xy_cell - xy_cell.floor()

    def overlap(self, predicted: Tensor, target: Tensor) -> Tensor:
        """GIoU."""
        return giou(predicted, target, eps=1e-16)

    def published_weights(self, classes: int, levels: int, imgsz: int) -> LossWeights:
        """See :func:`assignstudy.losses.weights.yolov3_spp_weights`."""
        return yolov3_spp_weights(classes)


def formula_of(rule: Rule) -> LossFormula | None:
    """The loss that a rule feeds.

    Args:
        rule: An assignment rule.

    Returns:
        YOLOv5's for every rule by side ratio (they share its decoder), YOLOv3-SPP's for its own; None for the others.
    """
    if isinstance(rule, RatioRule):
        return Yolov5Loss()
    return Yolov3SppLoss() if isinstance(rule, Yolov3Spp) else None
