"""What a command says and leaves at its end, also where a section cannot be drawn."""

from __future__ import annotations

import shutil

import pytest

from assignstudy import cli, record
from tests.cli.commands import SMALL, last_record, single_run, start


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
