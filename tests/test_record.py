"""What a run leaves on disk: records whole or not at all, tables of the same bytes, keys of the same settings."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignstudy import record
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.errors import RecordError
from assignstudy.record import RunRecord, SweepManifest
from assignstudy.statistics.tables import RunTables
from assignstudy.study import Study, run
from assignstudy.transforms import Letterbox
from tests.boxes import COCO_P5, make_levels
from tests.stored_runs import street

CONFIG: dict[str, Any] = {
    "anchor_t": 4.0,
    "iou_t": None,
    "imgsz": 640,
    "device": "cpu",
    "anchors": {"strides": [8], "wh_px": [[10.0, 13.0]]},
    "report": {"page": True},
}
CHOICES = {"anchors": "custom", "assigner": "yolov5", "report": "full"}


def example(**changes: Any) -> RunRecord:
    values = {
        "status": "finished",
        "error": None,
        "run_key": "0123456789",
        "overrides": ["anchor_t=4"],
        "choices": CHOICES,
        "config": CONFIG,
        "dataset": "demo",
        "fingerprint": "ab" * 32,
        "input_h": 640,
        "input_w": 640,
        "metrics": {"images": 3, "bpr": 0.5, "share_left": None},
        "seconds": {"read": 0.25},
        "peak_memory_mb": 100.5,
        "notices": ["a “notice”"],
        "argv": ["assignstudy"],
        "versions": {"python": "3.11.0"},
        "git_commit": None,
        "git_dirty": None,
        "platform": "Linux",
        "threads": 2,
        "started": "2026-11-20T14:05:10.000+00:00",
    }
    return RunRecord(**values | changes)


@pytest.fixture(scope="module")
def tables() -> RunTables:
    return run(Study(street(boxes=60), Yolov5(), make_levels(COCO_P5), Letterbox(), (640, 640))).tables


def test_a_record_comes_back_as_it_was_written(tmp_path):
    record.write_record(tmp_path, example())
    assert record.read_record(tmp_path) == example()
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_counts_stay_whole_and_shares_stay_fractions(tmp_path):
    record.write_record(tmp_path, example(metrics={"images": 3, "bpr": 1.0, "unmatched": None}))
    metrics = record.read_record(tmp_path).metrics
    assert [type(value) for value in metrics.values()] == [int, float, type(None)]


def test_a_record_replaces_an_older_one(tmp_path):
    record.write_record(tmp_path, example())
    record.write_record(tmp_path, example(status="failed", error="imgsz: too small"))
    assert record.read_record(tmp_path).error == "imgsz: too small"


def test_a_record_is_readable_by_people_and_other_programs(tmp_path):
    record.write_record(tmp_path, example())
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    assert "a “notice”" in text
    assert json.loads(text)["config"] == CONFIG


def test_a_folder_without_a_record_did_not_finish(tmp_path):
    with pytest.raises(RecordError, match=r"run\.json: expected this file, found none: the run did not finish"):
        record.read_record(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"run\.json: expected JSON, got "),
        ("\udcff", r"run\.json: expected JSON, got "),
        ("[]", r"run\.json: expected schema version 1, got None; run it again"),
        ('{"schema_version": 2}', r"run\.json: expected schema version 1, got 2; run it again"),
        ('{"schema_version": 1}', r"run\.json: status: field required"),
    ],
)
def test_a_broken_record_says_what_is_wrong(tmp_path, content, message):
    (tmp_path / "run.json").write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(RecordError, match=message):
        record.read_record(tmp_path)


def test_a_digit_that_flips_is_noticed(tmp_path):
    record.write_record(tmp_path, example())
    path = tmp_path / "run.json"
    content = path.read_bytes()
    at = content.index(b'"bpr": 0.') + 9
    path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    with pytest.raises(RecordError, match=r"run\.json: expected content that fits its checksum, got other content"):
        record.read_record(tmp_path)


def test_an_unknown_entry_is_refused(tmp_path):
    content = json.loads(example().model_dump_json()) | {"mood": "good"}
    (tmp_path / "run.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(RecordError, match=r"run\.json: mood: extra inputs are not permitted, got 'good'"):
        record.read_record(tmp_path)


def test_a_manifest_comes_back_as_it_was_written(tmp_path):
    manifest = SweepManifest(runs=["b" * 10, "a" * 10], overrides=["anchor_t=3,4"])
    record.write_manifest(tmp_path, manifest)
    assert record.read_manifest(tmp_path) == manifest
    with pytest.raises(RecordError, match=r"sweep\.json: expected this file, found none: the folder is no sweep"):
        record.read_manifest(tmp_path / "elsewhere")


def test_equal_tables_give_equal_bytes(tmp_path, tables):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        record.write_tables(tmp_path / name, tables)
    for name in record.TABLES:
        one, two = (tmp_path / folder / f"{name}.parquet" for folder in ("one", "two"))
        assert one.read_bytes() == two.read_bytes(), name


def test_tables_come_back_with_their_types(tmp_path, tables):
    record.write_tables(tmp_path, tables)
    for name in record.TABLES:
        found, written = pd.read_parquet(tmp_path / f"{name}.parquet"), getattr(tables, name)
        # Text comes back as the type that the installed pandas gives to text; everything else as it was.
        texts = [column for column in written if written[column].dtype == object]
        pd.testing.assert_frame_equal(found.drop(columns=texts), written.drop(columns=texts), obj=name)
        assert found[texts].to_numpy().tolist() == written[texts].to_numpy().tolist()


def test_tables_without_rows_are_written(tmp_path):
    empty = run(Study(street(boxes=0), Yolov5(), make_levels(COCO_P5), Letterbox(), (640, 640))).tables
    record.write_tables(tmp_path, empty)
    assert len(pd.read_parquet(tmp_path / "ground_truths.parquet")) == 0
    assert len(pd.read_parquet(tmp_path / "levels.parquet")) == 9


SETTINGS = st.dictionaries(
    st.text(max_size=5).filter(lambda name: name not in record.NOT_IN_KEY),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=5,
)


@given(SETTINGS)
def test_a_run_key_is_short_and_does_not_know_the_order_of_entries(config):
    key = record.run_key(config, CHOICES)
    assert key == record.run_key(dict(reversed(config.items())), dict(reversed(CHOICES.items())))
    assert len(key) == 10
    assert set(key) <= set("0123456789abcdef")


@given(st.integers(min_value=-(2**53), max_value=2**53))
def test_a_whole_number_is_the_same_written_with_a_point(number):
    assert record.run_key({"a": [number]}, {}) == record.run_key({"a": [float(number)]}, {})


def test_a_run_key_is_the_same_in_every_process_and_version():
    assert record.run_key(CONFIG, CHOICES) == "d47ce6f3ec"


@pytest.mark.parametrize(
    "change",
    [{"device": "cuda"}, {"model": {"name": "demo"}}, {"report": {"page": False}}, {"tracking": "x"}, {"hydra": 1}],
)
def test_what_does_not_change_results_does_not_change_the_key(change):
    assert record.run_key(CONFIG | change, CHOICES) == record.run_key(CONFIG, CHOICES)
    assert record.run_key(CONFIG, CHOICES | dict.fromkeys(change, "x")) == record.run_key(CONFIG, CHOICES)


@pytest.mark.parametrize(
    "change", [{"anchor_t": 4.000001}, {"anchor_t": None}, {"imgsz": "640"}, {"imgsz": [640, 640]}, {"iou_t": False}]
)
def test_any_other_setting_changes_the_key(change):
    assert record.run_key(CONFIG | change, CHOICES) != record.run_key(CONFIG, CHOICES)


def test_equal_anchors_under_two_names_are_two_runs():
    assert record.run_key(CONFIG, CHOICES | {"anchors": "mine"}) != record.run_key(CONFIG, CHOICES)


def test_the_commit_is_that_of_the_checkout():
    root = Path(record.__file__).resolve().parents[1]
    if not (root / ".git").exists():
        pytest.skip("not a checkout")
    head = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    commit, is_dirty = record.git_state()
    assert commit == (head.stdout.strip() if head.returncode == 0 else None)
    assert isinstance(is_dirty, bool)


def test_versions_and_memory_are_told():
    assert {"python", "torch", "pandas", "hydra-core"} <= record.versions().keys()
    peak = record.peak_memory_mb()
    assert peak is None or 10 < peak < 1e6
