r"""What an untrained head pays: the loss at the start of a training, from labels alone.

A head whose raw outputs are constant (every convolution's weight 0, only biases left) predicts the same everywhere, so
nothing of its prediction tensor needs to exist:

* box: each row's prediction is its anchor, centred in its cell (both decoders say so at 0),
* class: every row pays the same,
* objectness: a slot without a row pays a constant, so the background is a count times that constant; a slot with rows
  pays the cross entropy towards its target, the overlap of its last row.

Two initialisations are computed: all outputs 0 (``zero``), and the published biases (``published bias``): objectness
:math:`\log(8 / (640/s)^2)` on a level of stride :math:`s` (about eight objects in an image of 640 px) and class
:math:`\log(0.6 / (C - 0.99999))`; these are YOLOv5's, used for YOLOv3-SPP as well. The box loss is the same
for both.

The whole data set counts as one batch: every mean is over all its rows, or over all slots of all its images, those
without a box included. The factor "batch size" of YOLOv5's total is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from assignstudy.assign.run import MeasuredChunk
from assignstudy.losses.criteria import cross_entropy, objectness_target, owning_rows, slot_of
from assignstudy.losses.formulas import LossFormula
from assignstudy.losses.published import row_boxes
from assignstudy.losses.weights import LossWeights
from assignstudy.types import LevelPositives, PyramidLevel

ZERO = "zero"
PUBLISHED_BIAS = "published bias"
INITIALISATIONS = (ZERO, PUBLISHED_BIAS)

LOSS_UNIT = 2.0**-24
"""Losses are summed as whole multiples of this: integers come out the same wherever the data set is cut."""


@dataclass(frozen=True, slots=True)
class StartShare:
    """What one group of ground truths, or the background, adds to the weighted loss of one level.

    Attributes:
        init: One of :data:`INITIALISATIONS`.
        level: Position of the level.
        group: Number of the group; None for the background.
        box: Weighted box loss; None for the background.
        objectness: Weighted objectness of the slots that the group owns; None for a data set without a slot.
        class_: Weighted class loss; None for the background and for a single class.
    """

    init: str
    level: int
    group: int | None
    box: float | None
    objectness: float | None
    class_: float | None


@dataclass(frozen=True, eq=False)
class StartSums:
    """What some ground truths add to one level, by group; all (groups,) int64.

    Attributes:
        rows: Positives.
        owned: Slots that they own.
        box_units: Sum of 1 minus the overlap over rows, in :data:`LOSS_UNIT`.
        target_units: Sum of the objectness target over owned slots, likewise.
    """

    rows: npt.NDArray[np.int64]
    owned: npt.NDArray[np.int64]
    box_units: npt.NDArray[np.int64]
    target_units: npt.NDArray[np.int64]


@final
class LossAtStart:
    """Adds up the loss of an untrained head, chunk by chunk of an assignment; :meth:`finish` says the outcome.

    The shares of all groups and the background sum to the weighted loss: over groups to a level's, over levels to all.

    Attributes:
        formula: As given.
        weights: As given.
        group_count: Number of groups.

    Args:
        formula: The loss that the rule feeds.
        levels: The detection scales.
        weights: Weights and options of the loss.
        classes: Number of classes.
        group: (G,) group of every ground truth of the data set, such as its size bin, from 0.
        groups: Number of groups.

    Raises:
        ValueError: If the weights balance another number of levels.
    """

    def __init__(
        self,
        formula: LossFormula,
        levels: Sequence[PyramidLevel],
        weights: LossWeights,
        classes: int,
        group: npt.NDArray[np.integer],
        groups: int,
    ) -> None:
        """Begin with nothing added."""
        self.formula, self.weights = formula, weights
        self._levels, self._classes = tuple(levels), classes
        self._balance = weights.balance(len(levels))
        self._group = torch.from_numpy(np.asarray(group, np.int64))
        self.group_count, shape = groups, (len(levels), groups)
        self._rows, self._owned = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self._box_units, self._target_units = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self._objectness_units = {init: np.zeros(shape, np.int64) for init in INITIALISATIONS}

    def add(self, chunk: MeasuredChunk) -> None:
        """Add the positives of some whole images.

        Args:
            chunk: The next chunk; its first row says which ground truths it holds.
        """
        for number, positives in enumerate(chunk.assignment.levels):
            if len(positives):
                self._add_level(chunk, number, positives)

    @property
    def adds_targets(self) -> bool:
        """Whether the objectness depends on the sum of its targets alone, so that :meth:`add_sums` can be used.

        Cross entropy is linear in its target unless focal; and the overlap itself must be the target, as published.
        """
        return not self.weights.focal_gamma and self.weights.gr == 1

    def add_sums(self, number: int, sums: StartSums) -> None:
        """Add what some ground truths sum up to.

        Args:
            number: Position of the level.
            sums: By group.

        Raises:
            ValueError: If the loss needs each slot's own target.
        """
        if not self.adds_targets:
            raise ValueError("weights: expected gr 1 and no focal factor, got others; add chunks of rows instead")
        self._rows[number] += sums.rows
        self._owned[number] += sums.owned
        self._box_units[number] += sums.box_units
        self._target_units[number] += sums.target_units

    def groups(self, rows: slice) -> npt.NDArray[np.int64]:
        """Group of each of some ground truths."""
        group: npt.NDArray[np.int64] = self._group[rows].numpy()
        return group

    def passing(self, chunks: Iterable[MeasuredChunk]) -> Iterator[MeasuredChunk]:
        """The same chunks, each added as it passes; :meth:`finish` may follow once they are used up."""
        for chunk in chunks:
            self.add(chunk)
            yield chunk

    def finish(self, all_slots: Sequence[int]) -> tuple[StartShare, ...]:
        """The shares of every initialisation, level and group, each level's background after its groups.

        Args:
            all_slots: Number of slots of all images on each level, all anchors included.
        """
        return tuple(
            share
            for init in INITIALISATIONS
            for level in range(len(self._levels))
            for share in self._level_shares(init, level, all_slots[level])
        )

    def _add_level(self, chunk: MeasuredChunk, number: int, positives: LevelPositives) -> None:
        device = positives.gt_row.device
        level = self._levels[number].to(device)
        group = self._group[chunk.first_row : chunk.first_row + len(chunk.boxes)].to(device)[positives.gt_row]
        target, anchor_wh = row_boxes(self.formula, chunk.boxes, level, positives)
        predicted = self.formula.decode(torch.zeros_like(target), anchor_wh)
        overlap = self.formula.overlap(predicted, target).double()
        self._rows[number] += self._per_group(torch.ones_like(group), group)
        self._box_units[number] += self._per_group(_units(1 - overlap), group)
        owners = _owners(chunk, level, positives)
        self._owned[number] += self._per_group(torch.ones_like(owners), group[owners])
        wanted = objectness_target(overlap[owners], self.weights.gr)
        self._target_units[number] += self._per_group(_units(wanted), group[owners])
        if self.adds_targets:
            return
        for init, units in self._objectness_units.items():
            units[number] += self._per_group(_units(self._objectness(init, level, wanted)), group[owners])

    def _per_group(self, values: Tensor, group: Tensor) -> npt.NDArray[np.int64]:
        """(groups,) int64 sums."""
        sums: npt.NDArray[np.int64] = values.new_zeros(self._rows.shape[1]).index_add(0, group, values).cpu().numpy()
        return sums

    def _objectness(self, init: str, level: PyramidLevel, wanted: Tensor) -> Tensor:
        """Losses of slots with the given targets."""
        logit = torch.full_like(wanted, objectness_logit(init, level.stride))
        return cross_entropy(logit, wanted, self.weights.positive_objectness, self.weights.focal_gamma)

    def _owned_objectness(self, init: str, number: int, group: int) -> float:
        """Losses of the slots that a group owns on a level."""
        if not self.adds_targets:
            return int(self._objectness_units[init][number, group]) * LOSS_UNIT
        ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
        nothing, everything = self._objectness(init, self._levels[number], ends).tolist()
        target = int(self._target_units[number, group]) * LOSS_UNIT
        return float(int(self._owned[number, group]) * nothing + target * (everything - nothing))

    def _class(self, init: str) -> float | None:
        """What every row pays, averaged over classes."""
        if self._classes < 2:
            return None
        low = self.weights.label_smoothing / 2
        target = torch.tensor([1 - low, low], dtype=torch.float64)
        logit = torch.full_like(target, class_logit(init, self._classes))
        right, wrong = cross_entropy(logit, target, self.weights.positive_class, self.weights.focal_gamma).tolist()
        return float(right + (self._classes - 1) * wrong) / self._classes

    def _level_shares(self, init: str, number: int, slots: int) -> Iterator[StartShare]:
        weights, rows = self.weights, max(int(self._rows[number].sum()), 1)
        per_row, per_slot = self._class(init), weights.objectness * self._balance[number] / max(slots, 1)
        for group in range(self._rows.shape[1]):
            objectness = self._owned_objectness(init, number, group) * per_slot
            yield StartShare(
                init=init,
                level=number,
                group=group,
                box=int(self._box_units[number, group]) * LOSS_UNIT * weights.box / rows,
                objectness=objectness if slots else None,
                class_=None if per_row is None else int(self._rows[number, group]) * per_row * weights.class_ / rows,
            )
        nothing = self._objectness(init, self._levels[number], torch.zeros(1, dtype=torch.float64)).item()
        background = (slots - int(self._owned[number].sum())) * nothing * per_slot
        yield StartShare(init, number, None, None, background if slots else None, None)


def objectness_logit(init: str, stride: int) -> float:
    """The raw objectness that every slot of a level starts with: 0, or ``log(8 / (640 / stride)²)``."""
    return 0.0 if init == ZERO else math.log(8 / (640 / stride) ** 2)


def class_logit(init: str, classes: int) -> float:
    """The raw output that every class starts with: 0, or ``log(0.6 / (classes - 0.99999))``."""
    return 0.0 if init == ZERO else math.log(0.6 / (classes - 0.99999))


def diagonal_angles(wh: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(n,) angles of the diagonals of (n, 2) boxes, as ``geometry.ciou`` takes them.

    Rows must lie side by side in memory, like those of a box tensor: on a vector of widths torch computes with another
    routine, whose last bit may differ.
    """
    sides = torch.from_numpy(np.ascontiguousarray(wh))
    angles: npt.NDArray[np.float32] = torch.atan2(sides[:, 0], sides[:, 1]).numpy()
    return angles


def _owners(chunk: MeasuredChunk, level: PyramidLevel, positives: LevelPositives) -> Tensor:
    """(S,) rows that own their slot; images may differ in size, so slots are numbered on the largest grid."""
    image_index = chunk.boxes.image_index
    width, height = chunk.boxes.grid_wh(level.stride).amax(dim=0).tolist()
    image = (image_index - image_index[:1])[positives.gt_row]
    return owning_rows(slot_of(positives, image, len(level.anchor_wh_px), (height, width)))


def _units(values: Tensor) -> Tensor:
    """(P,) int64 whole multiples of :data:`LOSS_UNIT`."""
    return (values / LOSS_UNIT).round().long()
