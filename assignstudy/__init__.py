"""Which labelled boxes a detector's training assigns to which anchors, and what should worry you.

On the command line: ``python -m assignstudy --help``. In pandas::

    import assignstudy as study

    runs = study.load_runs("outputs/sweeps/2026-11-20/14-05-10-3fa2")
    gts = study.load_ground_truths("outputs/sweeps/…", columns=["class_name", "critical_anchor_t"])
    lost = study.diff(run_a, run_b)

Importing the package imports none of its libraries; the three functions load theirs when they are first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assignstudy.results import diff, load_ground_truths, load_runs

__all__ = ["__version__", "diff", "load_ground_truths", "load_runs"]

__version__: str

_FROM_RESULTS = frozenset({"diff", "load_ground_truths", "load_runs"})


def __getattr__(name: str) -> object:
    """Load an exported name when it is first used.

    Raises:
        AttributeError: The package has no such name.
    """
    if name == "__version__":
        return _version()
    if name in _FROM_RESULTS:
        from assignstudy import results

        return getattr(results, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("assignstudy")
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return "unknown"


def __dir__() -> list[str]:
    """The exported names, also those that are not loaded yet."""
    return sorted(__all__)
