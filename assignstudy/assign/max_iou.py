r"""Faster R-CNN's and RetinaNet's rule: anchors by their largest IoU, and every ground truth's own best anchors.

Anchors. At every cell :math:`(i, j)` of stride :math:`s`, centred at :math:`(i s, j s)` (not half a cell further), with
sizes :math:`z` and ratios :math:`r = h/w \in \{0.5, 1, 2\}`: :math:`w = z / \sqrt r`, :math:`h = w r`. ``retinanet``:
strides 8 to 128, :math:`z = 4 s \cdot 2^{k/3}` with :math:`k = 0, 1, 2`. ``faster_rcnn`` (its region proposals):
strides 4 to 64, :math:`z = 8 s`. Anchors may reach over the border. Grids are rounded up.

Assignment. With :math:`q` an anchor's largest IoU over the ground truths of its image, it is a positive of the ground
truth that :math:`q` belongs to iff :math:`q \ge t` with ``iou_t`` :math:`t` (``retinanet`` 0.5, ``faster_rcnn`` 0.7).
Equality is positive; of equal IoU the lowest ground truth wins. Below, anchors are negative or, from 0.4 or 0.3 on,
ignored by the loss: neither gives positives. Then the low-quality rule makes all anchors positive whose IoU with a
ground truth equals, as float32, that ground truth's largest IoU with any anchor:

* ``detectron2``: even where that is 0; but an anchor so made positive still belongs to its own best ground truth, so
  that a ground truth whose best anchors all overlap others more stays unmatched;
* ``mmdet``: only from ``min_pos_iou`` on, with equality (``retinanet`` 0, ``faster_rcnn`` 0.3); the anchor goes to the
  ground truth that forced it, whatever it had, and the last ground truth wins.

The variants also number a cell's anchors differently, which decides ties: sizes outside and ratios inside
(``detectron2``) or the other way round (``mmdet``).

What differs from the YOLO rules: position counts, not only shape; each anchor belongs to one ground truth at most.

Source: Faster R-CNN (2015) and RetinaNet (2017) as Detectron2 and MMDetection assign them. Rows come by image, row,
column and anchor.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, final

import torch
from torch import Tensor

from assignstudy.assign.anchor_search import Overlaps, search
from assignstudy.assign.dense import (
    Claims,
    DenseRule,
    anchor_xyxy_px,
    cells_between,
    corner_iou,
    join,
    one_per_slot,
    slot_in_image,
    spread,
)
from assignstudy.assign.levels import levels_of
from assignstudy.assign.rule import as_float32
from assignstudy.errors import ConfigError
from assignstudy.types import (
    Assignment,
    InputBoxes,
    LevelPositives,
    Miss,
    PyramidLevel,
    RuleFacts,
    Shortfall,
    Threshold,
)

Variant = Literal["detectron2", "mmdet"]
Preset = Literal["retinanet", "faster_rcnn"]

RATIOS = (0.5, 1.0, 2.0)
PAIRS_AT_ONCE = 1 << 20
"""Anchors × ground truths that are compared at once where an anchor needs all boxes of its image."""
_NO_SLOT = 1 << 62


@dataclass(frozen=True, slots=True)
class _Published:
    """What a detector chose: strides, anchor sizes over the stride, its threshold and MMDetection's ``min_pos_iou``."""

    title: str
    strides: tuple[int, ...]
    sizes: tuple[float, ...]
    iou_t: float
    min_pos_iou: float


_PRESETS = {
    "retinanet": _Published("RetinaNet", (8, 16, 32, 64, 128), tuple(4 * 2 ** (k / 3) for k in range(3)), 0.5, 0.0),
    "faster_rcnn": _Published("Faster R-CNN", (4, 8, 16, 32, 64), (8.0,), 0.7, 0.3),
}
_VARIANTS = {"detectron2": "Detectron2", "mmdet": "MMDetection"}


@final
class MaxIou(DenseRule):
    """Assignment by largest IoU; the module's docstring states it.

    Args:
        variant: Whose low-quality rule: ``detectron2`` or ``mmdet``.
        preset: Whose anchors and thresholds: ``retinanet`` or ``faster_rcnn``.
        iou_t: IoU from which on an anchor is positive, above 0 and up to 1; None for the preset's.

    Raises:
        ConfigError: If one of them cannot be used.
    """

    threshold_name = "iou_t"

    def __init__(
        self, variant: Variant = "detectron2", preset: Preset = "retinanet", iou_t: float | None = None
    ) -> None:
        """Check the choices and keep the threshold as float32."""
        _check_choice("variant", variant, _VARIANTS)
        _check_choice("preset", preset, _PRESETS)
        self._variant, self._preset = variant, _PRESETS[preset]
        self.published_threshold = self._preset.iou_t
        self.iou_t = as_float32(self._preset.iou_t if iou_t is None else iou_t)
        if not 0 < self.iou_t <= 1:
            raise ConfigError(f"iou_t: expected a number above 0 and up to 1, got {iou_t}")
        # A low threshold lets more anchors through, so fewer boxes at once keep the memory where it is.
        self.boxes_per_chunk = max(1, int(DenseRule.boxes_per_chunk * min(1.0, 2 * self.iou_t) ** 2))

    @property
    def facts(self) -> RuleFacts:
        """Threshold and slots; every ground truth may be matched without reaching the threshold."""
        return RuleFacts(
            name="max_iou",
            title=f"Max IoU ({self._preset.title})",
            source=f"{self._preset.title} as in {_VARIANTS[self._variant]}",
            threshold=Threshold("iou_t", self.iou_t, "best_iou", matches_below=False, decides_match=False),
            reach=None,
            neighbour_cells=False,
            own_anchors=True,
            shares_slots=False,
        )

    def published_levels(self) -> tuple[PyramidLevel, ...]:
        """The preset's anchors in the order of the variant."""
        return levels_of({stride: self._shapes(stride) for stride in self._preset.strides})

    def _shapes(self, stride: int) -> list[tuple[float, float]]:
        sizes = [stride * size for size in self._preset.sizes]
        pairs = [(size, ratio) for size in sizes for ratio in RATIOS]
        if self._variant == "mmdet":
            pairs = [(size, ratio) for ratio in RATIOS for size in sizes]
        return [(size / math.sqrt(ratio), size / math.sqrt(ratio) * ratio) for size, ratio in pairs]

    def assign(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Assignment:
        """Assign whole images; the critical number is the largest overlap with any anchor."""
        found, best_iou = search(boxes, levels, enough=self.iou_t)
        resolve = self._by_own_argmax if self._variant == "detectron2" else self._by_last_forcing
        positives = tuple(
            resolve(boxes, level, overlaps, best_iou) for level, overlaps in zip(levels, found, strict=True)
        )
        return Assignment(positives, best_iou, *_best_slots(boxes, levels, found, best_iou))

    def shortfall(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Shortfall:
        """Whether its best anchors overlap it at all, and enough to be forced; else others take all that suit it."""
        found, best_iou = search(boxes, levels, enough=self.iou_t)
        gt_row = torch.cat([overlaps.claims.gt_row for overlaps in found])
        iou = torch.cat([overlaps.iou for overlaps in found])
        suits = iou >= best_iou.clamp(max=self.iou_t)[gt_row]
        least = 0.0 if self._variant == "detectron2" else as_float32(self._preset.min_pos_iou)
        miss = torch.where(best_iou < min(least, self.iou_t), int(Miss.LITTLE_OVERLAP), int(Miss.TAKEN))
        miss = torch.where(best_iou == 0, int(Miss.NO_OVERLAP), miss)
        needed = torch.full_like(best_iou, min(least, self.iou_t))
        return Shortfall(miss, gt_row[suits].bincount(minlength=len(boxes)), best_iou, needed)

    def _by_own_argmax(
        self, boxes: InputBoxes, level: PyramidLevel, overlaps: Overlaps, best_iou: Tensor
    ) -> LevelPositives:
        """Detectron2: a forced anchor is positive for whichever ground truth of its image it overlaps most."""
        # From iou_t on, the best anchors of a ground truth are positive anyway.
        forced = _forced(boxes, level, overlaps, best_iou, best_iou < self.iou_t)
        positive = overlaps.take(overlaps.iou >= self.iou_t)
        owned = _with_owner(boxes, level, forced)
        return one_per_slot(
            boxes, level, join((positive.claims, owned.claims)), worth=torch.cat((positive.iou, owned.iou))
        )

    def _by_last_forcing(
        self, boxes: InputBoxes, level: PyramidLevel, overlaps: Overlaps, best_iou: Tensor
    ) -> LevelPositives:
        """MMDetection: a forced anchor goes to the last ground truth that forced it, above all others."""
        forced = _forced(boxes, level, overlaps, best_iou, best_iou >= as_float32(self._preset.min_pos_iou))
        positive = overlaps.take(overlaps.iou >= self.iou_t)
        worth = torch.cat((positive.iou.double(), forced.gt_row + 2.0))
        return one_per_slot(boxes, level, join((positive.claims, forced)), worth)


def _forced(boxes: InputBoxes, level: PyramidLevel, overlaps: Overlaps, best_iou: Tensor, wanted: Tensor) -> Claims:
    """The slots of a level that the (G,) marked ground truths overlap most: all of them where nothing overlaps."""
    gt_row = overlaps.claims.gt_row
    is_best = wanted[gt_row] & (overlaps.iou == best_iou[gt_row])
    apart = (wanted & (best_iou == 0)).nonzero().flatten()
    image = boxes.image_index[apart]
    # Each of an image's ground truths that overlap nothing claims every slot; the last one stands for all of them.
    is_last = torch.ones_like(apart, dtype=torch.bool)
    is_last[:-1] = image[1:] != image[:-1]
    return join((overlaps.claims.take(is_best), _every_slot(boxes, level, apart[is_last])))


def _every_slot(boxes: InputBoxes, level: PyramidLevel, gt_row: Tensor) -> Claims:
    """All slots of the level, for each of the given ground truths."""
    last_cell = (boxes.grid_wh(level.stride) - 1).expand(len(boxes), 2)[gt_row]
    box, grid_y, grid_x = cells_between(torch.zeros_like(last_cell), last_cell)
    cell, anchor = spread(torch.full_like(box, len(level.anchor_wh_px)))
    return Claims(gt_row[box[cell]], anchor, grid_y[cell], grid_x[cell])


def _with_owner(boxes: InputBoxes, level: PyramidLevel, forced: Claims) -> Overlaps:
    """The forced slots, claimed by the ground truth of their image that they overlap most, the lowest of equals."""
    image = boxes.image_index[forced.gt_row]
    first = torch.searchsorted(boxes.image_index, image)
    rivals = torch.searchsorted(boxes.image_index, image, right=True) - first
    owner, iou = torch.empty_like(first), boxes.xyxy_px.new_empty(len(first))
    anchor_xyxy = anchor_xyxy_px(level, forced)
    for part in _pieces(rivals):
        owner[part], iou[part] = _most_overlapped(boxes, anchor_xyxy[part], first[part], rivals[part])
    return Overlaps(forced.of(owner), iou)


def _pieces(counts: Tensor) -> Iterator[slice]:
    """Consecutive ranges that hold about :data:`PAIRS_AT_ONCE` together, by the count of each member."""
    number = (counts.cumsum(0) - 1) // PAIRS_AT_ONCE
    start = 0
    for size in torch.bincount(number).tolist():
        yield slice(start, start + size)
        start += size


def _most_overlapped(boxes: InputBoxes, anchor_xyxy: Tensor, first: Tensor, rivals: Tensor) -> tuple[Tensor, Tensor]:
    """Of the ``rivals`` rows from ``first`` on: the one that each (K, 4) anchor overlaps most, and the (K,) IoU."""
    anchor, place = spread(rivals)
    gt_row = first[anchor] + place
    iou = corner_iou(boxes.xyxy_px[gt_row], anchor_xyxy[anchor])
    largest = torch.zeros_like(anchor_xyxy[:, 0]).scatter_reduce(0, anchor, iou, "amax")
    is_largest = iou == largest[anchor]
    none = torch.full_like(first, len(boxes))
    return none.scatter_reduce(0, anchor[is_largest], gt_row[is_largest], "amin"), largest


def _best_slots(
    boxes: InputBoxes, levels: Sequence[PyramidLevel], found: Sequence[Overlaps], best_iou: Tensor
) -> tuple[Tensor, Tensor]:
    """(G,) level and (G,) anchor of the first slot with each ground truth's largest IoU; the very first if it is 0."""
    best_level, best_anchor = torch.zeros_like(boxes.gt_id), torch.zeros_like(boxes.gt_id)
    for number, (level, overlaps) in reversed(list(enumerate(zip(levels, found, strict=True)))):
        best = overlaps.claims.take(overlaps.iou == best_iou[overlaps.claims.gt_row])
        slot = slot_in_image(boxes, level, best)
        none = torch.full_like(boxes.gt_id, _NO_SLOT)
        first = none.scatter_reduce(0, best.gt_row, slot, "amin")
        best_level = torch.where(first < _NO_SLOT, number, best_level)
        best_anchor = torch.where(first < _NO_SLOT, first % max(len(level.anchor_wh_px), 1), best_anchor)
    return best_level, best_anchor


def _check_choice(key: str, value: str, choices: Collection[str]) -> None:
    if value not in choices:
        raise ConfigError(f"{key}: expected {' or '.join(choices)}, got {value}")
