"""Readers of data sets.

Every module here with a function ``read(...) -> Dataset`` is a reader; its keyword arguments are the options under
``dataset.``. A new format is one such module, one YAML in ``conf/dataset`` and one fixture in the tests.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import signature

from assignstudy.datasets.files import did_you_mean
from assignstudy.errors import ConfigError
from assignstudy.types import Dataset

Reader = Callable[..., Dataset]

_NO_OPTION = "progress"  # a matter of the terminal, not of the data


def readers() -> dict[str, Reader]:
    """Every reader by its name, ascending."""
    modules = {found.name: import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)}
    return {name: module.read for name, module in sorted(modules.items()) if hasattr(module, "read")}


def read_dataset(name: str, options: Mapping[str, object], *, progress: bool = False) -> Dataset:
    """Read a data set by the name of its format.

    Args:
        name: Name of a reader: ``demo``, ``yolo``, ``coco``, ``voc``.
        options: The reader's keyword arguments.
        progress: Whether to show progress bars on stderr.

    Raises:
        ConfigError: There is no such reader or option, or a value cannot be used.
        DatasetError: The data cannot be read at all.
    """
    known = readers()
    if name not in known:
        raise ConfigError(f'dataset: expected a format, got "{name}"; {did_you_mean(name, list(known))}')
    keys = [key for key in signature(known[name]).parameters if key != _NO_OPTION]
    for key in options:
        if key not in keys:
            hint = did_you_mean(key, keys)
            raise ConfigError(f"dataset.{key}: expected an option of dataset={name}, got an unknown one; {hint}")
    return known[name](**options, progress=progress)
