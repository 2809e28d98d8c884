"""Options that cannot be used name their key."""

from __future__ import annotations

from pathlib import Path

import pytest

from assignstudy.datasets.options import flag, needed_path, needed_word, whole_number
from assignstudy.errors import ConfigError


@pytest.mark.parametrize("value", [None, ""])
def test_a_path_that_is_missing(value):
    with pytest.raises(
        ConfigError, match=r"^dataset\.data: expected the path of a data\.yaml, got nothing; add dataset\.data=PATH"
    ):
        needed_path("data", value, "a data.yaml")


def test_a_path_that_is_none():
    with pytest.raises(ConfigError, match=r"^dataset\.data: expected the path of a data\.yaml, got 3;"):
        needed_path("data", 3, "a data.yaml")


def test_a_path_may_begin_at_home(monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere")
    assert needed_path("data", "~/a b/data.yaml", "it") == Path("/somewhere/a b/data.yaml")
    assert needed_path("data", Path("x"), "it") == Path("x")


@pytest.mark.parametrize(("value", "word"), [("val", "val"), (2012, "2012")])
def test_words(value, word):
    assert needed_word("split", value, "train") == word


@pytest.mark.parametrize("value", [None, True, " ", "", ["train"], 1.5])
def test_no_words(value):
    with pytest.raises(ConfigError, match=r"^dataset\.split: expected a word such as train, got "):
        needed_word("split", value, "train")


def test_whole_numbers_begin_at_the_least_one():
    assert whole_number("images", 1, 1) == 1


@pytest.mark.parametrize("value", [0, -3, 1.0, "7", None, True])
def test_no_whole_numbers(value):
    with pytest.raises(ConfigError, match=r"^dataset\.images: expected a whole number from 1 up, got "):
        whole_number("images", value, 1)


@pytest.mark.parametrize("value", [True, False])
def test_flags(value):
    assert flag("ignore_difficult", value) is value


@pytest.mark.parametrize("value", ["maybe", 1, None])
def test_no_flags(value):
    with pytest.raises(ConfigError, match=r"^dataset\.ignore_difficult: expected true or false, got "):
        flag("ignore_difficult", value)
