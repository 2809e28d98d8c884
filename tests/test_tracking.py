"""Runs in a real MLflow store, read back from it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from assignstudy import record, tracking
from assignstudy.errors import ConfigError
from tests.forks import Forks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks of Unix")

REPOSITORY = Path(tracking.__file__).resolve().parents[1]
SETTINGS = ("tracking=mlflow", "dataset.images=6")
ENVIRONMENT = {"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "MLFLOW_DISABLE_TELEMETRY": "true"}
SEARCH = """
import mlflow, sys
mlflow.set_tracking_uri(sys.argv[1])
mlflow.search_runs(search_all_experiments=True).to_parquet(sys.argv[2])
"""


@pytest.fixture(scope="module")
def forks(tmp_path_factory) -> Iterator[Forks]:
    started = Forks(tmp_path_factory.mktemp("logs"), "mlflow.store.tracking.sqlalchemy_store")
    yield started
    started.close()


def search(folder: Path, uri: str = "sqlite:///outputs/mlflow.db") -> pd.DataFrame:
    """What MLflow itself finds, read in a process of its own: its import warns."""
    subprocess.run([sys.executable, "-c", SEARCH, uri, "found.parquet"], cwd=folder, env=ENVIRONMENT, check=True)
    return pd.read_parquet(folder / "found.parquet")


@pytest.fixture(scope="module")
def sweep(forks, tmp_path_factory) -> Path:
    """Two runs of a sweep, and a third that failed, all tracked."""
    folder = tmp_path_factory.mktemp("tracked")
    done = forks.run(folder, "-m", *SETTINGS, "anchor_t=0.5,3,4")
    assert done.code == 1, done.err
    assert done.err.splitlines()[-1].startswith("assignstudy: anchor_t=0.5 failed: anchor_t: expected a number")
    return folder


@pytest.fixture(scope="module")
def found(sweep) -> pd.DataFrame:
    """What MLflow finds of them."""
    return search(sweep)


def records(folder: Path) -> dict[str, record.RunRecord]:
    return {path.parent.name: record.read_record(path.parent) for path in folder.glob("outputs/sweeps/*/*/*/run.json")}


def test_the_sweep_is_called_alike_on_all_machines():
    assert tracking.sweep_name(Path("/data/sweeps/2026-11-20/14-05")) == "2026-11-20/14-05"
    assert tracking.sweep_name(Path("outputs/sweeps/2026-11-20/14-05")) == "outputs/sweeps/2026-11-20/14-05"


def test_settings_and_metrics_are_read_back_with_their_types(sweep, found):
    found = found.set_index("tags.run_key")
    for key, run in records(sweep).items():
        logged = found.loc[key]
        assert json.loads(logged["params.anchor_t"]) == run.config["anchor_t"]
        assert json.loads(logged["params.imgsz"]) == run.config["imgsz"] == 640
        assert json.loads(logged["params.anchors.strides"]) == [8, 16, 32]
        assert logged["params.assigner"] == "yolov5"
        for name, value in run.metrics.items():
            column = f"metrics.{name}"
            assert column not in logged or math.isnan(logged[column]) if value is None else logged[column] == value
    assert found["metrics.bpr"].notna().sum() == 2


def test_tags_say_where_a_run_comes_from(sweep, found):
    found = found.set_index("tags.run_key")
    (folder,) = sweep.glob("outputs/sweeps/*/*")
    assert set(found["tags.sweep"]) == {folder.relative_to(sweep).as_posix()}
    for key, run in records(sweep).items():
        if run.fingerprint is not None:  # a run that failed at once has not read its labels
            assert found.loc[key, "tags.fingerprint"] == run.fingerprint
        assert found.loc[key, "tags.started"] == run.started
        assert found.loc[key, "tags.folder"] == str(folder / key)
        if run.git_commit is not None:
            assert found.loc[key, "tags.commit"] == run.git_commit


def test_a_failed_run_is_tracked_as_failed(found):
    found = found.set_index("status")
    assert sorted(found.index) == ["FAILED", "FINISHED", "FINISHED"]
    assert found.loc["FAILED", "tags.error"].startswith("anchor_t: expected a number above 1")


def test_pages_and_tables_are_the_artifacts(sweep, found):
    found = found.set_index("tags.run_key")
    for key, run in records(sweep).items():
        place = Path(found.loc[key, "artifact_uri"].removeprefix("file://"))
        names = {"run.json"} if run.status == "failed" else {"run.json", "report.html", *TABLE_FILES}
        assert {path.name for path in place.iterdir()} == names
        (source,) = sweep.glob(f"outputs/sweeps/*/*/{key}")
        for name in names:
            assert (place / name).read_bytes() == (source / name).read_bytes()


TABLE_FILES = {f"{name}.parquet" for name in record.TABLES}


def test_the_same_command_again_logs_nothing_twice_and_anew_what_was_logged_in_part(forks, tmp_path):
    command = ("-m", *SETTINGS, "report=none", "anchor_t=3,4", "hydra.sweep.dir=there")
    assert forks.run(tmp_path, *command).code == 0
    reopen = (
        "import mlflow, sys; client = mlflow.MlflowClient(sys.argv[1]); "
        "run, _ = client.search_runs(['1']); client.set_terminated(run.info.run_id, 'RUNNING')"
    )
    uri = "sqlite:///outputs/mlflow.db"
    subprocess.run([sys.executable, "-c", reopen, uri], cwd=tmp_path, env=ENVIRONMENT, check=True)
    done = forks.run(tmp_path, *command)
    assert done.code == 0, done.err
    assert "Kept 2 of 2 runs" in done.out
    found = search(tmp_path)
    assert sorted(found["tags.run_key"]) == sorted(record.read_manifest(tmp_path / "there").runs)
    assert list(found["status"]) == ["FINISHED"] * 2


def test_tracking_that_fails_does_not_lose_the_run(forks, tmp_path):
    (tmp_path / "store.db").write_text("no database", encoding="utf-8")
    command = ("-m", *SETTINGS, "anchor_t=3", "tracking.uri=sqlite:///store.db", "hydra.sweep.dir=there")
    done = forks.run(tmp_path, *command)
    assert done.code == 1
    assert "assignstudy: tracking.uri: sqlite:///store.db did not take the run: " in done.err
    assert "Traceback" not in done.err
    (key,) = record.read_manifest(tmp_path / "there").runs
    run = record.read_record(tmp_path / "there" / key)
    assert run.status == "finished"
    assert run.tracking_error is not None
    assert (tmp_path / "there" / key / "report.html").is_file()
    assert (tmp_path / "there" / "index.html").is_file()

    (tmp_path / "store.db").unlink()
    again = forks.run(tmp_path, *command)
    assert again.code == 0, again.err
    assert "Kept 1 of 1 runs" in again.out
    assert record.read_record(tmp_path / "there" / key).tracking_error is None
    assert list(search(tmp_path, "sqlite:///store.db")["status"]) == ["FINISHED"]


def test_without_mlflow_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)  # what Python itself does for a module that must not be found
    with pytest.raises(ConfigError, match=r'tracking: MLflow is an extra; pip install "assignstudy\[mlflow\]"'):
        tracking.check({"uri": "sqlite:///x.db", "experiment": "assignstudy"})
    tracking.check({"uri": None, "experiment": None})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (None, "tracking: expected a choice, got None; --help lists them"),
        ({"uri": "sqlite:///x.db", "experiment": ""}, "tracking.experiment: expected a name, got "),
    ],
)
def test_settings_that_cannot_be_used_are_refused(options, sentence):
    with pytest.raises(ConfigError, match=f"^{sentence}$"):
        tracking.check(options)
