"""What torch computes on."""

from __future__ import annotations

import pytest
import torch

from assignstudy.assign.device import check_device, cpu_threads
from assignstudy.errors import ConfigError


def test_the_cpu_is_always_there():
    check_device("cpu")
    assert cpu_threads() >= 1


def test_cuda_is_refused_only_where_there_is_none():
    if torch.cuda.is_available():
        check_device("cuda")
        return
    with pytest.raises(ConfigError, match=r"^device: cuda was asked for, but torch finds no CUDA device here"):
        check_device("cuda")
