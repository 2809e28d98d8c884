"""Python looks for cyclic garbage before runs, and nothing is kept for good that a run dropped."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from omegaconf import OmegaConf

from tests.cli.commands import SMALL


class Circle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def circles() -> Iterator[list[weakref.ref[Circle] | None]]:
    """What became of the circles at each composition of a setting; each drops the one made before it."""
    held: list[Circle] = []
    watched: list[weakref.ref[Circle]] = []
    seen: list[int] = []

    def make() -> int:
        seen.append(sum(one() is not None for one in watched))
        held[:] = [Circle()]
        watched.append(weakref.ref(held[0]))
        return 4

    OmegaConf.register_new_resolver("make_circle", make, use_cache=False)
    yield seen
    OmegaConf.clear_resolver("make_circle")


def test_what_runs_drop_does_not_gather_in_a_sweep(command, circles):
    command("-m", "dataset.seed=0,1,2,3,4,5", "imgsz=64", "anchor_t=${make_circle:}", *SMALL)
    during_the_last_run = circles[-len(circles) // 6 :]
    assert min(during_the_last_run) <= 3  # what the first two runs dropped, and one of its own


@pytest.mark.parametrize("settings", [SMALL, ("-m", "anchor_t=3,4", *SMALL), ("anchor_t=abc",)])
@pytest.mark.parametrize("was_enabled", [True, False])
def test_everything_is_searched_again_after_a_command(command, settings, was_enabled):
    if not was_enabled:
        gc.disable()
    try:
        command(*settings)
        assert gc.isenabled() == was_enabled
        assert gc.get_freeze_count() == 0
    finally:
        gc.enable()
