"""A seeded mutation fuzzer: valid files, broken in the ways that break parsers; the same on every machine."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

TOKENS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\n", b"\x1b[2J", b"\x0b", b"\xc2\x85", b" ", b"\t",
    b"-0", b"0", b"1e308", b"1e999", b"-1", b"nan", b"NaN", b"Infinity", b"-inf", b"2147483648", b"1_000", b"0x10",
    b"18446744073709551616", b"9" * 320, b"9" * 5000, b"0.1e-400", b"null", b"true", b"false", b'"', b"'", b"{", b"}",
    b"[", b"]", b"[[[[[[[[", b",", b":", b"- ", b"? ", b"&a ", b"*a", b"<<: ", b"!!python/none ", b"!!set ",
    b"!!binary ", b"!!timestamp ", b"---\n", b"%YAML 9.9\n", b"|\n", b"<", b">", b"</", b"/>", b"&lt;", b"&a;", b"&#0;",
    b"<![CDATA[", b"<!DOCTYPE a [<!ENTITY a 'b'>]>", b"<?xml version='1.0' encoding='utf-7'?>", b"../", b"/", b"\\",
    b"//", b"C:\\", b"~", b"/dev/zero", b"${HOME}", b"{{7*7}}", b"<script>", b"\xf0\x9f\x9a\x92", b"\xe2\x80\xae",
)  # fmt: skip
"""What parsers trip over."""


def mutants(seed: int, contents: bytes, count: int) -> Iterator[bytes]:
    """``count`` broken copies of a file, each with one to four changes."""
    chance = random.Random(f"{seed} {len(contents)}")
    for _ in range(count):
        mutant = bytearray(contents)
        for _ in range(chance.choice((1, 1, 2, 4))):
            chance.choice(CHANGES)(mutant, chance)
        yield bytes(mutant)


def _flip(data: bytearray, chance: random.Random) -> None:
    """Turn one bit."""
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _overwrite(data: bytearray, chance: random.Random) -> None:
    """Set a byte to an extreme."""
    if data:
        data[chance.randrange(len(data))] = chance.choice((0, 1, 127, 128, 255))


def _insert(data: bytearray, chance: random.Random) -> None:
    """Insert a token."""
    at = chance.randint(0, len(data))
    data[at:at] = chance.choice(TOKENS)


def _replace(data: bytearray, chance: random.Random) -> None:
    """Put a token in the place of a short stretch."""
    start, stop = _stretch(data, chance, 12)
    data[start:stop] = chance.choice(TOKENS)


def _remove(data: bytearray, chance: random.Random) -> None:
    """Take a stretch out."""
    start, stop = _stretch(data, chance, max(1, len(data) // 4))
    del data[start:stop]


def _repeat(data: bytearray, chance: random.Random) -> None:
    """Write a stretch several times."""
    start, stop = _stretch(data, chance, 40)
    data[start:stop] = data[start:stop] * chance.choice((2, 3, 50))


def _cut(data: bytearray, chance: random.Random) -> None:
    """End the file early."""
    del data[chance.randint(0, len(data)) :]


def _swap(data: bytearray, chance: random.Random) -> None:
    """Copy a stretch over another one."""
    start, stop = _stretch(data, chance, 24)
    other, end = _stretch(data, chance, 24)
    data[start:stop] = data[other:end]


def _stretch(data: bytearray, chance: random.Random, longest: int) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(len(data), start + chance.randint(0, longest))


CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip, _overwrite, _insert, _insert, _replace, _replace, _remove, _repeat, _cut, _swap,
)  # fmt: skip
