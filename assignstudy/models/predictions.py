"""The losses of a rule, ground truth by ground truth, where a model gives the outputs that they are computed from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from assignstudy.assign.rule import Rule
from assignstudy.errors import ModelError
from assignstudy.losses import Loss, LossWeights, formula_of, yolov3_spp, yolov5
from assignstudy.losses.formulas import Yolov5Loss
from assignstudy.types import Assignment, InputBoxes, PyramidLevel

OUTPUT_DIMENSIONS = 5
"""Of a training output: images, anchors, rows, columns, values of a slot."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PictureLoss:
    """The loss of one picture, as a batch of its own.

    Attributes:
        gt_id: (G,) its ground truths.
        box: (G, L) weighted box loss.
        objectness: (G, L) weighted objectness of the slots that each ground truth owns.
        class_: (G, L) weighted class loss.
        background: (L,) weighted objectness of all other slots.
        rows: (L,) positives, which the box and class losses are means over.
        slots: (L,) slots, which the objectness is a mean over.
    """

    gt_id: npt.NDArray[np.int64]
    box: Floats
    objectness: Floats
    class_: Floats
    background: Floats
    rows: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int64]


def training_outputs(output: object, levels: Sequence[PyramidLevel], classes: int) -> list[Tensor] | None:
    """The raw outputs per level among all that a model puts out, however nested; None where it gives none.

    Args:
        output: What the model returned for one picture.
        levels: The detection scales of the run.
        classes: Number of classes of the data set.

    Raises:
        ModelError: There are outputs of five dimensions, but not ``(1, A, rows, columns, 5 + classes)`` for each level,
            or hold something that is no finite number.
    """
    found = [tensor for tensor in _tensors(output) if tensor.ndim == OUTPUT_DIMENSIONS]
    if not found:
        return None
    by_rows = sorted(found, key=lambda tensor: -tensor.shape[2])
    got = [(tensor.shape[0], tensor.shape[1], tensor.shape[4]) for tensor in by_rows]
    expected = [(1, len(level.anchor_wh_px), 5 + classes) for level in levels]
    if got != expected:
        wanted, shapes = (", ".join(map(_shape, one)) for one in (expected, [tuple(t.shape) for t in by_rows]))
        raise ModelError(
            f"training outputs: expected (images, anchors, rows, columns, 5 + classes) per level, {wanted}, got"
            f" {shapes}; study the data set and the anchors that the model was made for"
        )
    if not all(bool(torch.isfinite(tensor).all()) for tensor in by_rows):
        raise ModelError("training outputs: expected numbers, got NaN or infinity; check the weights of the model")
    return [tensor.detach().to("cpu", torch.float32) for tensor in by_rows]


def picture_loss(
    rule: Rule,
    outputs: Sequence[Tensor],
    assignment: Assignment,
    boxes: InputBoxes,
    class_id: Tensor,
    levels: Sequence[PyramidLevel],
    weights: LossWeights,
) -> PictureLoss:
    """What each ground truth of one picture costs.

    Args:
        rule: A rule that a loss is published for.
        outputs: From :func:`training_outputs`.
        assignment: What the rule decided for the picture.
        boxes: Its ground truths.
        class_id: (G,) their classes.
        levels: The detection scales.
        weights: Weights of the loss.

    Raises:
        ModelError: The outputs' grids are not those of the levels.
    """
    compute = yolov5 if isinstance(formula_of(rule), Yolov5Loss) else yolov3_spp
    alone = InputBoxes(
        boxes.gt_id, torch.zeros_like(boxes.image_index), boxes.cxcywh_norm, boxes.xyxy_px, boxes.input_wh_px
    )
    try:
        loss = compute(outputs, assignment, alone, class_id, levels, weights)
    except ValueError as error:
        raise ModelError(f"training outputs: {error}; study the levels that the model was made for") from error
    return _as_arrays(loss, boxes, outputs, assignment)


def as_one_batch(pictures: Sequence[PictureLoss]) -> list[PictureLoss]:
    """The losses with the means taken over all pictures at once, so that their ground truths can be compared.

    A share of a mean over one picture's positives (slots) becomes a share of the mean over those of all of them.
    """
    rows, slots = (sum((getattr(one, name) for one in pictures), np.int64(0)) for name in ("rows", "slots"))
    return [_in_batch(one, one.rows / np.maximum(rows, 1), one.slots / np.maximum(slots, 1)) for one in pictures]


def _in_batch(one: PictureLoss, of_rows: Floats, of_slots: Floats) -> PictureLoss:
    box, class_ = one.box * of_rows, one.class_ * of_rows
    objectness, background = one.objectness * of_slots, one.background * of_slots
    return PictureLoss(one.gt_id, box, objectness, class_, background, one.rows, one.slots)


def _as_arrays(loss: Loss, boxes: InputBoxes, outputs: Sequence[Tensor], assignment: Assignment) -> PictureLoss:
    shares = (loss.box_shares, loss.objectness_shares, loss.class_shares, loss.background)
    box, objectness, class_, background = (part.double().numpy() for part in shares)
    rows = np.array([len(level) for level in assignment.levels], np.int64)
    slots = np.array([raw.shape[1:4].numel() for raw in outputs], np.int64)
    return PictureLoss(boxes.gt_id.numpy(), box, objectness, class_, background, rows, slots)


def _tensors(output: object) -> Iterator[Tensor]:
    """All tensors in nested lists, tuples and mappings, in order."""
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, Mapping):
        yield from (tensor for value in output.values() for tensor in _tensors(value))
    elif isinstance(output, list | tuple):
        yield from (tensor for value in output for tensor in _tensors(value))


def _shape(sides: Sequence[int]) -> str:
    if len(sides) == OUTPUT_DIMENSIONS:
        return f"({', '.join(map(str, sides))})"
    images, anchors, outputs = sides
    return f"({images}, {anchors}, rows, columns, {outputs})"
