"""Checks of what stands under ``dataset.`` in the configuration, so that a wrong value names its key."""

from __future__ import annotations

import os
from pathlib import Path

from assignstudy.errors import ConfigError


def needed_path(key: str, value: object, what: str) -> Path:
    """The path an option holds, ``~`` expanded; a relative one counts from the working folder.

    Args:
        key: Name of the option without ``dataset.``.
        value: What the configuration holds.
        what: What the path should lead to, with its article: ``the data.yaml``.

    Raises:
        ConfigError: Nothing is given, or something that is no path.
    """
    if value is None or value == "":
        raise ConfigError(f"dataset.{key}: expected the path of {what}, got nothing; add dataset.{key}=PATH")
    if not isinstance(value, (str, os.PathLike)):
        raise ConfigError(f"dataset.{key}: expected the path of {what}, got {value!r}; write it as text")
    return Path(value).expanduser()


def needed_word(key: str, value: object, example: str) -> str:
    """The word an option holds; a bare number counts as a word, because YAML reads ``split: 2012`` as one.

    Raises:
        ConfigError: Anything but a word.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
        raise ConfigError(f"dataset.{key}: expected a word such as {example}, got {value!r}")
    return str(value)


def whole_number(key: str, value: object, least: int) -> int:
    """The whole number an option holds, ``value >= least``.

    Raises:
        ConfigError: Anything but a whole number, or one below ``least``.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigError(f"dataset.{key}: expected a whole number from {least} up, got {value!r}")
    return value


def flag(key: str, value: object) -> bool:
    """The yes or no an option holds.

    Raises:
        ConfigError: Anything but true or false.
    """
    if not isinstance(value, bool):
        raise ConfigError(f"dataset.{key}: expected true or false, got {value!r}")
    return value
