"""The one door between tensors and tables: what leaves the assignment becomes numpy arrays here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from assignstudy.assign.rule import Rule
from assignstudy.assign.run import MeasuredChunk
from assignstudy.transforms import NetworkInput
from assignstudy.types import Dataset, Factors, InputBoxes, Miss, PyramidLevel

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ChunkArrays:
    """A :class:`MeasuredChunk` as numpy arrays; rows of ground truths count from the data set's first."""

    rows: slice
    image_index: Ints
    critical: Floats
    best_level: Ints
    best_anchor: Ints
    levels: tuple[LevelArrays, ...]


@dataclass(frozen=True, eq=False)
class LevelArrays:
    """The positives of one level in one chunk; ``gt_row`` counts from the chunk's first ground truth."""

    gt_row: Ints
    anchor: Ints
    grid_y: Ints
    grid_x: Ints
    cell_offset: Ints
    unreachable: Bools
    prior_iou: Floats


@dataclass(frozen=True, eq=False)
class FactoredChunk:
    """The factors of some whole images as numpy arrays; rows of ground truths count from the data set's first."""

    rows: slice
    image_index: Ints
    critical: Floats
    best_level: Ints
    best_anchor: Ints
    levels: tuple[FactorArrays, ...]


@dataclass(frozen=True, eq=False)
class FactorArrays:
    """A :class:`~assignstudy.types.LevelFactors` as numpy arrays."""

    fits: Bools
    claims: Bools
    grid_x: npt.NDArray[np.int32]
    grid_y: npt.NDArray[np.int32]
    cxcywh_cell: Floats


@dataclass(frozen=True, eq=False)
class LabelArrays:
    """Labels and sizes as numpy arrays: G boxes of the data set, N images.

    ``box_wh_px`` is the input size of each box's image, ``image_wh_px`` that of each image (or one row for all).
    """

    image_index: Ints
    class_id: Ints
    ignored: Bools
    vanished: Bools
    cxcywh_norm_orig: Floats
    wh_orig: npt.NDArray[np.int32]
    cxcywh_norm: Floats
    box_wh_px: Ints
    image_wh_px: Ints
    assigned: Ints


@dataclass(frozen=True, eq=False)
class LevelShape:
    """A level without tensors: its name, its stride and its (A, 2) anchors in input pixels."""

    name: str
    stride: int
    anchor_wh_px: Floats


@dataclass(frozen=True)
class Failing:
    """Why one ground truth has no positive, see :class:`~assignstudy.types.Shortfall`."""

    miss: Miss
    slots: int
    overlap: float
    needed: float


_FAILING_AT_ONCE = 256
"""Ground truths; a large one may want thousands of points."""


def chunk_arrays(chunk: MeasuredChunk) -> ChunkArrays:
    """A measured chunk as numpy arrays, copied from the accelerator where it was computed there."""
    levels = tuple(
        LevelArrays(*(_array(part) for part in (p.gt_row, p.anchor, p.grid_y, p.grid_x, p.cell_offset, far, prior)))
        for p, far, prior in zip(chunk.assignment.levels, chunk.unreachable, chunk.prior_iou, strict=True)
    )
    assignment = chunk.assignment
    return ChunkArrays(
        rows=slice(chunk.first_row, chunk.first_row + len(chunk.boxes)),
        image_index=_array(chunk.boxes.image_index),
        critical=_array(assignment.critical),
        best_level=_array(assignment.best_level),
        best_anchor=_array(assignment.best_anchor),
        levels=levels,
    )


def factored_chunk(first_row: int, boxes: InputBoxes, factors: Factors) -> FactoredChunk:
    """The factors of a chunk as numpy arrays, copied from the accelerator where they were computed there.

    Args:
        first_row: Row of the chunk's first ground truth among all.
        boxes: The chunk's ground truths.
        factors: What the rule decided.
    """
    levels = tuple(
        FactorArrays(*(_array(part) for part in (one.fits, one.claims, one.grid_x, one.grid_y, one.cxcywh_cell)))
        for one in factors.levels
    )
    return FactoredChunk(
        rows=slice(first_row, first_row + len(boxes)),
        image_index=_array(boxes.image_index),
        critical=_array(factors.critical),
        best_level=_array(factors.best_level),
        best_anchor=_array(factors.best_anchor),
        levels=levels,
    )


def label_arrays(dataset: Dataset, network_input: NetworkInput) -> LabelArrays:
    """The labels of a data set, before and after the transform, as numpy arrays."""
    image_index, image_wh_px = _array(dataset.image_index), _array(network_input.image_wh_px)
    return LabelArrays(
        image_index=image_index,
        class_id=_array(dataset.class_id),
        ignored=_array(dataset.ignored),
        vanished=_array(network_input.vanished),
        cxcywh_norm_orig=_array(dataset.cxcywh_norm_orig),
        wh_orig=_array(dataset.image_wh_orig)[image_index],
        cxcywh_norm=_array(network_input.cxcywh_norm),
        box_wh_px=image_wh_px if len(image_wh_px) == 1 else image_wh_px[image_index],
        image_wh_px=image_wh_px,
        assigned=_array(network_input.boxes.gt_id),
    )


def level_shapes(levels: tuple[PyramidLevel, ...]) -> tuple[LevelShape, ...]:
    """The levels without tensors."""
    return tuple(LevelShape(level.name, level.stride, _array(level.anchor_wh_px)) for level in levels)


def positions(rule: Rule, boxes: InputBoxes, levels: tuple[PyramidLevel, ...]) -> list[tuple[Floats, Ints]]:
    """Per level (P, 2) positions in cells before rounding and (P,) cell offsets, of whole images assigned at once."""
    assigned = rule.assign(boxes, levels).levels if len(boxes) else ()
    return [
        (_array(rule.positions(boxes, level, positives)), _array(positives.cell_offset))
        for level, positives in zip(levels, assigned, strict=False)
    ]


def failing(
    rule: Rule, boxes: InputBoxes, levels: tuple[PyramidLevel, ...], gt_ids: Sequence[int]
) -> dict[int, Failing]:
    """Why ground truths have no positive, by ``gt_id``; nothing where the rule's number against its threshold says it.

    Args:
        rule: The assignment rule.
        boxes: All ground truths on the network input.
        levels: The detection scales.
        gt_ids: Those without a positive.
    """
    rows = torch.searchsorted(boxes.gt_id, torch.tensor(gt_ids, dtype=torch.int64))
    found: dict[int, Failing] = {}
    for some in rows.split(_FAILING_AT_ONCE):
        lost = boxes.take(some)
        shortfall = rule.shortfall(lost, levels)
        if shortfall is None:
            return {}
        columns = (lost.gt_id, shortfall.miss, shortfall.slots, shortfall.overlap, shortfall.needed)
        for gt_id, miss, slots, overlap, needed in zip(*(column.tolist() for column in columns), strict=True):
            found[gt_id] = Failing(Miss(miss), slots, overlap, needed)
    return found


def no_positives() -> LevelArrays:
    """A level on which nothing is positive."""
    none = np.empty(0, np.int64)
    return LevelArrays(none, none, none, none, none, np.empty(0, np.bool_), np.empty(0, np.float32))


def _array(tensor: Tensor) -> npt.NDArray[Any]:
    array: npt.NDArray[Any] = tensor.cpu().numpy()
    return array
