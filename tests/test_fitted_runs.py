"""Anchors fitted before a run: from the command to the page, the record and the file, twice the same."""

from __future__ import annotations

import json
import re
import sys
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import assignstudy
from assignstudy import cli, record, sweep
from assignstudy.settings import AnchorLevel, anchor_levels

SWEEP = ("-m", "anchors=coco_p5,fit", "imgsz=320,640", "dataset.images=24", "hydra.sweep.dir=swept")

FITS = (("fit (for anchor_t 2)", "fit", 2), ("fit (for anchor_t 4)", "fit", 4))


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Runs a command in this process, in an empty folder; returns exit code and what was said."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["assignstudy", *arguments])
        code = cli.main()
        return code, capsys.readouterr().err

    return run


def fitted_runs(folder: Path) -> list[Path]:
    runs = assignstudy.load_runs(folder)
    return [Path(path) for path in runs.loc[runs["anchors"] == "fit", "folder"]]


def test_fitted_anchors_are_one_more_value_of_a_sweep(command, tmp_path):
    code, said = command(*SWEEP)
    assert code == 0, said
    runs = assignstudy.load_runs("swept")
    assert runs["anchors"].tolist() == ["coco_p5", "coco_p5", "fit", "fit"]
    assert not [name for name in runs.columns if name.startswith("anchors.")]
    assert runs["run_key"].is_unique
    small, large = (record.read_record(folder) for folder in fitted_runs(tmp_path / "swept"))
    assert small.fitted != large.fitted
    assert small.config["anchors"] == {
        "strides": [8, 16, 32],
        "n": 9,
        "method": "kmeans_log",
        "min_side_cell": 1.0,
        "seed": 0,
    }
    assert "Fitted anchors" in (tmp_path / "swept" / small.run_key / record.PAGE_FILE).read_text(encoding="utf-8")
    chosen = next(Path(path) for path in runs.loc[runs["anchors"] == "coco_p5", "folder"])
    assert record.read_record(chosen).fitted is None
    assert not (chosen / record.ANCHOR_FILE).exists()
    assert "Fitted anchors" not in (chosen / record.PAGE_FILE).read_text(encoding="utf-8")


def test_the_same_command_gives_the_same_bytes_and_does_nothing_the_second_time(command, tmp_path):
    command(*SWEEP, "anchors=fit", "imgsz=320")
    first = {path.name: path.read_bytes() for path in fitted_runs(tmp_path / "swept")[0].iterdir() if path.is_file()}
    command(*SWEEP[:-1], "hydra.sweep.dir=again", "anchors=fit", "imgsz=320")
    (again,) = fitted_runs(tmp_path / "again")
    for name in first.keys() - {record.RECORD_FILE}:
        assert first[name] == (again / name).read_bytes(), name
    before = (again / record.RECORD_FILE).read_bytes()
    command(*SWEEP[:-1], "hydra.sweep.dir=again", "anchors=fit", "imgsz=320")
    assert (again / record.RECORD_FILE).read_bytes() == before
    (again / record.ANCHOR_FILE).unlink()
    command(*SWEEP[:-1], "hydra.sweep.dir=again", "anchors=fit", "imgsz=320")
    assert (again / record.ANCHOR_FILE).read_bytes() == first[record.ANCHOR_FILE]


def test_anchors_fitted_for_other_thresholds_have_curves_of_their_own(command, tmp_path):
    command("-m", "anchors=coco_p5,fit", "anchor_t=2,4", "imgsz=320", *SWEEP[-2:], "report=none")
    runs = assignstudy.load_runs("swept").set_index(["anchors", "anchor_t"])
    page = unescape((tmp_path / "swept" / "index.html").read_text(encoding="utf-8"))
    table = re.search("<caption>recall at other values of anchor_t.*?</table>", page, re.DOTALL)[0]
    rows = {row[0]: row[1:] for row in (re.findall(">([^<>]+)</t[hd]>", line) for line in table.split("<tr>")[1:])}
    at = [name.removeprefix("anchor_t ") for name in rows.pop("setting")]
    assert list(rows) == ["coco_p5", "fit (for anchor_t 2)", "fit (for anchor_t 4)"]
    for name, anchors, threshold in (("coco_p5", "coco_p5", 2), ("coco_p5", "coco_p5", 4), *FITS):
        assert rows[name][at.index(str(threshold))] == f"{runs.bpr[anchors, threshold]:.4f}"


def test_options_of_a_fit_leave_the_other_anchors_of_a_sweep_alone(command):
    usual = ("dataset.images=10", "report=none", "hydra.sweep.dir=swept")
    code, said = command("-m", "anchors=coco_p5,fit", "anchors.n=6,9", *usual)
    assert code == 0, said
    assert said.count("anchors.n: belongs to anchors=fit; anchors=coco_p5 does without") == 1
    runs = assignstudy.load_runs("swept")
    assert runs["anchors"].tolist() == ["coco_p5", "fit", "fit"]
    assert runs["anchors.n"].tolist()[1:] == [6, 9]
    assert runs["anchors.n"].isna().tolist() == [True, False, False]
    alone = record.read_record(Path(runs["folder"][0]))
    assert alone.overrides == ["anchors=coco_p5", *usual[:2]]
    assert "n" not in alone.config["anchors"]
    assert command("-m", "anchors=coco_p5", *usual)[0] == 0
    assert len(assignstudy.load_runs("swept")) == 3


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ("anchors=coco_p5 anchors.n=6", "anchors.n: belongs to anchors=fit, and anchors.wh_px to anchors that are"),
        (
            "anchors=file anchors.path=a.yaml anchors.seed=1",
            "anchors.seed: belongs to anchors=fit, and anchors.path to",
        ),
        ("anchors=fit anchors.wh_px=[[1,2]]", "anchors.method: belongs to anchors=fit, and anchors.wh_px to anchors"),
        (
            "-m anchors=fit anchors.wh_px=[[1,2]]",
            "anchors.method: belongs to anchors=fit, and anchors.wh_px to anchors",
        ),
        ("anchors=coco_p5 anchors.nn=6", "anchors.nn: no such setting; expected one of strides, wh_px"),
        ("-m anchors=coco_p5 anchors.nn=6", "anchors.nn: no such setting; expected one of strides, wh_px"),
        ("anchors=fit anchors.nn=6", "anchors.nn: no such setting of anchors=fit; expected method, min_side_cell, n"),
    ],
)
def test_options_that_no_run_takes_are_refused(command, settings, sentence):
    code, said = command(*settings.split(), "dataset.images=4", "report=none")
    assert code == 1
    assert sentence in said


def write_aerial(path: Path) -> None:
    """COCO labels of images of 1500 pixels with boxes of about 25, and a few large ones."""
    dice = np.random.Generator(np.random.PCG64(3))
    side = np.exp(dice.normal(np.log(25), 0.5, 600))
    side[:20] *= 8
    wh = np.stack((side, side), axis=1) * np.exp(dice.normal(0, 0.45, (600, 2)))
    boxes = np.concatenate((dice.uniform(0, 1, (600, 2)) * (1500 - wh), wh), axis=1).round(1).tolist()
    annotations = [
        {"id": k, "image_id": k % 6, "category_id": 1, "bbox": box, "iscrowd": 0} for k, box in enumerate(boxes)
    ]
    images = [{"id": k, "file_name": f"{k}.png", "width": 1500, "height": 1500} for k in range(6)]
    labels = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "ship"}]}
    path.write_text(json.dumps(labels), encoding="utf-8")


def test_on_aerial_images_the_input_that_shows_the_boxes_is_picked_and_the_page_says_why(command, tmp_path):
    write_aerial(tmp_path / "aerial.json")
    data = ("dataset=coco", "dataset.annotations=aerial.json", "report=none", "hydra.sweep.dir=swept")
    code, said = command("-m", "anchors=coco_p5,fit", "imgsz=640,1280", *data)
    assert code == 0, said
    runs = assignstudy.load_runs("swept").set_index(["anchors", "imgsz"])
    boxes = assignstudy.load_ground_truths("swept", columns=["w_px", "h_px"])
    below = (boxes.w_px * boxes.h_px < 64).groupby(boxes.imgsz, observed=True).mean()
    assert below[640] > 0.1 > below[1280]
    assert runs.bpr["fit", 640] > 0.98

    page = unescape((tmp_path / "swept" / "index.html").read_text(encoding="utf-8"))
    assert "Train with fit, imgsz 1280: it matches" in page
    assert "In 2 of 4 runs more than 10 % of the boxes are smaller than one cell of the finest level" in page
    assert (
        f"{round(100 * below[1280], 1):g} % of the boxes are smaller than one cell (8 px) of the finest level, P3."
        in page
    )
    assert "anchors have a fitness of" in page

    assert sweep.main(["swept", "--sub-cell-price", "0", "--pixel-price", "0.1"]) == 0
    page = unescape((tmp_path / "swept" / "index.html").read_text(encoding="utf-8"))
    assert "Train with fit, imgsz 640: it matches" in page
    assert (
        f"{round(100 * below[640], 1):g} % of the boxes are smaller than one cell (8 px) of the finest level, P3"
        in page
    )
    assert "where at most 5 % of them are that small: the original images hold these pixels; or " in page


@pytest.mark.parametrize("rule", ["yolov5", "yolov5_v2", "yolov7_aux", "yolov3_spp", "yolov3"])
@pytest.mark.parametrize("method", ["kmeans_log", "evolve"])
def test_the_written_file_gives_the_same_tables(command, tmp_path, rule, method):
    usual = (f"assigner={rule}", "dataset.images=12", "report=none")
    assert command(*usual, "anchors=fit", f"anchors.method={method}", "hydra.run.dir=one")[0] == 0
    assert command(*usual, "anchors=file", f"anchors.path={tmp_path}/one/anchors.yaml", "hydra.run.dir=two")[0] == 0
    for name in record.TABLES:
        one, two = (pd.read_parquet(tmp_path / folder / f"{name}.parquet") for folder in ("one", "two"))
        pd.testing.assert_frame_equal(one, two)
    fitted = json.loads((tmp_path / "one" / "run.json").read_text(encoding="utf-8"))["fitted"]
    assert anchor_levels(fitted) == anchor_levels({"path": str(tmp_path / "one" / "anchors.yaml")})
    assert all(isinstance(level, AnchorLevel) for level in anchor_levels(fitted))


@pytest.mark.parametrize("rule", ["max_iou", "atss", "fcos"])
def test_a_rule_that_brings_its_own_refuses_in_a_sentence(command, rule):
    code, said = command(f"assigner={rule}", "anchors=fit", "dataset.images=4", "report=none")
    assert code == 1
    own = f"assigner={rule} has its own and takes no others, got anchors=fit; use anchors=default"
    assert said.splitlines()[-1] == f"assignstudy: anchors: {own}"


def test_a_data_set_without_boxes_fails_in_a_sentence(command, tmp_path):
    annotations = {"images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 64}], "annotations": []}
    (tmp_path / "none.json").write_text(json.dumps(annotations | {"categories": [{"id": 1, "name": "a"}]}))
    code, said = command("dataset=coco", "dataset.annotations=none.json", "anchors=fit", "report=none")
    assert code == 1
    sentence = "anchors: expected ground truths to fit anchors to, got none; use anchors=default"
    assert said.splitlines()[-1] == f"assignstudy: {sentence}"


def test_the_sweep_page_gives_the_fitted_anchors_to_paste(command, tmp_path):
    command(*SWEEP, "anchors=fit", "imgsz=320")
    (folder,) = fitted_runs(tmp_path / "swept")
    first = record.read_record(folder).fitted["wh_px"][0]
    page = (tmp_path / "swept" / "index.html").read_text(encoding="utf-8")
    assert ", ".join(f"{side:g}" for side in first) in page
