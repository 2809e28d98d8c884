"""Finding and reading files that strangers wrote: every failure becomes a value or one clear sentence."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path
from reprlib import Repr

from assignstudy.errors import DatasetError
from assignstudy.untrusted import read_plain

GENERIC_NAMES = frozenset({"annotations", "_annotations.coco", "data", "dataset", "instances", "labels", "trainval"})
"""File names that say nothing about a data set; its folder is named instead."""

MOST_LABEL_BYTES = 5_000_000
"""The labels of one image: a hundred thousand rows. A larger file is no such file."""

MOST_MISFITS = 10_000
"""A file with more entries than this that fit no scheme is another kind of file, and is refused as a whole."""


def speaking_name(path: Path) -> str:
    """What to call the data set that a file describes: the file's name, or its folder's where that says more."""
    return path.absolute().parent.name or path.stem if path.stem.lower() in GENERIC_NAMES else path.stem


def read_needed(key: str, path: Path, what: str) -> bytes:
    """The content of a file without which there is no data set.

    Args:
        key: The option that named it, without ``dataset.``.
        path: The file.
        what: What it should be, with its article.

    Raises:
        DatasetError: It is missing, a folder, or cannot be read.
    """
    try:
        return read_plain(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        raise DatasetError(f"dataset.{key}: expected {what}, got {path}: {reason(error)}; check the path") from error


def needed_folder(key: str, path: Path, what: str) -> Path:
    """The folder itself.

    Args:
        key: The option that led to it, without ``dataset.``.
        path: The folder.
        what: What it should be, with its article.

    Raises:
        DatasetError: There is no such folder.
    """
    if not is_there(path.is_dir):
        found = "a file" if is_there(path.exists) else "nothing there"
        raise DatasetError(f"dataset.{key}: expected {what} at {path}, found {found}; check the path")
    return path


def is_there(question: Callable[[], bool]) -> bool:
    """The answer of ``path.is_dir`` and the like; no for what no system call would take, such as an endless name."""
    try:
        return question()
    except (OSError, ValueError):
        return False


def reason(error: BaseException) -> str:
    """Half a sentence without a path: ``no such file or directory``."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text[:1].lower() + text[1:]


def briefly(value: object) -> str:
    """The value as Python writes it, but short: a few lines of YAML can say billions of entries."""
    short = Repr()
    short.maxlevel, short.maxlist, short.maxdict = 2, 4, 4
    return short.repr(value)


def did_you_mean(word: str, known: list[str]) -> str:
    """``did you mean "train"?`` where one of the known words is near, else a list of them."""
    near = get_close_matches(word, known, n=1)
    return f'did you mean "{near[0]}"?' if near else f"choose one of {', '.join(known) or 'none at all'}"


def walk(folder: str, complain: Callable[[OSError], None] | None = None) -> Iterator[tuple[str, list[str]]]:
    """Every folder below one, links followed once, with its file names; hidden ones are left out.

    Args:
        folder: Where to begin.
        complain: Told of every folder that cannot be listed.
    """
    seen: set[tuple[int, int]] = set()
    for path, folders, files in os.walk(folder, onerror=complain, followlinks=True):
        status = Path(path).stat()
        if (status.st_dev, status.st_ino) in seen:  # a link back to a folder above would never end
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield path, sorted(name for name in files if not name.startswith("."))
