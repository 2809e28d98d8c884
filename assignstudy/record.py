"""What a run leaves on disk, apart from its page: ``run.json``, the tables, and a sweep's manifest.

``run.json`` is written last and by rename, so a folder without it holds a run that did not finish. Everything that
varies between two equal runs (times, memory, paths) stands in ``run.json`` and nowhere else: the tables of equal runs
are equal byte for byte.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import os
import platform
import subprocess
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints, ValidationError

from assignstudy.errors import RecordError
from assignstudy.untrusted import open_plain, read_plain

if TYPE_CHECKING:
    import pandas as pd

    from assignstudy.statistics.tables import RunTables

SCHEMA_VERSION = 1
RECORD_FILE = "run.json"
MANIFEST_FILE = "sweep.json"
PAGE_FILE = "report.html"
SWEEP_PAGE_FILE = "index.html"
ANCHOR_FILE = "anchors.yaml"
CHECKSUM = "checksum"
"""Entry of ``run.json`` and ``sweep.json`` by which a damaged one is known: a digit that flips is JSON as before.
Without it a file is taken as it is, so that tools and people may write one."""
RUN_KEY_PATTERN = "[0-9a-f]{10}"
MOST_RECORD_BYTES = 5_000_000
"""A record has some thousand bytes, a manifest thirteen for each run."""
TABLES = ("ground_truths", "levels", "classes", "data_issues")
NOT_IN_KEY = frozenset({"model", "report", "tracking", "device", "objective", "experiment", "hydra"})
"""Settings and groups that do not change results. A model is one of them: the rules decide by labels alone, so no table
and no assignment changes with it, only what a page shows beside them."""

DISTRIBUTIONS = (
    "assignstudy",
    "torch",
    "numpy",
    "pandas",
    "pyarrow",
    "matplotlib",
    "hydra-core",
    "omegaconf",
    "pydantic",
)
SOURCES = ("assignstudy", "conf", "templates")

RunKey = Annotated[str, StringConstraints(pattern=f"^{RUN_KEY_PATTERN}$")]
"""A run's key, which is also the name of its folder in a sweep: anything else could lead elsewhere."""

_Model = TypeVar("_Model", bound=BaseModel)


class RunRecord(BaseModel):
    """What ``run.json`` says about one run.

    Attributes:
        schema_version: Of this record.
        status: ``finished``, or ``failed``: then ``error`` says why and metrics may be missing.
        error: One sentence; None for a finished run.
        run_key: See :func:`run_key`.
        overrides: Settings as typed on the command line.
        choices: Chosen entry of each configuration group.
        config: The configuration with everything filled in: thresholds as used, ``imgsz`` an int where square.
        fitted: The anchors that ``anchors=fit`` found, as ``strides`` and ``wh_px``; None where none were fitted. They
            follow from the configuration and the labels, so they are no setting.
        dataset: Name of the data set as pages show it.
        fingerprint: Of the labels; equal fingerprints mean equal ``gt_id``.
        input_h: Height of the network input as used, in pixels.
        input_w: Width of the network input as used, in pixels.
        metrics: The scalars; None where undefined.
        seconds: Time per stage.
        peak_memory_mb: Largest resident memory of the process so far; None where the platform does not tell.
        notices: Sentences the user must see.
        tracking_error: Why the run is not in the store that it should be tracked in; None if it is, or need not be.
        argv: The command.
        versions: Of Python and the libraries that decide results.
        git_commit: Of the checkout that ran; None for an installed package.
        git_dirty: Whether that checkout's sources had changes; None likewise.
        platform: Operating system and processor.
        threads: Threads that torch used.
        started: ISO 8601, UTC.
        number: Place among the runs of its command, from 0; None for a run of its own.
        files: :func:`checksums` of the tables and the page; empty for a failed run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    status: Literal["finished", "failed"]
    error: str | None
    run_key: RunKey
    overrides: list[str]
    choices: dict[str, str]
    config: dict[str, JsonValue]
    fitted: dict[str, JsonValue] | None = None
    dataset: str | None
    fingerprint: str | None
    input_h: int | None
    input_w: int | None
    metrics: dict[str, int | float | None]
    seconds: dict[str, float]
    peak_memory_mb: float | None
    notices: list[str]
    tracking_error: str | None = None
    argv: list[str]
    versions: dict[str, str]
    git_commit: str | None
    git_dirty: bool | None
    platform: str
    threads: int
    started: str
    number: int | None = None
    files: dict[str, str] = {}


class SweepManifest(BaseModel):
    """What ``sweep.json`` says: which runs belong to a sweep.

    Attributes:
        schema_version: Of this manifest.
        runs: Run keys in the order in which the runs were started, also those that failed or did not finish.
        overrides: The settings of the latest command as typed.
        direction: Which way a search sought the runs' objective; None for a grid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    runs: list[RunKey]
    overrides: list[str]
    direction: Literal["maximize", "minimize"] | None = None


def write_record(folder: Path, record: RunRecord) -> None:
    """Write ``run.json`` in one step: readers see the whole record or none.

    Raises:
        RecordError: It cannot be written.
    """
    _write_by_rename(folder / RECORD_FILE, record)


def read_record(folder: Path) -> RunRecord:
    """Read a run's ``run.json``.

    Raises:
        RecordError: It is missing (the run did not finish), broken, or of another schema version.
    """
    return _read(folder / RECORD_FILE, RunRecord, "the run did not finish; run it again")


def write_manifest(folder: Path, manifest: SweepManifest) -> None:
    """Write a sweep's ``sweep.json`` in one step.

    Raises:
        RecordError: It cannot be written.
    """
    _write_by_rename(folder / MANIFEST_FILE, manifest)


def read_manifest(folder: Path) -> SweepManifest:
    """Read a sweep's ``sweep.json``.

    Raises:
        RecordError: It is missing (the folder is no sweep), broken, or of another schema version.
    """
    return _read(folder / MANIFEST_FILE, SweepManifest, "the folder is no sweep; give one that `-m` wrote")


def write_tables(folder: Path, tables: RunTables) -> None:
    """Write the tables of :data:`TABLES` as ``<name>.parquet``; equal tables give equal bytes.

    Raises:
        RecordError: One of them cannot be written.
    """
    for name in TABLES:
        path = folder / f"{name}.parquet"
        with writable(path):
            _write_table(path, getattr(tables, name))


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """Say in one sentence why a file cannot be written: no room, no permission, something else in its place.

    Raises:
        RecordError: In place of the system's error.
    """
    try:
        yield
    except OSError as error:
        raise RecordError(f"{unwritten(path, error)}: the same command does the rest") from error


def unwritten(path: Path | None, error: OSError) -> str:
    """Why a file cannot be written and what to do about it.

    Args:
        path: The file, where the error names none.
        error: What the system says.
    """
    named = error.filename2 or error.filename or path  # the first one of two was to be renamed into the other
    reason, remedy = error.strerror or str(error), "remove it" if error.errno == errno.EISDIR else "make room"
    return f"{str(named).removesuffix('.tmp')}: cannot be written ({reason}); {remedy} or give another folder"


def checksums(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Size and CRC-32 of some files of a run, by which a later command knows that they are whole.

    All of them are on the disk itself afterwards: where a machine dies, no record speaks of tables that it lost.

    Raises:
        OSError: One of them is missing or cannot be read.
    """
    return {name: _checksum(folder / name) for name in names}


def _checksum(path: Path) -> str:
    size, crc = 0, 0
    with open_plain(path) as file:
        while part := file.read(1 << 20):
            size, crc = size + len(part), zlib.crc32(part, crc)
        os.fsync(file.fileno())
    return f"{size}:{crc:08x}"


def write_text(path: Path, text: str) -> None:
    """Write a small file in one step, with the same line ends everywhere.

    Raises:
        RecordError: It cannot be written.
    """
    unfinished = path.with_name(f"{path.name}.tmp")
    with writable(path):
        unfinished.write_text(text, encoding="utf-8", newline="\n")
        unfinished.replace(path)


def run_key(config: Mapping[str, Any], choices: Mapping[str, str]) -> str:
    """Ten hexadecimal digits that name a run by everything that can change its results.

    Args:
        config: The resolved configuration, see :func:`assignstudy.settings.resolved`; ``4`` and ``4.0`` are equal.
        choices: The chosen entry of each group: equal anchors under two names are two runs.

    Returns:
        The key; it does not depend on the order of entries, nor on those of :data:`NOT_IN_KEY`.
    """
    parts = [deciding(config), {name: choices[name] for name in choices if name not in NOT_IN_KEY}]
    text = json.dumps(_canonical(parts), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def deciding(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that decide results: all but those of :data:`NOT_IN_KEY`, and whether labels are cached."""
    kept = {name: value for name, value in config.items() if name not in NOT_IN_KEY}
    if isinstance(kept.get("dataset"), Mapping):
        kept["dataset"] = {name: value for name, value in kept["dataset"].items() if name != "cache"}
    return kept


@functools.cache
def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide results."""
    found = {name: _version(name) for name in DISTRIBUTIONS}
    return {"python": platform.python_version()} | {name: version for name, version in found.items() if version}


@functools.cache
def git_state() -> tuple[str | None, bool | None]:
    """Commit of the checkout that this package runs from, and whether its sources have changes.

    Returns:
        ``(None, None)`` for an installed package, a folder that is no checkout of its own, or without git.
    """
    root = Path(__file__).resolve().parent.parent
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != root:
        return None, None
    changes = _git(root, "status", "--porcelain", "--", *SOURCES)
    return _git(root, "rev-parse", "--verify", "--quiet", "HEAD"), None if changes is None else bool(changes)


def peak_memory_mb() -> float | None:
    """Largest resident memory of this process so far in MB (1e6 bytes); None where the platform does not tell."""
    if sys.platform == "win32":
        return None
    import resource  # missing on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:  # assignstudy itself, run from a checkout that was never installed
        return None


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _canonical(value: object) -> object:
    """The value with whole floats as ints and tuples as lists, so that equal settings have one spelling."""
    if isinstance(value, Mapping):
        return {str(key): _canonical(entry) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_canonical(entry) for entry in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _write_table(path: Path, frame: pd.DataFrame) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    floats = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    others = [name for name in table.column_names if name not in floats]
    pq.write_table(
        table, path, compression="zstd", use_dictionary=others, use_byte_stream_split=floats, write_page_checksum=True
    )


def _write_by_rename(path: Path, model: BaseModel) -> None:
    content = json.loads(model.model_dump_json())
    content[CHECKSUM] = _checksum_of(content)
    unfinished = path.with_name(f"{path.name}.tmp")
    with writable(path):
        with unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)


def _checksum_of(content: dict[str, Any]) -> str:
    """CRC-32 of the values, however they are laid out as text."""
    return f"{zlib.crc32(json.dumps(content, sort_keys=True).encode()):08x}"


def _int64(digits: str) -> int:
    """A whole number that a table can hold.

    Raises:
        ValueError: It has more than 64 bits.
    """
    value = int(digits) if len(digits) < 20 else 2**63
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"a number beyond 64 bits: {digits[:20]}…")
    return value


def _read(path: Path, model: type[_Model], missing: str) -> _Model:
    try:
        content = json.loads(read_plain(path, MOST_RECORD_BYTES), parse_int=_int64)
        json.dumps(content, ensure_ascii=False).encode()  # half a character ("\ud800") is JSON, but no text
    except FileNotFoundError as error:
        raise RecordError(f"{path}: expected this file, found none: {missing}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise RecordError(f"{path}: expected JSON, got {error}; run it again") from error
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version != SCHEMA_VERSION:
        raise RecordError(f"{path}: expected schema version {SCHEMA_VERSION}, got {version}; run it again")
    if content.pop(CHECKSUM, None) not in (None, _checksum_of(content)):
        raise RecordError(f"{path}: expected content that fits its checksum, got other content: damaged; run it again")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place, got = ".".join(map(str, first["loc"])), f"{first['input']!r:.80}"
        raise RecordError(f"{path}: {place}: {first['msg'].lower()}, got {got}; run it again") from error
