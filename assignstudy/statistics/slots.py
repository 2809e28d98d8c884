"""Who owns which slot: distinct, contested and doubly claimed slots of one level in one chunk of whole images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assignstudy.statistics.door import Ints, LevelArrays

_KEY_BITS = 63


@dataclass(frozen=True, eq=False)
class SlotClaims:
    """How the positives of one level share its slots.

    Attributes:
        owner_gt: (S,) per distinct slot, the ground truth that owns it: the last row wins.
        owner_anchor: (S,) its anchor.
        contested_anchor: (C,) anchor of each slot that two or more different ground truths claim.
        claim_slot: (K,) for every distinct claim on a contested slot, which of the C it is on; ascending.
        claim_gt: (K,) and whose claim it is; ascending within a slot.
        self_duplicates: Rows minus distinct (slot, ground truth) pairs.
    """

    owner_gt: Ints
    owner_anchor: Ints
    contested_anchor: Ints
    claim_slot: Ints
    claim_gt: Ints
    self_duplicates: int


def find(positives: LevelArrays, image_index: Ints) -> SlotClaims:
    """Sort the positives by slot and look at neighbours.

    Args:
        positives: The rows of one level in their published order.
        image_index: (G,) image of each ground truth of the chunk, ascending.

    Raises:
        OverflowError: If a slot and a row do not fit into one 64-bit key together; use smaller chunks.
    """
    order, slot = _sorted_by_slot(positives, image_index)
    is_last = np.append(slot[1:] != slot[:-1], True)[: len(slot)]
    owner = order[is_last]
    is_shared = ~(is_last & np.append(True, is_last[:-1])[: len(slot)])
    claims, shared_slot, repeats = _distinct_claims(slot[is_shared], positives.gt_row[order[is_shared]])
    return SlotClaims(
        owner_gt=positives.gt_row[owner],
        owner_anchor=positives.anchor[owner],
        contested_anchor=_anchor_of(shared_slot, order, slot, positives),
        claim_slot=claims[0],
        claim_gt=claims[1],
        self_duplicates=repeats,
    )


def _sorted_by_slot(positives: LevelArrays, image_index: Ints) -> tuple[Ints, Ints]:
    """Rows ordered by slot and, within a slot, as published; and the slot id of each of them."""
    rows = len(positives.gt_row)
    if not rows:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    sizes = [int(part.max()) + 1 for part in (positives.anchor, positives.grid_y, positives.grid_x)]
    slot = image_index[positives.gt_row] - image_index[0]
    images = int(slot.max()) + 1
    for part, size in zip((positives.anchor, positives.grid_y, positives.grid_x), sizes, strict=True):
        slot = slot * size + part
    row_bits = rows.bit_length()
    if (images * sizes[0] * sizes[1] * sizes[2]).bit_length() + row_bits > _KEY_BITS:
        raise OverflowError(f"{rows} positives on {images} images: slot and row exceed 64 bits; use smaller chunks")
    # One integer sort of (slot, row) is several times faster than a stable argsort of the slots.
    key = np.sort((slot << row_bits) | np.arange(rows))
    return key & ((1 << row_bits) - 1), key >> row_bits


def _distinct_claims(slot: Ints, gt_row: Ints) -> tuple[tuple[Ints, Ints], Ints, int]:
    """Distinct claims on contested slots (as slot number and ground truth), those slots' ids, and the repeated rows."""
    order = np.lexsort((gt_row, slot))
    slot, gt_row = slot[order], gt_row[order]
    is_new = np.ones(len(slot), bool)
    is_new[1:] = (slot[1:] != slot[:-1]) | (gt_row[1:] != gt_row[:-1])
    repeats = len(slot) - int(is_new.sum())
    slot, gt_row = slot[is_new], gt_row[is_new]
    slot_ids, number, claims = np.unique(slot, return_inverse=True, return_counts=True)
    contested = claims > 1
    kept = contested[number]
    return ((np.cumsum(contested) - 1)[number[kept]], gt_row[kept]), slot_ids[contested], repeats


def _anchor_of(slot_ids: Ints, order: Ints, slot: Ints, positives: LevelArrays) -> Ints:
    return positives.anchor[order[np.searchsorted(slot, slot_ids)]]
