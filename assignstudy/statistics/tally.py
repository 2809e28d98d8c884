"""Counts everything about an assignment, chunk by chunk, into arrays that no chunking can change.

Sums of overlaps are kept in units of 2**-24, as integers: they come out the same in whatever order they are added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from assignstudy.statistics import slots
from assignstudy.statistics.door import ChunkArrays, Floats, Ints, LevelArrays, LevelShape
from assignstudy.types import CellOffset

IOU_UNIT = 2.0**-24
"""Overlaps are summed as whole multiples of this, exact for float32 values of 0.5 and more, and 6e-8 fine below."""

_OFFSETS = len(CellOffset)


@dataclass(frozen=True, eq=False)
class GroundTruthCounts:
    """Per ground truth that was assigned (G rows); filled in place while counting.

    ``positives`` is (G, L), ``claims`` (G, 5) levels on which a cell offset is used, ``anchors`` fitting pairs of level
    and anchor, ``contested`` and ``owned`` slots, ``unreachable`` positives; the rule's ``critical`` number with the
    ``best_level`` and ``best_anchor`` it belongs to, and the largest prior overlap of any positive.
    """

    positives: npt.NDArray[np.int32]
    claims: npt.NDArray[np.int32]
    anchors: npt.NDArray[np.int32]
    contested: npt.NDArray[np.int32]
    owned: npt.NDArray[np.int32]
    unreachable: npt.NDArray[np.int32]
    critical: Floats
    best_level: npt.NDArray[np.int16]
    best_anchor: npt.NDArray[np.int16]
    best_prior_iou: Floats


@dataclass(frozen=True, eq=False)
class AnchorCounts:
    """Per anchor of one level (A rows); filled in place while counting. ``by_offset`` is (A, 5) positives."""

    by_offset: Ints
    ground_truths: Ints
    slots: Ints
    contested_slots: Ints
    unreachable: Ints
    prior_iou_units: Ints


@dataclass(eq=False)
class Tally:
    """All counts of one run.

    Attributes:
        ground_truths: Per ground truth.
        levels: Per level, its anchors.
        self_duplicates: Rows minus distinct (slot, ground truth) pairs.
        contested_pairs: Contested slots per pair of class ids, the lower first.
    """

    ground_truths: GroundTruthCounts
    levels: tuple[AnchorCounts, ...]
    self_duplicates: int = 0
    contested_pairs: Counter[tuple[int, int]] = field(default_factory=Counter)


def count(chunks: Iterable[ChunkArrays], levels: Sequence[LevelShape], class_id: Ints) -> Tally:
    """Count all chunks.

    Args:
        chunks: The assignment of every ground truth, in chunks of whole images.
        levels: The detection scales.
        class_id: (G,) class of every assigned ground truth.
    """
    tally = Tally(_no_ground_truth_counts(len(class_id), len(levels)), tuple(map(_no_anchor_counts, levels)))
    for chunk in chunks:
        _count_chunk(tally, chunk, class_id[chunk.rows])
    return tally


def _no_ground_truth_counts(boxes: int, levels: int) -> GroundTruthCounts:
    def counts(*shape: int) -> npt.NDArray[np.int32]:
        return np.zeros((boxes, *shape), np.int32)

    return GroundTruthCounts(
        positives=counts(levels),
        claims=counts(_OFFSETS),
        anchors=counts(),
        contested=counts(),
        owned=counts(),
        unreachable=counts(),
        critical=np.full(boxes, np.nan, np.float32),
        best_level=np.full(boxes, -1, np.int16),
        best_anchor=np.full(boxes, -1, np.int16),
        best_prior_iou=np.zeros(boxes, np.float32),
    )


def _no_anchor_counts(level: LevelShape) -> AnchorCounts:
    anchors = len(level.anchor_wh_px)
    by_offset = np.zeros((anchors, _OFFSETS), np.int64)
    return AnchorCounts(by_offset, *(np.zeros(anchors, np.int64) for _ in range(5)))


def _count_chunk(tally: Tally, chunk: ChunkArrays, class_id: Ints) -> None:
    boxes = tally.ground_truths
    boxes.critical[chunk.rows] = chunk.critical
    boxes.best_level[chunk.rows] = chunk.best_level
    boxes.best_anchor[chunk.rows] = chunk.best_anchor
    for number, (positives, anchors) in enumerate(zip(chunk.levels, tally.levels, strict=True)):
        _count_ground_truths(boxes, chunk.rows, number, positives, len(anchors.slots))
        _count_anchors(anchors, positives, len(class_id))
        claims = slots.find(positives, chunk.image_index)
        _count_slots(boxes, chunk.rows, anchors, claims)
        tally.self_duplicates += claims.self_duplicates
        tally.contested_pairs += competing_classes(claims, class_id)


def _count_ground_truths(
    boxes: GroundTruthCounts, rows: slice, level: int, positives: LevelArrays, anchors: int
) -> None:
    size = rows.stop - rows.start
    boxes.positives[rows, level] = np.bincount(positives.gt_row, minlength=size)
    boxes.unreachable[rows] += np.bincount(positives.gt_row[positives.unreachable], minlength=size).astype(np.int32)
    boxes.claims[rows] += _used(positives.gt_row, positives.cell_offset, size, _OFFSETS)
    boxes.anchors[rows] += _used(positives.gt_row, positives.anchor, size, anchors).sum(axis=1, dtype=np.int32)
    np.fmax.at(boxes.best_prior_iou[rows], positives.gt_row, positives.prior_iou)


def _count_anchors(anchors: AnchorCounts, positives: LevelArrays, boxes: int) -> None:
    size = len(anchors.slots)
    cells = np.bincount(positives.anchor * _OFFSETS + positives.cell_offset, minlength=size * _OFFSETS)
    anchors.by_offset[:] += cells.reshape(size, _OFFSETS)
    anchors.ground_truths[:] += _used(positives.gt_row, positives.anchor, boxes, size).sum(axis=0, dtype=np.int64)
    anchors.unreachable[:] += np.bincount(positives.anchor[positives.unreachable], minlength=size)
    # Points have no prior overlap; what is summed here for them is never shown.
    units = np.rint(np.nan_to_num(positives.prior_iou.astype(np.float64)) / IOU_UNIT)
    anchors.prior_iou_units[:] += np.bincount(positives.anchor, weights=units, minlength=size).astype(np.int64)


def _count_slots(boxes: GroundTruthCounts, rows: slice, anchors: AnchorCounts, claims: slots.SlotClaims) -> None:
    size, anchor_count = rows.stop - rows.start, len(anchors.slots)
    boxes.owned[rows] += np.bincount(claims.owner_gt, minlength=size).astype(np.int32)
    boxes.contested[rows] += np.bincount(claims.claim_gt, minlength=size).astype(np.int32)
    anchors.slots[:] += np.bincount(claims.owner_anchor, minlength=anchor_count)
    anchors.contested_slots[:] += np.bincount(claims.contested_anchor, minlength=anchor_count)


def _used(row: Ints, column: Ints, rows: int, columns: int) -> npt.NDArray[np.bool_]:
    """(rows, columns) bool: which pairs occur."""
    used = np.zeros(rows * columns, np.bool_)
    used[row * columns + column] = True
    return used.reshape(rows, columns)


def competing_classes(claims: slots.SlotClaims, class_id: Ints) -> Counter[tuple[int, int]]:
    """Contested slots per unordered pair of classes; a slot counts once for each pair that meets in it.

    Args:
        claims: Slots of one level.
        class_id: (G,) class of the chunk's ground truths.
    """
    classes = int(class_id.max(initial=0)) + 1
    slot, claimant = claims.claim_slot, class_id[claims.claim_gt]
    meetings = [np.empty(0, np.int64)]
    # The k-th step pairs each claim with the k-th next one on the same slot; crowded slots need as many steps.
    for step in range(1, len(slot)):
        same = slot[step:] == slot[:-step]
        if not same.any():
            break
        low, high = np.sort((claimant[:-step][same], claimant[step:][same]), axis=0)
        meetings.append((slot[step:][same] * classes + low) * classes + high)
    pairs, times = np.unique(np.unique(np.concatenate(meetings)) % classes**2, return_counts=True)
    return Counter({(int(p) // classes, int(p) % classes): int(n) for p, n in zip(pairs, times, strict=True)})
