"""Who owns which slot: distinct, contested and doubly claimed slots of one level in one chunk of whole images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from assignstudy.statistics.door import Bools, Ints

_ID_BITS = 63
_SPARSE = 4  # buckets per row
_MULTIPLIERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)  # odd, bits well mixed


class Rows(Protocol):
    """Positives of one level."""

    @property
    def gt_row(self) -> Ints:
        """(P,) row of the ground truth in its chunk."""

    @property
    def anchor(self) -> Ints:
        """(P,) anchor."""

    @property
    def grid_y(self) -> Ints:
        """(P,) row of the cell."""

    @property
    def grid_x(self) -> Ints:
        """(P,) column of the cell."""


@dataclass(frozen=True, eq=False)
class SlotClaims:
    """How the positives of one level share its slots.

    Attributes:
        lost: (R,) rows that do not own their slot, ascending: of the rows of one slot the last one does.
        contested_anchor: (C,) anchor of each slot that two or more different ground truths claim.
        claims: (C,) and how many claim it.
        claim_gt: (K,) whose claims these are, slot by slot.
        self_duplicates: Rows minus distinct (slot, ground truth) pairs.
    """

    lost: Ints
    contested_anchor: Ints
    claims: Ints
    claim_gt: Ints
    self_duplicates: int


def find(positives: Rows, image_index: Ints) -> SlotClaims:
    """Tell who claims which slot.

    Args:
        positives: Rows of one level; those of one slot in their published order.
        image_index: (G,) image of each ground truth of the chunk, ascending.

    Raises:
        OverflowError: If the slots of the chunk cannot be numbered in 64 bits; use smaller chunks.
    """
    owner, gt_row = _owners(_slot_ids(positives, image_index)), positives.gt_row
    lost = np.flatnonzero(owner != np.arange(len(owner)))
    contested, first, rivals = _rivals(owner.take(lost), gt_row.take(lost), gt_row)
    return SlotClaims(
        lost=lost,
        contested_anchor=positives.anchor.take(contested),
        claims=np.diff(first, append=len(rivals)) + 1,
        claim_gt=np.insert(rivals, first, gt_row.take(contested)),  # the owner stands before its rivals
        self_duplicates=len(lost) - len(rivals),
    )


def _slot_ids(positives: Rows, image_index: Ints) -> Ints:
    """(P,) one number per distinct slot."""
    rows = len(positives.gt_row)
    if not rows:
        return np.empty(0, np.int64)
    parts = (positives.anchor, positives.grid_y, positives.grid_x)
    sizes = [int(part.max()) + 1 for part in parts]
    slot: Ints = image_index[positives.gt_row] - image_index[0]
    images = int(slot.max()) + 1
    if (images * sizes[0] * sizes[1] * sizes[2]).bit_length() > _ID_BITS:
        raise OverflowError(f"{rows} positives on {images} images: slots exceed 64 bits; use smaller chunks")
    for part, size in zip(parts, sizes, strict=True):
        slot = slot * size + part
    return slot


def _owners(slot: Ints) -> Ints:
    """(P,) for each row the last row on its slot.

    Rows that find another slot in the table, which only shares the hash, try again with another table: several times
    faster than sorting.
    """
    owner = _last_in_bucket(slot, 0)
    rest, turn = np.flatnonzero(slot.take(owner) != slot), 1
    while len(rest):
        slots = slot.take(rest)
        found = _last_in_bucket(slots, turn)
        owner[rest] = rest.take(found)
        rest, turn = rest[slots.take(found) != slots], turn + 1
    return owner


def _last_in_bucket(slot: Ints, turn: int) -> Ints:
    """(P,) for each row the last row in the bucket that a hash of its slot names; the hash is another at each turn."""
    bits = (_SPARSE * len(slot)).bit_length()
    multiplier = _MULTIPLIERS[turn % len(_MULTIPLIERS)]
    bucket = ((slot.view(np.uint64) * multiplier) >> np.uint64(64 - bits)).view(np.int64)
    number = np.arange(len(slot), dtype=np.min_scalar_type(len(slot)))
    last = np.empty(1 << bits, number.dtype)
    last[bucket] = number  # all rows write their number, and the last one stays
    found: Ints = last.take(bucket).astype(np.int64)
    return found


def _rivals(owner: Ints, rival: Ints, gt_row: Ints) -> tuple[Ints, Ints, Ints]:
    """Owners of contested slots, the position of the first rival of each, and the rivals, each once per slot."""
    gt_bits = int(rival.max(initial=0)).bit_length()
    pair = np.sort((owner << gt_bits) | rival)
    pair = pair[_are_new(pair)]
    owner, rival = pair >> gt_bits, pair & ((1 << gt_bits) - 1)
    is_other = rival != gt_row.take(owner)
    owner, rival = owner[is_other], rival[is_other]
    first = np.flatnonzero(_are_new(owner))
    return owner.take(first), first, rival


def _are_new(ascending: Ints) -> Bools:
    """Which values differ from the one before."""
    return np.append(True, ascending[1:] != ascending[:-1])[: len(ascending)]
