"""The command line, run for real: what it says, what it leaves, how it exits."""

from __future__ import annotations

import gc
import json
import re
import shutil
import signal
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from assignstudy import cli, record
from assignstudy.record import RunRecord
from tests.models.nets import Broken, Net, net
from tests.models.test_loading import save_archive

REPOSITORY = Path(cli.__file__).resolve().parents[1]
SMALL = ("dataset.images=12", "report=none")


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def command(tmp_path, monkeypatch, capsys) -> Command:
    """Runs a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["assignstudy", *arguments])
        code = cli.main()
        return Outcome(code, *capsys.readouterr())

    return run


def start(folder: Path, *arguments: str, warnings: str = "error") -> subprocess.Popen[str]:
    """Starts a command in a process of its own, from another folder than the checkout."""
    return subprocess.Popen(
        [sys.executable, "-m", "assignstudy", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "PYTHONWARNINGS": warnings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def single_run(folder: Path) -> Path:
    (path,) = folder.glob("outputs/runs/*/*")
    return path


def last_record(folder: Path) -> RunRecord:
    return record.read_record(single_run(folder))


# ---- settings that stop Hydra before anything runs


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


def test_whoever_asks_hydra_for_tracebacks_gets_them(command, monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(cli.HydraException, match="Error merging override anchor_t=abc"):
        command("anchor_t=abc")


# ---- settings that fail a run


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


# ---- stopping


@pytest.fixture
def swallowed() -> Iterator[str]:
    """A setting whose value presses Ctrl-C and loses the interrupt on its way out, as OmegaConf's clean-up can."""

    def press() -> str:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise AttributeError("half-built") from None
        return "nothing"

    cli.OmegaConf.register_new_resolver("press_ctrl_c", press)
    yield "${press_ctrl_c:}"
    cli.OmegaConf.clear_resolver("press_ctrl_c")


@pytest.mark.parametrize("key", ["hydra.run.dir", "anchor_t", "+x"])
def test_a_stop_whose_interrupt_got_lost_is_a_stop_and_no_failure(command, tmp_path, swallowed, key):
    outcome = command(f"{key}={swallowed}", *SMALL)
    assert (outcome.code, outcome.err) == (130, "assignstudy: stopped\n")
    assert not list(tmp_path.rglob("run.json"))


def test_the_handlers_of_signals_are_put_back(command):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    command("anchor_t=abc")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_the_search_for_garbage_goes_on_after_a_command_and_each_run_begins_with_one(command):
    command(*SMALL)
    circle = Outcome(0, "", "")
    object.__setattr__(circle, "out", circle)
    watched = weakref.ref(circle)
    del circle
    command(*SMALL)
    assert watched() is None
    assert gc.isenabled()


# ---- what a run leaves


def test_a_run_without_page_leaves_tables_and_says_where(command, tmp_path):
    outcome = command(*SMALL)
    folder = single_run(tmp_path)
    assert outcome.code == 0
    assert outcome.err == ""
    names = {path.name for path in folder.iterdir()}
    assert names == {"run.json", ".hydra", *(f"{name}.parquet" for name in record.TABLES)}
    header, values, where = outcome.out.splitlines()
    assert header.split() == list(cli.SHOWN_METRICS)
    assert len(header) == len(values)
    assert where == f"Tables: {folder.relative_to(tmp_path)}"
    assert record.read_record(folder).metrics["bpr"] == pytest.approx(float(values.split()[0]), abs=5e-5)


def test_the_record_says_what_was_used(command, tmp_path):
    command(*SMALL, "imgsz=[384,640]", "anchors=yolov4")
    found = last_record(tmp_path)
    assert (found.status, found.error, found.dataset) == ("finished", None, "demo")
    assert (found.config["anchor_t"], found.config["iou_t"], found.config["imgsz"]) == (4.0, None, [384, 640])
    assert (found.input_h, found.input_w) == (384, 640)
    expected = {
        "dataset": "demo",
        "anchors": "yolov4",
        "assigner": "yolov5",
        "transform": "letterbox",
        "model": "none",
        "report": "none",
        "tracking": "none",
    }
    assert found.choices == expected
    assert found.overrides == [*SMALL, "imgsz=[384,640]", "anchors=yolov4"]
    assert found.argv[1:] == found.overrides
    assert len(found.fingerprint or "") == 64
    assert {"read", "transform", "assign_and_count", "tables", "write_tables"} <= found.seconds.keys()
    assert found.metrics["images"] == 12


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anchor_t=4", "anchor_t=4.0"),
        ("anchor_t=4", "anchor_t=null"),
        ("imgsz=640", "imgsz=[640,640]"),
        ("device=cpu", "report=none"),
        ("dataset.seed=0", "dataset=demo"),
    ],
)
def test_settings_that_mean_the_same_are_one_run(command, tmp_path, one, other):
    keys = set()
    for setting in (one, other):
        assert command(*SMALL, setting).code == 0
        keys.add(last_record(tmp_path).run_key)
        shutil.rmtree(tmp_path / "outputs")
    assert len(keys) == 1


def test_a_size_that_had_to_be_rounded_is_told(command, tmp_path):
    outcome = command(*SMALL, "imgsz=630")
    assert outcome.code == 0
    assert outcome.err.startswith(
        "assignstudy: imgsz 630x630 (height x width) is not a multiple of the largest stride 32"
    )
    found = last_record(tmp_path)
    assert (found.config["imgsz"], found.input_h, found.input_w) == (630, 640, 640)


def test_anchors_come_from_the_command_a_file_or_the_users_own_configuration(command, tmp_path):
    text = "strides: [8, 16]\nwh_px: [[10, 13, 16, 30], [30, 61, 62, 45]]\n"
    (tmp_path / "mine" / "anchors").mkdir(parents=True)
    (tmp_path / "mine" / "anchors" / "fitted.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "fitted.yaml").write_text(text, encoding="utf-8")
    on_the_line = ("anchors=custom", "anchors.strides=[8,16]", "anchors.wh_px=[[10,13,16,30],[30,61,62,45]]")
    found = []
    for arguments in (
        on_the_line,
        ("anchors=file", "anchors.path=fitted.yaml"),
        ("--config-dir", "mine", "anchors=fitted"),
    ):
        assert command(*arguments, *SMALL).code == 0
        found.append(last_record(tmp_path))
        shutil.rmtree(tmp_path / "outputs")
    assert found[0].metrics == found[1].metrics == found[2].metrics
    assert len({run.run_key for run in found}) == 3


def test_relative_paths_count_from_the_callers_folder(tmp_path, coco128_yaml):
    (tmp_path / "data").symlink_to(coco128_yaml.parent)
    process = start(tmp_path, "dataset=yolo", "dataset.data=data/coco128.yaml", "report=none", "anchor_t=5")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    found = last_record(tmp_path)
    assert found.config["dataset"] == {"name": "yolo", "data": "data/coco128.yaml", "split": "train", "cache": True}
    assert (found.metrics["positives"], found.metrics["unreachable"]) == (4459 + 5527 + 4236, 1185)
    assert "1,185" in out


def test_with_a_page_the_last_line_says_where_it_is(command, tmp_path):
    outcome = command("dataset.images=12")
    page = single_run(tmp_path) / "report.html"
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[-1] == f"Page: {page.relative_to(tmp_path)}"
    text = page.read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert last_record(tmp_path).run_key in text


# ---- help


def test_help_explains_and_loads_no_heavy_library(tmp_path):
    script = (
        "import sys\nfrom assignstudy.cli import main\n"
        "try:\n    main()\nexcept SystemExit as stop:\n"
        "    print(stop.code, *{'torch', 'pandas', 'pyarrow', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    *help_text, loaded = done.stdout.splitlines()
    assert loaded == "0"
    assert "python -m assignstudy -m anchor_t=3,4,5 imgsz=320,640" in "\n".join(help_text)
    assert max(map(len, help_text)) <= 120
    assert not list(tmp_path.iterdir())


def test_the_help_names_every_choice(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        command("--help")
    text = capsys.readouterr().out
    for group in ("anchors", "assigner", "dataset", "experiment", "report", "tracking", "transform"):
        choices = sorted(path.stem for path in (REPOSITORY / "conf" / group).glob("*.yaml"))
        assert f"{group}: {', '.join(choices)}" in text


def test_the_settings_can_be_shown_without_a_run(command, tmp_path):
    outcome = command("--cfg", "job", "anchor_t=3")
    assert outcome.code == 0
    assert "anchor_t: 3.0\n" in outcome.out
    assert not list(tmp_path.iterdir())


def test_an_unknown_option_is_a_usage_error(command):
    with pytest.raises(SystemExit, match="2"):
        command("--nope")


# ---- searches


def test_a_search_goes_by_the_objective(tmp_path):
    settings = ("dataset.images=12", "report=none", "hydra.sweeper.n_trials=4", "objective=bpr - 0.01*unmatched")
    process = start(tmp_path, "experiment=search", *settings, warnings="default")  # Optuna 2 has some
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "Page: " in out
    (folder,) = tmp_path.glob("outputs/sweeps/*/*")
    runs = [record.read_record(folder / key) for key in record.read_manifest(folder).runs]
    assert 1 <= len(runs) <= 4
    best = cli.OmegaConf.load(folder / "optimization_results.yaml")
    values = {
        (run.config["anchor_t"], run.config["imgsz"]): run.metrics["bpr"] - 0.01 * run.metrics["unmatched"]
        for run in runs
    }
    assert best.best_value == pytest.approx(max(values.values()), abs=1e-12)
    assert values[best.best_params.anchor_t, best.best_params.imgsz] == pytest.approx(best.best_value, abs=1e-12)
    assert record.read_manifest(folder).direction == "maximize"
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "By the objective of the search, bpr - 0.01*unmatched (maximized), " in page
    assert '<th scope="col" class="num">objective</th>' in page


def test_a_search_without_any_objective_says_so_and_still_has_a_page(tmp_path):
    settings = ("report=none", "hydra.sweeper.n_trials=2", "dataset.images=0")
    process = start(tmp_path, "experiment=search", *settings, warnings="default")
    out, err = process.communicate()
    assert process.returncode == 1
    assert "the search ends without a best run: no run came to an objective" in err
    assert "Traceback" not in err
    assert "Page: " in out


def test_the_objective_does_not_name_the_run(command, tmp_path):
    assert command(*SMALL, "objective=unmatched").code == 0
    assert command("-m", *SMALL, "objective=bpr").code == 0
    (sweep,) = tmp_path.glob("outputs/sweeps/*/*")
    assert record.read_manifest(sweep).runs == [last_record(tmp_path).run_key]


@pytest.mark.parametrize("name", ["anchor_sets", "full", "image_sizes", "rules", "thresholds"])
def test_every_named_sweep_runs(command, tmp_path, name):
    outcome = command(f"experiment={name}", "dataset.images=3", "report=none")
    assert outcome.code == 0, outcome.err
    (sweep,) = tmp_path.glob("outputs/sweeps/*/*")
    assert (sweep / "index.html").is_file()
    assert len(record.read_manifest(sweep).runs) >= 4


# ---- the configuration


def test_every_choice_of_anchors_is_the_published_set():
    def sizes(name: str) -> object:
        path = REPOSITORY / "conf" / "anchors" / f"{name}.yaml"
        content = cli.OmegaConf.to_container(cli.OmegaConf.load(path))
        return json.loads(json.dumps(content))

    assert sizes("coco_p5") == {
        "strides": [8, 16, 32],
        "wh_px": [[10, 13, 16, 30, 33, 23], [30, 61, 62, 45, 59, 119], [116, 90, 156, 198, 373, 326]],
    }
    assert sizes("coco_p6") == {
        "strides": [8, 16, 32, 64],
        "wh_px": [
            [19, 27, 44, 40, 38, 94],
            [96, 68, 86, 152, 180, 137],
            [140, 301, 303, 264, 238, 542],
            [436, 615, 739, 380, 925, 792],
        ],
    }
    assert sizes("yolov3_tiny") == {
        "strides": [16, 32],
        "wh_px": [[10, 14, 23, 27, 37, 58], [81, 82, 135, 169, 344, 319]],
    }
    assert sizes("yolov4") == {
        "strides": [8, 16, 32],
        "wh_px": [[12, 16, 19, 36, 40, 28], [36, 75, 76, 55, 72, 146], [142, 110, 192, 243, 459, 401]],
    }


@pytest.mark.parametrize("assigner", sorted(path.stem for path in (REPOSITORY / "conf" / "assigner").glob("*.yaml")))
def test_every_rule_runs_as_it_is_and_is_named_as_its_file(command, tmp_path, assigner):
    assert command(*SMALL, f"assigner={assigner}").code == 0
    found = last_record(tmp_path)
    assert found.choices["assigner"] == assigner == found.config["assigner"]["_target_"].split(".")[2]
    assert found.choices["anchors"] == "default"
    assert found.metrics["positives"] > 0


def test_the_publication_of_a_rule_fills_in_what_is_left_out(command):
    command("-m", *SMALL, "assigner=yolov5,fcos", "hydra.sweep.dir=out")
    command("-m", *SMALL, "assigner=max_iou", "assigner.preset=retinanet,faster_rcnn", "hydra.sweep.dir=out")
    found = {
        (one.choices["assigner"], one.config["assigner"].get("preset")): one.config
        for one in map(record.read_record, (path.parent for path in Path("out").glob("*/run.json")))
    }
    assert found["yolov5", None]["anchor_t"] == 4.0
    assert found["yolov5", None]["anchors"]["strides"] == [8, 16, 32]
    assert found["yolov5", None]["anchors"]["wh_px"][0] == [10, 13, 16, 30, 33, 23]
    assert found["fcos", None]["anchors"] == {"strides": None, "wh_px": None}
    assert (found["fcos", None]["anchor_t"], found["fcos", None]["iou_t"]) == (None, None)
    assert found["max_iou", "retinanet"]["iou_t"] == 0.5
    assert found["max_iou", "faster_rcnn"]["iou_t"] == 0.7


@pytest.mark.parametrize("transform", ["letterbox", "stretch", "rect"])
def test_every_transform_runs(command, tmp_path, transform):
    assert command(*SMALL, f"transform={transform}").code == 0
    assert last_record(tmp_path).choices["transform"] == transform


# ---- models


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


# ---- honest failure


def test_a_section_that_cannot_be_drawn_is_told_and_costs_no_figure(command, tmp_path, monkeypatch):
    from assignstudy.report import sections

    def build(*_: object) -> None:
        raise ZeroDivisionError("nothing <b>to</b> divide by")

    broken = sections.Section("broken", "Broken section", build)
    monkeypatch.setattr(sections, "SECTIONS", (*sections.SECTIONS, broken))
    outcome = command("dataset.images=12")
    assert outcome.code == 1
    said = "report.html: section “Broken section”: ZeroDivisionError: nothing <b>to</b> divide by"
    assert said in outcome.err
    found, folder = last_record(tmp_path), single_run(tmp_path)
    assert (found.status, found.error) == ("failed", said)
    assert found.metrics["bpr"] is not None
    assert {path.name for path in folder.glob("*.parquet")} == {f"{name}.parquet" for name in record.TABLES}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "nothing &lt;b&gt;to&lt;/b&gt; divide by" in page
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert command("dataset.images=12", f"hydra.run.dir={folder}").code == 0
    assert last_record(tmp_path).status == "finished"
