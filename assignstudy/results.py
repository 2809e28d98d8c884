"""The pandas face: runs, their ground truths, and what changed from one run to another, read from disk.

::

    runs = load_runs("outputs/sweeps/2026-11-20/14-05-10-3fa2")
    runs.pivot_table(index="anchor_t", columns="imgsz", values="bpr")
    boxes = load_ground_truths("outputs/sweeps/…", columns=["class_name", "critical_anchor_t"])
    lost = diff(runs.folder[0], runs.folder[1]).query("change == 'lost'")
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path

import pandas as pd
from pandas.api.types import union_categoricals

from assignstudy.errors import RecordError
from assignstudy.record import RECORD_FILE
from assignstudy.statistics import sweep_metrics, sweep_pairs, sweep_parameters
from assignstudy.statistics.sweep_pairs import ColumnType, nullable
from assignstudy.stored import StoredRun, find_runs, runs_table
from assignstudy.tables import column_names, read_table

Folder = str | PathLike[str]


def load_runs(folder: Folder) -> pd.DataFrame:
    """All runs in a folder, one row each, failed ones included; unfinished ones (without ``run.json``) are left out.

    Runs come in the order of their folders' names, those of one sweep as they were launched; a folder inside a sweep
    that its manifest does not list is no part of it. Columns, in this order:

    * ``anchor_t``, ``iou_t``: float64, the thresholds as used; NaN where the rule has none.
    * ``anchors``, ``assigner``, ``dataset``, ``transform``: the names chosen.
    * any other choice or setting in which runs differ, by its dotted name (``dataset.split``); a setting inside a group
      (``anchors.wh_px``) only where runs with the same choice of that group differ in it, and not where it follows from
      something else (``anchors=default`` from the rule, ``file`` from its path). Lists are JSON text.
    * ``imgsz``: as asked for: int64 for square inputs, else text, height before width (``384x640``); of dtype object
      where a table holds both.
    * ``input_h``, ``input_w``: the network input in pixels, rounded up to whole strides.
    * the metrics under their published names and in their order (``images``, …, ``bpr``, …). Counts are int64, or
      nullable Int64 where a run has none; everything else is float64 with NaN. Levels (``positives_P3``, …) are those
      that any of the runs has.
    * ``status``: ``finished`` or ``failed``. ``error``: the sentence a failed run ended with, else missing.
    * ``run_key``: the same for the same settings. ``sweep``: the sweep's folder as seen from ``folder`` (its own name
      where ``folder`` is the sweep or a run in it), missing for runs outside sweeps. ``folder``: the run's folder, a
      path that opens from the working folder.
    * ``fingerprint``: of the data set's labels; missing where they could not be read. ``seconds``: float64, in total.

    Args:
        folder: A run, a sweep, or a folder above either.

    Raises:
        RecordError: If the folder is missing or holds no run, or a ``run.json`` is broken or of another schema version.
    """
    return runs_table(find_runs(Path(folder)))


def load_ground_truths(
    folder: Folder, columns: Sequence[str] | None = None, runs: Iterable[str] | None = None
) -> pd.DataFrame:
    """The ground truths of all finished runs in a folder, below one another; only the columns asked for are read.

    Columns, in this order:

    * ``run_key``, and ``sweep`` where the runs come from more than one place: categoricals.
    * the parameters in which these runs differ, under the names of :func:`load_runs`, as ordered categoricals (so
      ``groupby`` sorts them by value, and they take one byte per row). A parameter with the name of a column that is
      asked for gets the ending ``_chosen``: ``anchors_chosen`` is the set's name, ``anchors`` the box's count.
    * the columns of ``ground_truths.parquet``, in the order asked for: ``gt_id`` (position in the ordered data set,
      stable between runs of one fingerprint), ``image``, ``image_index``, ``class_id``, ``class_name``; ``x1_orig``
      ``y1_orig`` ``x2_orig`` ``y2_orig`` in pixels of the original image; ``cx_px`` ``cy_px`` ``w_px`` ``h_px`` in
      pixels of the network input, ``size_bin`` measured there; ``ignored``; ``positives`` and ``positives_P3`` …;
      ``anchors`` (fitting level-anchor pairs); ``levels`` (that have a positive); ``claims_left`` … (levels on which
      that neighbour is claimed); ``critical_anchor_t`` (matched iff it is below ``anchor_t``) or ``best_iou``;
      ``best_anchor``; ``contested``, ``owned``, ``unreachable`` (counts of slots or positives); ``best_prior_iou``.
      A column that only some of the runs have is missing in the others.

    Args:
        folder: A run, a sweep, or a folder above either.
        columns: Columns of the table of ground truths; None for all.
        runs: Run keys to read, in any order; None for every finished run.

    Raises:
        RecordError: If there is no finished run, a run key or a column is unknown, or a table is missing or broken.
    """
    stored = _chosen(Path(folder), runs)
    paths = [run.folder / "ground_truths.parquet" for run in stored]
    names = _wanted_columns(paths, columns)
    frames = [read_table(path, names) for path in paths]
    told_apart = _told_apart(runs_table(stored), [len(frame) for frame in frames])
    renamed = {f"{name}_chosen" if name in names else name: column for name, column in told_apart.items()}
    return pd.DataFrame(renamed | {name: _stacked(frames, name) for name in names})


def diff(run_a: Folder, run_b: Folder) -> pd.DataFrame:
    """What became of each ground truth from one run to another, paired by ``gt_id``.

    Returns one row per ground truth of either run (ignored ones included, ascending):

    * ``gt_id``.
    * ``change``, an ordered categorical: ``lost`` (matched in a, unmatched in b), ``gained`` (the reverse), ``level``
      (matched in both, by other levels), ``same`` (anything else, unmatched in both included).
    * every other column of :func:`load_ground_truths` twice, ending in ``_a`` and in ``_b``.

    A ground truth that one run does not have, because nothing of it was left on that network input, counts as unmatched
    there and has missing values on that side.

    Args:
        run_a: Folder of the run to start from.
        run_b: Folder of the run to compare with it.

    Raises:
        RecordError: If a folder is not a finished run, or the two runs saw different labels.
    """
    stored = [_one_run(Path(folder)) for folder in (run_a, run_b)]
    one, other = (run.record.fingerprint for run in stored)
    if one != other:
        raise RecordError(
            f"{run_a} and {run_b}: expected runs on the same labels, got data sets of different fingerprints "
            f"({str(one)[:12]} and {str(other)[:12]}); ground truths of different data sets cannot be paired"
        )
    return sweep_pairs.pair(*(read_table(run.folder / "ground_truths.parquet") for run in stored))


def _one_run(folder: Path) -> StoredRun:
    if not (folder / RECORD_FILE).is_file():
        raise RecordError(f"{folder}: expected the folder of one run, found no {RECORD_FILE} in it")
    return _chosen(folder, None)[0]


def _chosen(folder: Path, keys: Iterable[str] | None) -> list[StoredRun]:
    """The finished runs in a folder, or those of the given keys."""
    stored = find_runs(folder)
    finished = [run for run in stored if run.record.status == "finished"]
    if not finished:
        raise RecordError(f"{folder}: expected a finished run, but none has finished ({stored[0].record.error})")
    wanted = {run.record.run_key for run in finished} if keys is None else set(keys)
    unknown = wanted - {run.record.run_key for run in finished}
    if unknown or not wanted:
        raise RecordError(f"runs: expected keys of runs that finished in {folder}, got {sorted(unknown)}")
    return [run for run in finished if run.record.run_key in wanted]


def _wanted_columns(paths: Sequence[Path], columns: Sequence[str] | None) -> list[str]:
    there = list(dict.fromkeys(name for path in paths for name in column_names(path)))
    if columns is None:
        return _levels_together(there)
    unknown = [name for name in columns if name not in there]
    if unknown:
        raise RecordError(f"columns: expected some of {', '.join(there)}; got {', '.join(unknown)}")
    return list(dict.fromkeys(columns))


def _levels_together(names: list[str]) -> list[str]:
    """``positives_P6`` of the second run beside ``positives_P5`` of the first."""
    levels = sweep_metrics.level_columns(names)
    if not levels:
        return names
    first = min(names.index(name) for name in levels)
    return names[:first] + levels + [name for name in names[first:] if name not in levels]


def _stacked(frames: Sequence[pd.DataFrame], name: str) -> pd.Series | pd.Categorical:
    """One column of all runs; missing where a run does not have it."""
    dtype = next(frame[name].dtype for frame in frames if name in frame)
    parts = [frame[name] if name in frame else _missing(len(frame), dtype) for frame in frames]
    return union_categoricals(parts) if isinstance(dtype, pd.CategoricalDtype) else pd.concat(parts, ignore_index=True)


def _missing(rows: int, dtype: ColumnType) -> pd.Series:
    """A column without values that can stand below or above values of ``dtype``."""
    return pd.Series([None] * rows, dtype=nullable(dtype))


def _told_apart(runs: pd.DataFrame, rows: Sequence[int]) -> dict[str, pd.Categorical]:
    """What tells runs apart, repeated for each of their rows."""
    names = ["run_key", "sweep"] if runs["sweep"].nunique(dropna=False) > 1 else ["run_key"]
    columns = {name: pd.Categorical(runs[name], runs[name].dropna().unique(), ordered=True) for name in names}
    # Values that cannot be sorted (square and other sizes) keep the order of the runs.
    columns |= {name: pd.Categorical(runs[name]).as_ordered() for name in sweep_parameters.differing(runs)}
    return {name: column.repeat(rows) for name, column in columns.items()}
