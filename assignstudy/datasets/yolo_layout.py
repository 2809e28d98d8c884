"""Where a data set in the Ultralytics layout keeps its images and labels: the ``data.yaml``, folders and list files.

``path`` in the YAML counts from the YAML's folder, then from the working folder; each split is a folder, a list file or
a list of these. A label file's path is its image's with the last ``/images/`` turned into ``/labels/`` and the suffix
into ``.txt``; without such a folder it lies beside the image.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assignstudy.datasets.files import MOST_MISFITS, briefly, did_you_mean, is_there, read_needed, reason, walk
from assignstudy.datasets.pictures import IMAGE_SUFFIXES, is_image_name
from assignstudy.errors import DatasetError
from assignstudy.types import DataIssue, IssueKind
from assignstudy.untrusted import is_inside, read_yaml

_NOT_SPLITS = frozenset({"path", "names", "nc", "download", "kpt_shape", "flip_idx", "channels"})
_MOST_CLASSES = 100_000  # without names; more can only be a slip, and would fill the memory
_CLASS_LIST = "classes.txt"  # labelImg keeps its class names among the label files


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one split lies.

    Attributes:
        yaml: The ``data.yaml``, as the user gave it.
        split: Name of the split.
        root: Folder that the YAML's paths count from, absolute.
        class_names: One name per class.
        sources: Folders and list files of the split, absolute.
    """

    yaml: Path
    split: str
    root: Path
    class_names: tuple[str, ...]
    sources: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """The images of a split.

    Attributes:
        base: Folder that relative paths count from, absolute, POSIX.
        images: Absolute POSIX path of each image, ascending and unique.
        labels: Absolute POSIX path of each image's label file, whether it exists or not.
    """

    base: str
    images: tuple[str, ...]
    labels: tuple[str, ...]

    def relative(self, path: str) -> str:
        """The path as pages show it: relative, POSIX."""
        if path.startswith(f"{self.base}/"):
            return path[len(self.base) + 1 :]
        return Path(os.path.relpath(path, self.base or "/")).as_posix()


@dataclass(frozen=True, slots=True)
class _Entry:
    """One image that the split names.

    Attributes:
        image: Absolute POSIX path.
        place: The file that names it: a list file, or itself.
        line: 1-based line of the list file.
    """

    image: str
    place: str
    line: int | None = None


_Odd = tuple[_Entry, IssueKind, str]


def label_path(image: str) -> str:
    """Path of an image's label file: the last ``/images/`` becomes ``/labels/``, the suffix ``.txt``.

    Args:
        image: Absolute POSIX path.
    """
    before, found, after = image.rpartition("/images/")
    mirrored = f"{before}/labels/{after}" if found else image
    return mirrored.rpartition(".")[0] + ".txt"


def load_layout(path: Path, split: str) -> Layout:
    """Read a ``data.yaml``.

    Args:
        path: The file.
        split: Which of its keys to read.

    Raises:
        DatasetError: The file, the split, a folder or the class names are missing or make no sense.
    """
    config = _load_yaml(path)
    names = _class_names(path, config)
    root = _root(path, config.get("path"))
    return Layout(path, split, root, names, _sources(path, config, split, root))


def find_images(layout: Layout) -> tuple[ImageFiles, list[DataIssue]]:
    """The images of a split, each once, and what is wrong with the list of them.

    Raises:
        DatasetError: There is no image, or a list file cannot be read.
    """
    first: dict[str, _Entry] = {}
    odd: list[_Odd] = []
    for entry in _entries(layout, odd):
        if entry.image in first:
            name = entry.image.rpartition("/")[2]
            odd.append((entry, IssueKind.DUPLICATE, f"expected each image once, got {name} again"))
        else:
            first[entry.image] = entry
    if not first:
        raise DatasetError(_no_image(layout, odd))
    images = tuple(sorted(first))
    labels = tuple(map(label_path, images))
    files = ImageFiles(_base(layout.root.as_posix(), images, labels), images, labels)
    issues = [DataIssue(files.relative(e.place), e.line, kind, problem, kept=False) for e, kind, problem in odd]
    return files, issues


def labels_without_image(files: ImageFiles, layout: Layout) -> list[DataIssue]:
    """One issue per label file in the split's label folders that no image belongs to, be it of this split or another.

    Raises:
        DatasetError: None of these folders exists.
    """
    folders = _label_folders(files, layout)
    if not any(is_there(Path(folder).is_dir) for folder in folders):
        raise DatasetError(
            f"dataset.data: expected label files such as {files.relative(files.labels[0])} for {len(files.images)} "
            "images, found no such folder; labels/ must mirror images/"
        )
    known = {*files.labels, *(source.as_posix() for source in layout.sources)}
    problem = "expected an image of the same name, found none; its labels take no part"
    return [
        DataIssue(files.relative(f"{folder}/{stem}.txt"), None, IssueKind.NO_IMAGE, problem, kept=False)
        for folder, names in folders.items()
        for stem in sorted(_lonely_stems(folder, names, known))
    ]


def _label_folders(files: ImageFiles, layout: Layout) -> dict[str, list[str]]:
    """The folders where labels of the split may lie, with their file names."""
    mirrors = {_folder(label_path(f"{source.as_posix()}/x.jpg")) for source in layout.sources if source.is_dir()}
    folders = {folder: names for mirror in sorted(mirrors) for folder, names in walk(mirror)}
    for folder in sorted({_folder(label) for label in files.labels} - folders.keys()):
        folders[folder] = _file_names(folder)
    return folders


def _lonely_stems(folder: str, names: Iterable[str], known: set[str]) -> set[str]:
    """Label files without an image; those of other splits in the same folder have theirs."""
    texts = {name for name in names if name.endswith(".txt") and name != _CLASS_LIST}
    stems = {name.removesuffix(".txt") for name in texts if f"{folder}/{name}" not in known}
    if not stems:
        return stems
    before, found, after = f"{folder}/".rpartition("/labels/")
    image_folder = f"{before}/images/{after}" if found else folder
    return stems - {name.rpartition(".")[0] for name in _file_names(image_folder) if is_image_name(name)}


def _load_yaml(path: Path) -> dict[object, object]:
    try:
        document = read_yaml(path)
    except OSError as error:
        raise DatasetError(
            f"dataset.data: expected a data.yaml, got {path}: {reason(error)}; check the path"
        ) from error
    except ValueError as error:
        raise DatasetError(f"dataset.data: expected YAML in {path}, got no YAML ({error}); mend the file") from error
    if not isinstance(document, dict):
        raise DatasetError(f"dataset.data: expected the keys path, train, val and names in {path}, got none of them")
    return document


def _root(yaml_path: Path, value: object) -> Path:
    """The folder that splits count from: ``path`` from the YAML's folder, else from the working folder."""
    beside = yaml_path.absolute().parent
    if value is None or value == "":
        return beside.resolve()
    if not isinstance(value, str):
        raise DatasetError(f"dataset.data: expected a folder as path in {yaml_path}, got {briefly(value)}")
    candidates = (beside / value, Path.cwd() / value)
    for folder in candidates:
        if is_there(folder.is_dir):
            return folder.resolve()
    raise DatasetError(
        f"dataset.data: expected the folder that path in {yaml_path} names at {_listed(candidates)}, found none; "
        "correct path, or leave it out if the images lie beside the YAML"
    )


def _class_names(path: Path, config: dict[object, object]) -> tuple[str, ...]:
    names, count = config.get("names"), config.get("nc")
    if names is None and isinstance(count, int):
        if not 0 < count <= _MOST_CLASSES:
            raise DatasetError(
                f"dataset.data: expected nc from 1 to {_MOST_CLASSES} in {path}, got {count}; correct it"
            )
        return tuple(f"class_{number}" for number in range(count))
    if isinstance(names, dict):
        names = _ordered_names(path, names)
    if not isinstance(names, list) or not names or any(isinstance(name, list | dict | set) for name in names):
        raise DatasetError(f"dataset.data: expected names in {path} as a list or a map from 0 up, got {briefly(names)}")
    if isinstance(count, int) and count != len(names):
        raise DatasetError(f"dataset.data: expected nc names in {path}, got {len(names)} and nc {count}; correct one")
    return tuple(map(str, names))


def _ordered_names(path: Path, names: dict[object, object]) -> list[object]:
    numbered = {int(str(key)): name for key, name in names.items() if re.fullmatch("[0-9]{1,9}", str(key))}
    if sorted(numbered) != list(range(len(names))):
        keys = ", ".join(map(str, names))
        raise DatasetError(f"dataset.data: expected names in {path} numbered 0 to {len(names) - 1}, got {keys[:80]}")
    return [numbered[number] for number in range(len(names))]


def _sources(path: Path, config: dict[object, object], split: str, root: Path) -> tuple[Path, ...]:
    entry = config.get(split)
    if entry is None or split in _NOT_SPLITS:
        splits = [str(key) for key, value in config.items() if key not in _NOT_SPLITS and value is not None]
        raise DatasetError(f'dataset.split: expected a split of {path}, got "{split}"; {did_you_mean(split, splits)}')
    entries = [one for one in (entry if isinstance(entry, list) else [entry]) if isinstance(one, str)]
    if not entries or len(entries) != (len(entry) if isinstance(entry, list) else 1):
        raise DatasetError(
            f"dataset.split: expected {split} in {path} to name folders or list files, got {briefly(entry)}"
        )
    return tuple(_source(path, split, root, one) for one in entries)


def _source(path: Path, split: str, root: Path, entry: str) -> Path:
    """Where one entry of a split leads; a leading ``../`` too many, as some exports write it, is forgiven."""
    for candidate in (entry, entry.removeprefix("../")):
        if is_there((root / candidate).exists):
            return (root / candidate).resolve()
    raise DatasetError(
        f"dataset.data: expected the images of {split} at {root / entry}, found nothing there; check {split} and path "
        f"in {path}"
    )


def _entries(layout: Layout, odd: list[_Odd]) -> Iterator[_Entry]:
    """Each image that the folders and list files of a split name; folders that cannot be listed go to ``odd``."""

    def complain(error: OSError) -> None:
        problem = f"expected a folder that can be listed, found {reason(error)}"
        folder = Path(error.filename).as_posix()
        odd.append((_Entry(folder, folder), IssueKind.UNREADABLE_IMAGE, problem))

    for source in layout.sources:
        if not source.is_dir():
            yield from _list_entries(source, layout.root, odd)
            continue
        for folder, names in walk(source.as_posix(), complain):
            paths = (f"{folder}/{name}" for name in names if is_image_name(name))
            yield from (_Entry(path, path) for path in paths)


def _list_entries(source: Path, root: Path, odd: list[_Odd]) -> Iterator[_Entry]:
    """The lines of a list file; those that name no image of the data set go to ``odd``.

    Raises:
        DatasetError: The file is no list of images.
    """
    try:
        lines = read_needed("data", source, "a list of images").decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DatasetError(f"dataset.data: expected a folder or a list of images, got {source}: no text") from error
    misfits = 0
    for number, text in enumerate(map(str.strip, lines), start=1):
        problem = _no_image_line(text)
        entry = _Entry(source.as_posix() if problem else _located(text, source.parent, root), source.as_posix(), number)
        if not problem and not is_inside(entry.image, [root.as_posix(), source.parent.as_posix()]):
            problem = f"expected an image below {root.name or root}, the folder that path names, got one elsewhere"
        if problem and text:
            misfits += 1
            odd.append((entry, IssueKind.UNREADABLE_IMAGE, problem))
        elif text:
            yield entry
        if misfits > MOST_MISFITS:
            raise DatasetError(f"dataset.data: expected a list of images, got {source}: {problem}, and so often before")


def _no_image_line(text: str) -> str:
    """What is wrong with a line that can name no image; empty where it can."""
    name = text.replace("\\", "/").rpartition("/")[2]
    return "" if is_image_name(name) and "\0" not in text else f"expected an image file, got {name[:80]}"


def _located(text: str, folder: Path, root: Path) -> str:
    """``./`` is the list's own folder; other relative paths are tried there, in ``path`` and in the working folder."""
    places = [folder] if text.startswith("./") else [folder, root, Path.cwd()]
    candidates = [Path(os.path.normpath(place / text)) for place in places]
    return next((path for path in candidates if is_there(path.exists)), candidates[0]).as_posix()


def _base(root: str, images: Sequence[str], labels: Sequence[str]) -> str:
    """The folder that relative paths count from: the data set's own, or what all files share where some lie outside."""
    if all(image.startswith(f"{root}/") for image in images):
        return root
    return Path(os.path.commonpath([_folder(file) for file in (*images, *labels)])).as_posix().rstrip("/")


def _no_image(layout: Layout, odd: Sequence[_Odd]) -> str:
    first = next((f"; line {entry.line} of {entry.place}: {problem}" for entry, _, problem in odd if entry.line), "")
    return (
        f"dataset.data: expected images in {_listed(layout.sources)}, found none{first}; check {layout.split} and path "
        f"in {layout.yaml} (image files end in {', '.join(sorted(IMAGE_SUFFIXES))})"
    )


def _file_names(folder: str) -> list[str]:
    return next((names for _, names in walk(folder)), [])


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _listed(paths: Iterable[Path]) -> str:
    return " or ".join(dict.fromkeys(map(str, paths)))
