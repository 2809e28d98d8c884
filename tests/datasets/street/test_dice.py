"""Chance that falls the same way everywhere."""

from collections import Counter
from random import Random

from assignstudy.datasets.street.dice import Dice


def test_only_the_promised_sequence_is_used():
    expected = Random("a/1")
    dice = Dice("a", 1)
    assert [dice.between(0, 1), dice.between(2, 4), dice.below(10), dice.pick("xyz"), dice.chance(0.5)] == [
        expected.random(),
        2 + 2 * expected.random(),
        int(expected.random() * 10),
        "xyz"[int(expected.random() * 3)],
        expected.random() < 0.5,
    ]


def test_the_first_draw_is_known():
    assert Dice("street", 0, 0).between(0, 1) == 0.5178218336721147


def test_seeds_differ():
    assert Dice("a", 1).between(0, 1) != Dice("a", 2).between(0, 1)


def test_all_numbers_come_up():
    dice = Dice(0)
    assert set(Counter(dice.number(2, 5) for _ in range(400))) == {2, 3, 4, 5}
    assert set(Counter(dice.below(3) for _ in range(400))) == {0, 1, 2}
