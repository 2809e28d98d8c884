"""What torch computes on."""

from __future__ import annotations

import torch

from assignstudy.errors import ConfigError


def check_device(device: str) -> None:
    """Refuse a device that is not there.

    Raises:
        ConfigError: ``cuda`` was asked for where torch finds none.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device: cuda was asked for, but torch finds no CUDA device here; use device=cpu")


def cpu_threads() -> int:
    """How many threads torch uses on the CPU."""
    return torch.get_num_threads()
