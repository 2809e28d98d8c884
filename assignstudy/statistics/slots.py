"""Who owns which slot: distinct, contested and doubly claimed slots of one level in one chunk of whole images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from assignstudy.statistics.door import Ints

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
        owner_gt: (S,) per distinct slot, the ground truth that owns it: the last row wins.
        owner_anchor: (S,) its anchor.
        contested_anchor: (C,) anchor of each slot that two or more different ground truths claim.
        claim_slot: (K,) for every distinct claim on a contested slot, which of the C it is on; ascending.
        claim_gt: (K,) and whose claim it is.
        self_duplicates: Rows minus distinct (slot, ground truth) pairs.
        lost: (R,) rows that do not own their slot.
    """

    owner_gt: Ints
    owner_anchor: Ints
    contested_anchor: Ints
    claim_slot: Ints
    claim_gt: Ints
    self_duplicates: int
    lost: Ints


def find(positives: Rows, image_index: Ints) -> SlotClaims:
    """Tell who claims which slot.

    Args:
        positives: Rows of one level; those of one slot in their published order.
        image_index: (G,) image of each ground truth of the chunk, ascending.

    Raises:
        OverflowError: If the slots of the chunk cannot be numbered in 64 bits; use smaller chunks.
    """
    owner = _owners(_slot_ids(positives, image_index))
    loses = owner != np.arange(len(owner))
    gt_row, kept = positives.gt_row, np.flatnonzero(~loses)
    contested, number, others = _rivals(owner[loses], gt_row[loses], gt_row)
    # A slot's rivals stand together, so that its owner only has to be put before the first of them.
    place = np.searchsorted(number, np.arange(len(contested)))
    return SlotClaims(
        owner_gt=gt_row[kept],
        owner_anchor=positives.anchor[kept],
        contested_anchor=positives.anchor[contested],
        claim_slot=np.insert(number, place, np.arange(len(contested))),
        claim_gt=np.insert(others, place, gt_row[contested]),
        self_duplicates=len(owner) - len(kept) - len(others),
        lost=np.flatnonzero(loses),
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

    All rows write their number into a table at a hash of their slot; the last one stays. Where it is of another slot,
    which only shares the hash, the rows try again with another table: several times faster than sorting.
    """
    owner = np.empty(len(slot), np.int64)
    rest, turn = np.arange(len(slot)), 0
    while len(rest):
        bits = (_SPARSE * len(rest)).bit_length()
        bucket = ((slot[rest].view(np.uint64) * _MULTIPLIERS[turn % len(_MULTIPLIERS)]) >> np.uint64(64 - bits)).view(
            np.int64
        )
        last = np.empty(1 << bits, np.int64)
        last[bucket] = rest
        found = last[bucket]
        agrees = slot[found] == slot[rest]
        owner[rest[agrees]] = found[agrees]
        rest, turn = rest[~agrees], turn + 1
    return owner


def _rivals(owner: Ints, rival: Ints, gt_row: Ints) -> tuple[Ints, Ints, Ints]:
    """Owners of contested slots; and of each rival, once per slot, the position of that owner and the ground truth."""
    gt_bits = int(rival.max(initial=0)).bit_length()
    pair = np.sort((owner << gt_bits) | rival)
    pair = pair[np.append(True, pair[1:] != pair[:-1])[: len(pair)]]
    owner, rival = pair >> gt_bits, pair & ((1 << gt_bits) - 1)
    is_other = rival != gt_row[owner]
    owner, rival = owner[is_other], rival[is_other]
    is_first = np.append(True, owner[1:] != owner[:-1])[: len(owner)]
    return owner[is_first], np.cumsum(is_first) - 1, rival
