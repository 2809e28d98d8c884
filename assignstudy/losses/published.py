"""The published losses, from a batch's raw predictions and its assignment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from assignstudy.losses.criteria import class_target, cross_entropy, objectness_target, owning_rows, slot_of
from assignstudy.losses.formulas import LossFormula, Yolov3SppLoss, Yolov5Loss
from assignstudy.losses.terms import Loss
from assignstudy.losses.weights import LossWeights
from assignstudy.types import Assignment, InputBoxes, LevelPositives, PyramidLevel, check_ids, check_tensor

BOX_OUTPUTS = 4
"""Raw outputs of a slot before the objectness; the classes come after it."""


def yolov5(
    predictions: Sequence[Tensor],
    assignment: Assignment,
    boxes: InputBoxes,
    class_id: Tensor,
    levels: Sequence[PyramidLevel],
    weights: LossWeights | None = None,
) -> Loss:
    r"""YOLOv5's loss: ``(box + objectness + class) * B``, differentiable.

    On each level, with its rows (positives, self-duplicates included), :math:`v` the CIoU of a row's decoded prediction
    with its ground truth, and BCE the cross entropy of :func:`assignstudy.losses.criteria.cross_entropy`:

    * box: mean of :math:`1 - v` over rows,
    * class: mean of BCE over rows times classes; none for a single class,
    * objectness: mean of BCE over all :math:`B A H W` slots, times the level's balance; the target is
      :math:`(1 - gr) + gr \max(v, 0)`, detached, where the slot has a row (the last one decides), else 0.

    The terms sum over levels; a level without rows adds its objectness only. ``sort_obj_iou`` (the highest overlap
    wins a shared slot) and ``autobalance`` are off, as published.

    Args:
        predictions: Per level (B, A, H, W, 5 + C) raw outputs: x, y, w, h, objectness, classes.
        assignment: What a rule decided for ``boxes``.
        boxes: Ground truths of the batch; ``image_index`` is the position in the batch, and all images share one size.
        class_id: (G,) int64 class of each ground truth.
        levels: The detection scales that the assignment was made with.
        weights: Weights and options; None for the published ones at this number of classes and levels and this input.

    Returns:
        The loss, and the shares of every ground truth and level in it.

    Raises:
        ValueError: If the shapes do not fit together, or an image or class is out of range.
    """
    return _loss(Yolov5Loss(), predictions, _Batch(assignment, boxes, class_id, tuple(levels)), weights)


def yolov3_spp(
    predictions: Sequence[Tensor],
    assignment: Assignment,
    boxes: InputBoxes,
    class_id: Tensor,
    levels: Sequence[PyramidLevel],
    weights: LossWeights | None = None,
) -> Loss:
    """YOLOv3-SPP's loss: ``box + objectness + class``, differentiable.

    The means are those of :func:`yolov5`; the overlap is the GIoU with YOLOv3's decoder, levels are not balanced, and
    the total is not multiplied by the batch size.

    Args:
        predictions: Per level (B, A, H, W, 5 + C) raw outputs: x, y, w, h, objectness, classes.
        assignment: What a rule decided for ``boxes``.
        boxes: Ground truths of the batch; ``image_index`` is the position in the batch, and all images share one size.
        class_id: (G,) int64 class of each ground truth.
        levels: The detection scales that the assignment was made with.
        weights: Weights and options; None for the published ones at this number of classes.

    Returns:
        The loss, and the shares of every ground truth and level in it.

    Raises:
        ValueError: If the shapes do not fit together, or an image or class is out of range.
    """
    return _loss(Yolov3SppLoss(), predictions, _Batch(assignment, boxes, class_id, tuple(levels)), weights)


@dataclass(frozen=True, eq=False)
class _Batch:
    assignment: Assignment
    boxes: InputBoxes
    class_id: Tensor
    levels: tuple[PyramidLevel, ...]


@dataclass(frozen=True, eq=False)
class _LevelShares:
    """Unweighted shares of one level's means: (G,) each, and the background's objectness."""

    box: Tensor
    objectness: Tensor
    class_: Tensor
    background: Tensor


def row_boxes(
    formula: LossFormula, boxes: InputBoxes, level: PyramidLevel, positives: LevelPositives
) -> tuple[Tensor, Tensor]:
    """What each row of a level is trained towards, and with which anchor.

    Args:
        formula: The loss.
        boxes: Ground truths.
        level: Their level.
        positives: Its rows.

    Returns:
        (P, 4) float32 targets in cells, centres relative to the row's cell, and (P, 2) float32 anchors in cells.
    """
    grid_wh = boxes.grid_wh(level.stride)
    in_cells = (boxes.cxcywh_norm * torch.cat((grid_wh, grid_wh), dim=1))[positives.gt_row]
    cell_xy = torch.stack((positives.grid_x, positives.grid_y), dim=1)
    target_xy = formula.target_xy(in_cells[:, :2], cell_xy)
    return torch.cat((target_xy, in_cells[:, 2:]), dim=1), (level.anchor_wh_px / level.stride)[positives.anchor]


def _loss(formula: LossFormula, predictions: Sequence[Tensor], batch: _Batch, weights: LossWeights | None) -> Loss:
    _check(predictions, batch)
    levels, shape = batch.levels, predictions[0].shape
    imgsz = levels[0].stride * max(shape[2:4])
    if weights is None:
        weights = formula.published_weights(shape[4] - BOX_OUTPUTS - 1, len(levels), imgsz)
    shares = [
        _level_shares(formula, raw, batch, level, positives, weights)
        for raw, level, positives in zip(predictions, levels, batch.assignment.levels, strict=True)
    ]
    objectness = predictions[0].new_tensor(weights.balance(len(levels))) * weights.objectness
    return Loss(
        box_shares=torch.stack([share.box for share in shares], dim=1) * weights.box,
        objectness_shares=torch.stack([share.objectness for share in shares], dim=1) * objectness,
        class_shares=torch.stack([share.class_ for share in shares], dim=1) * weights.class_,
        background=torch.stack([share.background for share in shares]) * objectness,
        factor=float(shape[0]) if formula.times_batch_size else 1.0,
    )


def _level_shares(
    formula: LossFormula,
    raw: Tensor,
    batch: _Batch,
    level: PyramidLevel,
    positives: LevelPositives,
    weights: LossWeights,
) -> _LevelShares:
    _, anchors, height, width, outputs = raw.shape
    slot = slot_of(positives, batch.boxes.image_index[positives.gt_row], anchors, (height, width))
    flat = raw.reshape(-1, outputs)
    chosen = flat[slot]
    target, anchor_wh = (part.to(raw.dtype) for part in row_boxes(formula, batch.boxes, level, positives))
    overlap = formula.overlap(formula.decode(chosen[:, :BOX_OUTPUTS], anchor_wh), target)
    owners = owning_rows(slot)
    objectness, background = _objectness(flat[:, BOX_OUTPUTS], slot[owners], overlap[owners], weights)
    gt_row, boxes = positives.gt_row, len(batch.boxes)
    class_logits, class_id = chosen[:, BOX_OUTPUTS + 1 :], batch.class_id[gt_row]
    rows = max(len(positives), 1)
    return _LevelShares(
        box=_per_ground_truth((1 - overlap) / rows, gt_row, boxes),
        objectness=_per_ground_truth(objectness / len(flat), gt_row[owners], boxes),
        class_=_per_ground_truth(_class_means(class_logits, class_id, weights) / rows, gt_row, boxes),
        background=background / len(flat),
    )


def _objectness(logits: Tensor, owned: Tensor, overlap: Tensor, weights: LossWeights) -> tuple[Tensor, Tensor]:
    """(S,) losses of the owned slots, and the sum over all others."""
    is_background = torch.ones_like(logits, dtype=torch.bool)
    is_background[owned] = False
    options = (weights.positive_objectness, weights.focal_gamma)
    background = logits[is_background]
    nothing = cross_entropy(background, torch.zeros_like(background), *options)
    return cross_entropy(logits[owned], objectness_target(overlap, weights.gr), *options), nothing.sum()


def _class_means(logits: Tensor, class_id: Tensor, weights: LossWeights) -> Tensor:
    """(P,) losses of each row, averaged over classes; 0 for a single class."""
    if logits.shape[1] == 1:
        return logits.new_zeros(len(logits))
    target = class_target(class_id, logits, weights.label_smoothing)
    return cross_entropy(logits, target, weights.positive_class, weights.focal_gamma).mean(dim=1)


def _per_ground_truth(values: Tensor, gt_row: Tensor, boxes: int) -> Tensor:
    """(G,) sums of the rows' values."""
    return values.new_zeros(boxes).index_add(0, gt_row, values)


def _check(predictions: Sequence[Tensor], batch: _Batch) -> None:
    counts = {len(predictions), len(batch.assignment.levels), len(batch.levels)}
    if len(counts) > 1 or not predictions:
        raise ValueError(
            f"predictions: expected one tensor for each of {len(batch.levels)} levels (at least one), got"
            f" {len(predictions)}, and an assignment of {len(batch.assignment.levels)}"
        )
    for number, (raw, level) in enumerate(zip(predictions, batch.levels, strict=True)):
        _check_prediction(f"predictions[{number}]", raw, predictions[0], level, batch.boxes)
    check_tensor("class_id", batch.class_id, (len(batch.boxes),), torch.int64)
    check_ids("class_id", batch.class_id, predictions[0].shape[4] - BOX_OUTPUTS - 1)
    check_ids("boxes.image_index", batch.boxes.image_index, len(predictions[0]))


def _check_prediction(name: str, raw: Tensor, first: Tensor, level: PyramidLevel, boxes: InputBoxes) -> None:
    if raw.ndim != 5 or raw.shape[4] < BOX_OUTPUTS + 2:
        raise ValueError(f"{name}: expected shape (B, A, H, W, 5 + classes), got {tuple(raw.shape)}")
    expected = (first.shape[0], len(level.anchor_wh_px), first.shape[4])
    if (raw.shape[0], raw.shape[1], raw.shape[4]) != expected:
        b, a, outputs = expected
        raise ValueError(f"{name}: expected shape ({b}, {a}, H, W, {outputs}), got {tuple(raw.shape)}")
    grid_wh = raw.new_tensor([raw.shape[3], raw.shape[2]], dtype=torch.int64)
    if not bool((boxes.grid_wh(level.stride) == grid_wh).all()):
        grids = sorted({tuple(grid) for grid in boxes.grid_wh(level.stride).tolist()})
        raise ValueError(
            f"{name}: expected the grid (columns, rows) of the boxes' network input, {grids}, got {grid_wh.tolist()}"
        )
