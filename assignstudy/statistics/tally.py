"""Counts everything about an assignment, chunk by chunk, into arrays that no chunking can change.

Sums of overlaps are kept in units of 2**-24, as integers: they come out the same in whatever order they are added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from assignstudy.losses.start import LossAtStart, StartSums
from assignstudy.statistics import factored, factored_loss, slots
from assignstudy.statistics.door import (
    Bools,
    ChunkArrays,
    FactorArrays,
    FactoredChunk,
    Floats,
    Ints,
    LevelArrays,
    LevelShape,
)
from assignstudy.statistics.factored import IOU_UNIT
from assignstudy.statistics.factored_loss import StartLosses
from assignstudy.types import CellOffset, RuleFacts

_OFFSETS = len(CellOffset)

MOST_PAIRS = 100_000
"""Pairs of classes that are kept, those that meet most often; all pairs of 446 classes."""

MOST_CLASSES_ON_A_SLOT = 16
"""On one slot each class meets as many of the next ones by id, less one. No real label comes near it, but a stranger's
file may put a hundred thousand classes on one slot, and its pairs would be billions."""


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
        contested_pairs: Contested slots per pair of class ids, the lower first; see :data:`MOST_PAIRS`.
    """

    ground_truths: GroundTruthCounts
    levels: tuple[AnchorCounts, ...]
    self_duplicates: int = 0
    contested_pairs: Counter[tuple[int, int]] = field(default_factory=Counter)


@dataclass(eq=False)
class _Sums:
    """What is added up over chunks: all that is not per ground truth.

    ``pairs`` holds pairs as :func:`competing_classes` says, and how often each occurs.
    """

    levels: tuple[AnchorCounts, ...]
    self_duplicates: int = 0
    pairs: list[tuple[Ints, Ints]] = field(default_factory=list)
    start: list[tuple[int, StartSums]] = field(default_factory=list)

    def add(self, other: _Sums) -> None:
        for whole, added in zip(self.levels, other.levels, strict=True):
            for name, counts in vars(whole).items():
                np.add(counts, getattr(added, name), out=counts)
        self.self_duplicates += other.self_duplicates
        self.pairs += other.pairs

    def tally(self, boxes: GroundTruthCounts, classes: int) -> Tally:
        return Tally(boxes, self.levels, self.self_duplicates, _most_often(self.pairs, classes))


def count(chunks: Iterable[ChunkArrays], levels: Sequence[LevelShape], class_id: Ints) -> Tally:
    """Count all chunks.

    Args:
        chunks: The assignment of every ground truth, in chunks of whole images.
        levels: The detection scales.
        class_id: (G,) class of every assigned ground truth.
    """
    boxes, sums = _no_ground_truth_counts(len(class_id), len(levels)), _Sums(tuple(map(_no_anchor_counts, levels)))
    classes = int(class_id.max(initial=0)) + 1
    for chunk in chunks:
        _count_chunk(boxes, sums, chunk, class_id[chunk.rows], classes)
    return sums.tally(boxes, classes)


def count_factors(
    chunks: Iterable[Callable[[], FactoredChunk]],
    levels: Sequence[LevelShape],
    class_id: Ints,
    rule: RuleFacts,
    anchor_centre: float,
    pool: Executor,
    start: LossAtStart | None = None,
) -> Tally:
    """Count all chunks of an assignment that is a product; equals :func:`count` of its rows.

    Args:
        chunks: Compute the assignment of every ground truth, in chunks of whole images.
        levels: The detection scales.
        class_id: (G,) class of every assigned ground truth.
        rule: What may be asked of the rule.
        anchor_centre: Where in its cell an anchor is centred, on both axes.
        pool: Counts several chunks at once; the counts do not depend on how many.
        start: Given the sums of the loss at the start; None leaves them out.
    """
    boxes, sums = _no_ground_truth_counts(len(class_id), len(levels)), _Sums(tuple(map(_no_anchor_counts, levels)))
    classes = int(class_id.max(initial=0)) + 1

    def counted(compute: Callable[[], FactoredChunk]) -> _Sums:
        with np.errstate(all="ignore"):  # sides beyond float32 become infinite in silence, as they do in torch
            return _count_factored_chunk(boxes, compute(), levels, class_id, classes, rule, anchor_centre, start)

    for part in pool.map(counted, chunks):
        sums.add(part)
        if start is not None:
            for number, added in part.start:
                start.add_sums(number, added)
    return sums.tally(boxes, classes)


def _no_ground_truth_counts(boxes: int, levels: int) -> GroundTruthCounts:
    def counts(*shape: int) -> npt.NDArray[np.int32]:
        return np.zeros((*shape, boxes), np.int32).T  # a count of all ground truths lies in one piece

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


def _count_chunk(boxes: GroundTruthCounts, sums: _Sums, chunk: ChunkArrays, class_id: Ints, classes: int) -> None:
    boxes.critical[chunk.rows] = chunk.critical
    boxes.best_level[chunk.rows] = chunk.best_level
    boxes.best_anchor[chunk.rows] = chunk.best_anchor
    for number, (positives, anchors) in enumerate(zip(chunk.levels, sums.levels, strict=True)):
        _count_ground_truths(boxes, chunk.rows, number, positives, len(anchors.slots))
        _count_anchors(anchors, positives, len(class_id))
        claims = slots.find(positives, chunk.image_index)
        _count_slots(boxes, chunk.rows, anchors, positives, claims)
        sums.self_duplicates += claims.self_duplicates
        sums.pairs.append(np.unique(competing_classes(claims, class_id, classes), return_counts=True))


def _count_factored_chunk(
    boxes: GroundTruthCounts,
    chunk: FactoredChunk,
    levels: Sequence[LevelShape],
    class_id: Ints,
    classes: int,
    rule: RuleFacts,
    anchor_centre: float,
    start: LossAtStart | None,
) -> _Sums:
    """Enter a chunk's ground truths, whose rows no other chunk touches; the rest is for the caller to add."""
    boxes.critical[chunk.rows] = chunk.critical
    boxes.best_level[chunk.rows] = chunk.best_level
    boxes.best_anchor[chunk.rows] = chunk.best_anchor
    sums = _Sums(tuple(map(_no_anchor_counts, levels)))
    angles = factored_loss.angles(chunk.levels)
    for number, (level, shape) in enumerate(zip(chunk.levels, levels, strict=True)):
        anchors, claims = sums.levels[number], factored.Claims.of(level)
        _count_products(boxes, chunk.rows, number, level, anchors)
        _count_unreachable(boxes, chunk.rows, level, claims, shape, rule, anchors)
        crowd = factored.crowded_rows(level, claims, chunk.image_index)
        taken = slots.find(crowd, chunk.image_index)
        _count_slots(boxes, chunk.rows, anchors, crowd, taken)
        overlaps = factored.PriorOverlaps(claims, len(level.fits))
        losses = None if start is None else StartLosses(claims, next(angles), shape, anchor_centre)
        for anchor, meeting in enumerate(factored.meetings(level, claims, shape, anchor_centre)):
            overlaps.add(anchor, meeting)
            if losses is not None:
                losses.add(anchor, meeting)
        best = boxes.best_prior_iou[chunk.rows]
        np.fmax(best, claims.highest(overlaps.highest, len(best)) * np.float32(IOU_UNIT), out=best)
        anchors.prior_iou_units[:] = overlaps.units
        if losses is not None and start is not None:
            rows, lost = boxes.positives[chunk.rows, number], (crowd.claim[taken.lost], crowd.anchor[taken.lost])
            sums.start.append((number, losses.sums(rows, lost, start.groups(chunk.rows), start.group_count)))
        sums.self_duplicates += taken.self_duplicates
        pairs = competing_classes(taken, class_id[chunk.rows], classes)
        sums.pairs.append(np.unique(pairs, return_counts=True))
    return sums


def _count_products(
    boxes: GroundTruthCounts, rows: slice, number: int, level: FactorArrays, anchors: AnchorCounts
) -> None:
    fitting, claimed = marks(level.fits), marks(level.claims)
    is_matched = fitting > 0
    boxes.positives[rows, number] = fitting * claimed
    boxes.owned[rows] += fitting * claimed
    boxes.anchors[rows] += fitting
    for offset, claims in enumerate(level.claims):
        boxes.claims[rows, offset] += claims & is_matched
    anchors.ground_truths[:] = np.count_nonzero(level.fits, axis=1)
    for anchor, fits in enumerate(level.fits):
        anchors.by_offset[anchor] = [np.count_nonzero(fits & claims) for claims in level.claims]
    anchors.slots[:] = anchors.by_offset.sum(axis=1)


def marks(mask: Bools) -> npt.NDArray[np.int32]:
    """(G,) how many rows of a (n, G) mask are set; added up in bytes where they suffice."""
    counts: npt.NDArray[np.int32] = (
        mask.view(np.uint8).sum(axis=0, dtype=np.min_scalar_type(len(mask))).astype(np.int32)
    )
    return counts


def _count_unreachable(
    boxes: GroundTruthCounts,
    rows: slice,
    level: FactorArrays,
    claims: factored.Claims,
    shape: LevelShape,
    rule: RuleFacts,
    anchors: AnchorCounts,
) -> None:
    if rule.reach is None:
        return
    x, y = ((offset <= rule.reach.offset_low) | (offset >= rule.reach.offset_high) for offset in claims.offset)
    off_centre, too_large = x | y, _too_large(level, shape, rule)
    if not (off_centre.any() or too_large.any()):
        return
    for anchor, (fits, large) in enumerate(zip(level.fits, too_large, strict=True)):
        far = claims.gt_row[(off_centre | large.take(claims.gt_row)) & fits.take(claims.gt_row)]
        boxes.unreachable[rows] += np.bincount(far, minlength=rows.stop - rows.start).astype(np.int32)
        anchors.unreachable[anchor] = len(far)


def _too_large(level: FactorArrays, shape: LevelShape, rule: RuleFacts) -> Bools:
    """(A, G) fitting pairs whose ground truth is larger than the decoder can make the anchor."""
    limit = rule.threshold
    if rule.reach is None or (limit and limit.critical == "critical_anchor_t" and limit.value <= rule.reach.max_ratio):
        return np.zeros_like(level.fits)  # what fits is within reach
    anchor_wh = shape.anchor_wh_px / np.float32(shape.stride)
    ratio = np.maximum(*(level.cxcywh_cell[2 + axis] / anchor_wh[:, axis, None] for axis in (0, 1)))
    too_large: Bools = level.fits & (ratio >= rule.reach.max_ratio)
    return too_large


def _count_ground_truths(
    boxes: GroundTruthCounts, rows: slice, level: int, positives: LevelArrays, anchors: int
) -> None:
    size = rows.stop - rows.start
    boxes.positives[rows, level] = np.bincount(positives.gt_row, minlength=size)
    boxes.owned[rows] += boxes.positives[rows, level]
    boxes.unreachable[rows] += np.bincount(positives.gt_row[positives.unreachable], minlength=size).astype(np.int32)
    boxes.claims[rows] += _used(positives.gt_row, positives.cell_offset, size, _OFFSETS)
    boxes.anchors[rows] += _used(positives.gt_row, positives.anchor, size, anchors).sum(axis=1, dtype=np.int32)
    np.fmax.at(boxes.best_prior_iou[rows], positives.gt_row, positives.prior_iou)


def _count_anchors(anchors: AnchorCounts, positives: LevelArrays, boxes: int) -> None:
    size = len(anchors.slots)
    cells = np.bincount(positives.anchor * _OFFSETS + positives.cell_offset, minlength=size * _OFFSETS)
    anchors.by_offset[:] += cells.reshape(size, _OFFSETS)
    anchors.slots[:] += cells.reshape(size, _OFFSETS).sum(axis=1)
    anchors.ground_truths[:] += _used(positives.gt_row, positives.anchor, boxes, size).sum(axis=0, dtype=np.int64)
    anchors.unreachable[:] += np.bincount(positives.anchor[positives.unreachable], minlength=size)
    # Points have no prior overlap; what is summed here for them is never shown.
    units = np.rint(np.nan_to_num(positives.prior_iou.astype(np.float64)) / IOU_UNIT)
    anchors.prior_iou_units[:] += np.bincount(positives.anchor, weights=units, minlength=size).astype(np.int64)


def _count_slots(
    boxes: GroundTruthCounts, rows: slice, anchors: AnchorCounts, positives: slots.Rows, claims: slots.SlotClaims
) -> None:
    """Take back the slots that are not owned, after one was counted for each positive, and count the contested ones."""
    size, anchor_count = rows.stop - rows.start, len(anchors.slots)
    boxes.owned[rows] -= np.bincount(positives.gt_row.take(claims.lost), minlength=size).astype(np.int32)
    boxes.contested[rows] += np.bincount(claims.claim_gt, minlength=size).astype(np.int32)
    anchors.slots[:] -= np.bincount(positives.anchor.take(claims.lost), minlength=anchor_count)
    anchors.contested_slots[:] += np.bincount(claims.contested_anchor, minlength=anchor_count)


def _used(row: Ints, column: Ints, rows: int, columns: int) -> npt.NDArray[np.bool_]:
    """(rows, columns) bool: which pairs occur."""
    used = np.zeros(rows * columns, np.bool_)
    used[row * columns + column] = True
    return used.reshape(rows, columns)


def competing_classes(claims: slots.SlotClaims, class_id: Ints, classes: int) -> Ints:
    """Which classes meet in contested slots, as ``low * classes + high``, once per slot for each pair that meets in it.

    Args:
        claims: Slots of one level.
        class_id: (G,) class of the chunk's ground truths.
        classes: A number above all of them.
    """
    claimant = class_id.take(claims.claim_gt)
    first = np.cumsum(claims.claims) - claims.claims
    lone = first[claims.claims == 2]
    is_crowd = claims.claims > 2
    slot = np.repeat(np.flatnonzero(is_crowd), claims.claims[is_crowd])
    many = _meetings(slot, claimant[np.repeat(is_crowd, claims.claims)], classes)
    return np.concatenate((_pair(claimant.take(lone), claimant.take(lone + 1), classes), many))


def _meetings(slot: Ints, claimant: Ints, classes: int) -> Ints:
    """The pairs of classes on slots with any number of claims, each pair once per slot."""
    claims, times = np.unique(slot * classes + claimant, return_counts=True)
    slot, claimant = np.divmod(claims, classes)
    met = [_pair(claimant[times > 1], claimant[times > 1], classes)]
    # The k-th step pairs each class with the k-th next one on the same slot.
    for step in range(1, min(MOST_CLASSES_ON_A_SLOT, len(slot))):
        same = np.flatnonzero(slot[step:] == slot[:-step])
        if not len(same):
            break
        met.append(_pair(claimant[same], claimant[same + step], classes))
    return np.concatenate(met)


def _pair(one: Ints, other: Ints, classes: int) -> Ints:
    return np.minimum(one, other) * classes + np.maximum(one, other)


def _most_often(pairs: Sequence[tuple[Ints, Ints]], classes: int) -> Counter[tuple[int, int]]:
    """The pairs of classes that occur most often, from parts in which each occurs so many times."""
    codes, part = np.unique(np.concatenate([np.empty(0, np.int64), *(code for code, _ in pairs)]), return_inverse=True)
    times = np.zeros(len(codes), np.int64)
    np.add.at(times, part, np.concatenate([np.empty(0, np.int64), *(number for _, number in pairs)]))
    most = np.argsort(-times, kind="stable")[:MOST_PAIRS]
    found = zip(codes[most].tolist(), times[most].tolist(), strict=True)
    return Counter({divmod(code, classes): number for code, number in found})
