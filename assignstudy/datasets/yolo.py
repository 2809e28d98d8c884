"""Reader of YOLO text labels as Ultralytics' tools lay them out: a ``data.yaml``, ``images/`` and a mirror ``labels/``.

Where the files lie is the matter of :mod:`.yolo_layout`, what stands in them that of :mod:`.yolo_text`.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from tqdm import tqdm

from assignstudy.datasets.assemble import FoundBoxes, FoundImages, assemble, no_label_issues, usable_size
from assignstudy.datasets.cache import Sources, cached
from assignstudy.datasets.files import MOST_LABEL_BYTES, reason, speaking_name
from assignstudy.datasets.options import flag, needed_path, needed_word
from assignstudy.datasets.pictures import PictureFiles, UnreadablePicture, read_sizes
from assignstudy.datasets.yolo_layout import ImageFiles, find_images, label_path, labels_without_image, load_layout
from assignstudy.datasets.yolo_text import LabelRows, parse
from assignstudy.types import DataIssue, Dataset, IssueKind
from assignstudy.untrusted import read_plain


def read(
    data: str | Path | None = None, split: str = "train", cache: bool = True, *, progress: bool = False
) -> Dataset:
    """Read one split of a data set in the Ultralytics layout.

    Values stay as written, normalised by the image: boxes partly outside are kept and reported (YOLOv5 would refuse
    the whole file), boxes wholly outside are refused. Of exact duplicates one stays, and the rows of that image come
    sorted by class and box, as YOLOv5 leaves them; other images keep their order. A row of 7, 9, … values is a polygon
    and becomes its bounding box.

    Args:
        data: The ``data.yaml``.
        split: Which of its keys to read: ``train``, ``val``, ``test`` or any other.
        cache: Whether what was read is kept for the next time, see :mod:`.cache`.
        progress: Whether to show progress bars on stderr.

    Raises:
        ConfigError: An option that cannot be used.
        DatasetError: The YAML, a folder or a list file is missing or unreadable, or there is no image.
    """
    if not flag("cache", cache):
        return _read(data, split, progress=progress)
    reading = functools.partial(_read, data, split, progress=progress)
    return cached("yolo", {"data": data, "split": split}, lambda: _sources(data, split), reading)


def _sources(data: str | Path | None, split: str) -> Sources:
    """The YAML and the list files, and the folders of images and labels."""
    path = needed_path("data", data, "a data.yaml")
    layout = load_layout(path, needed_word("split", split, "train"))
    lists = [source for source in layout.sources if not source.is_dir()]
    folders = {source for source in layout.sources if source.is_dir()}
    if lists:
        files, _ = find_images(layout)
        folders |= {Path(file).parent for file in files.images}
    labels = {Path(label_path(f"{folder.as_posix()}/x.jpg")).parent for folder in folders}
    return Sources((path, *lists), tuple(sorted(folders | labels)), layout.root)


def _read(data: str | Path | None, split: str, *, progress: bool) -> Dataset:
    path = needed_path("data", data, "a data.yaml")
    layout = load_layout(path, needed_word("split", split, "train"))
    files, issues = find_images(layout)
    issues += labels_without_image(files, layout)
    files, sizes, unreadable = _readable(files, progress=progress)
    texts, trouble = _read_labels(files, progress=progress)
    rows = parse(texts)
    issues += [*unreadable, *trouble, *_bad_rows(rows, files)]
    images = FoundImages([files.relative(image) for image in files.images], sizes, PictureFiles(files.images))
    boxes = _boxes(rows, files, len(layout.class_names))
    return assemble(speaking_name(path), layout.class_names, images, boxes, issues)


def _readable(files: ImageFiles, *, progress: bool) -> tuple[ImageFiles, list[tuple[int, int]], list[DataIssue]]:
    """The images whose size can be read, those sizes, and what is wrong with the others."""
    good, sizes, issues = [], [], []
    for position, size in enumerate(read_sizes(files.images, progress=progress)):
        if isinstance(size, UnreadablePicture) or not usable_size(*size):
            found = size.reason if isinstance(size, UnreadablePicture) else f"one of {size} pixels"
            problem = f"expected a picture, found {found}; its labels take no part"
            image = files.relative(files.images[position])
            issues.append(DataIssue(image, None, IssueKind.UNREADABLE_IMAGE, problem, kept=False))
        else:
            good.append(position)
            sizes.append(size)
    images, labels = (tuple(paths[position] for position in good) for paths in (files.images, files.labels))
    return ImageFiles(files.base, images, labels), sizes, issues


def _read_labels(files: ImageFiles, *, progress: bool) -> tuple[list[bytes], list[DataIssue]]:
    """The content of each image's label file, empty where there is none, and what is wrong with the files."""
    contents = [_content(label) for label in tqdm(files.labels, desc="labels", unit="file", disable=not progress)]
    texts = [content if isinstance(content, bytes) else b"" for content in contents]
    shown = [files.relative(label) for label in files.labels]
    broken = [
        DataIssue(label, None, IssueKind.UNREADABLE_LABELS, f"expected a label file, found {content}", kept=False)
        for label, content in zip(shown, contents, strict=True)
        if isinstance(content, str)
    ]
    images = [files.relative(image) for image in files.images]
    labelled = [isinstance(content, str) or bool(content and content.strip()) for content in contents]
    return texts, broken + no_label_issues(images, labelled, lambda at: _no_labels(shown[at], contents[at]))


def _content(label: str) -> bytes | str | None:
    """What a label file holds; a reason where it cannot be read; None where there is none."""
    try:
        return read_plain(label, MOST_LABEL_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return reason(error)


def _no_labels(label: str, content: bytes | str | None) -> str:
    return f"expected labels in {label}, found {'no such file' if content is None else 'it empty'}"


def _bad_rows(rows: LabelRows, files: ImageFiles) -> list[DataIssue]:
    return [
        DataIssue(files.relative(files.labels[bad.file]), bad.line, bad.kind, bad.problem, kept=False)
        for bad in rows.bad
    ]


def _boxes(rows: LabelRows, files: ImageFiles, classes: int) -> FoundBoxes:
    def written(row: int) -> str:
        values = " ".join(f"{value:.6g}" for value in rows.cxcywh_norm_orig[row])
        return f"class {rows.class_id[row]} at {values}"

    return FoundBoxes(
        image=rows.file,
        class_id=rows.class_id,
        cxcywh_norm_orig=rows.cxcywh_norm_orig,
        ignored=np.zeros(len(rows.file), np.bool_),
        place=lambda row: (files.relative(files.labels[rows.file[row]]), int(rows.line[row])),
        written=written,
        known_classes=f"a class from 0 to {classes - 1}",
        remove_duplicates=True,
    )
