"""Chance that falls the same way on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

_Choice = TypeVar("_Choice")


class Dice:
    """Draws that depend on a seed alone, on every version of Python and of every library.

    Built on ``Random.random()``, the one method whose sequence Python promises to keep: ``choice``, ``randrange``,
    ``gauss`` and all of NumPy's distributions may change with a release, and did. What is drawn goes through plain
    arithmetic only, which IEEE 754 fixes to the last bit, unlike ``exp`` or ``sin``.
    """

    def __init__(self, *seed: object) -> None:
        """Start the sequence of a seed: anything whose text tells it from others."""
        self._random = Random()
        self._random.seed("/".join(map(str, seed)), version=2)

    def between(self, low: float, high: float) -> float:
        """A number from ``low`` up to ``high``."""
        return low + (high - low) * self._random.random()

    def below(self, count: int) -> int:
        """A whole number, ``0 <= number < count``."""
        return int(self._random.random() * count)

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + self.below(high - low + 1)

    def pick(self, choices: Sequence[_Choice]) -> _Choice:
        """One of the choices."""
        return choices[self.below(len(choices))]

    def chance(self, share: float) -> bool:
        """True in that share of all cases."""
        return self._random.random() < share
