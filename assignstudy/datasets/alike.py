"""JSON objects that are all written alike, read as columns of numbers.

Programs write millions of annotations that differ in nothing but their numbers. Then no parser has to make an object of
each: the first one shows what stands between the numbers, everything that is no number must be a repetition of that,
byte by byte, and the numbers are computed in vectors. Whatever is not exactly so is left to a parser.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64] | npt.NDArray[np.float64]
Characters = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]

_NUMBER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?")
_SPACE = b" \t\n\r"  # JSON knows no other
_OBJECT_END = re.compile(rb"\}([ \t\n\r]*,[ \t\n\r]*)(?=\{)")
_MOST_OBJECT_BYTES = 1 << 14  # longer ones are hardly alike
_MOST_NUMBERS = 256  # of an object: columns are computed one by one, so they have to be longer than they are many
_MOST_DIGITS = 15  # whole numbers of so many digits are exact in double precision, and so are their powers of ten
_MOST_CHARACTERS = _MOST_DIGITS + 2  # with sign and point
_SHORT_DIGITS = 9  # fit into 32 bits
_TENS = 10 ** np.arange(_MOST_CHARACTERS + 1)
_HEAD_BYTES = 1 << 14  # read before all others: there most objects show that they are not alike
_PART_BYTES = 1 << 22  # read by one thread: what is computed of it stays in the processor's larger cache
_MOST_THREADS = 4


@dataclass(frozen=True, eq=False)
class Alike:
    """Some objects.

    Attributes:
        example: The first object, each number replaced by its position in ``columns``.
        columns: (objects,) the numbers that stand at one place: int64 where none has a decimal point, else float64.
    """

    example: dict[str, object]
    columns: list[Numbers]


def read_alike(text: bytes, start: int, end: int) -> Alike | None:
    """Read objects that stand side by side, as in a list.

    Args:
        text: What they are part of.
        start: Where the first one begins.
        end: Where the last one ends, at most white space later.

    Returns:
        The numbers; None unless there are two or more objects, all written like the first one, without numbers in texts
        or keys, with at most 256 plain numbers of at most 15 digits, and with a first one of less than 16 KiB.
    """
    first = _OBJECT_END.search(text, start, min(end, start + _MOST_OBJECT_BYTES))
    last = text.rfind(b"}", start, end) + 1
    if first is None or text[last:end].strip(_SPACE):
        return None
    pattern = _Pattern.of(text[start : first.start() + 1], first[1])
    if pattern is None:
        return None
    slices = _parts(text, start, last, first[0])
    head = _columns(text, pattern, next(slices))
    if head is None:
        return None
    parts = [head]
    with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_THREADS)) as readers:
        for columns in readers.map(partial(_columns, text, pattern), slices):
            if columns is None:
                readers.shutdown(cancel_futures=True)
                return None
            parts.append(columns)
    return Alike(pattern.example, [np.concatenate(column) for column in zip(*parts, strict=True)])


@dataclass(frozen=True, eq=False)
class _Pattern:
    """How every object is written.

    Attributes:
        example: See :class:`Alike`.
        separator: What stands between two objects.
        between: (characters,) everything that is no number, from the start of an object to that of the next.
        first: How many characters stand before the first number.
        widths: How many characters stand behind each number and before the next, be it the next object's.
    """

    example: dict[str, object]
    separator: bytes
    between: Characters
    first: int
    widths: tuple[int, ...]

    @classmethod
    def of(cls, written: bytes, separator: bytes) -> _Pattern | None:
        """The pattern of an object, if every number in it is a value."""
        positions = count()
        try:
            numbered = _NUMBER.sub(lambda _: b"%d" % next(positions), written)
            example = json.loads(numbered, parse_constant=_refuse)
        except (ValueError, RecursionError):
            return None
        before, *behind = _NUMBER.split(written + separator)
        if not 0 < len(behind) <= _MOST_NUMBERS or sorted(_whole_numbers(example)) != list(range(len(behind))):
            return None
        widths = (*map(len, behind[:-1]), len(behind[-1]) + len(before))
        return cls(example, separator, np.frombuffer(before + b"".join(behind), np.uint8), len(before), widths)


def _refuse(constant: str) -> NoReturn:
    """Refuse NaN and infinities, which Python's json reads, though JSON has none."""
    raise ValueError(f"{constant} is no JSON")


def _whole_numbers(value: object) -> Iterator[int]:
    """Every whole number in some decoded JSON, which may be nested deeper than calls can be."""
    rest = [value]
    while rest:
        part = rest.pop()
        if isinstance(part, dict | list):
            rest += part.values() if isinstance(part, dict) else part
        elif type(part) is int:
            yield part


def _parts(text: bytes, start: int, end: int, cut: bytes) -> Iterator[slice]:
    """The text in parts that end behind a cut, the last one at the end, or somewhere where objects are too long."""
    least = _HEAD_BYTES
    while start < end:
        latest = min(start + least + 2 * _MOST_OBJECT_BYTES, end)
        found = text.find(cut + b"{", start + least, latest)
        stop = latest if found < 0 else found + len(cut)
        yield slice(start, stop)
        start, least = stop, _PART_BYTES


def _columns(text: bytes, pattern: _Pattern, part: slice) -> list[Numbers] | None:
    """The numbers of the objects in a part of the text; None where one of them is not written like the pattern."""
    characters, size = _with_room_behind(text, pattern, part)
    own = characters[:size]
    is_between = own - np.uint8(ord("-")) > ord("9") - ord("-")  # "/" is not, either, but no number has that
    edges = np.flatnonzero(is_between[1:] != is_between[:-1])
    numbers = len(pattern.widths)
    if len(edges) % (2 * numbers):
        return None
    before, last = np.ascontiguousarray(edges.reshape(-1, numbers, 2).T)
    if not _is_alike(own[is_between], before, last, pattern):
        return None
    columns = []
    for start, length in zip(before, last - before, strict=True):
        column = _column(characters[1:], start, length)
        if column is None:
            return None
        columns.append(column)
    return columns


def _with_room_behind(text: bytes, pattern: _Pattern, part: slice) -> tuple[Characters, int]:
    """The characters of a part, that many, ending with a separator, and some more that vectors may reach into."""
    size = part.stop - part.start
    is_last = text[part.stop - 1 : part.stop] == b"}"
    if len(text) >= part.stop + _MOST_CHARACTERS and not is_last:
        return np.frombuffer(text, np.uint8, size + _MOST_CHARACTERS, part.start), size
    whole = text[part] + pattern.separator * is_last
    return np.frombuffer(whole + bytes(_MOST_CHARACTERS), np.uint8), len(whole)


def _is_alike(between: Characters, before: Positions, last: Positions, pattern: _Pattern) -> bool:
    """Whether what is no number is the pattern's, as often as there are objects, with the numbers at its places."""
    objects = before.shape[1]
    if len(between) != objects * len(pattern.between):
        return False
    widths = [after - end for end, after in zip(last, before[1:], strict=False)]
    widths.append(before[0, 1:] - last[-1, :-1])
    return (
        bool((between.reshape(objects, -1) == pattern.between).all())
        and before[0, 0] + 1 == pattern.first
        and all((found == width).all() for found, width in zip(widths, pattern.widths, strict=True))
    )


def _column(characters: Characters, start: Positions, length: Positions) -> Numbers | None:
    """The numbers that begin at some characters and have some lengths; None where one is none or has too many digits.

    Digits and power of ten are exact in double precision, so their quotient is rounded once, as a parser's is.
    """
    longest = int(length.max())
    if longest > _MOST_CHARACTERS:
        return None
    sizes = length.astype(np.uint8)
    is_negative = characters.take(start) == ord("-")
    value: npt.NDArray[Any] = np.zeros(len(start), np.int64 if longest > _SHORT_DIGITS else np.int32)
    digits, points, decimals = np.zeros((3, len(start)), np.uint8)
    for position in range(longest):
        character = characters[position:].take(start)
        is_inside = sizes > position
        points += (character == ord(".")) & is_inside
        character -= np.uint8(ord("0"))  # what comes before "0" is now beyond 9
        is_digit = ((character <= 9) & is_inside).view(np.uint8)
        value *= 1 + 9 * is_digit
        value += character * is_digit
        digits += is_digit
        decimals += is_digit & points
    whole = digits - decimals
    is_number = (
        (digits + points + is_negative == sizes)
        & (digits <= _MOST_DIGITS)
        & (whole > 0)
        & ((decimals > 0) == (points > 0))
        & (points <= 1)
        & ((whole == 1) | (value >= _TENS[np.maximum(digits, 1) - 1]))  # no zeros in front
    )
    if not is_number.all():
        return None
    numbers = value / _TENS[decimals] if points.any() else value.astype(np.int64)
    if is_negative.any():  # "-0" is a whole number, which has no sign where it is nothing
        np.negative(numbers, out=numbers, where=is_negative & ((value > 0) | (points > 0)))
    return numbers
