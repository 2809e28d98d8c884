"""Which parameters tell the runs of a table apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

CHOICES = ("anchors", "assigner", "dataset", "transform")
"""Parameters whose values are the names of configuration groups' entries."""

UNDEFINED = "–"


def parameters(runs: pd.DataFrame) -> list[str]:
    """The parameter columns of a table of runs: all that stand before ``input_h``."""
    return [str(name) for name in runs.columns[: list(runs.columns).index("input_h")]]


def differing(runs: pd.DataFrame) -> list[str]:
    """The parameters in which the runs of a table differ; a missing value differs from any other."""
    return [name for name in parameters(runs) if runs[name].nunique(dropna=False) > 1]


def value_text(value: object) -> str:
    """A parameter's value as people type it: ``4`` for 4.0, a dash for a missing one."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return UNDEFINED
    return f"{value:g}" if isinstance(value, float) else str(value)


def records(runs: pd.DataFrame) -> dict[int, dict[str, Any]]:
    """The rows of a table of runs, by their labels, each as values by column."""
    names = [str(name) for name in runs.columns]
    values = runs.itertuples(index=False, name=None)
    return {row: dict(zip(names, run, strict=True)) for row, run in zip(rows_of(runs), values, strict=True)}


def rows_of(runs: pd.DataFrame) -> list[int]:
    """The row labels of a table of runs."""
    return [int(row) for row in runs.index.to_numpy(np.int64)]


def label(run: Mapping[str, Any], names: Sequence[str]) -> str:
    """What tells a run apart, ``anchor_t 4, coco_p5, imgsz 640``: choices speak for themselves, numbers need a name.

    A threshold that the run's rule does not have is left out.

    Args:
        run: Values by column, see :func:`records`.
        names: Parameters to name; without any, the run key stands for the run.
    """
    texts = {name: value_text(run[name]) for name in names}
    parts = [text if name in CHOICES else f"{name} {text}" for name, text in texts.items() if text != UNDEFINED]
    return ", ".join(parts) or f"run {run.get('run_key', UNDEFINED)}"
