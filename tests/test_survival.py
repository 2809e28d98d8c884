"""Sweeps that die, choke and collide: what was finished stays whole, nothing half counts as whole, going on works."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import assignstudy
from assignstudy import record
from assignstudy.sweep import write_sweep_page
from tests.forks import Forks

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals and forks of Unix")]

SMALL = ("dataset.images=4", "report.gallery.images=0", "hydra.sweep.dir=sweep")
SWEEP = ("-m", "anchor_t=3,3.5,4", "imgsz=320,640", *SMALL)
RUNS = 6
KILLS = 30
PAGE_BYTES = 4096
"""What Linux gives a file in memory at least."""


@pytest.fixture(scope="module")
def forks(tmp_path_factory) -> Iterator[Forks]:
    started = Forks(tmp_path_factory.mktemp("logs"))
    yield started
    started.close()


@pytest.fixture(scope="module")
def undisturbed(forks, tmp_path_factory) -> Path:
    """The sweep as it comes out when nobody disturbs it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    ended = forks.run(folder, *SWEEP)
    assert ended.code == 0, ended.err
    return folder / "sweep"


def results_of(sweep: Path) -> dict[str, bytes]:
    """The bytes of everything that equal sweeps have in common."""
    endings = (".parquet", ".csv", ".html")
    return {str(path.relative_to(sweep)): path.read_bytes() for path in sweep.rglob("*") if path.suffix in endings}


def assert_sound(sweep: Path, undisturbed: Path) -> None:
    """Every run with a record is whole and equals the undisturbed one; the page says how many there are."""
    if not list(sweep.glob("*/run.json")):
        return
    runs = assignstudy.load_runs(sweep).query("status == 'finished'")
    for key in runs["run_key"]:
        for name in ("report.html", *(f"{table}.parquet" for table in record.TABLES)):
            assert (sweep / key / name).read_bytes() == (undisturbed / key / name).read_bytes(), (key, name)
    assert runs.empty or assignstudy.load_ground_truths(sweep, ["gt_id"])["run_key"].nunique() == len(runs)
    if (sweep / "sweep.json").is_file():
        said = write_sweep_page(sweep).read_text(encoding="utf-8")
        started = record.read_manifest(sweep).runs
        unfinished = [key for key in started if not (sweep / key / "run.json").is_file()]
        assert ("did not finish" in said) == bool(unfinished)


def test_a_sweep_killed_thirty_times_at_any_point_loses_nothing(forks, undisturbed, tmp_path):
    chance, kills, begun = random.Random(7), 0, 0
    while kills < KILLS:
        folder = tmp_path / str(begun)
        folder.mkdir(exist_ok=True)
        at = time.monotonic() + chance.expovariate(1 / 0.6)
        ended = forks.kill_when(forks.start(folder, *SWEEP), lambda at=at: time.monotonic() > at)
        assert ended.code in (0, -signal.SIGKILL), ended.err
        kills += ended.code != 0
        assert_sound(folder / "sweep", undisturbed)
        begun += len(list(folder.glob("sweep/*/run.json"))) == RUNS  # begin another one when this is through
    for folder in tmp_path.iterdir():
        ended = forks.run(folder, *SWEEP)
        assert ended.code == 0, ended.err
        assert results_of(folder / "sweep") == results_of(undisturbed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_sweep_says_so_and_goes_on(forks, undisturbed, tmp_path, number):
    process = forks.start(tmp_path, *SWEEP)
    ended = forks.kill_when(process, lambda: len(list(tmp_path.glob("sweep/*/run.json"))) > 1, number)
    assert ended.code == 128 + number, ended.err
    assert "runs still to be done" in ended.err
    page = (tmp_path / "sweep" / "index.html").read_text(encoding="utf-8")
    done = len(list(tmp_path.glob("sweep/*/run.json")))
    assert ("did not finish" in page) == (done < len(record.read_manifest(tmp_path / "sweep").runs))
    assert_sound(tmp_path / "sweep", undisturbed)
    ended = forks.run(tmp_path, *SWEEP)
    assert ended.code == 0, ended.err
    assert f"Kept {done} of {RUNS} runs" in ended.out
    assert results_of(tmp_path / "sweep") == results_of(undisturbed)


def test_a_stop_counts_what_is_still_to_be_done_and_a_run_done_again_has_its_old_place(forks, undisturbed, tmp_path):
    sweep = shutil.copytree(undisturbed, tmp_path / "sweep")
    first, *_, on_other_labels, last = record.read_manifest(sweep).runs
    for key in (first, last):
        shutil.rmtree(sweep / key)
    changed = record.read_record(sweep / on_other_labels).model_copy(update={"fingerprint": "other"})
    record.write_record(sweep / on_other_labels, changed)
    ended = forks.kill_when(forks.start(tmp_path, *SWEEP), (sweep / first / "run.json").exists, signal.SIGINT)
    assert ended.code == 130, ended.err
    assert "runs still to be done: 2;" in ended.err
    ended = forks.run(tmp_path, *SWEEP)
    assert ended.code == 0, ended.err
    assert results_of(sweep) == results_of(undisturbed)


def test_a_run_that_was_damaged_since_is_done_again(forks, undisturbed, tmp_path):
    sweep = shutil.copytree(undisturbed, tmp_path / "sweep")
    runs = record.read_manifest(sweep).runs
    for key, name in zip(runs, ("levels.parquet", "report.html", "run.json", "classes.parquet"), strict=False):
        content = bytearray((sweep / key / name).read_bytes())
        content[len(content) // 2] ^= 0xFF
        (sweep / key / name).write_bytes(content)
    (sweep / runs[4] / "ground_truths.parquet").write_bytes(b"")
    ended = forks.run(tmp_path, *SWEEP)
    assert ended.code == 0, ended.err
    assert f"Kept 1 of {RUNS} runs" in ended.out
    assert results_of(sweep) == results_of(undisturbed)


def test_two_sweeps_in_one_folder_do_not_meet(forks, undisturbed, tmp_path):
    first = forks.start(tmp_path, *SWEEP)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("sweep/*/run.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    second = forks.run(tmp_path, *SWEEP)
    assert (second.code, second.out) == (1, "")
    said = "assignstudy: hydra.sweep.dir: sweep: another command is at work in this folder; wait for its end, or"
    assert second.err.startswith(said)
    assert second.err.count("\n") == 1
    assert forks.wait(first).code == 0
    assert results_of(tmp_path / "sweep") == results_of(undisturbed)


def test_a_second_stop_does_not_wait_for_the_page(forks, tmp_path):
    process = forks.start(tmp_path, *SWEEP)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("sweep/*/run.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process, signal.SIGINT)
    ended = forks.kill_when(process, lambda: "runs still to be done" in forks.said(process), signal.SIGTERM)
    # Where the second one hits a clean-up of Python's own, which swallows it, the page is written and the first counts.
    assert ended.code in (128 + signal.SIGTERM, 128 + signal.SIGINT), ended.err
    assert "Traceback" not in ended.err
    assert re.match("assignstudy: (stopped before all was|runs still to be done)", ended.err.splitlines()[-1])


def test_runs_that_cannot_write_end_in_a_sentence_each_and_are_done_later(forks, undisturbed, tmp_path):
    """Tables, page and record: something is in the way of each, in one run each."""
    keys = record.read_manifest(undisturbed).runs[2:]
    in_the_way = dict(zip(keys, ("levels.parquet", "report.html.tmp", "run.json.tmp"), strict=False))
    for key, name in in_the_way.items():
        (tmp_path / "sweep" / key / name / "in the way").mkdir(parents=True)
    ended = forks.run(tmp_path, *SWEEP)
    assert ended.code == 1
    first = next(iter(in_the_way))
    assert f"assignstudy: sweep/{first}/levels.parquet: cannot be written" in ended.err.replace(f"{tmp_path}/", "")
    assert "Traceback" not in ended.err
    assert "Error executing job" not in ended.err  # Hydra's own words
    finished = {path.parent.name for path in tmp_path.glob("sweep/*/run.json")}
    assert finished == {path.parent.name for path in undisturbed.glob("*/run.json")} - in_the_way.keys()
    assert_sound(tmp_path / "sweep", undisturbed)
    for key, name in in_the_way.items():
        shutil.rmtree(tmp_path / "sweep" / key / name)
    ended = forks.run(tmp_path, *SWEEP)
    assert ended.code == 0, ended.err
    assert_sound(tmp_path / "sweep", undisturbed)
    assert len(assignstudy.load_runs(tmp_path / "sweep")) == RUNS


@contextmanager
def disk_of(size: int, folder: Path) -> Iterator[Path]:
    """A file system of so many bytes."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="a small file system of its own: mount -t tmpfs, on Linux")
def test_a_disk_without_room_for_the_settings_is_named(forks, tmp_path):
    with disk_of(PAGE_BYTES, tmp_path / "tiny") as tiny:
        ended = forks.run(tiny, *SWEEP)
    assert ended.code == 1
    assert "assignstudy: sweep: cannot be written (No space left on device); make room or" in ended.err


@pytest.mark.skipif(sys.platform != "linux", reason="a small file system of its own: mount -t tmpfs, on Linux")
def test_a_full_disk_costs_only_what_does_not_fit(forks, undisturbed, tmp_path):
    files = (path for path in undisturbed.rglob("*") if path.is_file())
    needed = sum(-(-path.stat().st_size // PAGE_BYTES) * PAGE_BYTES for path in files)
    with disk_of(needed // 2, tmp_path / "small") as small:
        ended = forks.run(small, *SWEEP)
        assert ended.code == 1
        assert "No space left on device" in ended.err
        assert "Traceback" not in ended.err
        assert_sound(shutil.copytree(small / "sweep", tmp_path / "copy"), undisturbed)
        subprocess.run(["mount", "-o", "remount,size=50m", str(small)], check=True)
        ended = forks.run(small, *SWEEP)
        assert ended.code == 0, ended.err
        assert results_of(small / "sweep") == results_of(undisturbed)


@pytest.mark.skipif(sys.platform != "linux", reason="gives up root's privileges as Linux does")
def test_a_folder_without_write_permission_is_said_and_gone_on_with(forks, undisturbed, tmp_path):
    process = forks.start(tmp_path, *SWEEP)
    forks.kill_when(process, lambda: len(list(tmp_path.glob("sweep/*/run.json"))) > 1)
    sweep = tmp_path / "sweep"
    closed = [path for path in (sweep, *sweep.rglob("*")) if path.is_dir()]
    for path in closed:
        path.chmod(0o555)
    ended = forks.run(tmp_path, *SWEEP, plain_user=True)
    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert "Permission denied" in ended.err
    for path in closed:
        path.chmod(0o755)
    assert_sound(sweep, undisturbed)
    ended = forks.run(tmp_path, *SWEEP, plain_user=True)
    assert ended.code == 0, ended.err
    assert results_of(sweep) == results_of(undisturbed)
