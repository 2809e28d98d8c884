"""What torch computes on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

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


def chunk_workers() -> ThreadPoolExecutor:
    """As many threads as torch uses, each computing a chunk of its own on one core.

    Vectors of a chunk are too short to be shared by cores: torch's threads would mostly wait for each other, and where
    something else runs on the machine they wait for long.
    """
    return ThreadPoolExecutor(cpu_threads(), initializer=torch.set_num_threads, initargs=(1,))
