"""Reader of COCO JSON: ``images``, ``annotations`` with ``bbox`` as x, y, width, height in pixels, ``categories``.

How the file is decoded stands in :mod:`.coco_document`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path, PurePosixPath
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from assignstudy.datasets.assemble import FoundBoxes, FoundImages, assemble, in_parts, no_label_issues, usable_size
from assignstudy.datasets.cache import Sources, cached
from assignstudy.datasets.coco_document import Annotation, Annotations, Category, Id, ImageEntry, decode, entry_line
from assignstudy.datasets.files import is_there, needed_folder, speaking_name
from assignstudy.datasets.options import flag, needed_path
from assignstudy.datasets.pictures import PictureFiles, UnreadablePicture, read_sizes
from assignstudy.errors import DatasetError
from assignstudy.types import DataIssue, Dataset, IssueKind
from assignstudy.untrusted import leads_out

_UNKNOWN, _LEFT_OUT = -1, -2  # an image id that no image has; an image that takes no part
_LARGEST = 2**63 - 1
_COMMON_SIDE = 1 << 16  # below this nothing has to be looked at twice

_Named = TypeVar("_Named", ImageEntry, Category)


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
    document = decode(path, issues)
    categories = _once("category", sorted(document.categories, key=lambda entry: _id_order(entry.id)), path, issues)
    taken = _take_images(_once("image", document.images, path, issues), folder, path, issues, progress=progress)
    boxes, annotated = _boxes(document.annotations, taken, [category.id for category in categories], path, issues)
    issues += no_label_issues(taken.paths, annotated, lambda _: f"expected annotations in {path.name}, found none")
    load_picture = None if folder is None else PictureFiles(tuple(_picture(folder, image) for image in taken.paths))
    found = FoundImages(taken.paths, taken.sizes, load_picture)
    return assemble(speaking_name(path), [category.name for category in categories], found, boxes, issues)


def _once(what: str, entries: Sequence[_Named], path: Path, issues: list[DataIssue]) -> list[_Named]:
    """The entries with the first use of each id."""
    first: dict[Id, _Named] = {entry.id: entry for entry in entries}
    if len(first) == len(entries):
        return list(entries)
    first = {}
    for position, entry in enumerate(entries):
        if first.setdefault(entry.id, entry) is not entry:
            problem = f"expected each {what} id once, got {entry.id!r} again; the first one counts"
            line = entry_line(entry.id, position)
            issues.append(DataIssue(path.name, line, IssueKind.DUPLICATE, problem, kept=False))
    return list(first.values())


def _take_images(
    entries: Sequence[ImageEntry], folder: Path | None, path: Path, issues: list[DataIssue], *, progress: bool
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
    entries: Sequence[ImageEntry], names: Sequence[str], folder: Path | None, *, progress: bool
) -> list[tuple[int, int] | str]:
    """Width and height of each image, from its entry or else its header, or why there is none."""
    sizes: list[tuple[int, int] | str] = [_written_size(entry) for entry in entries]
    lacking = [position for position, size in enumerate(sizes) if isinstance(size, str)]
    if folder is not None:
        headers = read_sizes([_picture(folder, names[position]) for position in lacking], progress=progress)
        for position, size in zip(lacking, headers, strict=True):
            sizes[position] = f"{sizes[position]} and {size.reason}" if isinstance(size, UnreadablePicture) else size
    return sizes


def _written_size(entry: ImageEntry) -> tuple[int, int] | str:
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
    annotations: Annotations, images: _Images, categories: Sequence[Id], path: Path, issues: list[DataIssue]
) -> tuple[FoundBoxes, list[bool]]:
    """The annotations that have an image and four numbers, and which images any annotation speaks of."""
    image = _looked_up(annotations.image_id, images.position, _UNKNOWN)
    misfit = (image == _UNKNOWN) | (~annotations.are_four & (image >= 0))
    issues += [_misfit(annotations.entry(row), row, int(image[row]), path) for row in np.flatnonzero(misfit).tolist()]
    annotated = np.bincount(image[image >= 0], minlength=len(images.paths)) > 0
    rows = np.flatnonzero((image >= 0) & ~misfit)
    image, class_of = image[rows], {category: number for number, category in enumerate(categories)}
    boxes = FoundBoxes(
        image=image,
        class_id=_looked_up(annotations.category_id, class_of, -1)[rows],
        cxcywh_norm_orig=_normalised(annotations.xywh_px_orig[rows], images.sizes, image),
        ignored=annotations.iscrowd[rows],
        place=lambda row: (path.name, entry_line(annotations.entry(int(rows[row])).id, int(rows[row]))),
        written=lambda row: _written(annotations.entry(int(rows[row]))),
        known_classes=f"the id of one of the {len(categories)} categories",
    )
    return boxes, annotated.tolist()


def _looked_up(
    ids: npt.NDArray[np.int64] | Sequence[Id], table: Mapping[Id, int], otherwise: int
) -> npt.NDArray[np.int64]:
    """The number of each id."""
    if not isinstance(ids, np.ndarray):
        return np.fromiter(map(table.get, ids, repeat(otherwise)), np.int64, len(ids))
    known = {key: number for key, number in table.items() if isinstance(key, int) and -(2**63) <= key <= _LARGEST}
    keys, numbers = np.fromiter(known, np.int64, len(known)), np.fromiter(known.values(), np.int64, len(known))
    order = np.argsort(keys)
    keys, numbers = np.append(keys[order], _LARGEST), np.append(numbers[order], otherwise)  # beyond all others
    place = np.searchsorted(keys[:-1], ids)
    return np.where(keys[place] == ids, numbers[place], otherwise)


def _normalised(
    box: npt.NDArray[np.float64], sizes: Sequence[tuple[int, int]], image: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Centres and sizes over the image's width and height, in place of corners and sizes in pixels."""
    wh = np.array(sizes, np.float64).reshape(-1, 2)
    with np.errstate(all="ignore"):
        for part in in_parts(len(box)):
            corner, side, over = box[part, :2], box[part, 2:], wh[image[part]]
            corner += side / 2
            corner /= over
            side /= over
    return box


def _misfit(annotation: Annotation, row: int, image: int, path: Path) -> DataIssue:
    problem = (
        f"expected the id of an image, got image_id {annotation.image_id!r}"
        if image == _UNKNOWN
        else f"expected four numbers as bbox, got {len(annotation.bbox)}"
    )
    return DataIssue(path.name, entry_line(annotation.id, row), IssueKind.MALFORMED, problem, kept=False)


def _written(annotation: Annotation) -> str:
    values = ", ".join(f"{value:.10g}" for value in annotation.bbox)
    return f"category {annotation.category_id!r} with bbox [{values}]"


def _id_order(entry_id: Id) -> tuple[int, int, str]:
    """Numbers ascending, then words."""
    return (0, entry_id, "") if isinstance(entry_id, int) else (1, 0, entry_id)


def _relative(file_name: str) -> str:
    """The file name as a relative POSIX path; some exports write backslashes or absolute paths."""
    if "/" not in file_name and "\\" not in file_name:
        return file_name or "."
    text = re.sub(r"^([A-Za-z]:)?/+", "", file_name.replace("\\", "/"))
    return PurePosixPath(text).as_posix()
