"""The vocabulary: tables and value types that travel between the rooms of the package.

Axes: ``N`` images, ``G`` ground truths, ``L`` levels, ``A`` anchors of a level, ``P`` positives.
A box carries its frame in its name: ``_norm`` (0–1), ``_px`` (pixels of the network input), ``_cell`` (``_px`` over
stride), ``_orig`` (the original image). :class:`Dataset` holds boxes in the frame of the original image,
:class:`InputBoxes` in that of the network input: handing over the wrong one is a type error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from enum import IntEnum, StrEnum
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

if TYPE_CHECKING:
    from PIL.Image import Image


class IssueKind(StrEnum):
    """What can be wrong with a label or an image; the values are the words of the *Data issues* table."""

    MALFORMED = "malformed row"
    NOT_FINITE = "not finite"
    NO_AREA = "no area"
    UNKNOWN_CLASS = "unknown class"
    OUTSIDE = "outside the image"
    VANISHED = "vanishes on the network input"
    PARTLY_OUTSIDE = "partly outside"
    DUPLICATE = "duplicate"
    NO_LABELS = "image without labels"
    NO_IMAGE = "labels without image"
    UNREADABLE_IMAGE = "unreadable image"
    UNREADABLE_LABELS = "unreadable labels"

    @property
    def rejects_box(self) -> bool:
        """Whether an issue of this kind is one refused box, counted by the metric ``rejected``."""
        return self in _REJECTING


_REJECTING = frozenset(
    {
        IssueKind.MALFORMED,
        IssueKind.NOT_FINITE,
        IssueKind.NO_AREA,
        IssueKind.UNKNOWN_CLASS,
        IssueKind.OUTSIDE,
        IssueKind.VANISHED,
    }
)


class CellOffset(IntEnum):
    """Which of the five cells around a ground truth's centre a positive uses."""

    CENTRE = 0
    LEFT = 1
    UP = 2
    RIGHT = 3
    DOWN = 4


@dataclass(frozen=True, slots=True)
class DataIssue:
    """One thing that is wrong with the labels or images.

    Attributes:
        path: File it was found in, relative to the data set, POSIX.
        line: Line (text) or entry (JSON annotation id, XML object number) in it, 1-based; None for the whole file.
        kind: What is wrong.
        problem: One sentence: expected, found.
        kept: Whether the box or image still takes part.
    """

    path: str
    line: int | None
    kind: IssueKind
    problem: str
    kept: bool


@dataclass(frozen=True, eq=False)
class Dataset:
    """All labels of one split, in the frame of the original images, in a stable order.

    Images are ordered by their relative path, ground truths by image and then as read. The position of a ground truth
    in that order is its ``gt_id``.

    Attributes:
        name: What the data set is called on pages.
        class_names: One name per ``class_id``.
        image_paths: N relative POSIX paths, ascending and unique.
        image_wh_orig: (N, 2) int32, width and height in pixels as shown (EXIF rotation applied), at least 1.
        image_index: (G,) int64, ascending: the image of each ground truth.
        class_id: (G,) int64, within ``class_names``.
        cxcywh_norm_orig: (G, 4) float32, centre and size over the original's width and height; finite, sizes above 0.
        ignored: (G,) bool, kept out of the assignment on purpose (crowd, difficult).
        issues: Everything found wrong while reading.
        load_picture: Opens the picture of an image index as RGB, or None where the data set has no pictures.
            Raises OSError for a file that is missing or cannot be read.
        notices: Sentences about the reading that the user must see; not about the labels.
    """

    name: str
    class_names: tuple[str, ...]
    image_paths: tuple[str, ...]
    image_wh_orig: Tensor
    image_index: Tensor
    class_id: Tensor
    cxcywh_norm_orig: Tensor
    ignored: Tensor
    issues: tuple[DataIssue, ...] = ()
    load_picture: Callable[[int], Image] | None = None
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check shapes and types, and that images and boxes are in order."""
        images, boxes = len(self.image_paths), len(self.image_index)
        check_tensor("image_wh_orig", self.image_wh_orig, (images, 2), torch.int32)
        check_tensor("image_index", self.image_index, (boxes,), torch.int64)
        check_tensor("class_id", self.class_id, (boxes,), torch.int64)
        check_tensor("cxcywh_norm_orig", self.cxcywh_norm_orig, (boxes, 4), torch.float32)
        check_tensor("ignored", self.ignored, (boxes,), torch.bool)
        check_ids("image_index", self.image_index, images)
        check_ids("class_id", self.class_id, len(self.class_names))
        if any(one >= other for one, other in pairwise(self.image_paths)):
            raise ValueError("image_paths: expected ascending, unique paths; sort and de-duplicate them")
        if bool((self.image_index.diff() < 0).any()):
            raise ValueError("image_index: expected ascending image indices; sort the ground truths by image")

    def only(self, image_index: int) -> Dataset:
        """The data set of one of its images alone; ground truths count from 0 again, issues are left out."""
        here = self.image_index == image_index
        load = self.load_picture
        return replace(
            self,
            image_paths=self.image_paths[image_index : image_index + 1],
            image_wh_orig=self.image_wh_orig[image_index : image_index + 1],
            image_index=torch.zeros_like(self.image_index[here]),
            class_id=self.class_id[here],
            cxcywh_norm_orig=self.cxcywh_norm_orig[here],
            ignored=self.ignored[here],
            issues=(),
            load_picture=None if load is None else lambda _: load(image_index),
        )


@dataclass(frozen=True, eq=False)
class InputBoxes:
    """Ground truths as the network sees them: after the transform, without ignored and vanished ones.

    Attributes:
        gt_id: (G,) int64, position of each ground truth in the :class:`Dataset`, ascending.
        image_index: (G,) int64, ascending.
        cxcywh_norm: (G, 4) float32, centre and size over the network input's width and height; finite, sizes above 0.
        xyxy_px: (G, 4) float32, the corners on the network input that these were computed from.
        input_wh_px: int64, width and height of the network input: (1, 2) where all images share one size, else (G, 2).
    """

    gt_id: Tensor
    image_index: Tensor
    cxcywh_norm: Tensor
    xyxy_px: Tensor
    input_wh_px: Tensor

    def __post_init__(self) -> None:
        """Check shapes and types."""
        boxes = len(self.gt_id)
        check_tensor("gt_id", self.gt_id, (boxes,), torch.int64)
        check_tensor("image_index", self.image_index, (boxes,), torch.int64)
        check_tensor("cxcywh_norm", self.cxcywh_norm, (boxes, 4), torch.float32)
        check_tensor("xyxy_px", self.xyxy_px, (boxes, 4), torch.float32)
        sizes = 1 if len(self.input_wh_px) == 1 else boxes
        check_tensor("input_wh_px", self.input_wh_px, (sizes, 2), torch.int64)

    def __len__(self) -> int:
        """Number of ground truths."""
        return len(self.gt_id)

    def rows(self, start: int, stop: int) -> InputBoxes:
        """The ground truths of the half-open range of rows, as views."""
        sizes = self.input_wh_px if len(self.input_wh_px) == 1 else self.input_wh_px[start:stop]
        parts = (self.gt_id, self.image_index, self.cxcywh_norm, self.xyxy_px)
        gt_id, image_index, cxcywh_norm, xyxy_px = (part[start:stop] for part in parts)
        return InputBoxes(gt_id, image_index, cxcywh_norm, xyxy_px, sizes)

    def take(self, which: Tensor) -> InputBoxes:
        """The ground truths at the given (K,) rows."""
        sizes = self.input_wh_px if len(self.input_wh_px) == 1 else self.input_wh_px[which]
        parts = (self.gt_id, self.image_index, self.cxcywh_norm, self.xyxy_px)
        gt_id, image_index, cxcywh_norm, xyxy_px = (part[which] for part in parts)
        return InputBoxes(gt_id, image_index, cxcywh_norm, xyxy_px, sizes)

    def to(self, device: torch.device) -> InputBoxes:
        """The same ground truths on another device."""
        return InputBoxes(*(getattr(self, part.name).to(device) for part in fields(self)))

    def grid_wh(self, stride: int) -> Tensor:
        """int64 columns and rows of a level's grid, the input's sides over the stride rounded up: (1, 2) or (G, 2)."""
        return (self.input_wh_px + (stride - 1)) // stride

    @property
    def wh_px(self) -> Tensor:
        """(G, 2) float32, box sizes in pixels of the network input."""
        return self.cxcywh_norm[:, 2:] * self.input_wh_px


@dataclass(frozen=True, eq=False)
class PyramidLevel:
    """One detection scale.

    Attributes:
        stride: Input pixels per cell, a power of two.
        anchor_wh_px: (A, 2) float32, width and height of each anchor in input pixels, above 0. A level whose cells hold
            one point instead of anchors has one row of NaN.
    """

    stride: int
    anchor_wh_px: Tensor

    def __post_init__(self) -> None:
        """Check the stride and the anchors."""
        if self.stride < 1 or self.stride & (self.stride - 1):
            raise ValueError(f"stride: expected a power of two, got {self.stride}")
        check_tensor("anchor_wh_px", self.anchor_wh_px, (len(self.anchor_wh_px), 2), torch.float32)
        is_point = len(self.anchor_wh_px) == 1 and bool(self.anchor_wh_px.isnan().all())
        if not is_point and not bool((torch.isfinite(self.anchor_wh_px) & (self.anchor_wh_px > 0)).all()):
            raise ValueError(f"anchor_wh_px: expected sizes above 0, got {self.anchor_wh_px.tolist()}")

    @cached_property
    def name(self) -> str:
        """``P3`` for stride 8: P and the stride's binary logarithm."""
        return f"P{self.stride.bit_length() - 1}"

    def to(self, device: torch.device) -> PyramidLevel:
        """The same level on another device."""
        return PyramidLevel(self.stride, self.anchor_wh_px.to(device))


@dataclass(frozen=True, eq=False)
class LevelPositives:
    """The positives of one level, in the published row order (where rows share a slot, the last one wins).

    Attributes:
        gt_row: (P,) int64, row of the ground truth in the :class:`InputBoxes` that were assigned.
        anchor: (P,) int64, index into the level's anchors.
        grid_y: (P,) int64, row of the cell.
        grid_x: (P,) int64, column of the cell.
        cell_offset: (P,) int64, a :class:`CellOffset`.
    """

    gt_row: Tensor
    anchor: Tensor
    grid_y: Tensor
    grid_x: Tensor
    cell_offset: Tensor

    def __post_init__(self) -> None:
        """Check shapes and types."""
        rows = len(self.gt_row)
        for name in ("gt_row", "anchor", "grid_y", "grid_x", "cell_offset"):
            check_tensor(name, getattr(self, name), (rows,), torch.int64)

    def __len__(self) -> int:
        """Number of positives."""
        return len(self.gt_row)


@dataclass(frozen=True, eq=False)
class LevelFactors:
    """The positives of one level where they are a product: each fitting anchor in each claimed cell.

    Everything has the ground truths along its last axis, because whatever is counted runs along them.

    Attributes:
        fits: (A, G) bool, which anchors of the level fit the ground truth.
        claims: (5, G) bool, which of the cells around its centre it claims, by :class:`CellOffset`.
        grid_x: (3, G) int32, columns of the centre's cell, of the left one and of the right one, within the grid.
        grid_y: (3, G) int32, rows of the centre's cell, of the upper one and of the lower one, within the grid.
        cxcywh_cell: (4, G) float32, centre and size in cells of the level.
    """

    fits: Tensor
    claims: Tensor
    grid_x: Tensor
    grid_y: Tensor
    cxcywh_cell: Tensor

    X_PART: ClassVar[tuple[int, ...]] = (0, 1, 0, 2, 0)
    """Row of ``grid_x`` that each :class:`CellOffset` uses."""
    Y_PART: ClassVar[tuple[int, ...]] = (0, 0, 1, 0, 2)
    """Row of ``grid_y`` that each :class:`CellOffset` uses."""

    def __post_init__(self) -> None:
        """Check shapes and types."""
        boxes = self.claims.shape[-1]
        check_tensor("fits", self.fits, (len(self.fits), boxes), torch.bool)
        check_tensor("claims", self.claims, (len(CellOffset), boxes), torch.bool)
        check_tensor("grid_x", self.grid_x, (3, boxes), torch.int32)
        check_tensor("grid_y", self.grid_y, (3, boxes), torch.int32)
        check_tensor("cxcywh_cell", self.cxcywh_cell, (4, boxes), torch.float32)

    def listed(self) -> LevelPositives:
        """One row per positive, in the order offset, anchor, ground truth."""
        cell_offset, anchor, gt_row = (self.claims[:, None] & self.fits).nonzero(as_tuple=True)
        x_part, y_part = (torch.tensor(part, device=gt_row.device)[cell_offset] for part in (self.X_PART, self.Y_PART))
        grid_y, grid_x = self.grid_y[y_part, gt_row].long(), self.grid_x[x_part, gt_row].long()
        return LevelPositives(gt_row, anchor, grid_y, grid_x, cell_offset)


@dataclass(frozen=True, eq=False)
class Assignment:
    """What a rule decided for some ground truths.

    Attributes:
        levels: The positives of each level.
        critical: (G,) float32, the rule's own number per ground truth (see :class:`Threshold`): it alone decides,
            against the threshold, whether the ground truth gets a positive. NaN where the rule has none.
        best_level: (G,) int64, level of the anchor that ``critical`` belongs to; -1 where there is none.
        best_anchor: (G,) int64, that anchor's index in its level; -1 where there is none.
    """

    levels: tuple[LevelPositives, ...]
    critical: Tensor
    best_level: Tensor
    best_anchor: Tensor

    def __post_init__(self) -> None:
        """Check shapes and types."""
        boxes = len(self.critical)
        check_tensor("critical", self.critical, (boxes,), torch.float32)
        check_tensor("best_level", self.best_level, (boxes,), torch.int64)
        check_tensor("best_anchor", self.best_anchor, (boxes,), torch.int64)


@dataclass(frozen=True, eq=False)
class Factors:
    """An :class:`Assignment` whose positives are products: nothing is expanded until somebody asks for rows.

    Attributes:
        levels: The factors of each level.
        critical: As in :class:`Assignment`.
        best_level: Likewise.
        best_anchor: Likewise.
    """

    levels: tuple[LevelFactors, ...]
    critical: Tensor
    best_level: Tensor
    best_anchor: Tensor

    def listed(self) -> Assignment:
        """The same assignment as rows."""
        levels = tuple(level.listed() for level in self.levels)
        return Assignment(levels, self.critical, self.best_level, self.best_anchor)


class Miss(IntEnum):
    """The test of its rule that a ground truth without a positive fails, the farthest from a positive first."""

    TOO_SMALL = 0
    """Sides that the rule leaves out."""
    CENTRE_OUTSIDE = 1
    """A centre that the rule leaves out."""
    NO_CANDIDATES = 2
    """Too few anchors on the whole input."""
    NO_OVERLAP = 3
    """No anchor overlaps it; where that is enough, other ground truths take all of them."""
    NONE_INSIDE = 4
    """No point or candidate stands inside it."""
    OTHER_LEVEL = 5
    """Points inside, all on levels for boxes of another size."""
    OFF_CENTRE = 6
    """Points inside on the right level, all too far from the centre."""
    LITTLE_OVERLAP = 7
    """Overlaps below what the rule asks for."""
    TAKEN = 8
    """Nothing but the other ground truths of its image, which win every slot that suits it."""


@dataclass(frozen=True, eq=False)
class Shortfall:
    """Why some ground truths have no positive.

    Attributes:
        miss: (G,) int64, a :class:`Miss`.
        slots: (G,) int64, how many slots pass all tests before the one that is missed.
        overlap: (G,) float32, the largest overlap among these slots; NaN where the rule compares none.
        needed: (G,) float32, the overlap that would be enough, with equality; NaN likewise.
    """

    miss: Tensor
    slots: Tensor
    overlap: Tensor
    needed: Tensor

    def __post_init__(self) -> None:
        """Check shapes and types."""
        boxes = len(self.miss)
        check_tensor("miss", self.miss, (boxes,), torch.int64)
        check_tensor("slots", self.slots, (boxes,), torch.int64)
        check_tensor("overlap", self.overlap, (boxes,), torch.float32)
        check_tensor("needed", self.needed, (boxes,), torch.float32)


@dataclass(frozen=True, slots=True)
class Threshold:
    """The threshold a rule is asked with.

    Attributes:
        name: The configuration key, ``anchor_t`` or ``iou_t``.
        value: As used, rounded to float32 like the published arithmetic.
        critical: Column of the ground truth's own number compared with it: ``critical_anchor_t`` or ``best_iou``.
        matches_below: True where a ground truth is matched iff ``critical < value`` (strict); False where ``critical >
            value`` (strict).
        decides_match: False where the threshold only adds positives and a ground truth is matched without it; then
            nothing can be concluded from ``critical`` and the rule says on which side equality falls.
    """

    name: str
    value: float
    critical: str
    matches_below: bool
    decides_match: bool = True


@dataclass(frozen=True, slots=True)
class Reach:
    """What a decoder can output, relative to a positive's cell and anchor; all bounds are open.

    Attributes:
        offset_low: Lowest centre offset from the cell's upper left corner, in cells.
        offset_high: Highest centre offset, in cells.
        max_ratio: Largest width or height over that of the anchor; infinite where any size can be said.
    """

    offset_low: float
    offset_high: float
    max_ratio: float


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What statistics, figures and pages may know of a rule, and all they may ask of it.

    Attributes:
        name: As in ``assigner=``.
        title: As people write it, ``YOLOv5``.
        source: Paper or release that it follows.
        threshold: The threshold in use, or None for a rule without one.
        reach: What the decoder can output, or None where nothing is unreachable by design.
        neighbour_cells: Whether positives carry a :class:`CellOffset` other than the centre.
        slots: ``anchors`` or ``points``: what a slot of the rule holds.
        own_anchors: Whether its anchors or points are part of the rule, so that nobody chooses them.
        shares_slots: Whether several ground truths can claim one slot; False where the rule itself gives each slot to
            one of them.
    """

    name: str
    title: str
    source: str
    threshold: Threshold | None
    reach: Reach | None
    neighbour_cells: bool
    slots: str = "anchors"
    own_anchors: bool = False
    shares_slots: bool = True

    @property
    def asks_beyond_reach(self) -> bool:
        """Whether the threshold in use lets boxes in that the decoder cannot output; the rest is the rule's design."""
        if self.threshold is None or self.reach is None:
            return False
        return self.threshold.matches_below and self.threshold.value > self.reach.max_ratio


def check_tensor(name: str, tensor: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    """Refuse a tensor of another shape or type.

    Raises:
        ValueError: Naming the tensor, what was expected and what was found.
    """
    if tuple(tensor.shape) != shape or tensor.dtype != dtype:
        raise ValueError(
            f"{name}: expected {dtype} of shape {shape}, got {tensor.dtype} of shape {tuple(tensor.shape)}"
        )


def check_ids(name: str, ids: Tensor, count: int) -> None:
    """Refuse ids outside ``0 <= id < count``.

    Raises:
        ValueError: Naming the tensor and the range found.
    """
    if len(ids) and not (int(ids.min()) >= 0 and int(ids.max()) < count):
        raise ValueError(f"{name}: expected ids from 0 to {count - 1}, got {int(ids.min())} to {int(ids.max())}")
