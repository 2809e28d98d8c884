"""Reader of COCO JSON: ``images``, ``annotations`` with ``bbox`` as x, y, width, height in pixels, ``categories``.

The file is decoded straight into the few fields that are needed; segmentations are skipped, never built. A file that
does not fit that scheme is read again leniently, to name the entries that do not fit instead of refusing all.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path, PurePosixPath
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from assignstudy.datasets.assemble import FoundBoxes, FoundImages, assemble, in_parts, no_label_issues, usable_size
from assignstudy.datasets.cache import Sources, cached
from assignstudy.datasets.files import MOST_MISFITS, is_there, needed_folder, read_needed, speaking_name
from assignstudy.datasets.options import flag, needed_path
from assignstudy.datasets.pictures import PictureFiles, UnreadablePicture, read_sizes
from assignstudy.errors import DatasetError
from assignstudy.types import DataIssue, Dataset, IssueKind
from assignstudy.untrusted import leads_out

Id = int | str

_UNKNOWN, _LEFT_OUT = -1, -2  # an image id that no image has; an image that takes no part
_BOX_VALUES = 4
_COMMON_SIDE = 1 << 16  # below this nothing has to be looked at twice


class _Image(msgspec.Struct, gc=False):
    id: Id
    file_name: str
    width: int | float | None = None
    height: int | float | None = None


class _Annotation(msgspec.Struct, gc=False):
    image_id: Id
    category_id: Id
    bbox: tuple[float, ...] = ()
    id: Id | None = None
    iscrowd: bool | int = 0


class _Category(msgspec.Struct, gc=False):
    id: Id
    name: str


class _Document(msgspec.Struct, gc=False):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category]


_Named = TypeVar("_Named", _Image, _Category)
_Entry = TypeVar("_Entry", _Image, _Annotation, _Category)


@dataclass(frozen=True, eq=False)
class _Images:
    """The images that take part.

    Attributes:
        paths: Relative path of each.
        sizes: Width and height of each.
        position: Position in ``paths`` of each image id; ``_LEFT_OUT`` where the image takes no part.
    """

    paths: list[str]
    sizes: list[tuple[int, int]]
    position: dict[Id, int]


def read(
    annotations: str | Path | None = None,
    images: str | Path | None = None,
    cache: bool = True,
    *,
    progress: bool = False,
) -> Dataset:
    """Read a COCO annotation file.

    Category ids may have gaps: classes are numbered by ascending id. Crowds (``iscrowd``) are kept but ignored.
    Pictures are needed only to be shown, and for the size of images whose entry has none.

    Args:
        annotations: The JSON file.
        images: Folder that ``file_name`` counts from, or None.
        cache: Whether what was read is kept for the next time, see :mod:`.cache`.
        progress: Whether to show a progress bar on stderr.

    Raises:
        ConfigError: An option that cannot be used.
        DatasetError: The file or folder is missing or unreadable, or there is no image.
    """
    if not flag("cache", cache):
        return _read(annotations, images, progress=progress)
    reading = functools.partial(_read, annotations, images, progress=progress)
    return cached(
        "coco", {"annotations": annotations, "images": images}, lambda: _sources(annotations, images), reading
    )


def _sources(annotations: str | Path | None, images: str | Path | None) -> Sources:
    folders = () if images is None else (needed_path("images", images, "a folder"),)
    return Sources((needed_path("annotations", annotations, "a COCO annotation file"),), folders)


def _read(annotations: str | Path | None, images: str | Path | None, *, progress: bool) -> Dataset:
    path = needed_path("annotations", annotations, "a COCO annotation file")
    folder = None if images is None else needed_folder("images", needed_path("images", images, "a folder"), "a folder")
    issues: list[DataIssue] = []
    document = _decode(path, issues)
    categories = _once("category", sorted(document.categories, key=lambda entry: _id_order(entry.id)), path, issues)
    taken = _take_images(_once("image", document.images, path, issues), folder, path, issues, progress=progress)
    boxes, annotated = _boxes(document.annotations, taken, [category.id for category in categories], path, issues)
    issues += no_label_issues(taken.paths, annotated, lambda _: f"expected annotations in {path.name}, found none")
    load_picture = None if folder is None else PictureFiles(tuple(_picture(folder, image) for image in taken.paths))
    found = FoundImages(taken.paths, taken.sizes, load_picture)
    return assemble(speaking_name(path), [category.name for category in categories], found, boxes, issues)


def _decode(path: Path, issues: list[DataIssue]) -> _Document:
    content = read_needed("annotations", path, "a COCO annotation file")
    try:
        return msgspec.json.decode(content, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # also for NaN, which Python's json writes
        return _decode_leniently(content, path, issues)


def _decode_leniently(content: bytes, path: Path, issues: list[DataIssue]) -> _Document:
    """The entries that fit the scheme; the others become issues."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"dataset.annotations: expected JSON in {path}, got no JSON ({error}); mend it") from error
    keys = _Document.__struct_fields__
    if not isinstance(document, dict) or not all(isinstance(document.get(key), list) for key in keys):
        raise DatasetError(
            f"dataset.annotations: expected the lists {', '.join(keys)} in {path}, got {_keys(document)}; give a file "
            "of ground truths, not of detections"
        )
    return _Document(
        list(_fitting(document["images"], _Image, IssueKind.UNREADABLE_IMAGE, path, issues)),
        list(_fitting(document["annotations"], _Annotation, IssueKind.MALFORMED, path, issues)),
        list(_fitting(document["categories"], _Category, IssueKind.UNREADABLE_LABELS, path, issues)),
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
            line = _line(entry.get("id") if isinstance(entry, dict) else None, position)
            problem = f"expected an entry with {', '.join(kind.__struct_fields__)}, got another: {error}"
            issues.append(DataIssue(path.name, line, wrong, problem, kept=False))
            if misfits > MOST_MISFITS:
                raise DatasetError(
                    f"dataset.annotations: {path}:{line}: {problem}; more than {MOST_MISFITS:,} entries of that list "
                    "are like that, so give a COCO annotation file"
                ) from error


def _once(what: str, entries: Sequence[_Named], path: Path, issues: list[DataIssue]) -> list[_Named]:
    """The entries with the first use of each id."""
    first: dict[Id, _Named] = {entry.id: entry for entry in entries}
    if len(first) == len(entries):
        return list(entries)
    first = {}
    for position, entry in enumerate(entries):
        if first.setdefault(entry.id, entry) is not entry:
            problem = f"expected each {what} id once, got {entry.id!r} again; the first one counts"
            issues.append(DataIssue(path.name, _line(entry.id, position), IssueKind.DUPLICATE, problem, kept=False))
    return list(first.values())


def _take_images(
    entries: Sequence[_Image], folder: Path | None, path: Path, issues: list[DataIssue], *, progress: bool
) -> _Images:
    """The images with a size; two entries of one file become one image."""
    names = [_relative(entry.file_name) for entry in entries]
    if folder is not None:
        issues += _missing_pictures(names, folder)
    sizes = _sizes(entries, names, folder, progress=progress)
    taken = _Images([], [], {})
    place: dict[str, int] = {}
    for entry, name, size in zip(entries, names, sizes, strict=True):
        if isinstance(size, str):
            problem = f"expected a width and a height, got {size}; its annotations take no part"
            issues.append(DataIssue(name, None, IssueKind.UNREADABLE_IMAGE, problem, kept=False))
            taken.position[entry.id] = _LEFT_OUT
            continue
        if name in place:
            problem = f"expected each file_name once in {path.name}, got {name} again; its annotations are joined"
            issues.append(DataIssue(name, None, IssueKind.DUPLICATE, problem, kept=True))
        else:
            place[name] = len(taken.paths)
            taken.paths.append(name)
            taken.sizes.append(size)
        taken.position[entry.id] = place[name]
    return taken


def _sizes(
    entries: Sequence[_Image], names: Sequence[str], folder: Path | None, *, progress: bool
) -> list[tuple[int, int] | str]:
    """Width and height of each image, from its entry or else its header, or why there is none."""
    sizes: list[tuple[int, int] | str] = [_written_size(entry) for entry in entries]
    lacking = [position for position, size in enumerate(sizes) if isinstance(size, str)]
    if folder is not None:
        headers = read_sizes([_picture(folder, names[position]) for position in lacking], progress=progress)
        for position, size in zip(lacking, headers, strict=True):
            sizes[position] = f"{sizes[position]} and {size.reason}" if isinstance(size, UnreadablePicture) else size
    return sizes


def _written_size(entry: _Image) -> tuple[int, int] | str:
    width, height = entry.width, entry.height
    if type(width) is int and type(height) is int and 0 < width < _COMMON_SIDE and 0 < height < _COMMON_SIDE:
        return width, height
    width, height = _side(width), _side(height)
    return (width, height) if usable_size(width, height) else f"{entry.width} × {entry.height}"


def _side(value: float | None) -> int:
    """A whole number of pixels, written 640 or 640.0; 0 for anything else."""
    if isinstance(value, int):
        return value
    return int(value) if value is not None and value.is_integer() else 0


def _picture(folder: Path, name: str) -> Path | None:
    """The file of a picture; None for a name that leads out of the folder: that is nobody's picture to read."""
    return None if leads_out(name) else folder / name


def _missing_pictures(names: Sequence[str], folder: Path) -> list[DataIssue]:
    missing = [name for name in names if leads_out(name) or not is_there((folder / name).is_file)]
    if missing and len(missing) == len(names):
        raise DatasetError(
            f"dataset.images: expected pictures such as {missing[0]} below {folder}, found none of {len(missing)}; "
            "give the folder that file_name counts from, or leave dataset.images out"
        )
    problem = "expected a picture in the folder of images, found none; its labels take part"
    return [DataIssue(name, None, IssueKind.NO_IMAGE, problem, kept=True) for name in missing]


def _boxes(
    annotations: Sequence[_Annotation], images: _Images, categories: Sequence[Id], path: Path, issues: list[DataIssue]
) -> tuple[FoundBoxes, list[bool]]:
    """The annotations that have an image and four numbers, and which images any annotation speaks of."""
    image = _looked_up([annotation.image_id for annotation in annotations], images.position, _UNKNOWN)
    bboxes = [annotation.bbox for annotation in annotations]
    misfit = (image == _UNKNOWN) | (~_are_four(bboxes) & (image >= 0))
    issues += [_misfit(annotations[row], row, int(image[row]), path) for row in np.flatnonzero(misfit).tolist()]
    annotated = np.bincount(image[image >= 0], minlength=len(images.paths)) > 0
    rows = np.flatnonzero((image >= 0) & ~misfit)
    good = annotations
    if len(rows) < len(annotations):
        good = [annotations[row] for row in rows.tolist()]
        image, bboxes = image[rows], [annotation.bbox for annotation in good]
    class_of = {category: number for number, category in enumerate(categories)}
    boxes = FoundBoxes(
        image=image,
        class_id=_looked_up([annotation.category_id for annotation in good], class_of, -1),
        cxcywh_norm_orig=_normalised(bboxes, images.sizes, image),
        ignored=np.fromiter([annotation.iscrowd for annotation in good], np.bool_, len(good)),
        place=lambda row: (path.name, _line(good[row].id, int(rows[row]))),
        written=lambda row: _written(good[row]),
        known_classes=f"the id of one of the {len(categories)} categories",
    )
    return boxes, annotated.tolist()


def _looked_up(ids: Sequence[Id], table: Mapping[Id, int], otherwise: int) -> npt.NDArray[np.int64]:
    """The number of each id."""
    return np.fromiter(map(table.get, ids, repeat(otherwise)), np.int64, len(ids))


def _are_four(bboxes: Sequence[tuple[float, ...]]) -> npt.NDArray[np.bool_]:
    """Whether each has four numbers."""
    return np.equal(np.fromiter(map(len, bboxes), np.int64, len(bboxes)), _BOX_VALUES)


def _normalised(
    bboxes: Sequence[tuple[float, ...]], sizes: Sequence[tuple[int, int]], image: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Centres and sizes over the image's width and height, computed in double precision."""
    values = np.fromiter(chain.from_iterable(bboxes), np.float64, _BOX_VALUES * len(bboxes))
    box, wh = values.reshape(-1, _BOX_VALUES), np.array(sizes, np.float64).reshape(-1, 2)
    with np.errstate(all="ignore"):
        for part in in_parts(len(box)):
            corner, side, over = box[part, :2], box[part, 2:], wh[image[part]]
            corner += side / 2
            corner /= over
            side /= over
    return box


def _misfit(annotation: _Annotation, row: int, image: int, path: Path) -> DataIssue:
    problem = (
        f"expected the id of an image, got image_id {annotation.image_id!r}"
        if image == _UNKNOWN
        else f"expected four numbers as bbox, got {len(annotation.bbox)}"
    )
    return DataIssue(path.name, _line(annotation.id, row), IssueKind.MALFORMED, problem, kept=False)


def _written(annotation: _Annotation) -> str:
    values = ", ".join(f"{value:.10g}" for value in annotation.bbox)
    return f"category {annotation.category_id!r} with bbox [{values}]"


def _line(entry_id: object, position: int) -> int:
    """The entry's id, by which people find it; its 1-based position where that is no number that a table can hold."""
    fits = isinstance(entry_id, int) and 0 <= entry_id < 2**63
    return int(entry_id) if fits and isinstance(entry_id, int) else position + 1


def _id_order(entry_id: Id) -> tuple[int, int, str]:
    """Numbers ascending, then words."""
    return (0, entry_id, "") if isinstance(entry_id, int) else (1, 0, entry_id)


def _relative(file_name: str) -> str:
    """The file name as a relative POSIX path; some exports write backslashes or absolute paths."""
    if "/" not in file_name and "\\" not in file_name:
        return file_name or "."
    text = re.sub(r"^([A-Za-z]:)?/+", "", file_name.replace("\\", "/"))
    return PurePosixPath(text).as_posix()
