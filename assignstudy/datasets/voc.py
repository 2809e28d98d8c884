"""Reader of PASCAL VOC: one XML file per image in ``Annotations/``, splits in ``ImageSets/Main/``.

Corners in the XML are 1-based and inclusive: a box over the whole of a 500×375 image says 1, 1, 500, 375. Here pixels
begin at 0 and ends are exclusive, so one is taken from xmin and ymin only.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from xml.etree.ElementTree import Element, ParseError

import numpy as np
import numpy.typing as npt
from defusedxml.ElementTree import fromstring
from tqdm import tqdm

from assignstudy.datasets.assemble import FoundBoxes, FoundImages, assemble, no_label_issues, usable_size
from assignstudy.datasets.cache import Sources, cached
from assignstudy.datasets.files import (
    MOST_LABEL_BYTES,
    MOST_MISFITS,
    did_you_mean,
    is_there,
    needed_folder,
    read_needed,
    reason,
    walk,
)
from assignstudy.datasets.options import flag, needed_path, needed_word
from assignstudy.datasets.pictures import PictureFiles, UnreadablePicture, is_image_name, read_sizes
from assignstudy.errors import DatasetError
from assignstudy.types import DataIssue, Dataset, IssueKind
from assignstudy.untrusted import leads_out, read_plain

_PICTURE_FOLDERS = ("JPEGImages", "images")
_CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True, slots=True)
class _Object:
    """One ``<object>``.

    Attributes:
        number: 1-based, in its file.
        name: The class.
        corners: xmin, ymin, xmax, ymax as written.
        difficult: Whether it is marked so.
    """

    number: int
    name: str
    corners: tuple[float, ...]
    difficult: bool


@dataclass(frozen=True, eq=False)
class _Page:
    """What is known of one image of the split.

    Attributes:
        xml: Relative path of its XML file.
        image: Relative path of its picture, whether that exists or not.
        has_picture: Whether it does.
        labelled: Whether the XML holds any object, or cannot be read.
        wh_orig: Size by the XML; zeros where that says none.
        objects: The well-formed objects.
        issues: What is wrong with the others.
    """

    xml: str
    image: str
    has_picture: bool
    labelled: bool = False
    wh_orig: tuple[int, int] = (0, 0)
    objects: tuple[_Object, ...] = ()
    issues: tuple[DataIssue, ...] = ()


@dataclass(frozen=True, eq=False)
class _Folder:
    """A VOC folder.

    Attributes:
        root: The folder itself.
        pictures: Name of the folder of pictures.
        picture_of: Relative path of each picture, by its path in that folder without the suffix; None without a folder.
    """

    root: Path
    pictures: str
    picture_of: dict[str, str] | None


@dataclass(frozen=True, eq=False)
class _Taken:
    """The images that take part, and their sizes."""

    pages: list[_Page]
    sizes: list[tuple[int, int]]


def read(
    root: str | Path | None = None,
    split: str = "trainval",
    ignore_difficult: bool = False,
    cache: bool = True,
    *,
    progress: bool = False,
) -> Dataset:
    """Read one split of a VOC folder.

    Classes are the names found in the split, sorted. Sizes come from the XML, or from the picture's header where the
    XML has none.

    Args:
        root: Folder that contains ``Annotations``, such as ``VOCdevkit/VOC2007``.
        split: Name of a list in ``ImageSets/Main``; a folder without lists is read whole.
        ignore_difficult: Whether objects marked difficult are kept out of the assignment.
        cache: Whether what was read is kept for the next time, see :mod:`.cache`.
        progress: Whether to show progress bars on stderr.

    Raises:
        ConfigError: An option that cannot be used.
        DatasetError: The folder or the split is missing or unreadable, or there is no image.
    """
    options = {"root": root, "split": split, "ignore_difficult": ignore_difficult}
    if not flag("cache", cache):
        return _read(root, split, ignore_difficult, progress=progress)
    reading = functools.partial(_read, root, split, ignore_difficult, progress=progress)
    return cached("voc", options, lambda: _sources(root), reading)


def _sources(root: str | Path | None) -> Sources:
    path = needed_path("root", root, "a VOC folder")
    return Sources((), tuple(path / name for name in ("Annotations", "ImageSets/Main", *_PICTURE_FOLDERS)))


def _read(root: str | Path | None, split: str, ignore_difficult: bool, *, progress: bool) -> Dataset:
    folder = _open_folder(needed_path("root", root, "a VOC folder"))
    keep_out = flag("ignore_difficult", ignore_difficult)
    names, issues = _split(folder.root, needed_word("split", split, "trainval"))
    pages = [_page(folder, name) for name in tqdm(names, desc="annotations", unit="file", disable=not progress)]
    issues += [issue for page in pages for issue in page.issues]
    taken = _take(folder, pages, issues, progress=progress)
    images = [page.image for page in taken.pages]
    labelled = [page.labelled for page in taken.pages]
    issues += no_label_issues(images, labelled, lambda at: f"expected objects in {taken.pages[at].xml}, found none")
    class_names = sorted({thing.name for page in taken.pages for thing in page.objects})
    load_picture = None if folder.picture_of is None else PictureFiles(tuple(folder.root / image for image in images))
    found = FoundImages(images, taken.sizes, load_picture)
    boxes = _boxes(taken, class_names, ignore_difficult=keep_out)
    return assemble(folder.root.absolute().name, class_names, found, boxes, issues)


def _open_folder(path: Path) -> _Folder:
    root = needed_folder("root", path, "a VOC folder")
    if not (root / "Annotations").is_dir():
        inside = sorted(child.name for child in root.iterdir() if is_there((child / "Annotations").is_dir))
        hint = f"give {root / inside[-1]}" if inside else "give a folder such as VOCdevkit/VOC2007"
        raise DatasetError(f"dataset.root: expected a folder Annotations in {root}, found none; {hint}")
    for name in _PICTURE_FOLDERS:
        if (root / name).is_dir():
            return _Folder(root, name, _pictures(root / name))
    return _Folder(root, _PICTURE_FOLDERS[0], None)


def _pictures(folder: Path) -> dict[str, str]:
    base = folder.as_posix()
    paths = [f"{place}/{name}"[len(base) + 1 :] for place, names in walk(base) for name in names if is_image_name(name)]
    return {path.rpartition(".")[0]: f"{folder.name}/{path}" for path in paths}


def _split(root: Path, split: str) -> tuple[list[str], list[DataIssue]]:
    """The images that a list names, each once; every annotated image where there are no lists."""
    lists = root / "ImageSets" / "Main"
    if not lists.is_dir():
        base = (root / "Annotations").as_posix()
        files = [f"{place}/{name}"[len(base) + 1 :] for place, names in walk(base) for name in names]
        return sorted(name.removesuffix(".xml") for name in files if name.endswith(".xml")), []
    path = lists / f"{split}.txt"
    if not is_there(path.exists):
        known = sorted(one.stem for one in lists.glob("*.txt"))
        # Lists of single classes, such as cat_train, would drown those that matter.
        plain = [name for name in known if "_" not in name]
        hint = did_you_mean(split, plain or known)
        raise DatasetError(f'dataset.split: expected a list of {lists}, got "{split}"; {hint}')
    return _listed(root, path)


def _listed(root: Path, path: Path) -> tuple[list[str], list[DataIssue]]:
    try:
        lines = read_needed("split", path, "a list of images").decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DatasetError(f"dataset.split: expected a list of images, got {path}, which is no text") from error
    first: dict[str, int] = {}
    issues = []
    shown = path.relative_to(root).as_posix()
    for number, line in enumerate(lines, start=1):
        name = line.strip()
        if leads_out(name):
            problem = f"expected the name of an image, got {name[:80]}, which leads out of the data set"
            issues.append(DataIssue(shown, number, IssueKind.UNREADABLE_LABELS, problem, kept=False))
            continue
        name = _image_name(root, name)
        if name and first.setdefault(name, number) != number:
            problem = f"expected each image once, got {name} as in line {first[name]}"
            issues.append(DataIssue(shown, number, IssueKind.DUPLICATE, problem, kept=False))
    return [name for name in first if name], issues


def _image_name(root: Path, line: str) -> str:
    """The image of a line; lists of a single class put −1, 0 or 1 behind it, but a name may end like that, too."""
    plain = re.sub(r"\s+(-1|0|1)$", "", line)
    return line if plain == line or is_there((root / "Annotations" / f"{line}.xml").exists) else plain


def _page(folder: _Folder, name: str) -> _Page:
    xml = f"Annotations/{name}.xml"
    picture = None if folder.picture_of is None else folder.picture_of.get(name)
    image = picture or f"{folder.pictures}/{name}.jpg"
    try:
        tree = fromstring(read_plain(folder.root / xml, MOST_LABEL_BYTES), forbid_dtd=True)
    except (FileNotFoundError, NotADirectoryError):
        return _Page(xml, image, picture is not None)
    # ValueError: forbidden definitions and entities, multi-byte encodings; LookupError: unknown encodings.
    except (OSError, ParseError, ValueError, LookupError) as error:
        issue = DataIssue(xml, None, IssueKind.UNREADABLE_LABELS, f"expected XML, found {reason(error)}", kept=False)
        return _Page(xml, image, picture is not None, labelled=True, issues=(issue,))
    image = picture or f"{folder.pictures}/{name}{_suffix(tree.findtext('filename'))}"
    lonely = picture is None and folder.picture_of is not None
    return _filled(_Page(xml, image, picture is not None), tree, lonely=lonely)


def _filled(page: _Page, tree: Element, *, lonely: bool) -> _Page:
    """The page with what its XML says."""
    found = [_object(number, element) for number, element in enumerate(tree.findall("object"), start=1)]
    if sum(isinstance(one, str) for one in found) > MOST_MISFITS:
        problem = f"expected objects with a name and a box, found more than {MOST_MISFITS:,} without"
        issue = DataIssue(page.xml, None, IssueKind.UNREADABLE_LABELS, problem, kept=False)
        return _Page(page.xml, page.image, page.has_picture, labelled=True, issues=(issue,))
    issues = [
        DataIssue(page.xml, number, IssueKind.MALFORMED, one, kept=False)
        for number, one in enumerate(found, start=1)
        if isinstance(one, str)
    ]
    if lonely:
        problem = f"expected the picture {page.image}, found none; its labels take part"
        issues.append(DataIssue(page.xml, None, IssueKind.NO_IMAGE, problem, kept=True))
    objects = tuple(one for one in found if isinstance(one, _Object))
    wh = (_side(tree.findtext("size/width")), _side(tree.findtext("size/height")))
    return _Page(page.xml, page.image, page.has_picture, bool(found), wh, objects, tuple(issues))


def _object(number: int, element: Element) -> _Object | str:
    """The object, or what is wrong with it; the boxes of its parts (head, hand) are passed over."""
    name = (element.findtext("name") or "").strip()
    written = [element.findtext(f"bndbox/{corner}") for corner in _CORNERS]
    if not name:
        return "expected a name, got none"
    try:
        corners = tuple(float(text or "") for text in written)
    except ValueError:
        return f"expected numbers as {', '.join(_CORNERS)}, got {', '.join(map(str, written))}"
    return _Object(number, name, corners, (element.findtext("difficult") or "").strip() in {"1", "true", "True"})


def _side(text: str | None) -> int:
    """A whole number of pixels, written 640 or 640.0; 0 for anything else."""
    try:
        value = float(text or "")
    except ValueError:
        return 0
    return int(value) if value.is_integer() else 0


def _suffix(filename: str | None) -> str:
    """The suffix that the XML gives its picture."""
    name = PureWindowsPath(filename or "").name  # understands both kinds of slashes
    return PurePosixPath(name).suffix if is_image_name(name) else ".jpg"


def _take(folder: _Folder, pages: Sequence[_Page], issues: list[DataIssue], *, progress: bool) -> _Taken:
    """The images with a size, from their XML or else their header."""
    lacking = [page.image for page in pages if page.has_picture and not usable_size(*page.wh_orig)]
    headers = dict(zip(lacking, read_sizes([folder.root / image for image in lacking], progress=progress), strict=True))
    taken = _Taken([], [])
    for page in pages:
        size = headers.get(page.image, page.wh_orig)
        if isinstance(size, UnreadablePicture) or not usable_size(*size):
            found = size.reason if isinstance(size, UnreadablePicture) else "no picture"
            problem = f"expected a size in {page.xml} or a picture, found {found}; its labels take no part"
            issues.append(DataIssue(page.image, None, IssueKind.UNREADABLE_IMAGE, problem, kept=False))
        else:
            taken.pages.append(page)
            taken.sizes.append(size)
    return taken


def _boxes(taken: _Taken, class_names: Sequence[str], *, ignore_difficult: bool) -> FoundBoxes:
    rows = [(position, thing) for position, page in enumerate(taken.pages) for thing in page.objects]
    number_of = {name: number for number, name in enumerate(class_names)}
    image = np.array([position for position, _ in rows], np.int64)
    corners = np.array([thing.corners for _, thing in rows], np.float64).reshape(-1, 4)
    return FoundBoxes(
        image=image,
        class_id=np.array([number_of[thing.name] for _, thing in rows], np.int64),
        cxcywh_norm_orig=_normalised(corners, np.array(taken.sizes, np.float64).reshape(-1, 2)[image]),
        ignored=np.array([thing.difficult and ignore_difficult for _, thing in rows], np.bool_),
        place=lambda row: (taken.pages[rows[row][0]].xml, rows[row][1].number),
        written=lambda row: _written(rows[row][1]),
        known_classes="a class of the split",
    )


def _normalised(corners: npt.NDArray[np.float64], wh: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Centres and sizes over the image's width and height, from 1-based inclusive corners, in double precision."""
    with np.errstate(all="ignore"):
        low, high = corners[:, :2] - 1, corners[:, 2:]
        return np.concatenate(((low + high) / 2 / wh, (high - low) / wh), axis=1)


def _written(thing: _Object) -> str:
    values = ", ".join(f"{corner} {value:.10g}" for corner, value in zip(_CORNERS, thing.corners, strict=True))
    return f"{thing.name} with {values}"
