"""A COCO annotation file, decoded straight into the few fields that are needed; segmentations are never built.

Three ways lead to the same :class:`Document`, the next one where the one before does not do: the annotations as
columns, which is what files of millions of boxes need; entry by entry against the same scheme; and leniently, which
names the entries that do not fit instead of refusing all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from assignstudy.datasets.alike import Alike, read_alike
from assignstudy.datasets.files import MOST_MISFITS, read_needed
from assignstudy.errors import DatasetError
from assignstudy.types import DataIssue, IssueKind

Id = int | str

BOX_VALUES = 4

_KEY, _OTHER_KEYS = b'"annotations"', (b'"images"', b'"categories"')


class ImageEntry(msgspec.Struct, gc=False):
    """One of ``images``; its size may lack."""

    id: Id
    file_name: str
    width: int | float | None = None
    height: int | float | None = None


class Annotation(msgspec.Struct, gc=False):
    """One of ``annotations``; ``bbox`` is x, y, width and height in pixels of the original, if it fits."""

    image_id: Id
    category_id: Id
    bbox: tuple[float, ...] = ()
    id: Id | None = None
    iscrowd: bool | int = 0


class Category(msgspec.Struct, gc=False):
    """One of ``categories``."""

    id: Id
    name: str


class _Entries(msgspec.Struct, gc=False):
    images: list[ImageEntry]
    annotations: list[Annotation]
    categories: list[Category]


_MARK = Annotation(image_id=0, category_id=0)
"""Stands for annotations that were cut out."""

_Entry = TypeVar("_Entry", ImageEntry, Annotation, Category)


@dataclass(frozen=True, eq=False)
class Annotations:
    """The annotations as columns, in the order of the file.

    Attributes:
        image_id: (A,) as written.
        category_id: (A,) as written.
        xywh_px_orig: (A, 4) left, top, width and height in pixels of the original; anything where ``are_four`` is not.
        are_four: (A,) whether the box has four numbers.
        iscrowd: (A,) whether the box marks a crowd.
        entry: The annotation at a position, for messages.
    """

    image_id: npt.NDArray[np.int64] | Sequence[Id]
    category_id: npt.NDArray[np.int64] | Sequence[Id]
    xywh_px_orig: npt.NDArray[np.float64]
    are_four: npt.NDArray[np.bool_]
    iscrowd: npt.NDArray[np.bool_]
    entry: Callable[[int], Annotation]


@dataclass(frozen=True, eq=False)
class Document:
    """What an annotation file says of images, boxes and classes."""

    images: Sequence[ImageEntry]
    annotations: Annotations
    categories: Sequence[Category]


def decode(path: Path, issues: list[DataIssue]) -> Document:
    """Decode an annotation file.

    Args:
        path: The file.
        issues: Entries that do not fit the scheme are told here, and left out.

    Raises:
        DatasetError: It cannot be read, holds no JSON, lacks one of the three lists, or next to nothing of it fits.
    """
    content = read_needed("annotations", path, "a COCO annotation file")
    in_columns = _in_columns(content)
    if in_columns is not None:
        return in_columns
    try:
        entries = msgspec.json.decode(content, type=_Entries)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # also for NaN, which Python's json writes
        entries = _decode_leniently(content, path, issues)
    return Document(entries.images, _columns(entries.annotations), entries.categories)


def entry_line(entry_id: object, position: int) -> int:
    """The entry's id, by which people find it; its 1-based position where that is no number that a table can hold."""
    fits = isinstance(entry_id, int) and 0 <= entry_id < 2**63
    return int(entry_id) if fits and isinstance(entry_id, int) else position + 1


# ---- annotations that are written alike


def _in_columns(content: bytes) -> Document | None:
    """The document, where its annotations are all written alike; None where only the other ways can tell."""
    start, end = _span(content)
    alike = read_alike(content, start, end)
    annotations = None if alike is None else _annotations(alike)
    if annotations is None:
        return None
    try:
        others = msgspec.json.decode(content[:start] + msgspec.json.encode(_MARK) + content[end:], type=_Entries)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if others.annotations != [_MARK]:  # what was cut out is another list, or one that does not count
        return None
    return Document(others.images, annotations, others.categories)


def _span(content: bytes) -> tuple[int, int]:
    """Where the list of annotations begins and ends, brackets excluded, or an empty span.

    Found by what commonly stands around; whether it is right shows when what lies within and without is decoded.
    """
    opening = re.compile(rb'"annotations"\s*:\s*\[\s*').match(content, max(content.find(_KEY), 0))
    if opening is None:
        return 0, 0
    start = opening.end()
    behind = [content.rfind(key) for key in _OTHER_KEYS if content.find(key, 0, start) < 0]
    end = content.rfind(b"]", start, min((place for place in behind if place >= 0), default=len(content)))
    return (start, end) if end >= 0 else (0, 0)


def _annotations(alike: Alike) -> Annotations | None:
    """The annotations; None unless each has whole numbers as ids and four numbers as box."""
    image_id, category_id = _whole(alike, "image_id"), _whole(alike, "category_id")
    entry_id, iscrowd = _whole(alike, "id"), _whole(alike, "iscrowd")
    places = alike.example.get("bbox")
    if image_id is None or category_id is None or (entry_id is None and alike.example.get("id") is not None):
        return None
    if iscrowd is None and alike.example.get("iscrowd", False) is not False:
        return None
    if not isinstance(places, list) or [type(place) for place in places] != [int] * BOX_VALUES:
        return None
    xywh_px_orig = np.stack([alike.columns[place] for place in places], axis=1).astype(np.float64, copy=False)
    crowd = np.zeros(len(image_id), np.int64) if iscrowd is None else iscrowd

    def entry(row: int) -> Annotation:
        bbox, number = tuple(xywh_px_orig[row].tolist()), None if entry_id is None else int(entry_id[row])
        return Annotation(int(image_id[row]), int(category_id[row]), bbox, number, int(crowd[row]))

    return Annotations(image_id, category_id, xywh_px_orig, np.ones(len(image_id), np.bool_), crowd != 0, entry)


def _whole(alike: Alike, key: str) -> npt.NDArray[np.int64] | None:
    """The column of a key; None where it is absent or no whole numbers."""
    place = alike.example.get(key)
    column = alike.columns[place] if type(place) is int else None
    return column.astype(np.int64, copy=False) if column is not None and column.dtype == np.int64 else None


# ---- the annotations one by one


def _columns(annotations: Sequence[Annotation]) -> Annotations:
    bboxes = [annotation.bbox for annotation in annotations]
    are_four = np.equal(np.fromiter(map(len, bboxes), np.int64, len(bboxes)), BOX_VALUES)
    xywh_px_orig = np.zeros((len(bboxes), BOX_VALUES))
    fitting = [bbox for bbox in bboxes if len(bbox) == BOX_VALUES]
    values = np.fromiter(chain.from_iterable(fitting), np.float64, BOX_VALUES * len(fitting))
    xywh_px_orig[are_four] = values.reshape(-1, BOX_VALUES)
    return Annotations(
        [annotation.image_id for annotation in annotations],
        [annotation.category_id for annotation in annotations],
        xywh_px_orig,
        are_four,
        np.fromiter([annotation.iscrowd for annotation in annotations], np.bool_, len(annotations)),
        annotations.__getitem__,
    )


def _decode_leniently(content: bytes, path: Path, issues: list[DataIssue]) -> _Entries:
    """The entries that fit the scheme; the others become issues."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"dataset.annotations: expected JSON in {path}, got no JSON ({error}); mend it") from error
    keys = _Entries.__struct_fields__
    if not isinstance(document, dict) or not all(isinstance(document.get(key), list) for key in keys):
        raise DatasetError(
            f"dataset.annotations: expected the lists {', '.join(keys)} in {path}, got {_keys(document)}; give a file "
            "of ground truths, not of detections"
        )
    return _Entries(
        list(_fitting(document["images"], ImageEntry, IssueKind.UNREADABLE_IMAGE, path, issues)),
        list(_fitting(document["annotations"], Annotation, IssueKind.MALFORMED, path, issues)),
        list(_fitting(document["categories"], Category, IssueKind.UNREADABLE_LABELS, path, issues)),
    )


def _keys(document: object) -> str:
    return f"the keys {', '.join(map(str, document))[:80]}" if isinstance(document, dict) else "no object with keys"


def _fitting(
    entries: Iterable[object], kind: type[_Entry], wrong: IssueKind, path: Path, issues: list[DataIssue]
) -> Iterable[_Entry]:
    misfits = 0
    for position, entry in enumerate(entries):
        try:
            yield msgspec.convert(entry, kind)
        except (msgspec.ValidationError, UnicodeEncodeError) as error:  # the latter: half a character, as in "\ud800"
            misfits += 1
            line = entry_line(entry.get("id") if isinstance(entry, dict) else None, position)
            problem = f"expected an entry with {', '.join(kind.__struct_fields__)}, got another: {error}"
            issues.append(DataIssue(path.name, line, wrong, problem, kept=False))
            if misfits > MOST_MISFITS:
                raise DatasetError(
                    f"dataset.annotations: {path}:{line}: {problem}; more than {MOST_MISFITS:,} entries of that list "
                    "are like that, so give a COCO annotation file"
                ) from error
