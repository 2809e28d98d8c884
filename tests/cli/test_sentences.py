"""Commands that Hydra refuses before anything runs, each answered in one sentence."""

from __future__ import annotations

import pytest
from hydra.errors import HydraException


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("anchor_t=abc", "anchor_t: expected a number, got abc"),
        ("anchor_t=true", "anchor_t: expected a number, got True"),
        ("anchor_t=[1]", "anchor_t: expected a number, got [1]"),
        ("device=[cpu]", "device: expected a word, got ['cpu']"),
        ("anchor_tt=3", "anchor_tt: no such setting; did you mean anchor_t?"),
        ("anchorz=coco_p5", "anchorz: no such setting; did you mean anchors?"),
        ("dataset.seeds=1", "dataset.seeds: no such setting; did you mean seed?"),
        ("anchors.path=a.yaml", "anchors.path: no such setting; expected one of strides, wh_px"),
        ("transform.pad_strides=1", "transform.pad_strides: no such setting; leave it out"),
        ("hydra.swep.dir=x", "hydra.swep: no such setting; did you mean sweep?"),
        ("anchors=yolo4", "anchors: no such choice, got yolo4; did you mean yolov4?"),
        (
            "anchors=nope",
            "anchors: no such choice, got nope; expected one of coco_p5, coco_p6, custom, default, file, fit, yolov3",
        ),
        ("assigner=simota", "assigner: SimOTA decides by the network's predictions, and a study has labels only, got"),
        ("assigner=ota", "assigner: OTA decides by the network's predictions"),
        ("assigner=tal", "assigner: TAL (task-aligned assignment) decides by the network's predictions"),
        ("experiment=threshold", "experiment: no such choice, got threshold; did you mean thresholds?"),
        ("anchors=null", "expected the name of a choice behind a group, as in anchors=coco_p5; --help lists them"),
        ("anchor_t=[1", "anchor_t=[1: expected key=value, lists as [1,2], special characters in quotes, got: "),
        ("anchor_t", "anchor_t: expected key=value, lists as [1,2], special characters in quotes, got: "),
        ("anchor_t=3,4", "anchor_t=3,4: several values make a sweep; add -m"),
        ("anchor_t=range(3,5)", "anchor_t=range(3,5): several values make a sweep; add -m"),
        ("~imgsz_", "Could not delete from config. 'imgsz_' does not exist."),
        ("hydra.run.dir=${nope}", "hydra.run.dir: Interpolation key 'nope' not found"),
        ("--config-name nope", "Cannot find primary config 'nope'."),
    ],
)
def test_a_wrong_command_is_answered_in_one_sentence_and_leaves_nothing(command, tmp_path, arguments, sentence):
    outcome = command(*arguments.split())
    assert outcome.code == 1
    assert outcome.err.startswith(f"assignstudy: {sentence}")
    assert outcome.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("anchors=coco_p5,nope", "anchors: no such choice, got nope; expected one of coco_p5"),
        ("anchor_t=3,abc", "anchor_t: expected a number, got abc"),
        ("assigner=yolov5,simota", "assigner: SimOTA decides by the network's predictions"),
        ("anchor_t=3,4 anchor_tt=3", "anchor_tt: no such setting; did you mean anchor_t?"),
        ("anchor_t=interval(3,4)", "BasicSweeper does not support sweep type : INTERVAL_SWEEP"),
    ],
)
def test_a_sweep_with_one_wrong_setting_does_not_start(command, tmp_path, arguments, sentence):
    outcome = command("-m", *arguments.split())
    assert outcome.code == 1
    assert outcome.err.rpartition("\r")[2].strip().startswith(f"assignstudy: {sentence}")
    assert outcome.err.count("\n") == 1
    assert not list(tmp_path.rglob("run.json"))


def test_an_image_to_show_that_the_data_set_has_not_is_named(command):
    outcome = command("dataset.images=3", "report.gallery.pick=[street-9.png]")
    assert outcome.code == 1
    assert "report.gallery.pick: no such image, got street-9.png; did you mean street-0000" in outcome.err


def test_a_broken_file_of_the_users_configuration_is_named(command, tmp_path):
    (tmp_path / "mine" / "anchors").mkdir(parents=True)
    (tmp_path / "mine" / "anchors" / "fitted.yaml").write_text("strides: [8", encoding="utf-8")
    outcome = command("--config-dir", "mine", "anchors=fitted")
    assert outcome.code == 1
    assert outcome.err.startswith("assignstudy: while parsing a flow sequence")
    assert "fitted.yaml" in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_folder_in_place_of_a_file_of_hydras_is_named(command, tmp_path):
    (tmp_path / "sweep" / "multirun.yaml").mkdir(parents=True)
    outcome = command("-m", "anchor_t=3,4", "hydra.sweep.dir=sweep")
    assert outcome.code == 1
    assert outcome.err.rpartition("\r")[2].strip().startswith("assignstudy: ")
    assert "multirun.yaml: cannot be written (Is a directory); remove it or give another folder" in outcome.err


def test_whoever_asks_hydra_for_tracebacks_gets_them(command, monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(HydraException, match="Error merging override anchor_t=abc"):
        command("anchor_t=abc")
