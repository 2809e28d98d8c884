"""One run, from its settings to its folder: read, study, write the tables and the page, and the record last."""

from __future__ import annotations

import functools
import json
import platform
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from assignstudy import record, study
from assignstudy.assign.device import check_device, cpu_threads
from assignstudy.assign.levels import pyramid_levels
from assignstudy.assign.rule import Rule
from assignstudy.datasets import read_dataset
from assignstudy.datasets.fingerprint import fingerprint
from assignstudy.errors import AssignStudyError, RecordError
from assignstudy.fitting.fit import Fitted, fit_to_dataset
from assignstudy.fitting.text import anchor_file
from assignstudy.models.loading import ModelSource
from assignstudy.order import Done, Labels, Order, shown_settings, storable
from assignstudy.record import RunRecord
from assignstudy.run_page import load_model, model_view, write_page
from assignstudy.settings import Config, FitSettings, anchor_levels, as_config, fit_settings, input_hw
from assignstudy.statistics.gallery import Wish, named
from assignstudy.study import Study
from assignstudy.transforms import Transform
from assignstudy.types import Dataset, PyramidLevel
from assignstudy.untrusted import printable

GALLERY_PX = 1280
"""Longest side to which photos are scaled down before they are cut and compressed for a page."""


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

    Results that an earlier command finished are kept if the body failed before it began to replace them: labels that
    are out of reach for a while, or a mistyped model, must not cost a sweep its runs.

    Raises:
        AssignStudyError: What the body raised, where earlier results are still there and this failure has no record.
        RecordError: The record cannot be written either: the disk is full, or the folder cannot be written to.
    """
    try:
        yield
    except Exception as error:  # whatever a run dies of belongs in its record; what is no sentence of ours travels on
        if _holds_results(order.folder):
            if isinstance(error, AssignStudyError):
                raise type(error)(f"{error}; {order.folder} keeps what an earlier command finished") from error
            raise
        clear(order.folder)
        record.write_record(order.folder, _failed(order, error))
        if not isinstance(error, AssignStudyError):
            raise


def carry_out(order: Order, rule: Rule, transform: Transform, model: ModelSource | None = None) -> bool:
    """Do one run, unless its folder already holds it, finished, for the same labels.

    Args:
        order: What to do and where.
        rule: The assignment rule with its threshold.
        transform: How images become the network input.
        model: The model to look into, if any.

    Returns:
        Whether there was anything to do.

    Raises:
        AssignStudyError: The settings or the labels cannot be used, or the results cannot be written.
    """
    check_device(order.config["device"])
    _chosen_levels(order.config, rule)  # what is wrong with the anchors is said before the labels are read
    watch = _Watch()
    labels = read_labels(order.config["dataset"])
    watch.lap("read")
    if is_done(order, labels.fingerprint):
        return False
    wish = _wish(order.config, labels.dataset)
    setting, fitted = study_of(order.config, labels.dataset, rule, transform)
    watch.lap("fit")
    loaded = load_model(order.config, setting, model) if model and order.config["report"]["page"] else None
    clear(order.folder)  # nothing before this costs an earlier command its results
    result = study.run(setting)
    watch.seconds |= result.seconds
    watch.restart()
    done = Done(labels, rule, result, fitted)
    page_errors: tuple[str, ...] = ()
    with ThreadPoolExecutor(1) as beside:  # Parquet is written without holding up Python: the page is made meanwhile
        writing = beside.submit(_write_tables, order, done)
        if order.config["report"]["page"]:
            shown = study.show(setting, result, wish, GALLERY_PX) if wish.images or wish.pick else None
            watch.lap("pictures")
            page_errors = write_page(order, done, shown, loaded and model_view(loaded, setting, result, shown))
            watch.lap("page")
        writing.result()
    watch.lap("write_tables")
    record.write_record(order.folder, _finished(order, done, watch.seconds, page_errors))
    return True


def is_done(order: Order, labels_fingerprint: str) -> bool:
    """Whether the folder holds this very run, finished for these labels and with every file that is wanted now."""
    try:
        found = record.read_record(order.folder)
    except RecordError:
        return False
    is_same = (found.run_key, found.fingerprint) == (order.run_key, labels_fingerprint)
    # Another model or gallery changes no result, but the page.
    shown = ("model", "report") if order.config["report"]["page"] else ()
    wanted = storable(order.config)
    is_same &= all(found.config.get(name) == wanted[name] for name in shown)
    if found.status != "finished" or not is_same or record.deciding(found.config) != record.deciding(wanted):
        return False
    try:
        there = record.checksums(order.folder, _files(order, has_fit=found.fitted is not None))
    except OSError:
        return False
    return all(found.files.get(name) == checksum for name, checksum in there.items())


def _holds_results(folder: Path) -> bool:
    """Whether an earlier command's finished run still stands in a folder: :func:`clear` takes its record first."""
    with suppress(RecordError):
        return record.read_record(folder).status == "finished"
    return False


def clear(folder: Path) -> None:
    """Remove what an earlier attempt left; the record first, so that the folder counts as unfinished.

    The page of a sweep around it goes, too: it spoke of what is no more.

    Raises:
        RecordError: Something cannot be removed.
    """
    tables = (f"{table}.parquet" for table in record.TABLES)
    names = (record.RECORD_FILE, record.PAGE_FILE, record.ANCHOR_FILE, *tables)
    paths = [folder / f"{name}{ending}" for name in names for ending in ("", ".tmp")]
    page = folder.parent / record.SWEEP_PAGE_FILE
    if (folder.parent / record.MANIFEST_FILE).is_file() and page.is_file():  # else it is no page of ours
        paths.insert(0, page)
    for path in paths:
        with record.writable(path):
            path.unlink(missing_ok=True)


def _files(order: Order, *, has_fit: bool) -> list[str]:
    """The files that a finished run has, apart from its record."""
    shown = [record.PAGE_FILE] * order.config["report"]["page"] + [record.ANCHOR_FILE] * has_fit
    return [f"{name}.parquet" for name in record.TABLES] + shown


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


def study_of(config: Config, dataset: Dataset, rule: Rule, transform: Transform) -> tuple[Study, Fitted | None]:
    """The study that a configuration asks for, and the anchors that were fitted for it.

    Args:
        config: The resolved configuration.
        dataset: The labels.
        rule: The assignment rule with its threshold.
        transform: How images become the network input.

    Raises:
        AssignStudyError: If the settings cannot be used, or no anchors can be fitted to the labels.
    """
    levels, sides, fitted = _chosen_levels(config, rule), input_hw(config["imgsz"]), None
    if isinstance(levels, FitSettings):
        fitted = fit_to_dataset(dataset, rule, transform, sides, levels)
        levels = fitted.levels
    return Study(dataset, rule, levels, transform, sides, config["device"]), fitted


def _chosen_levels(config: Config, rule: Rule) -> tuple[PyramidLevel, ...] | FitSettings:
    """The anchors of a run, or how to fit them once its labels are known."""
    if not rule.takes_anchors:
        return rule.published_levels()
    return fit_settings(config["anchors"]) or pyramid_levels(anchor_levels(config["anchors"]))


def _wish(config: Config, dataset: Dataset) -> Wish:
    """Which images to show; names that fit none are refused before any work is done."""
    shown = config["report"]["gallery"]
    for name in shown["pick"]:
        named(name, dataset.image_paths)
    return Wish(shown["images"], tuple(shown["pick"]))


def _write_tables(order: Order, done: Done) -> None:
    record.write_tables(order.folder, done.result.tables)
    if done.fitted is not None:
        text = anchor_file(done.fitted.plain, _origin(order, done))
        record.write_text(order.folder / record.ANCHOR_FILE, text)


def _origin(order: Order, done: Done) -> Iterator[str]:
    """Lines that say what anchors were fitted to."""
    height, width = done.result.input_hw
    settings = {name: value for name, value in shown_settings(order).items() if name not in ("dataset", "imgsz")}
    asked = {name: value for name, value in order.config["anchors"].items() if name != "strides"}
    yield f"Fitted by assignstudy to {done.labels.dataset.name} on a network input of {width} x {height} pixels."
    yield ", ".join(f"{name} {value}" for name, value in (settings | asked).items())
    yield f"Labels: {done.labels.fingerprint}"


def _finished(order: Order, done: Done, seconds: dict[str, float], page_errors: tuple[str, ...]) -> RunRecord:
    return _record(
        order,
        status="failed" if page_errors else "finished",
        error=f"{record.PAGE_FILE}: {'; '.join(page_errors)}" if page_errors else None,
        fitted=as_config(done.fitted.plain) if done.fitted else None,
        dataset=done.labels.dataset.name,
        fingerprint=done.labels.fingerprint,
        input_hw=done.result.input_hw,
        metrics=done.result.tables.metrics,
        seconds=seconds,
        notices=[*order.notices, *done.labels.dataset.notices, *done.notices],
        files=record.checksums(order.folder, _files(order, has_fit=done.fitted is not None)),
    )


def _failed(order: Order, error: Exception) -> RunRecord:
    text = " ".join(str(error).split())
    sentence = text if isinstance(error, AssignStudyError) else f"{type(error).__name__}: {text}"
    return _record(order, status="failed", error=printable(sentence))


def _record(order: Order, input_hw: tuple[int | None, int | None] = (None, None), **outcome: Any) -> RunRecord:
    """The record of a run: its order, how it went, and where it ran."""
    commit, is_dirty = record.git_state()
    nothing: dict[str, Any] = {"dataset": None, "fingerprint": None, "metrics": {}, "seconds": {}, "notices": []}
    return RunRecord(
        run_key=order.run_key,
        overrides=storable(list(order.overrides)),
        choices=dict(order.choices),
        config=storable(order.config),
        input_h=input_hw[0],
        input_w=input_hw[1],
        peak_memory_mb=record.peak_memory_mb(),
        argv=storable(sys.argv),
        versions=record.versions(),
        git_commit=commit,
        git_dirty=is_dirty,
        platform=platform.platform(),
        threads=cpu_threads(),
        number=order.number,
        started=order.started.isoformat(timespec="milliseconds"),
        **(nothing | outcome),
    )
