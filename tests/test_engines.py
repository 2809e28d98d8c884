"""Sweeps on other engines: real processes, the same bytes.

Ray's plugin cannot be installed beside the others; README.md says how to run its tests.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import assignstudy
from assignstudy import cli, record

REPOSITORY = Path(cli.__file__).resolve().parents[2]
SWEEP = ("-m", "imgsz=640,320", "anchor_t=4,3", "dataset.images=12", "hydra.sweep.dir=sweep")
ENGINES = {"processes": "joblib", "slurm_trial": "submitit", "ray_tasks": "ray"}
"""Launchers, and the extra that each needs."""


def sweep(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The sweep in a process of its own; its engine starts others."""
    return subprocess.run(
        [sys.executable, "-m", "assignstudy", *SWEEP, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def results_of(folder: Path) -> dict[str, bytes]:
    endings = (".parquet", ".csv", ".html", ".tex")
    files = [path for path in (folder / "sweep").rglob("*") if path.suffix in endings]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> dict[str, bytes]:
    """What the sweep leaves when one process does all of it."""
    folder = tmp_path_factory.mktemp("alone")
    ended = sweep(folder)
    assert ended.returncode == 0, ended.stderr
    return results_of(folder)


@pytest.fixture(params=list(ENGINES))
def launcher(request) -> str:
    extra = ENGINES[request.param]
    if find_spec(f"hydra_plugins.hydra_{extra}_launcher") is None:
        pytest.skip(f'{extra} is not installed: pip install "assignstudy[{extra}]"')
    return f"hydra/launcher={request.param}"


@pytest.mark.slow
def test_every_engine_leaves_the_same_bytes_and_resumes(launcher, alone, tmp_path):
    ended = sweep(tmp_path, launcher)
    assert ended.returncode == 0, ended.stderr
    assert results_of(tmp_path) == alone
    assert [run.number for run in records(tmp_path)] == [0, 1, 2, 3]
    started = [run.started for run in records(tmp_path)]
    lost = record.read_manifest(tmp_path / "sweep").runs[1]
    (tmp_path / "sweep" / lost / "run.json").unlink()
    assert sweep(tmp_path, launcher).returncode == 0
    assert results_of(tmp_path) == alone
    assert [one == other.started for one, other in zip(started, records(tmp_path), strict=True)] == [
        True, False, True, True,
    ]  # fmt: skip


def records(folder: Path) -> list[record.RunRecord]:
    return [record.read_record(folder / "sweep" / key) for key in record.read_manifest(folder / "sweep").runs]


@pytest.mark.slow
def test_a_run_that_fails_in_another_process_is_told(launcher, tmp_path):
    ended = sweep(tmp_path, launcher, "anchor_t=0.5,4")
    assert ended.returncode == 1
    assert "imgsz=320 anchor_t=0.5 failed: anchor_t: expected a number above 1" in ended.stderr
    assert assignstudy.load_runs(tmp_path / "sweep")["status"].tolist() == ["failed", "finished"] * 2


@pytest.mark.parametrize(("launcher", "extra"), ENGINES.items())
def test_an_engine_that_is_not_installed_is_named(launcher, extra, tmp_path):
    if find_spec(f"hydra_plugins.hydra_{extra}_launcher") is not None:
        pytest.skip(f"{extra} is installed")
    ended = sweep(tmp_path, f"hydra/launcher={launcher}")
    assert ended.returncode == 1
    assert f'needs an extra; pip install "assignstudy[{extra}]"' in ended.stderr
    assert ended.stderr.count("\n") == 1
