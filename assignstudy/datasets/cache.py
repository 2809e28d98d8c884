"""A cache of read labels: one Parquet file per state of a data set, in the user's cache folder.

An entry's name is a digest of everything that decides what a reader returns: the reader's own source, its options, the
content of single files (a COCO JSON, a ``data.yaml``, lists), and of every file in the folders of labels and pictures
its name, size, inode and times. Labels or pictures that change, come or go have another name, so nothing is ever stale
and nothing has to be compared. Times include that of the last change of status, which no program can set back; folders
with a file younger than the coarsest clock of a file system are not cached, because a second change could look alike.

An entry is written under another name, flushed and renamed, so that it is whole or not there, whoever else writes it at
the same time. Its pages have checksums, and the labels have their fingerprint: what is damaged is read anew.

Whoever writes an entry first removes the others that nobody has used for longest, as far as they exceed two gigabytes
together. That needs no lock: who looks for an entry that has just gone reads the labels, who has it open keeps it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import platformdirs

from assignstudy import untrusted
from assignstudy.datasets.files import reason
from assignstudy.datasets.label_file import DamagedLabelsError, load_labels, write_labels
from assignstudy.datasets.pictures import PictureFiles
from assignstudy.types import Dataset
from assignstudy.untrusted import open_plain

VERSION = 1
"""Of the entries and their names."""

COARSEST_CLOCK_S = 2.0
"""FAT notes the time of a change to two seconds; nothing in use is coarser."""

ABANDONED_AFTER_S = 3600.0
"""An unfinished entry of that age belongs to a process that is gone."""

MOST_KEPT_BYTES = 2_000_000_000
"""Of all entries before one is added: two hundred times COCO train2017."""


@dataclass(frozen=True)
class Sources:
    """Everything on disk that decides what a reader returns.

    Attributes:
        files: Files whose content decides.
        folders: Folders whose files decide, looked into at any depth; they may be missing.
        base: Folder that relative paths are shown from, where that is not one of the others; its files do not matter.
    """

    files: tuple[Path, ...]
    folders: tuple[Path, ...] = ()
    base: Path | None = None


def folder() -> Path:
    """Where entries lie: ``assignstudy/labels-v1`` in the user's cache folder."""
    return Path(platformdirs.user_cache_dir("assignstudy", appauthor=False)) / f"labels-v{VERSION}"


def cached(
    reader: str, options: Mapping[str, object], sources: Callable[[], Sources], read: Callable[[], Dataset]
) -> Dataset:
    """The data set from its cache entry, or else read, and entered for the next time.

    Args:
        reader: Name of the reader.
        options: Its options.
        sources: Says what the data set consists of; called before and after reading.
        read: Reads it. Its errors are the ones that a user sees.

    Returns:
        The data set; its notices say whether an entry was damaged or could not be written.
    """
    try:
        state = _State.of(sources())
        entry = folder() / f"{state.key(reader, options)}.parquet"
    except OSError:
        return read()
    try:
        return _used(entry)
    except (FileNotFoundError, NotADirectoryError):
        notices = []
    except (DamagedLabelsError, OSError) as error:
        notices = [f"{entry}: expected a whole cache entry, got {reason(error)}; the labels were read anew"]
    dataset = read()
    if state.is_settled() and _State.of(sources(), with_content=False).stamps == state.stamps:
        notices += _enter(entry, dataset)
    return replace(dataset, notices=(*dataset.notices, *notices))


@dataclass(frozen=True)
class _State:
    """What the sources of a data set look like at one moment.

    Attributes:
        content: Digest of the files' contents.
        stamps: Digest of what the file system says of the files and of everything in the folders.
        folder_stamps: Digest of the latter alone.
        newest: When something in the folders was changed last, in seconds of Unix time.
        seen: When that was looked up.
    """

    content: str
    stamps: str
    folder_stamps: str
    newest: float
    seen: float

    @classmethod
    def of(cls, sources: Sources, *, with_content: bool = True) -> _State:
        """Look at the sources; OSError where a file cannot be read."""
        seen, newest = time.time(), 0.0
        in_folders = hashlib.sha256(f"{sources.base}\n".encode(errors="surrogateescape"))
        for place in sources.folders:
            in_folders.update(f"{place}\n".encode(errors="surrogateescape"))
            for name, status in _walk(place):
                in_folders.update(f"{name}\0{_stamp(status)}\n".encode(errors="surrogateescape"))
                newest = max(newest, status.st_mtime)
        stamps, content = in_folders.copy(), hashlib.sha256()
        for path in sources.files:
            stamps.update(_stamp(path.stat()).encode())
            if with_content:
                content.update(f"{path}\0{_digest(path)}\n".encode(errors="surrogateescape"))
        return cls(content.hexdigest(), stamps.hexdigest(), in_folders.hexdigest(), newest, seen)

    def key(self, reader: str, options: Mapping[str, object]) -> str:
        """Name of the entry; relative paths in the options count from the working folder, so that is part of it."""
        plain = {name: str(value) for name, value in sorted(options.items())}
        parts = [_source_digest(), reader, plain, str(Path.cwd()), self.content, self.folder_stamps]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def is_settled(self) -> bool:
        """Whether another change would show in the stamps."""
        return self.seen - self.newest > COARSEST_CLOCK_S


def _walk(place: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every file below a folder with its relative name, in a fixed order; links are followed, but in no circle."""
    seen: set[tuple[int, int]] = set()
    waiting = [("", str(place))]
    while waiting:
        inside, path = waiting.pop()
        try:
            status = Path(path).stat()
            with os.scandir(path) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            # What cannot be listed is part of the state, too: it may be mended.
            yield f"{inside}: {error.errno}", os.stat_result((0,) * 10)
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        for entry in found:
            name = f"{inside}{entry.name}"
            if _is_folder(entry):
                waiting.append((f"{name}/", entry.path))
            else:
                yield name, _status(entry)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _status(entry: os.DirEntry[str]) -> os.stat_result:
    """What the file system says; zeros for a link that leads nowhere."""
    try:
        return entry.stat()
    except OSError:
        return os.stat_result((0,) * 10)


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_size},{status.st_ino},{status.st_mtime_ns},{status.st_ctime_ns}"


def _digest(path: Path) -> str:
    with open_plain(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _source_digest() -> str:
    """Digest of the readers' source: another release, or an edited one, may read otherwise."""
    digest = hashlib.sha256()
    for path in (Path(untrusted.__file__), *sorted(Path(__file__).parent.glob("*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


# ---- the entry


def _used(entry: Path) -> Dataset:
    """The data set of an entry, which from now on counts as used."""
    dataset = load_labels(entry)
    with suppress(OSError):  # a cache that may only be read, or an entry that has just gone
        os.utime(entry)
    return dataset


def _enter(entry: Path, dataset: Dataset) -> list[str]:
    """Write an entry; a notice where that fails, because nobody's run should."""
    if not isinstance(dataset.load_picture, PictureFiles | None):
        return []
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        _remove_unfinished(entry.parent)
        _remove_unused(entry.parent)
        _write_by_rename(entry, dataset)
    except OSError as error:
        return [f"{entry.parent}: expected to write a cache of labels there, got {reason(error)}; they were not cached"]
    return []


def _remove_unfinished(place: Path) -> None:
    """Remove what processes that were killed have left."""
    oldest = time.time() - ABANDONED_AFTER_S
    for last_used, _, path in _by_last_use(place, "*.tmp"):
        if last_used < oldest:
            _remove(path)


def _remove_unused(place: Path) -> None:
    """Remove entries until the rest may be kept, the one first that was used longest ago."""
    entries = _by_last_use(place, "*.parquet")
    excess = sum(size for _, size, _ in entries) - MOST_KEPT_BYTES
    for _, size, path in entries:
        if excess <= 0:
            break
        _remove(path)
        excess -= size


def _by_last_use(place: Path, pattern: str) -> list[tuple[float, int, Path]]:
    """Time of the last use or change, size and path of some files, oldest first."""
    found = []
    for path in place.glob(pattern):
        with suppress(FileNotFoundError):  # its process, or another that tidies up, was quicker
            status = path.lstat()
            found.append((status.st_mtime, status.st_size, path))
    return sorted(found)


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError, PermissionError):  # gone, or on Windows: open
        path.unlink()


def _write_by_rename(entry: Path, dataset: Dataset) -> None:
    descriptor, name = tempfile.mkstemp(prefix=entry.stem[:16], suffix=".tmp", dir=entry.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write_labels(file, dataset)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(entry)
    finally:
        Path(name).unlink(missing_ok=True)
