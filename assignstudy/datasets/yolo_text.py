"""Rows of YOLO label files: ``class cx cy w h``, or ``class x1 y1 x2 y2 x3 y3 …`` for a polygon.

One parse over all files together is several times faster than one per file, but it sees a stream of numbers, not lines.
So tokens are counted per line first, and files with anything but plain numbers go through a patient loop that can name
the culprit. Numbers become float32 on the way that YOLOv5 takes them (parsed in double precision, then rounded),
because results on a rule's boundary depend on it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assignstudy.datasets.files import MOST_MISFITS
from assignstudy.types import IssueKind

_BOX_VALUES = 5
_POLYGON_VALUES = 7  # a class and three points, the least that has an area
_EXPECTED = 'expected "class cx cy w h" or "class x1 y1 x2 y2 x3 y3 …"'
_SPACES = b" \t\n\r\v\f"
_PLAIN = np.isin(np.arange(256), np.frombuffer(b"0123456789+-.eE" + _SPACES, np.uint8))
_IS_SPACE = np.isin(np.arange(256), np.frombuffer(_SPACES, np.uint8))
_BOM = b"\xef\xbb\xbf"
_NEWLINE = ord("\n")

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BadRow:
    """Something in a label file that is no row.

    Attributes:
        file: Position of the file among the texts.
        line: 1-based; None for the whole file.
        kind: What is wrong.
        problem: Expected and found.
    """

    file: int
    line: int | None
    kind: IssueKind
    problem: str


@dataclass(frozen=True, eq=False)
class LabelRows:
    """The well-formed rows of some label files, by file, then line.

    Attributes:
        file: (R,) position of the file among the texts.
        line: (R,) 1-based line.
        class_id: (R,) whole numbers; those beyond 64 bits are -1.
        cxcywh_norm_orig: (R, 4) float32.
        bad: What is no row.
    """

    file: Ints
    line: Ints
    class_id: Ints
    cxcywh_norm_orig: Floats
    bad: tuple[BadRow, ...]


@dataclass(frozen=True, eq=False)
class _Tokens:
    """All numbers of some files in one row, and how many stand on each line."""

    file: Ints  # per line
    line: Ints  # per line
    count: Ints  # per line
    value: Doubles  # per token
    bad: list[BadRow]


def parse(texts: Sequence[bytes]) -> LabelRows:
    """Read the contents of label files.

    Blank lines and a byte order mark are skipped; any of the three kinds of line end ends a line.

    Args:
        texts: Content of each file.
    """
    clean = [_with_plain_newlines(text) for text in texts]
    odd = _files_with_odd_bytes(clean)
    tokens = _quick_tokens([b"" if file in odd else text for file, text in enumerate(clean)])
    if tokens is None:
        odd, tokens = set(range(len(clean))), _no_tokens()
    return _rows([tokens, *(_patient_tokens(file, clean[file]) for file in sorted(odd))])


def _with_plain_newlines(text: bytes) -> bytes:
    text = text.removeprefix(_BOM)
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text


def _files_with_odd_bytes(texts: Sequence[bytes]) -> set[int]:
    """Files with a byte that stands in no plain number."""
    odd_at = np.flatnonzero(~_PLAIN[np.frombuffer(b"".join(texts), np.uint8)])
    ends = np.cumsum([len(text) for text in texts])
    return set(np.unique(np.searchsorted(ends, odd_at, side="right")).tolist())


def _quick_tokens(texts: Sequence[bytes]) -> _Tokens | None:
    """The numbers of all files at once; None where a token is no number."""
    blob = b"\n".join(texts)
    count = _tokens_per_line(blob)
    if not count.any():  # NumPy reads a number out of mere white space
        return _no_tokens()
    value = _numbers(blob)
    if value is None or len(value) != count.sum():
        return None
    lines = np.array([text.count(b"\n") + 1 for text in texts], np.int64)
    first = np.repeat(np.cumsum(lines) - lines, lines)
    return _Tokens(np.repeat(np.arange(len(texts)), lines), np.arange(len(first)) - first + 1, count, value, [])


def _tokens_per_line(blob: bytes) -> Ints:
    codes = np.frombuffer(blob, np.uint8)
    space = _IS_SPACE[codes]
    starts = np.flatnonzero(~space & np.concatenate(([True], space[:-1])))
    newlines = np.flatnonzero(codes == _NEWLINE)
    return np.bincount(np.searchsorted(newlines, starts), minlength=len(newlines) + 1).astype(np.int64)


def _numbers(blob: bytes) -> Doubles | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # what older NumPy says where newer ones raise
            return np.fromstring(blob.decode("ascii"), np.float64, sep=" ")
    except (ValueError, DeprecationWarning):
        return None


def _patient_tokens(file: int, text: bytes) -> _Tokens:
    """The numbers of one file, line by line."""
    try:
        lines = text.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        problem = f"expected UTF-8 text, got the byte 0x{text[error.start]:02x} at position {error.start}"
        return _no_tokens(BadRow(file, None, IssueKind.UNREADABLE_LABELS, problem))
    count, value, bad = [], [], []
    for line, row in enumerate(lines, start=1):
        numbers = _row_numbers(row.split())
        if isinstance(numbers, str):
            bad.append(BadRow(file, line, IssueKind.MALFORMED, f"{_EXPECTED} in numbers, got {numbers}"))
            numbers = []
        if len(bad) > MOST_MISFITS:
            return _no_tokens(_no_labels(file, bad[0].line))
        count.append(len(numbers))
        value += numbers
    at = np.arange(len(lines))
    return _Tokens(np.full(len(lines), file), at + 1, np.array(count, np.int64), np.array(value, np.float64), bad)


def _row_numbers(tokens: Sequence[str]) -> list[float] | str:
    """The numbers of one line, or the token that is none, quoted."""
    numbers = []
    for token in tokens:
        try:
            numbers.append(float(token))
        except ValueError:
            return repr(token[:40])
    return numbers


def _no_tokens(*bad: BadRow) -> _Tokens:
    none = np.zeros(0, np.int64)
    return _Tokens(none, none, none, np.zeros(0), list(bad))


def _rows(parts: Sequence[_Tokens]) -> LabelRows:
    file, line, count = (np.concatenate([getattr(part, name) for part in parts]) for name in ("file", "line", "count"))
    value = np.concatenate([part.value for part in parts])
    bad = [bad for part in parts for bad in part.bad]
    start = np.cumsum(count) - count
    is_polygon = (count >= _POLYGON_VALUES) & (count % 2 == 1)
    is_row = (count == _BOX_VALUES) | is_polygon
    misfits = np.flatnonzero(~is_row & (count > 0))
    others = np.flatnonzero(np.bincount(file[misfits]) > MOST_MISFITS)  # files of another kind
    if len(others):
        bad += [_no_labels(one, int(line[misfits[file[misfits] == one].min()])) for one in others.tolist()]
        misfits, is_row = misfits[~np.isin(file[misfits], others)], is_row & ~np.isin(file, others)
    bad += [_wrong_count(int(file[at]), int(line[at]), int(count[at])) for at in misfits]
    with np.errstate(over="ignore", invalid="ignore"):
        values = value.astype(np.float32)
        box = _boxes(values, start, count, is_polygon)[is_row]
    class_value = value[start[is_row]]
    file, line = file[is_row], line[is_row]
    whole = np.floor(class_value) == class_value
    bad += [_no_class(int(file[at]), int(line[at]), float(class_value[at])) for at in np.flatnonzero(~whole)]
    order = np.flatnonzero(whole)[np.lexsort((line[whole], file[whole]))]
    fits = np.abs(class_value[order]) < 2**53
    class_id = np.where(fits, class_value[order], -1).astype(np.int64)
    return LabelRows(file[order], line[order], class_id, box[order], tuple(bad))


def _wrong_count(file: int, line: int, count: int) -> BadRow:
    return BadRow(file, line, IssueKind.MALFORMED, f"{_EXPECTED}, got {count} value{'s' * (count > 1)}")


def _no_labels(file: int, line: int | None) -> BadRow:
    problem = f"{_EXPECTED}, got more than {MOST_MISFITS:,} lines that are neither, the first in line {line}"
    return BadRow(file, None, IssueKind.UNREADABLE_LABELS, problem)


def _no_class(file: int, line: int, value: float) -> BadRow:
    return BadRow(file, line, IssueKind.MALFORMED, f"expected a whole number as class, got {value:g}")


def _boxes(values: Floats, start: Ints, count: Ints, is_polygon: npt.NDArray[np.bool_]) -> Floats:
    """The box of every line; rubbish on lines that hold none."""
    padded = np.concatenate((values, np.zeros(_BOX_VALUES, np.float32)))
    box: Floats = padded[start[:, None] + np.arange(1, _BOX_VALUES)]
    if is_polygon.any():
        box[is_polygon] = _bounds(values, start[is_polygon], count[is_polygon])
    return box


def _bounds(values: Floats, start: Ints, count: Ints) -> Floats:
    """Bounding boxes of polygons, in the published code's float32 steps: extremes, then centre and size."""
    points = (count - 1) // 2
    first = np.cumsum(points) - points
    x_at = np.repeat(start + 1 - 2 * first, points) + 2 * np.arange(points.sum())
    x, y = values[x_at], values[x_at + 1]
    x1, y1 = np.minimum.reduceat(x, first), np.minimum.reduceat(y, first)
    x2, y2 = np.maximum.reduceat(x, first), np.maximum.reduceat(y, first)
    return np.stack(((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1), axis=1)
