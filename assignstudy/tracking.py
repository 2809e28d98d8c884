"""Runs in an MLflow store: settings, metrics, tags, pages and tables, from what a run left on disk.

MLflow is an extra (``pip install "assignstudy[mlflow]"``), and its usage reports to its makers are switched off unless
the environment says otherwise.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assignstudy.errors import ConfigError
from assignstudy.record import (
    ANCHOR_FILE,
    NOT_IN_KEY,
    PAGE_FILE,
    RECORD_FILE,
    TABLES,
    RunRecord,
    read_record,
    write_record,
)
from assignstudy.settings import THRESHOLDS
from assignstudy.stored import leaves

if TYPE_CHECKING:
    from mlflow import MlflowClient

SQLITE = "sqlite:///"
ARTIFACTS_FOLDER = "mlartifacts"
"""Beside the file of an SQLite store; a server says itself where artifacts go."""


def check(tracking: Mapping[str, Any] | None) -> None:
    """Refuse a store that cannot be used, before any work is done.

    Args:
        tracking: ``uri`` of the store, None for none, and the name of the ``experiment`` in it.

    Raises:
        ConfigError: MLflow is not installed, or the experiment has no name.
    """
    if tracking is None:
        raise ConfigError("tracking: expected a choice, got None; --help lists them")
    if tracking.get("uri") is None:
        return
    if not tracking.get("experiment"):
        raise ConfigError(f"tracking.experiment: expected a name, got {tracking.get('experiment')}")
    if importlib.util.find_spec("mlflow") is None:
        raise ConfigError('tracking: MLflow is an extra; pip install "assignstudy[mlflow]", or leave tracking out')


def track(folder: Path, tracking: Mapping[str, Any], sweep: str | None) -> None:
    """Log the run in a folder, unless the store has it already. What goes wrong with the store is in the run's record.

    Args:
        folder: Of a run that finished or failed.
        tracking: As for :func:`check`, and checked by it.
        sweep: The folder of the sweep that the run belongs to; None for a single run.

    Raises:
        RecordError: The folder holds no run.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    logging.getLogger("mlflow").setLevel(logging.WARNING)  # it reports the making of its tables
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    run = read_record(folder)
    error = None
    try:
        with _one_writer(tracking["uri"]):
            _log(folder, run, tracking, sweep)
    except (MlflowException, SQLAlchemyError, OSError, ImportError) as reason:
        error = f"tracking.uri: {tracking['uri']} did not take the run: {' '.join(str(reason).split())}"
    if error != run.tracking_error:
        write_record(folder, run.model_copy(update={"tracking_error": error}))


@contextmanager
def _one_writer(uri: str) -> Iterator[None]:
    """Let the processes of a sweep take turns: creating an SQLite store, and writing to it, is for one at a time."""
    from filelock import FileLock

    path = _sqlite_file(uri)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    with nullcontext() if path is None else FileLock(f"{path}.lock"):
        yield


def _sqlite_file(uri: str) -> Path | None:
    return Path(uri.removeprefix(SQLITE)) if uri.startswith(SQLITE) else None


def _log(folder: Path, run: RunRecord, tracking: Mapping[str, Any], sweep: str | None) -> None:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    client = MlflowClient(tracking_uri=tracking["uri"])
    experiment = _experiment(client, tracking)
    if _is_logged(client, experiment, run):
        return
    began = round(datetime.fromisoformat(run.started).timestamp() * 1000)
    end = began + round(sum(run.seconds.values()) * 1000)
    tags = {"sweep": None if sweep is None else sweep_name(Path(sweep)), "folder": str(folder.resolve()), **_tags(run)}
    name = " ".join(run.overrides)[:200] or run.run_key
    there = {key: text for key, text in tags.items() if text is not None}
    identity = client.create_run(experiment, began, there, name).info.run_id
    metrics = [Metric(key, value, end, 0) for key, value in _metrics(run).items()]
    client.log_batch(identity, metrics, [Param(key, text) for key, text in _params(run).items()])
    for name in (PAGE_FILE, RECORD_FILE, ANCHOR_FILE, *(f"{table}.parquet" for table in TABLES)):
        if (folder / name).is_file():
            client.log_artifact(identity, str(folder / name))
    client.set_terminated(identity, "FINISHED" if run.status == "finished" else "FAILED", end)


def sweep_name(folder: Path) -> str:
    """The tag of a sweep: its folder as typed if that is relative, else the last two parts."""
    parts = folder.parts[-2:] if folder.is_absolute() else folder.parts
    return "/".join(parts)


def _experiment(client: MlflowClient, tracking: Mapping[str, Any]) -> str:
    name, path = tracking["experiment"], _sqlite_file(tracking["uri"])
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    location = None if path is None else (path.resolve().parent / ARTIFACTS_FOLDER).as_uri()
    return str(client.create_experiment(name, location))


def _is_logged(client: MlflowClient, experiment: str, run: RunRecord) -> bool:
    """Whether the store has this very run, whole; one that an interrupted command left unfinished is removed."""
    same = f"tags.run_key = '{run.run_key}' and tags.started = '{run.started}'"
    found = client.search_runs([experiment], same)
    for one in found:
        if one.info.status == "RUNNING":
            client.delete_run(one.info.run_id)
    return any(one.info.status != "RUNNING" for one in found)


def _params(run: RunRecord) -> dict[str, str]:
    """The settings that decide results, named as by ``load_runs``; numbers and lists in JSON, so that types survive."""
    values: dict[str, object] = {name: choice for name, choice in run.choices.items() if name not in NOT_IN_KEY}
    for name, value in leaves(run.config):
        group, leaf = name.partition(".")[0], name.rpartition(".")[2]
        repeated = group != name and leaf in THRESHOLDS
        if group not in NOT_IN_KEY and leaf != "_target_" and value is not None and not repeated:
            values[name] = value
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def _metrics(run: RunRecord) -> dict[str, float]:
    """The metrics that are defined, the seconds of the whole run and of each stage, and the memory."""
    stages = {f"seconds.{stage}": seconds for stage, seconds in run.seconds.items()}
    found = run.metrics | stages | {"seconds": sum(run.seconds.values()), "peak_memory_mb": run.peak_memory_mb}
    return {name: float(value) for name, value in found.items() if value is not None}


def _tags(run: RunRecord) -> dict[str, str | None]:
    return {
        "run_key": run.run_key,
        "started": run.started,
        "commit": run.git_commit,
        "mlflow.source.git.commit": run.git_commit,
        "fingerprint": run.fingerprint,
        "assignstudy": run.versions.get("assignstudy"),
        "error": run.error,
    }
