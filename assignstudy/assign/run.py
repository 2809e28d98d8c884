"""Runs a rule over a whole data set, in chunks of whole images, and measures each positive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from assignstudy.assign.rule import FactoredRule, Rule
from assignstudy.geometry import paired_iou
from assignstudy.types import Assignment, Factors, InputBoxes, PyramidLevel, Reach

BOXES_PER_PART = 48_000
"""Ground truths whose factors are computed at once: few enough that their vectors stay near a core, many enough that
two threads, which meet at the interpreter's lock after each vector, mostly compute."""


@dataclass(frozen=True, eq=False)
class MeasuredChunk:
    """The assignment of some whole images, and what was measured of each positive.

    Attributes:
        first_row: Row of the chunk's first ground truth among all.
        boxes: The chunk's ground truths.
        assignment: What the rule decided.
        unreachable: Per level (P,) bool, positives whose target the decoder cannot output.
        prior_iou: Per level (P,) float32, IoU of the ground truth with the positive's anchor; NaN for points.
    """

    first_row: int
    boxes: InputBoxes
    assignment: Assignment
    unreachable: tuple[Tensor, ...]
    prior_iou: tuple[Tensor, ...]


def run(
    rule: Rule,
    boxes: InputBoxes,
    levels: Sequence[PyramidLevel],
    device: str = "cpu",
    boxes_per_chunk: int | None = None,
) -> Iterator[MeasuredChunk]:
    """Assign all ground truths, chunk by chunk.

    Args:
        rule: The assignment rule.
        boxes: All ground truths, in ascending order of images.
        levels: The detection scales, by increasing stride.
        device: ``cpu`` or ``cuda``, where the tensors are computed.
        boxes_per_chunk: A chunk ends with the image in which this many boxes are reached; None for the rule's choice.

    Yields:
        One measured chunk after the other; the results do not depend on where the cuts fall.
    """
    target = torch.device(device)
    here = [level.to(target) for level in levels]
    for start, stop in chunk_bounds(boxes.image_index, boxes_per_chunk or rule.boxes_per_chunk):
        chunk = boxes.rows(start, stop).to(target)
        yield _measure(start, chunk, rule, here)


@dataclass(frozen=True, eq=False)
class FactoredPart:
    """Some whole images of an assignment that is a product, computed when asked for.

    Attributes:
        first_row: Row of the first ground truth among all.
        boxes: The ground truths.
        rule: The assignment rule.
        levels: The detection scales.
    """

    first_row: int
    boxes: InputBoxes
    rule: FactoredRule
    levels: Sequence[PyramidLevel]

    def factors(self) -> Factors:
        """Assign these images."""
        return self.rule.factors(self.boxes, self.levels)


def factored_parts(
    rule: FactoredRule, boxes: InputBoxes, levels: Sequence[PyramidLevel], device: str = "cpu"
) -> Iterator[FactoredPart]:
    """Cut all ground truths into parts that stay within the processor's cache; arguments as for :func:`run`."""
    target = torch.device(device)
    here = [level.to(target) for level in levels]
    for start, stop in chunk_bounds(boxes.image_index, BOXES_PER_PART):
        yield FactoredPart(start, boxes.rows(start, stop).to(target), rule, here)


def chunk_bounds(image_index: Tensor, boxes_per_chunk: int) -> Iterator[tuple[int, int]]:
    """Half-open row ranges that never cut an image in two, each of about ``boxes_per_chunk`` rows."""
    rows = len(image_index)
    starts = torch.cat((torch.zeros(1, dtype=torch.int64), torch.nonzero(image_index.diff()).flatten() + 1))
    start = 0
    while start < rows:
        following = int(torch.searchsorted(starts, start + boxes_per_chunk))
        stop = int(starts[following]) if following < len(starts) else rows
        yield start, stop
        start = stop


def _measure(first_row: int, boxes: InputBoxes, rule: Rule, levels: Sequence[PyramidLevel]) -> MeasuredChunk:
    assignment, reach = rule.assign(boxes, levels), rule.facts.reach
    unreachable, prior_iou = [], []
    for level, positives in zip(levels, assignment.levels, strict=True):
        offset = rule.target_offset(boxes, level, positives)
        wh_cell = rule.boxes_in_cells(boxes, level)[positives.gt_row, 2:]
        anchor_wh = (level.anchor_wh_px / level.stride)[positives.anchor]
        unreachable.append(_out_of_reach(offset, wh_cell / anchor_wh, reach))
        centre = torch.full_like(offset, rule.anchor_centre)
        prior_iou.append(paired_iou(torch.cat((offset, wh_cell), dim=1), torch.cat((centre, anchor_wh), dim=1)))
    return MeasuredChunk(first_row, boxes, assignment, tuple(unreachable), tuple(prior_iou))


def _out_of_reach(offset: Tensor, size_ratio: Tensor, reach: Reach | None) -> Tensor:
    """(P,) bool: centre on or beyond an open bound of the decoder, or a side of ``max_ratio`` anchors or more."""
    if reach is None:
        return torch.zeros(len(offset), dtype=torch.bool, device=offset.device)
    outside = (offset <= reach.offset_low) | (offset >= reach.offset_high) | (size_ratio >= reach.max_ratio)
    return outside.any(dim=1)
