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

_RULE = "assigner"
_WITH = " with "
_MAY_FOLLOW_RULE = ("anchor_t", "iou_t", "anchors")


def parameters(runs: pd.DataFrame) -> list[str]:
    """The parameter columns of a table of runs: all that stand before ``input_h``."""
    return [str(name) for name in runs.columns[: list(runs.columns).index("input_h")]]


def differing(runs: pd.DataFrame) -> list[str]:
    """The parameters in which the runs of a table differ; a missing value differs from any other."""
    return [name for name in parameters(runs) if runs[name].nunique(dropna=False) > 1]


def swept(runs: pd.DataFrame) -> list[str]:
    """The parameters that were varied: those that differ, without what differs only because the rules do; rules first.

    A threshold left out is the published one of each rule and its options, and some rules bring their own anchors:
    where every rule has one value, the rule is the parameter.
    """
    names = differing(runs)
    rule = [name for name in names if name.partition(".")[0] == _RULE]
    if not rule:
        return names
    per_rule = runs.groupby(rule, dropna=False)
    own = [name for name in _MAY_FOLLOW_RULE if name in names and per_rule[name].nunique(dropna=False).max() == 1]
    return rule + [name for name in names if name not in (*rule, *own)]


def axes(runs: pd.DataFrame) -> pd.DataFrame:
    """What was varied, as columns that every run has a value of.

    A parameter that only some entries of a group have, such as the threshold of some rules, is no axis of its own:
    there are no runs of the other entries along it. It joins its group to one axis, ``assigner with anchor_t``, whose
    values then read ``yolov5, anchor_t 4``.

    Args:
        runs: One row per run.

    Returns:
        One column per axis, with the row labels of ``runs``; its rows differ where those of ``runs`` do.
    """
    columns = runs[swept(runs)]
    for group in ("anchors", "dataset", "transform", _RULE):
        own = [str(name) for name in columns if _group(str(name)) == group]
        joining = [name for name in own if not _crosses(columns, group, name)]
        if joining:
            texts = [label(run, [group, *joining]) for run in records(columns).values()]
            both = f"{group}{_WITH}{' and '.join(joining)}"
            columns = columns.assign(**{group: pd.Series(texts, index=runs.index)}).rename(columns={group: both})
            columns = columns.drop(columns=joining)
    return columns


def speaks_for_itself(name: str) -> bool:
    """Whether the values of a parameter or an axis say what they are, as names do and numbers do not."""
    return name.partition(_WITH)[0] in CHOICES


def _group(name: str) -> str:
    """The group that has a parameter: its own for ``dataset.split``, the rule for what can follow from the rule."""
    return _RULE if name in _MAY_FOLLOW_RULE else name.partition(".")[0] if "." in name else ""


def _crosses(columns: pd.DataFrame, group: str, name: str) -> bool:
    """Whether a parameter was varied for all entries of a group alike."""
    if group not in columns:
        return True
    per_entry = columns.groupby(group, dropna=False)[name].nunique()
    return bool(columns[name].notna().all() and per_entry.min() > 1)


def value_text(value: object) -> str:
    """A parameter's value as people type it: ``4`` for 4.0, a dash for a missing one."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return UNDEFINED
    return f"{value:g}" if isinstance(value, float) else str(value)


def records(runs: pd.DataFrame) -> dict[int, dict[str, Any]]:
    """The rows of a table of runs, by their labels, each as values by column."""
    names = [str(name) for name in runs.columns]
    values = runs.itertuples(index=False, name=None) if names else [()] * len(runs)  # pandas 2 yields none
    return {row: dict(zip(names, run, strict=True)) for row, run in zip(rows_of(runs), values, strict=True)}


def rows_of(runs: pd.DataFrame) -> list[int]:
    """The row labels of a table of runs."""
    return [int(row) for row in runs.index.to_numpy(np.int64)]


def label(run: Mapping[str, Any], names: Sequence[str]) -> str:
    """What tells a run apart, ``anchor_t 4, coco_p5, imgsz 640``: choices speak for themselves, numbers need a name.

    A threshold that the run's rule does not have is left out, and so is the group of an option (``preset retinanet``).

    Args:
        run: Values by column, see :func:`records`.
        names: Parameters to name; without any, the run key stands for the run.
    """
    texts = {name: value_text(run[name]) for name in names}
    told = {name: "" if speaks_for_itself(name) else f"{name.rpartition('.')[2]} " for name in names}
    parts = [f"{told[name]}{text}" for name, text in texts.items() if text != UNDEFINED]
    return ", ".join(parts) or f"run {run.get('run_key', UNDEFINED)}"
