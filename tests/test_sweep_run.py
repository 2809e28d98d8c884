"""Real sweeps, from the command to the page: with a run that fails, twice, interrupted, and gone on with."""

from __future__ import annotations

import re
import shutil
import signal
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import assignstudy
from assignstudy import cli, record
from assignstudy.datasets import cache
from tests.cli.commands import start
from tests.fixtures import fixture

ANCHORS = "strides: [8, 16, 32]\nwh_px: [[10, 13, 16, 30], [30, 61, 62, 45], [116, 90, 156, 198]]\n"
GRID = ("-m", "imgsz=320,640", "anchor_t=3,4", "dataset.images=12", "anchors=file")
FITTED = "anchors.path=fitted_${imgsz}_${anchor_t}.yaml"


def the_sweep(folder: Path) -> Path:
    (path,) = folder.glob("outputs/sweeps/*/*")
    return path


@pytest.fixture
def command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["assignstudy", *arguments])
        return cli.main()

    return run


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """The same 2 x 2 sweep in two folders at once; one of the four files of anchors is missing."""
    folders = [tmp_path_factory.mktemp("sweep") for _ in range(2)]
    for folder in folders:
        for name in ("320_3.0", "320_4.0", "640_3.0"):
            (folder / f"fitted_{name}.yaml").write_text(ANCHORS, encoding="utf-8")
    processes = [start(folder, *GRID, FITTED) for folder in folders]
    outcomes = [(*process.communicate(timeout=240), process.returncode) for process in processes]
    return folders, outcomes


def test_the_failed_run_is_told_and_the_others_are_done(twice):
    (folder, _), ((out, err, code), _) = twice
    assert code == 1, err
    sentence = (
        "anchors.path: fitted_640_4.0.yaml: cannot be read (No such file or directory); give the path of a YAML file"
    )
    last_line = err.splitlines()[-1]
    assert last_line == f"assignstudy: imgsz=640 anchor_t=4 failed: {sentence}"
    assert "Traceback" not in err
    runs = assignstudy.load_runs(the_sweep(folder))
    assert runs["status"].tolist() == ["finished", "finished", "finished", "failed"]
    assert runs["anchor_t"].tolist() == [3, 4, 3, 4]
    assert runs["imgsz"].tolist() == [320, 320, 640, 640]
    assert runs["error"][3] == sentence
    header, *rows, where = out.splitlines()
    assert header.split() == ["anchor_t", "anchors.path", "imgsz", *cli.SHOWN_METRICS]
    assert len(rows) == 4
    assert rows[3].split()[3:] == ["–"] * 5 + ["0.0"]
    assert where == f"Page: {the_sweep(folder).relative_to(folder) / 'index.html'}"


def test_every_run_has_its_folder_its_page_and_a_place_in_the_manifest(twice):
    (folder, _), _ = twice
    sweep = the_sweep(folder)
    manifest = record.read_manifest(sweep)
    assert manifest.overrides == [*GRID[1:], FITTED]
    assert sorted(manifest.runs) == sorted(
        path.name for path in sweep.iterdir() if path.is_dir() and path.name[0] != "."
    )
    records = [record.read_record(sweep / key) for key in manifest.runs]
    assert [(run.config["imgsz"], run.config["anchor_t"]) for run in records] == [
        (320, 3),
        (320, 4),
        (640, 3),
        (640, 4),
    ]
    assert [run.run_key for run in records] == manifest.runs
    for run in records:
        names = {path.name for path in (sweep / run.run_key).iterdir()} - {".hydra"}
        tables = {"report.html", *(f"{name}.parquet" for name in record.TABLES)} if run.status == "finished" else set()
        assert names == {"run.json"} | tables
    assert {"index.html", "runs.parquet", "runs.csv", "sweep.json"} <= {path.name for path in sweep.iterdir()}


def test_the_data_set_is_read_once(twice):
    (folder, _), _ = twice
    finished = assignstudy.load_runs(the_sweep(folder)).query("status == 'finished'")
    first, *others = (record.read_record(Path(path)).seconds["read"] for path in finished["folder"])
    assert max(others) < first / 10


def test_the_same_sweep_gives_the_same_bytes(twice):
    folders, _ = twice
    one, other = map(the_sweep, folders)
    shown = [path for path in one.rglob("*") if path.suffix in (".parquet", ".html", ".csv")]
    assert len(shown) == 3 * 5 + 3
    for path in shown:
        assert path.read_bytes() == (other / path.relative_to(one)).read_bytes(), path.relative_to(one)


def test_a_failed_sweep_goes_on_where_it_stopped(twice, tmp_path, monkeypatch, capsys):
    (original, _), _ = twice
    folder = shutil.copytree(original, tmp_path / "copy")
    (folder / "fitted_640_4.0.yaml").write_text(ANCHORS, encoding="utf-8")
    monkeypatch.chdir(folder)
    sweep = the_sweep(folder)
    before = record.read_manifest(sweep).runs
    monkeypatch.setattr(sys, "argv", ["assignstudy", *GRID, FITTED, f"hydra.sweep.dir={sweep.relative_to(folder)}"])
    assert cli.main() == 0, capsys.readouterr().err
    assert "Kept 3 of 4 runs that had been finished already." in capsys.readouterr().out
    after = record.read_manifest(sweep).runs
    assert after == before
    assert set(assignstudy.load_runs(sweep)["status"]) == {"finished"}


def test_a_run_is_done_again_when_its_labels_changed_or_a_page_is_wanted(command, tmp_path, capsys):
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    write_picture(tmp_path / "images" / "a.png")
    label = tmp_path / "labels" / "a.txt"
    label.write_text("0 0.5 0.5 0.2 0.2\n", encoding="utf-8")
    (tmp_path / "data.yaml").write_text("train: images\nnames: [thing]\n", encoding="utf-8")
    sweep = ("-m", "anchor_t=3", "dataset=yolo", "dataset.data=data.yaml", "hydra.sweep.dir=kept")

    def started() -> list[str]:
        assert command(*sweep, "report=none") == 0
        return [record.read_record(tmp_path / "kept" / key).started for key in record.read_manifest(Path("kept")).runs]

    first = started()
    assert started() == first
    assert "Kept 1 of 1 runs" in capsys.readouterr().out
    label.write_text("0 0.5 0.5 0.3 0.2\n", encoding="utf-8")
    second = started()
    assert not set(first) & set(second)
    assert command(*sweep) == 0
    (page,) = tmp_path.glob("kept/*/report.html")
    assert 'id="gallery"' in page.read_text(encoding="utf-8")
    assert command(*sweep, "report.gallery.images=0") == 0
    assert 'id="gallery"' not in page.read_text(encoding="utf-8")
    assert started() != second


@pytest.mark.parametrize("wrong", ["report.gallery.pick=[nope]", "model=torchscript model.path=nope.pt"])
def test_what_fails_before_it_begins_costs_no_results(command, tmp_path, capsys, wrong):
    settings = ("-m", "anchor_t=3", "dataset.images=3", "hydra.sweep.dir=kept")
    assert command(*settings, "report=none") == 0
    before = {path: path.read_bytes() for path in tmp_path.glob("kept/*/*") if path.is_file()}
    assert command(*settings, *wrong.split()) == 1
    said = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("assignstudy: "))
    assert "nope" in said
    assert said.endswith("keeps what an earlier command finished")
    assert {path: path.read_bytes() for path in before} == before
    assert assignstudy.load_runs(tmp_path / "kept")["status"].tolist() == ["finished"]


def test_another_command_in_the_same_folder_adds_its_runs(command, tmp_path):
    options = ("dataset.images=12", "report=none", "hydra.sweep.dir=grown")
    assert command("-m", "anchor_t=3,4", *options) == 0
    assert command("-m", "anchor_t=4.0,5", *options) == 0
    assert assignstudy.load_runs(tmp_path / "grown")["anchor_t"].tolist() == [3, 4, 5]
    assert record.read_manifest(tmp_path / "grown").overrides == ["anchor_t=4.0,5", *options[:2]]


def test_a_named_experiment_is_a_sweep_without_m(command, tmp_path):
    assert command("experiment=image_sizes", "imgsz=320,416", "dataset.images=12", "report=none") == 0
    assert assignstudy.load_runs(the_sweep(tmp_path))["imgsz"].tolist() == [320, 416]


def test_a_sweep_of_failures_still_has_its_page(command, tmp_path, capsys):
    assert command("-m", "anchor_t=0.5,0.25") == 1
    err = capsys.readouterr().err.splitlines()
    assert [line.partition(" failed: ")[0] for line in err[-2:]] == [
        "assignstudy: anchor_t=0.5",
        "assignstudy: anchor_t=0.25",
    ]
    assert (the_sweep(tmp_path) / "index.html").is_file()


def test_a_page_that_cannot_be_built_changes_the_exit_code(command, tmp_path, capsys):
    (tmp_path / "blocked" / "index.html").mkdir(parents=True)
    assert command("-m", "anchor_t=3,4", "dataset.images=12", "report=none", "hydra.sweep.dir=blocked") == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("assignstudy: blocked/index.html: cannot be written")
    assert assignstudy.load_runs(tmp_path / "blocked")["status"].tolist() == ["finished", "finished"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sweep_leaves_its_page_and_can_be_gone_on_with(tmp_path, number):
    settings = ("-m", "anchor_t=range(3,4,0.05)", "dataset.images=100", "report=none", "hydra.sweep.dir=sweep")
    process = start(tmp_path, *settings)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("sweep/*/run.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 128 + number, err
    assert "Traceback" not in err
    assert "assignstudy: stopped\n" in err
    last_line = err.splitlines()[-1]
    assert re.fullmatch(
        r"assignstudy: runs still to be done: \d+; the same command with hydra\.sweep\.dir=sweep does them", last_line
    )
    assert out.splitlines()[-1] == "Page: sweep/index.html"
    done = assignstudy.load_runs(tmp_path / "sweep")
    assert 1 <= len(done) < 20
    assert set(done["status"]) == {"finished"}
    assert (tmp_path / "sweep" / "index.html").is_file()
    assert len(pd.read_parquet(tmp_path / "sweep" / "runs.parquet")) == len(done)


def write_picture(path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (64, 48)).save(path)


def test_a_damaged_cache_entry_is_told_of_also_when_every_run_is_kept(command, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    annotations = fixture("coco").write(tmp_path / "data")["annotations"]
    sweep = ("-m", "anchor_t=3,4", "dataset=coco", f"dataset.annotations={annotations}", "hydra.sweep.dir=kept")
    assert command(*sweep, "report=none") == 0
    assert "read anew" not in capsys.readouterr().err
    (entry,) = cache.folder().glob("*.parquet")
    entry.write_bytes(b"PAR1")
    assert command(*sweep, "report=none") == 0
    said = capsys.readouterr()
    assert "Kept 2 of 2 runs" in said.out
    assert said.err.count("the labels were read anew") == 1
