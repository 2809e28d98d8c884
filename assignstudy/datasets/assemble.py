"""From what a reader found to a checked, ordered :class:`~assignstudy.types.Dataset`.

Every reader hands its boxes over as written; what is broken, odd or doubled is decided here, in one place, so that all
formats agree on it:

* refused: not finite, unknown class, no area, wholly outside the image (a box that only touches the border has no area
  inside and counts as outside, see :data:`LEAST_OVERLAP`);
* kept and reported: partly outside, by more than :data:`BORDER_TOLERANCE_PX`; exact duplicates, unless the format's
  own trainer removes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from assignstudy.datasets.pictures import PictureFiles
from assignstudy.errors import DatasetError
from assignstudy.types import DataIssue, Dataset, IssueKind
from assignstudy.untrusted import printable

if TYPE_CHECKING:
    from PIL.Image import Image

Ints = npt.NDArray[np.int64]
Sizes = npt.NDArray[np.int32]
Singles = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BORDER_TOLERANCE_PX = 0.02
"""Boxes are written with six decimals (YOLO) or hundredths of a pixel (COCO), so the edge of a box that ends at the
border may land up to 0.01 pixels beyond it. Twice that is called partly outside; such noise is not."""

LEAST_OVERLAP = 1e-6
"""Share of the image's side that a box must reach into it, more than what six decimals or float32 can make up. A box
that begins where the image ends overlaps by such noise, and is outside."""

LARGEST_SIDE = 2**31 - 1
"""Image sides are stored in 32 bits."""

_SETTLED = -1  # no problem found

_PART_ROWS = 1 << 14  # checked at once


@dataclass(frozen=True, eq=False)
class FoundImages:
    """The images of a split, in any order.

    Attributes:
        paths: Relative POSIX path of each image, unique.
        wh_orig: Width and height of each in pixels as shown, at least 1.
        load_picture: Opens the picture at a position of ``paths``; None where there are no pictures.
    """

    paths: Sequence[str]
    wh_orig: Sequence[tuple[int, int]]
    load_picture: Callable[[int], Image] | None = None


@dataclass(frozen=True, eq=False)
class FoundBoxes:
    """Labels as written, unchecked, in any order; rows of one image keep theirs.

    Attributes:
        image: (G,) position in :class:`FoundImages`.
        class_id: (G,) any integer; outside the class names = unknown.
        cxcywh_norm_orig: (G, 4) centre and size over the original's width and height; any number.
        ignored: (G,) kept out of the assignment on purpose.
        place: Path and line of a row, for messages.
        written: A row as its author wrote it, for messages.
        known_classes: What the file may say as class, for messages: ``a class from 0 to 79``.
        remove_duplicates: Whether exact duplicates go, and the other rows of their image come sorted by class and box,
            as YOLOv5 leaves them.
    """

    image: Ints
    class_id: Ints
    cxcywh_norm_orig: Singles | Doubles
    ignored: Flags
    place: Callable[[int], tuple[str, int | None]]
    written: Callable[[int], str]
    known_classes: str
    remove_duplicates: bool = False


def assemble(
    name: str, class_names: Sequence[str], images: FoundImages, boxes: FoundBoxes, issues: Sequence[DataIssue]
) -> Dataset:
    """Check and order what a reader found.

    Args:
        name: What the data set is called on pages.
        class_names: One name per class id.
        images: The images found.
        boxes: The labels found.
        issues: What the reader itself found wrong.

    Raises:
        DatasetError: There is no image.
    """
    if not images.paths:
        raise DatasetError(_no_image(name, issues))
    shown_paths = _told_apart([printable(path) for path in images.paths])
    order = sorted(range(len(shown_paths)), key=shown_paths.__getitem__)
    wh = np.fromiter(chain.from_iterable(images.wh_orig), np.int32, 2 * len(images.paths)).reshape(-1, 2)
    box = _as_float32(boxes.cxcywh_norm_orig)
    rows, found = _checked(boxes, box, wh, len(class_names))
    image = np.argsort(order)[boxes.image[rows]]
    by_image = np.argsort(image, kind="stable")
    rows, image = rows[by_image], image[by_image]
    return Dataset(
        name=printable(name),
        class_names=tuple(map(printable, class_names)),
        image_paths=tuple(shown_paths[position] for position in order),
        image_wh_orig=torch.from_numpy(wh[order]),
        image_index=torch.from_numpy(image),
        class_id=torch.from_numpy(boxes.class_id[rows]),
        cxcywh_norm_orig=torch.from_numpy(box[rows]),
        ignored=torch.from_numpy(boxes.ignored[rows]),
        issues=tuple(sorted((_shown(issue) for issue in (*issues, *found)), key=_issue_order)),
        load_picture=_reordered(images.load_picture, tuple(order)),
    )


def no_label_issues(paths: Sequence[str], labelled: Sequence[bool], problem: Callable[[int], str]) -> list[DataIssue]:
    """One issue per image without labels.

    Args:
        paths: Relative path of each image.
        labelled: Whether anything was written about it.
        problem: Half the story of an image position: what was expected and what was found.
    """
    return [
        DataIssue(paths[position], None, IssueKind.NO_LABELS, problem(position), kept=True)
        for position, has in enumerate(labelled)
        if not has
    ]


def in_parts(rows: int) -> Iterator[slice]:
    """The rows in parts so small that what is computed on the way stays in the processor's cache."""
    return (slice(start, start + _PART_ROWS) for start in range(0, rows, _PART_ROWS))


def _told_apart(paths: list[str]) -> list[str]:
    """The paths; of those that only look alike (a line end; a backslash and an n), the later ones with a number."""
    taken = set(paths)
    if len(taken) == len(paths):
        return paths
    seen: set[str] = set()
    for position, path in enumerate(paths):
        numbers = (f"{path} ({number})" for number in range(2, len(paths) + 2))
        paths[position] = path if path not in seen else next(name for name in numbers if name not in taken | seen)
        seen.add(paths[position])
    return paths


def usable_size(width: int, height: int) -> bool:
    """Whether an image can have this size: both sides from 1 to :data:`LARGEST_SIDE`."""
    return 0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE


@dataclass(frozen=True, slots=True)
class _Reordered:
    """Opens pictures by their place in the ordered data set."""

    load_picture: Callable[[int], Image]
    order: tuple[int, ...]

    def __call__(self, image_index: int) -> Image:
        return self.load_picture(self.order[image_index])


def _reordered(load: Callable[[int], Image] | None, order: tuple[int, ...]) -> Callable[[int], Image] | None:
    if isinstance(load, PictureFiles):
        return PictureFiles(tuple(load.files[position] for position in order))
    return None if load is None else _Reordered(load, order)


def _checked(boxes: FoundBoxes, box: Singles, wh: Sizes, classes: int) -> tuple[Ints, list[DataIssue]]:
    """The rows to keep, in their order, and what is wrong with the others and with some of these."""
    beyond_px, verdict = _verdicts(boxes, box, wh, classes)
    refused = np.flatnonzero(verdict != _SETTLED).tolist()
    issues = [_refusal(boxes, wh, row, _REFUSED[verdict[row]]) for row in refused]
    crossing = np.flatnonzero((verdict == _SETTLED) & (beyond_px > BORDER_TOLERANCE_PX)).tolist()
    issues += [_crossing(boxes, wh, row, beyond_px[row]) for row in crossing]
    twins = _duplicates(boxes.image, boxes.class_id, box, verdict == _SETTLED)
    issues += [_duplicate(boxes, row, first) for row, first in twins]
    kept = np.flatnonzero(verdict == _SETTLED)
    if boxes.remove_duplicates and twins:
        later = [row for row, _ in twins]
        kept = _sorted_in(np.unique(boxes.image[later]), kept[~np.isin(kept, later)], boxes, box)
    return kept, issues


def _sorted_in(images: Ints, rows: Ints, boxes: FoundBoxes, box: Singles) -> Ints:
    """The rows, those of some images sorted by class and box: what YOLOv5's removal of duplicates does to an image.

    Their order decides who wins a contested slot.
    """
    places = np.flatnonzero(np.isin(boxes.image[rows], images))
    chosen = rows[places]
    order = np.lexsort((*box[chosen].T[::-1], boxes.class_id[chosen], boxes.image[chosen]))
    ordered = rows.copy()
    ordered[places] = chosen[order]
    return ordered


_REFUSED = (IssueKind.NOT_FINITE, IssueKind.UNKNOWN_CLASS, IssueKind.NO_AREA, IssueKind.OUTSIDE)


def _verdicts(boxes: FoundBoxes, box: Singles, wh: Sizes, classes: int) -> tuple[Doubles, Ints]:
    """How far each box reaches over the border, in pixels of the original, and what is wrong with it."""
    beyond_px, verdict = np.empty(len(box)), np.empty(len(box), np.int64)
    with np.errstate(all="ignore"):  # infinite values meet each other here and are sorted out by the verdict
        for part in in_parts(len(box)):
            columns = np.array(box[part].T, np.float64, order="C")
            beyond_px[part], overlaps = _beyond_border(columns, wh[boxes.image[part]].T)
            verdict[part] = _verdict(boxes.class_id[part], columns, classes, overlaps)
    return beyond_px, verdict


def _verdict(class_id: Ints, columns: Doubles, classes: int, overlaps: Flags) -> Ints:
    """Position in ``_REFUSED`` of the first thing wrong with each of the (4, n) boxes."""
    faults = [
        ~np.isfinite(columns).all(axis=0),
        (class_id < 0) | (class_id >= classes),
        ~(columns[2:] > 0).all(axis=0),
        ~overlaps,
    ]
    return np.select(faults, range(len(faults)), default=_SETTLED).astype(np.int64)


def _beyond_border(columns: Doubles, wh: Sizes) -> tuple[Doubles, Flags]:
    """How far each of the (4, n) boxes reaches over the border, in pixels, and whether any of it is inside."""
    half = columns[2:] / 2
    low, high = columns[:2] - half, columns[:2] + half
    beyond_px = (np.maximum(-low, high - 1) * wh).max(axis=0, initial=0)
    return beyond_px, np.all((high > LEAST_OVERLAP) & (low < 1 - LEAST_OVERLAP), axis=0)


def _duplicates(image: Ints, class_id: Ints, box: Singles, counts: Flags) -> list[tuple[int, int]]:
    """Pairs of rows (later, first) that agree in image, class and box, ascending by the later one.

    Only rows that count are looked at.
    """
    suspects = _suspects(image, class_id, box)
    first_of: dict[tuple[int, int, bytes], int] = {}
    pairs = []
    for row in suspects[counts[suspects]].tolist():
        first = first_of.setdefault((int(image[row]), int(class_id[row]), box[row].tobytes()), row)
        if first != row:
            pairs.append((row, first))
    return pairs


def _suspects(image: Ints, class_id: Ints, box: Singles) -> Ints:
    """Rows that share a 64-bit hash with another one, ascending: all duplicates, and hardly anything else.

    Sorting one integer per row is ten times faster than sorting rows.
    """
    hashes = np.empty(len(box), np.uint64)
    for part in in_parts(len(box)):
        hashes[part] = _hashes(image[part], class_id[part], box[part])
    ordered = np.sort(hashes)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    return np.flatnonzero(np.isin(hashes, repeated)) if len(repeated) else np.empty(0, np.int64)


def _hashes(image: Ints, class_id: Ints, box: Singles) -> npt.NDArray[np.uint64]:
    halves = np.ascontiguousarray(box).view(np.uint64)
    mixed = image.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + class_id.astype(np.uint64)
    for half in (halves[:, 0], halves[:, 1]):
        mixed = (mixed ^ half ^ (half >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return mixed


def _as_float32(box: Singles | Doubles) -> Singles:
    """The boxes in the precision of the published code; values too large for it become infinite.

    Adding zero turns −0 into 0, so that equal boxes have equal bits.
    """
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(box, dtype=np.float32).reshape(-1, 4) + np.float32(0)


def _refusal(boxes: FoundBoxes, wh: Sizes, row: int, kind: IssueKind) -> DataIssue:
    expected = {
        IssueKind.NOT_FINITE: "finite numbers",
        IssueKind.UNKNOWN_CLASS: boxes.known_classes,
        IssueKind.NO_AREA: "a width and a height above 0",
        IssueKind.OUTSIDE: f"a box inside the image ({_size(boxes, wh, row)})",
    }[kind]
    return _issue(boxes, row, kind, f"expected {expected}, got {boxes.written(row)}", kept=False)


def _crossing(boxes: FoundBoxes, wh: Sizes, row: int, beyond_px: float) -> DataIssue:
    got = f"got {boxes.written(row)}, which reaches {beyond_px:.4g} px beyond"
    problem = f"expected a box inside the image ({_size(boxes, wh, row)}), {got}"
    return _issue(boxes, row, IssueKind.PARTLY_OUTSIDE, problem, kept=True)


def _size(boxes: FoundBoxes, wh: Sizes, row: int) -> str:
    width, height = wh[boxes.image[row]]
    return f"{width}×{height} px"


def _duplicate(boxes: FoundBoxes, row: int, first: int) -> DataIssue:
    path, line = boxes.place(first)
    where = f"{path}:{line}" if line is not None else path
    problem = f"expected each box once, got {boxes.written(row)} as in {where}"
    return _issue(boxes, row, IssueKind.DUPLICATE, problem, kept=not boxes.remove_duplicates)


def _issue(boxes: FoundBoxes, row: int, kind: IssueKind, problem: str, *, kept: bool) -> DataIssue:
    path, line = boxes.place(row)
    return DataIssue(path, line, kind, problem, kept)


def _shown(issue: DataIssue) -> DataIssue:
    path, problem = printable(issue.path), printable(issue.problem)
    return issue if (path, problem) == (issue.path, issue.problem) else replace(issue, path=path, problem=problem)


def _issue_order(issue: DataIssue) -> tuple[str, int, str, str]:
    return issue.path, -1 if issue.line is None else issue.line, issue.kind.value, issue.problem


def _no_image(name: str, issues: Sequence[DataIssue]) -> str:
    first = f"; the first of {len(issues)} problems: {issues[0].path}: {issues[0].problem}" if issues else ""
    return f"{name}: expected at least one image, got none{first}; check that the path leads to the data set you mean"
