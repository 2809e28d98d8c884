"""When Python looks for cyclic garbage: not while libraries are loaded or a run is under way, where it finds none.

A full search takes a quarter of a second once all libraries are loaded, and comes every few pages. So it is left to the
moments before each run, and what libraries load, which stays for good, is passed by. Workers of an engine, whose runs
begin with what the engine brings and drops, search as Python does by itself.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_LOADING_RUNS = 2
"""Before the first run Hydra is loaded, before the second everything else."""


@contextmanager
def left_to_runs() -> Iterator[None]:
    """Search in the body only where :func:`search_while_planning` and :func:`search_before_run` say so."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()
        else:
            gc.disable()


def search_while_planning() -> None:
    """Search until the first run begins: Hydra composes every run of a sweep in advance, and drops most of it."""
    gc.freeze()
    gc.enable()


def search_before_run(number: int) -> None:
    """Search now, and not again until the next run.

    Args:
        number: Of the run, in this process, from 1.
    """
    gc.disable()
    gc.collect()
    if number <= _LOADING_RUNS:
        gc.freeze()
