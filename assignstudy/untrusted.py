"""Reading what strangers wrote, within bounds: plain files only, never more than expected, and YAML that stays small.

A path in a data set may lead to a pipe, which would never end, or a device, which would fill the memory. Ten lines of
YAML may stand for billions of entries, and its tags ask for objects. Nothing of that is needed by labels.
"""

from __future__ import annotations

import errno
import functools
import os
import re
import stat
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

import yaml
from yaml.nodes import Node

MOST_YAML_BYTES = 1_000_000
"""Twenty thousand class names need half of it."""

MOST_YAML_NODES = 110_000
"""Keys, values, lists and maps: a list of a hundred thousand names, and the rest."""

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NO_FILE = "a pipe, a device or a socket"

PathText = str | os.PathLike[str]


def open_plain(path: PathText) -> BufferedReader:
    """A file, opened for reading; anything else that a path may lead to is refused at once.

    Raises:
        OSError: It is missing, a folder, a pipe, a device or a socket, or cannot be opened.
        ValueError: The path holds a NUL byte.
    """
    without_waiting = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, os.O_RDONLY | without_waiting)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise (
            IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if stat.S_ISDIR(mode)
            else OSError(errno.EINVAL, _NO_FILE)
        )
    return os.fdopen(descriptor, "rb")


def read_plain(path: PathText, most_bytes: int | None = None) -> bytes:
    """The content of a file, if it is a plain one.

    Args:
        path: The file.
        most_bytes: The largest size that is read; None for any.

    Raises:
        OSError: It is missing, no plain file, larger than ``most_bytes``, or cannot be read.
        ValueError: The path holds a NUL byte.
    """
    with open_plain(path) as file:
        content = file.read() if most_bytes is None else file.read(most_bytes + 1)
    if most_bytes is not None and len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"more than {most_bytes:,} bytes")
    return content


def read_yaml(path: PathText) -> object:
    """The plain values (maps, lists, text, numbers, dates) that a YAML file holds.

    Raises:
        OSError: The file is missing, no plain file, larger than :data:`MOST_YAML_BYTES`, or cannot be read.
        ValueError: It is no YAML, or asks for more than plain values: aliases, tags, endless numbers, deep nesting, or
            more than :data:`MOST_YAML_NODES` entries. The message is one line.
    """
    content = read_plain(path, MOST_YAML_BYTES)
    try:
        return yaml.load(content, Loader=_PlainLoader)  # a SafeLoader, and less than that
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(" ".join(str(error).split())) from error


def is_inside(path: str, folders: list[str]) -> bool:
    """Whether a path lies in one of some folders, by its text or by where links lead.

    Args:
        path: Absolute and normalised, ``/`` as separator.
        folders: Absolute folders.
    """
    tops = tuple(f"{folder.rstrip('/')}/" for folder in folders)
    return path.startswith(tops) or f"{_real(path.rpartition('/')[0] or '/')}/".startswith(tops)


def printable(text: str) -> str:
    r"""The text so that it can be stored and shown anywhere, also in a terminal.

    Bytes that are no Unicode are written as ``\udcff``, control characters (which move cursors and end XML) as
    ``\x1b``.
    """
    if text.isprintable():
        return text
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def leads_out(relative: str) -> bool:
    """Whether a path that should count from a folder leaves it: ``../x``, ``/x``, ``C:/x``; links are not looked at."""
    depth = 0
    for part in relative.replace("\\", "/").split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            return True
    return relative[:1] in ("/", "\\") or relative[1:2] == ":"


@functools.lru_cache(maxsize=1024)
def _real(folder: str) -> str:
    try:
        return Path(folder).resolve().as_posix()
    except (OSError, ValueError, RuntimeError):  # links in a circle; a name that no system takes
        return folder


class _PlainLoader(yaml.SafeLoader):
    """Refuses what makes YAML dangerous or endless."""

    def __init__(self, stream: bytes) -> None:
        super().__init__(stream)
        self._nodes = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = cast("Any", self).peek_event()  # without a type in the library's stubs
        self._nodes += 1
        if isinstance(event, yaml.AliasEvent):
            raise _refused("aliases are not taken here", event.start_mark)
        if getattr(event, "tag", None) not in (None, "!"):
            raise _refused("tags are not taken here", event.start_mark)
        if self._nodes > MOST_YAML_NODES:
            raise _refused(f"more than {MOST_YAML_NODES:,} entries", event.start_mark)
        return super().compose_node(parent, index)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        value = super().construct_yaml_int(node)
        if not -(2**63) <= value < 2**63:  # Python prints no number of more than 4,300 digits
            raise _refused("a number beyond 64 bits", node.start_mark)
        return value


def _refused(problem: str, mark: Any) -> ValueError:
    return ValueError(f"{problem}, line {mark.line + 1}")


_PlainLoader.add_constructor("tag:yaml.org,2002:int", _PlainLoader.construct_yaml_int)
