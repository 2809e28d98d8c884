"""Runs as they lie on disk: which folders hold one, and their records as one table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from assignstudy.errors import RecordError
from assignstudy.record import MANIFEST_FILE, NOT_IN_KEY, RECORD_FILE, RunRecord, read_manifest, read_record
from assignstudy.statistics import sweep_metrics
from assignstudy.statistics.sweep_parameters import CHOICES

_THRESHOLDS = ("anchor_t", "iou_t")
_TEXT = pd.Series(["a"]).dtype
_ANCHORS = ("anchors.strides", "anchors.wh_px")
_ANCHORS_THAT_FOLLOW = ("default", "file", "fit")
"""Choices whose anchors are no setting: they follow from the rule, from the file's path, from the labels."""


@dataclass(frozen=True)
class StoredRun:
    """A run on disk.

    Attributes:
        folder: Its folder, by a path that opens from the working folder.
        sweep: What the sweep that it belongs to is called in a table of runs; None for a run of its own.
        record: Its ``run.json``.
    """

    folder: Path
    sweep: str | None
    record: RunRecord


@dataclass(frozen=True)
class StoredSweep:
    """A sweep on disk.

    Attributes:
        runs: Those that ended, in launch order.
        unfinished: Keys of the runs that were started but left no record.
        notices: Sentences about what does not belong.
        damage: Sentences about what is broken.
        direction: ``maximize`` or ``minimize`` where the runs are trials of a search for an objective; None for a grid.
    """

    runs: tuple[StoredRun, ...]
    unfinished: tuple[str, ...]
    notices: tuple[str, ...]
    damage: tuple[str, ...]
    direction: str | None = None


def find_runs(root: Path) -> list[StoredRun]:
    """All runs in a folder that left a ``run.json``; :func:`assignstudy.results.load_runs` says in which order.

    Raises:
        RecordError: If the folder is missing or holds no run, or a record is broken.
    """
    if not root.is_dir():
        raise RecordError(f"{root}: expected the folder of a run or a sweep, found none; check the path")
    found = [stored_run(path, root) for path in run_folders(root)]
    if not found:
        raise RecordError(f"{root}: expected a run that has ended ({RECORD_FILE} in its folder), found none")
    return found


def find_sweep(folder: Path) -> StoredSweep:
    """What a sweep left in its folder; a broken record or manifest is a sentence, so that the rest can be shown.

    Raises:
        RecordError: If the folder is missing, is a run, or holds neither a run nor a manifest of runs.
    """
    if not folder.is_dir() or (folder / RECORD_FILE).is_file():
        found = "a single run" if folder.is_dir() else "none"
        raise RecordError(f"{folder}: expected the folder of a sweep, found {found}; check the path")
    there = sorted(path.parent.name for path in folder.glob(f"*/{RECORD_FILE}"))
    listed, damage = _listed(folder, there)
    if not listed:
        raise RecordError(f"{folder}: expected a sweep ({MANIFEST_FILE} and one folder per run), found no run in it")
    strangers = [name for name in there if name not in listed]
    notice = f"Left out, because {MANIFEST_FILE} does not list them: {', '.join(strangers)}."
    runs: list[StoredRun] = []
    for name in (name for name in listed if name in there):
        try:
            runs.append(stored_run(folder / name, folder))
        except RecordError as error:
            damage.append(f"Left out: {error}.")
    unfinished = tuple(name for name in listed if name not in there)
    notices = (notice,) if strangers else ()
    return StoredSweep(tuple(runs), unfinished, notices, tuple(damage), _direction(folder))


def run_folders(folder: Path) -> Iterator[Path]:
    """The folders with a ``run.json``, at any depth; not through links, so that no run is met twice.

    Raises:
        RecordError: If a sweep's manifest is broken.
    """
    if (folder / RECORD_FILE).is_file():
        yield folder
        return
    for child in _children(folder):
        yield from run_folders(child)


def stored_run(folder: Path, root: Path) -> StoredRun:
    """The run in a folder, as seen from ``root``: the folder itself or one above it.

    Raises:
        RecordError: If its record is missing or broken.
    """
    record = read_record(folder)
    resolved = folder.resolve()
    in_sweep = (resolved.parent / MANIFEST_FILE).is_file() or resolved.name == record.run_key
    return StoredRun(folder, _sweep_name(folder, root) if in_sweep else None, record)


def runs_table(stored: Sequence[StoredRun]) -> pd.DataFrame:
    """The table that :func:`load_runs` describes."""
    records = [run.record for run in stored]
    columns = _parameters(records) | _metrics(records)
    columns["status"] = _texts(record.status for record in records)
    columns["error"] = _texts(record.error for record in records)
    columns["run_key"] = _texts(record.run_key for record in records)
    columns["sweep"] = _texts(run.sweep for run in stored)
    columns["folder"] = _texts(str(run.folder) for run in stored)
    columns["fingerprint"] = _texts(record.fingerprint for record in records)
    columns["seconds"] = pd.Series([sum(record.seconds.values()) for record in records], dtype="float64")
    return pd.DataFrame(columns)


def _listed(folder: Path, there: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names of a sweep's runs, as launched, and what to say of a manifest that cannot be read."""
    if not (folder / MANIFEST_FILE).is_file():
        return list(there), []
    try:
        return list(dict.fromkeys(read_manifest(folder).runs)), []
    except RecordError as error:
        return list(there), [f"All runs in the folder are shown: {error}."]


def _direction(folder: Path) -> str | None:
    with suppress(RecordError):
        return read_manifest(folder).direction
    return None


def _children(folder: Path) -> list[Path]:
    """Sub-folders by name; those of a sweep are the ones that its manifest lists, as they were launched."""
    if (folder / MANIFEST_FILE).is_file():
        listed = [folder / name for name in dict.fromkeys(read_manifest(folder).runs)]
        return [path for path in listed if path.is_dir()]
    return sorted(path for path in folder.iterdir() if _is_plain(path))


def _is_plain(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not path.name.startswith(".")


def _sweep_name(run: Path, root: Path) -> str:
    if root in (run, run.parent):
        return run.resolve().parent.name
    return run.parent.relative_to(root).as_posix()


def _parameters(records: Sequence[RunRecord]) -> dict[str, pd.Series]:
    columns = {name: pd.Series([_number(r.config.get(name)) for r in records], dtype="float64") for name in _THRESHOLDS}
    columns |= {name: _texts(r.choices.get(name) for r in records) for name in CHOICES}
    columns |= {name: _typed(values) for name, values in sorted(_further(records).items())}
    columns["imgsz"] = _typed([_imgsz(record.config.get("imgsz")) for record in records])
    columns["input_h"] = _typed([record.input_h for record in records], "int64")
    columns["input_w"] = _typed([record.input_w for record in records], "int64")
    return columns


def _further(records: Sequence[RunRecord]) -> dict[str, list[object]]:
    """Choices and settings beyond the usual ones, where they tell runs apart."""
    groups = {name for record in records for name in record.choices if name not in CHOICES and _matters(name)}
    further: dict[str, list[object]] = {name: [record.choices.get(name) for record in records] for name in groups}
    flat = [dict(leaves(record.config)) for record in records]
    names = {name for leaves in flat for name in leaves if _matters(name)}
    further |= {name: [leaves.get(name) for leaves in flat] for name in names - further.keys()}
    return {name: values for name, values in further.items() if _tells_apart(name, values, records)}


def _matters(name: str) -> bool:
    """Whether a group or setting can change results and has no column of its own; a rule's group repeats thresholds."""
    group, leaf = re.split(r"[./]", name)[0], name.rpartition(".")[2]
    return group not in NOT_IN_KEY and leaf not in (*_THRESHOLDS, "imgsz")


def leaves(config: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """The entries of a configuration and of its groups, ``dataset.split`` and so on; lists in JSON."""
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", json.dumps(value) if isinstance(value, list) else value


def _tells_apart(name: str, values: Sequence[object], records: Sequence[RunRecord]) -> bool:
    """Whether a setting was given and differs between runs that made the same choice of its group."""
    group, _, _ = name.rpartition(".")[0].partition(".")
    seen: dict[str | None, set[object]] = {}
    for value, record in zip(values, records, strict=True):
        choice = record.choices.get(group)
        if name not in _ANCHORS or choice not in _ANCHORS_THAT_FOLLOW:
            seen.setdefault(choice, set()).add(value)
    return any(len(different) > 1 for different in seen.values())


def _metrics(records: Sequence[RunRecord]) -> dict[str, pd.Series]:
    names = sweep_metrics.in_order(name for record in records for name in record.metrics)
    return {name: _metric(name, [record.metrics.get(name) for record in records]) for name in names}


def _metric(name: str, values: Sequence[object]) -> pd.Series:
    if not sweep_metrics.is_metric(name):
        return _typed(values)
    return _typed(values, "int64" if sweep_metrics.facts(name).kind == "int" else "float64")


def _typed(values: Sequence[object], dtype: str | None = None) -> pd.Series:
    """A column of the type of its values; whole numbers stay whole beside missing ones."""
    there = [value for value in values if value is not None]
    are_whole = all(type(value) is int for value in there)
    whole = are_whole and (dtype == "int64" or (dtype is None and bool(there)))
    if whole:
        return pd.Series(values, dtype="int64" if len(there) == len(values) else "Int64")
    if dtype is not None or (there and all(type(value) in (int, float) for value in there)):
        return pd.Series(values, dtype="float64")
    return _texts(values) if all(isinstance(value, str) for value in there) else pd.Series(values, dtype=object)


def _texts(values: Iterable[object]) -> pd.Series:
    """A column of text in the type that the installed pandas gives to text; missing values stay missing."""
    return pd.Series(list(values), dtype=_TEXT)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _imgsz(value: object) -> object:
    """An int for one side or two equal ones, else ``384x640``; anything that is no size as its text."""
    sides = value if isinstance(value, list) else [value]
    if len(set(map(str, sides))) == 1 and isinstance(sides[0], int):
        return sides[0]
    return None if value is None else "x".join(map(str, sides))
