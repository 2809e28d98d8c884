"""Settings that cannot be used: the run fails, says why, leaves a record. And models, had or not."""

from __future__ import annotations

import re

import pytest
import torch

from assignstudy import record
from tests.cli.commands import SMALL, last_record, single_run, start
from tests.models.nets import Broken, Net, net
from tests.models.test_loading import save_archive


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("anchor_t=0.5", "anchor_t: expected a number above 1, since a side ratio is never below 1, got 0.5"),
        ("anchor_t=nan", "anchor_t: expected a number above 1, since a side ratio is never below 1, got nan"),
        ("iou_t=0.5", "iou_t: assigner=yolov5 does not take it, got 0.5; its threshold is anchor_t"),
        ("assigner=atss iou_t=0.5", "iou_t: assigner=atss does not take it, got 0.5; it has no threshold"),
        ("assigner=fcos anchor_t=4", "anchor_t: assigner=fcos does not take it, got 4.0; it has no threshold"),
        ("assigner=max_iou anchor_t=4", "anchor_t: assigner=max_iou does not take it, got 4.0; its threshold is iou_t"),
        ("assigner=max_iou iou_t=0", "iou_t: expected a number above 0 and up to 1, got 0"),
        ("assigner=max_iou assigner.variant=mmdt", "assigner.variant: expected detectron2 or mmdet, got mmdt"),
        ("assigner=max_iou assigner.preset=ssd", "assigner.preset: expected retinanet or faster_rcnn, got ssd"),
        ("assigner=fcos assigner.center_sampling=on_", "assigner.center_sampling: expected true, false or null, got"),
        ("assigner=fcos anchors=yolov4", "anchors: assigner=fcos has its own and takes no others, got anchors=yolov4"),
        ("assigner=atss anchors.strides=[8]", "anchors: assigner=atss has its own and takes no others, got"),
        ("anchors.strides=[8]", "anchors.wh_px: expected one list of anchors for each of 1 strides, got None"),
        ("assigner.anchor_t=3", "assigner.anchor_t: stands at the top level, got 3; write anchor_t=3"),
        ("assigner=yolov3_spp iou_t=7", "iou_t: expected a number from 0 below 1, got 7.0"),
        ("assigner=yolov3_spp iou_t=0.99999999", "iou_t: expected a number from 0 below 1, got 0.99999999"),
        ("iou_t=${nope}", "iou_t: Interpolation key 'nope' not found"),
        ("imgsz=-1", "imgsz: expected a side in pixels from 1 to 65536, or [height,width], got -1"),
        ("imgsz=0", "imgsz: expected a side in pixels"),
        ("imgsz=[640]", "imgsz: expected a side in pixels from 1 to 65536, or [height,width], got [640]"),
        ("device=tpu", "device: expected cpu or cuda, got tpu"),
        ("objective=bbr", "objective: expected a metric, got bbr; did you mean bpr?"),
        ("+x=1", "x: no such setting; expected one of dataset, anchors"),
        ("+dataset.x=1", "dataset.x: "),
        ("~anchors", "anchors: expected a choice, got None"),
        ("~objective", "objective: expected a setting, got none; leave ~objective out"),
        ("~imgsz", "imgsz: expected a setting, got none; leave ~imgsz out"),
        ("dataset=yolo", "dataset.data: expected "),
        ("dataset=yolo dataset.data=missing.yaml", "dataset.data: expected a data.yaml, got missing.yaml"),
        ("anchors=custom", "anchors.strides: expected a value, got none; add anchors.strides=… to the command"),
        ("anchors=custom anchors.strides=[8,12] anchors.wh_px=[[1,2],[3,4]]", "anchors.strides: expected increasing"),
        ("anchors=custom anchors.strides=[8,16] anchors.wh_px=[[1,2]]", "anchors.wh_px: expected one list of anchors"),
        ("anchors=custom anchors.strides=[8] anchors.wh_px=[[1,2,3]]", "anchors.wh_px[0]: expected width,height"),
        ("anchors=custom anchors.strides=[8] anchors.wh_px=[[1,x]]", "anchors.wh_px[0]: expected width,height"),
        ("anchors=file", "anchors.path: expected a value, got none; add anchors.path=… to the command"),
        ("anchors=file anchors.path=no.yaml", "anchors.path: no.yaml: cannot be read (No such file or directory)"),
        ("transform=rect transform.pad_strides=-1", "transform.pad_strides: expected a number of strides, at least 0"),
        ("transform=rect transform.pad_strides=x", "transform: expected options that fit, got {"),
        ("assigner._target_=no.Rule", "assigner._target_: expected the class of a rule, got no.Rule"),
        ("assigner._target_=builtins.dict", "assigner._target_: expected the class of a rule, got builtins.dict"),
    ],
)
def test_a_run_that_cannot_be_done_says_why_and_leaves_a_record(command, tmp_path, arguments, sentence):
    outcome = command(*arguments.split())
    assert outcome.code == 1
    assert outcome.err.startswith(f"assignstudy: {sentence}")
    assert outcome.err.count("\n") == 1
    found = last_record(tmp_path)
    assert (found.status, found.metrics) == ("failed", {})
    assert outcome.err == f"assignstudy: {found.error}\n"
    assert found.overrides == arguments.split()


def test_cuda_is_refused_where_there_is_none(command):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    outcome = command("device=cuda", *SMALL)
    assert outcome.code == 1
    assert outcome.err.startswith("assignstudy: device: cuda was asked for, but torch finds no CUDA device here")


def test_a_defect_shows_its_traceback_and_is_recorded_too(command, tmp_path):
    with pytest.raises(AttributeError, match="'dict' object has no attribute"):
        command("transform._target_=builtins.dict", *SMALL)
    found = last_record(tmp_path)
    assert found.status == "failed"
    assert found.error is not None
    assert found.error.startswith("AttributeError: 'dict' object has no attribute")


def test_real_processes_answer_without_traceback(tmp_path):
    sentences = {
        "anchor_t=abc": "anchor_t: ",
        "anchor_t=0.5": "anchor_t: ",
        "imgsz=-1": "imgsz: ",
        "anchors=nope": "anchors: ",
        "device=tpu": "device: ",
        "dataset=yolo dataset.data=missing.yaml": "dataset.data: ",
    }
    processes = {arguments: start(tmp_path, *arguments.split()) for arguments in sentences}
    for arguments, process in processes.items():
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out, err.count("\n")) == (1, "", 1), err
        assert err.startswith(f"assignstudy: {sentences[arguments]}")


SHOWN = ("dataset.images=4", "imgsz=[64,96]", "report.gallery.images=1")
OWN = ("model=custom", "model._target_=tests.models.nets.Net", "+model.options.outputs=36")


def test_a_model_of_ones_own_is_built_with_its_options_and_looked_into(command, tmp_path):
    torch.save(Net(outputs=36).state_dict(), tmp_path / "net.pt")
    outcome = command(*SHOWN, *OWN, "model.layers=[down.0,heads.2]", "model.weights=net.pt")
    assert (outcome.code, outcome.err) == (0, "")
    html = (single_run(tmp_path) / "report.html").read_text(encoding="utf-8")
    assert "P3, down.0: mean of 4 channels" in html
    assert "P5, heads.2: mean of 36 channels" in html
    assert "tests.models.nets.Net, net.pt" in html


def test_an_archive_is_loaded_and_looked_into(command, tmp_path):
    save_archive(net(), tmp_path / "net.ts")
    assert command(*SHOWN, "model=torchscript", "model.path=net.ts", "model.strongest=true").code == 0
    assert "input of heads.2" in (single_run(tmp_path) / "report.html").read_text(encoding="utf-8")


def test_a_model_changes_no_key_and_no_table_and_a_new_one_makes_a_new_page(command, tmp_path):
    tables, keys, pages = [], [], []
    for model in ("none", "demo"):
        assert command(*SHOWN, f"model={model}", "hydra.run.dir=run").code == 0
        tables.append([(tmp_path / "run" / f"{name}.parquet").read_bytes() for name in record.TABLES])
        keys.append(record.read_record(tmp_path / "run").run_key)
        pages.append("Feature maps" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8"))
    assert tables[0] == tables[1]
    assert keys[0] == keys[1]
    assert pages == [False, True]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("model=resnet",), "model: no such choice, got resnet; expected one of custom, demo, none, torchscript"),
        (("model=custom",), "model._target_: expected the dotted name of a class or function that returns a torch.nn."),
        (("model=torchscript", "model.path=no.ts"), "model.path: no.ts: expected a file, found none"),
        (
            ("model=demo", "model.layers=[nec.0]"),
            "model.layers: expected names of layers, got nec.0; did you mean neck.0",
        ),
        (
            (*OWN, "model.weights=pickle.pt"),
            "model.weights: pickle.pt: expected a state dict, tensors only, got a file",
        ),
        (
            (*OWN[:2], "+model.options.wide=1"),
            "model: expected options that fit, got {'_target_': 'tests.models.nets.Net'",
        ),
        (
            ("model=custom", "model._target_=builtins.list"),
            "model._target_: expected a torch.nn.Module from builtins.list",
        ),
        (
            ("model=custom", "model._target_=tests.models.nets.never_built"),
            "model._target_: expected a torch.nn.Module from tests.models.nets.never_built, got KeyError: 'weights'",
        ),
    ],
)
def test_a_model_that_cannot_be_had_is_said_before_any_work(command, tmp_path, arguments, sentence):
    torch.save(net(), tmp_path / "pickle.pt")
    outcome = command(*SHOWN, *arguments)
    assert outcome.code == 1
    assert outcome.err.startswith(f"assignstudy: {sentence}")
    assert outcome.err.count("\n") == 1
    assert not list(tmp_path.glob("outputs/runs/*/*/*.parquet"))


def test_a_model_that_fails_costs_its_sections_and_nothing_else(command, tmp_path):
    Broken.passes = 0
    outcome = command(*SHOWN, "model=custom", "model._target_=tests.models.nets.Broken")
    assert outcome.code == 1
    assert "“Feature maps”: ModelError: model: expected a forward pass of shape (1, 3, " in outcome.err
    assert "got RuntimeError: a defect of the user's own" in outcome.err
    assert re.search(r"\(image street-\d+\.png\)", outcome.err)
    assert Broken.passes == 1, "two sections ask; the failure is remembered"
    assert (last_record(tmp_path).status, last_record(tmp_path).metrics["images"]) == ("failed", 4)
    assert (single_run(tmp_path) / "ground_truths.parquet").is_file()
