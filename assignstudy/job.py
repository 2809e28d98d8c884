"""One run, from its settings to its folder: read, study, write the tables and the page, and the record last."""

from __future__ import annotations

import functools
import json
import platform
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import yaml

from assignstudy import record, study
from assignstudy.assign.device import check_device, cpu_threads
from assignstudy.assign.levels import pyramid_levels
from assignstudy.assign.rule import Rule
from assignstudy.datasets import read_dataset
from assignstudy.datasets.fingerprint import fingerprint
from assignstudy.errors import AssignStudyError, RecordError
from assignstudy.record import RunRecord
from assignstudy.settings import THRESHOLDS, Config, anchor_levels, input_hw
from assignstudy.study import Study, StudyResult
from assignstudy.transforms import Transform
from assignstudy.types import Dataset, PyramidLevel
from assignstudy.untrusted import printable


@dataclass(frozen=True, eq=False)
class Order:
    """What is known of a run before it starts, and recorded however it ends.

    Attributes:
        folder: Where the run's files go.
        run_key: See :func:`assignstudy.record.run_key`.
        config: The resolved configuration.
        choices: The chosen entry of each group.
        overrides: Settings as typed.
        started: Now, in UTC.
    """

    folder: Path
    run_key: str
    config: Config
    choices: Mapping[str, str]
    overrides: tuple[str, ...]
    started: datetime = field(default_factory=functools.partial(datetime.now, UTC))


class Labels(NamedTuple):
    """A data set and its fingerprint."""

    dataset: Dataset
    fingerprint: str


def read_labels(options: Mapping[str, Any]) -> Labels:
    """The labels that the options of the group ``dataset`` ask for, read once per process.

    Args:
        options: ``name`` of the format, and the options of its reader.

    Raises:
        AssignStudyError: The options or the labels cannot be used.
    """
    return _read_labels(json.dumps(options, sort_keys=True), Path.cwd())


@contextmanager
def failure_recorded(order: Order) -> Iterator[None]:
    """Record a run as failed if the body raises.

    An :class:`AssignStudyError` ends here, because its sentence is in the record; anything else is a defect of the
    program and travels on. Tables of an earlier attempt are removed, an interrupted run leaves no record.

    Raises:
        RecordError: The record cannot be written either: the disk is full, or the folder cannot be written to.
    """
    try:
        yield
    except Exception as error:
        clear(order.folder)
        record.write_record(order.folder, _failed(order, error))
        if not isinstance(error, AssignStudyError):
            raise


def carry_out(order: Order, rule: Rule, transform: Transform) -> bool:
    """Do one run, unless its folder already holds it, finished, for the same labels.

    Args:
        order: What to do and where.
        rule: The assignment rule with its threshold.
        transform: How images become the network input.

    Returns:
        Whether there was anything to do.

    Raises:
        AssignStudyError: The settings or the labels cannot be used, or the results cannot be written.
    """
    check_device(order.config["device"])
    levels = pyramid_levels(anchor_levels(order.config["anchors"])) if rule.takes_anchors else rule.published_levels()
    watch = _Watch()
    labels = read_labels(order.config["dataset"])
    watch.lap("read")
    if is_done(order, labels.fingerprint):
        return False
    clear(order.folder)
    result = study.run(_study(order.config, labels.dataset, rule, levels, transform))
    watch.seconds |= result.seconds
    watch.restart()
    record.write_tables(order.folder, result.tables)
    watch.lap("write_tables")
    page_errors: tuple[str, ...] = ()
    if order.config["report"]["page"]:
        page_errors = _write_page(order, labels, rule, result)
        watch.lap("page")
    record.write_record(order.folder, _finished(order, labels, result, watch.seconds, page_errors))
    return True


def is_done(order: Order, labels_fingerprint: str) -> bool:
    """Whether the folder holds this very run, finished for these labels and with every file that is wanted now."""
    try:
        found = record.read_record(order.folder)
    except RecordError:
        return False
    is_same = (found.run_key, found.fingerprint) == (order.run_key, labels_fingerprint)
    if found.status != "finished" or not is_same or _deciding(found.config) != _printable(_deciding(order.config)):
        return False
    try:
        there = record.checksums(order.folder, _files(order))
    except OSError:
        return False
    return all(found.files.get(name) == checksum for name, checksum in there.items())


def clear(folder: Path) -> None:
    """Remove what an earlier attempt left; the record first, so that the folder counts as unfinished.

    The page of a sweep around it goes, too: it spoke of what is no more.

    Raises:
        RecordError: Something cannot be removed.
    """
    names = (record.RECORD_FILE, record.PAGE_FILE, *(f"{table}.parquet" for table in record.TABLES))
    paths = [folder / f"{name}{ending}" for name in names for ending in ("", ".tmp")]
    if (folder.parent / record.MANIFEST_FILE).is_file():
        paths.insert(0, folder.parent / record.SWEEP_PAGE_FILE)
    for path in paths:
        with record.writable(path):
            path.unlink(missing_ok=True)


def _files(order: Order) -> list[str]:
    """The files that a finished run has, apart from its record."""
    return [f"{name}.parquet" for name in record.TABLES] + [record.PAGE_FILE] * order.config["report"]["page"]


def forget_labels() -> None:
    """Have the next run read its data set anew."""
    _read_labels.cache_clear()


class _Watch:
    """Seconds per stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.restart()

    def restart(self) -> None:
        self._start = time.perf_counter()

    def lap(self, stage: str) -> None:
        self.seconds[stage] = time.perf_counter() - self._start
        self.restart()


@functools.lru_cache(maxsize=4)
def _read_labels(options: str, _working_folder: Path) -> Labels:
    """Labels and their fingerprint, read once per process; the working folder is what relative paths count from."""
    chosen: dict[str, Any] = json.loads(options)
    dataset = read_dataset(chosen.pop("name"), chosen, progress=sys.stderr.isatty())
    return Labels(dataset, fingerprint(dataset))


def _study(
    config: Config, dataset: Dataset, rule: Rule, levels: tuple[PyramidLevel, ...], transform: Transform
) -> Study:
    return Study(dataset, rule, levels, transform, input_hw(config["imgsz"]), config["device"])


def _write_page(order: Order, labels: Labels, rule: Rule, result: StudyResult) -> tuple[str, ...]:
    from assignstudy.report.render import write_run_page  # matplotlib and jinja2: only where a page is wanted
    from assignstudy.report.view import RunView

    view = RunView(
        dataset=labels.dataset.name,
        tables=result.tables,
        rule=rule.facts,
        input_hw=result.input_hw,
        settings=_shown_settings(order),
        provenance=_provenance(order, labels),
        notices=result.notices,
    )
    path = order.folder / record.PAGE_FILE
    with record.writable(path):
        return write_run_page(path, view)


def _shown_settings(order: Order) -> dict[str, str]:
    config, choices = order.config, order.choices
    thresholds = {name: f"{config[name]:g}" for name in THRESHOLDS if config[name] is not None}
    sides = config["imgsz"]
    imgsz = {"imgsz": "x".join(map(str, sides)) if isinstance(sides, list) else str(sides)}
    shown = {group: choices[group] for group in ("dataset", "assigner", "anchors", "transform")}
    return shown | thresholds | imgsz


def _provenance(order: Order, labels: Labels) -> dict[str, str]:
    commit, is_dirty = record.git_state()
    changes = " with uncommitted changes" if is_dirty else ""
    shown = _printable(_without_folders(_deciding(order.config)))
    return {
        "Configuration": yaml.safe_dump(
            _without_folders(shown), sort_keys=False, allow_unicode=True, default_flow_style=None
        ),
        "Run key": order.run_key,
        "Data set fingerprint": labels.fingerprint,
        "Versions": ", ".join(f"{name} {version}" for name, version in record.versions().items()),
        "Commit": f"{commit}{changes}" if commit else "none: an installed package",
    }


def _deciding(config: Mapping[str, Any]) -> Config:
    """The settings that decide results."""
    return {name: value for name, value in config.items() if name not in record.NOT_IN_KEY}


def _without_folders(value: Any) -> Any:
    """The value with absolute paths cut to their last part: pages do not depend on where things lie."""
    if isinstance(value, dict):
        return {key: _without_folders(entry) for key, entry in value.items()}
    is_absolute = isinstance(value, str) and PurePath(value).is_absolute()
    return PurePath(value).name if is_absolute else value


def _finished(
    order: Order, labels: Labels, result: StudyResult, seconds: dict[str, float], page_errors: tuple[str, ...]
) -> RunRecord:
    return _record(
        order,
        status="failed" if page_errors else "finished",
        error=f"{record.PAGE_FILE}: {'; '.join(page_errors)}" if page_errors else None,
        dataset=labels.dataset.name,
        fingerprint=labels.fingerprint,
        input_hw=result.input_hw,
        metrics=result.tables.metrics,
        seconds=seconds,
        notices=list(result.notices),
        files=record.checksums(order.folder, _files(order)),
    )


def _failed(order: Order, error: Exception) -> RunRecord:
    text = " ".join(str(error).split())
    sentence = text if isinstance(error, AssignStudyError) else f"{type(error).__name__}: {text}"
    return _record(order, status="failed", error=printable(sentence))


def _printable(value: Any) -> Any:
    """The value with every text in it fit to be stored: file names may hold bytes that are no Unicode."""
    if isinstance(value, dict):
        return {key: _printable(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_printable(entry) for entry in value]
    return printable(value) if isinstance(value, str) else value


def _record(order: Order, input_hw: tuple[int | None, int | None] = (None, None), **outcome: Any) -> RunRecord:
    """The record of a run: its order, how it went, and where it ran."""
    commit, is_dirty = record.git_state()
    nothing: dict[str, Any] = {"dataset": None, "fingerprint": None, "metrics": {}, "seconds": {}, "notices": []}
    return RunRecord(
        run_key=order.run_key,
        overrides=_printable(list(order.overrides)),
        choices=dict(order.choices),
        config=_printable(order.config),
        input_h=input_hw[0],
        input_w=input_hw[1],
        peak_memory_mb=record.peak_memory_mb(),
        argv=_printable(sys.argv),
        versions=record.versions(),
        git_commit=commit,
        git_dirty=is_dirty,
        platform=platform.platform(),
        threads=cpu_threads(),
        started=order.started.isoformat(timespec="milliseconds"),
        **(nothing | outcome),
    )
