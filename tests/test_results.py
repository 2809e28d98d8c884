"""load_runs, load_ground_truths and diff, on runs that the real pipeline left on disk."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import assignstudy as study
from assignstudy import record
from assignstudy.errors import RecordError
from tests.stored_runs import store, store_failed, store_manifest, street

PARAMETERS = ["anchor_t", "iou_t", "anchors", "assigner", "dataset", "transform"]
LAST = ["status", "error", "run_key", "sweep", "folder", "fingerprint", "seconds"]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """A folder as ``outputs/``: a sweep of four runs and one that failed, and a run of its own."""
    folder = tmp_path_factory.mktemp("outputs")
    sweep = folder / "sweeps" / "2026-11-20" / "14-05-10-3fa2"
    runs = [store(sweep, anchor_t=t, imgsz=size) for t in (4.0, 5.0) for size in (640, 320)]
    store_manifest(sweep, *runs, store_failed(sweep, "anchor_t: expected a number above 1, got 0.5"), "0123456789")
    store(folder / "runs" / "2026-11-20", anchor_t=4.0, imgsz=640)
    return folder


@pytest.fixture(scope="module")
def sweep(outputs):
    return outputs / "sweeps" / "2026-11-20" / "14-05-10-3fa2"


@pytest.fixture(scope="module")
def runs(sweep):
    return study.load_runs(sweep)


def copy_of(sweep, tmp_path):
    return Path(shutil.copytree(sweep, tmp_path / "copy"))


class TestLoadRuns:
    def test_holds_one_row_per_run_in_launch_order_failed_ones_too(self, runs):
        assert runs.anchor_t.tolist() == [4.0, 4.0, 5.0, 5.0, 0.5]
        assert runs.imgsz.tolist() == [640, 320, 640, 320, 640]
        assert runs.status.tolist() == ["finished"] * 4 + ["failed"]

    def test_orders_its_columns_as_published(self, runs):
        names = list(runs.columns)
        assert names[: len(PARAMETERS) + 3] == [*PARAMETERS, "imgsz", "input_h", "input_w"]
        assert names[-len(LAST) :] == LAST
        metrics = names[len(PARAMETERS) + 3 : -len(LAST)]
        finished = record.read_record(Path(runs.folder[0]))
        assert metrics == list(finished.metrics)

    def test_says_what_the_records_say(self, runs):
        for row in runs.itertuples():
            stored = record.read_record(Path(row.folder))
            assert row.run_key == stored.run_key
            assert {name: value for name, value in stored.metrics.items() if getattr(row, name) != value} == {}

    def test_gives_columns_their_types(self, runs):
        assert runs.anchor_t.dtype == runs.iou_t.dtype == runs.bpr.dtype == runs.seconds.dtype == np.float64
        assert runs.imgsz.dtype == np.int64
        assert runs.iou_t.isna().all()
        assert runs.positives.dtype == runs.unmatched_small.dtype == runs.input_h.dtype == pd.Int64Dtype()
        assert runs[runs.status == "finished"].positives.sum() > 0

    def test_keeps_counts_as_plain_integers_where_no_run_failed(self, sweep):
        one = study.load_runs(sweep / study.load_runs(sweep).run_key[0])
        assert one.positives.dtype == one.input_h.dtype == np.int64

    def test_gives_a_failed_run_its_error_and_no_metrics(self, runs):
        failed = runs.iloc[-1]
        assert failed.error == "anchor_t: expected a number above 1, got 0.5"
        assert pd.isna(failed.bpr)
        assert failed.positives is pd.NA
        assert runs.error[:4].isna().all()

    def test_pivots_as_the_handbook_shows(self, runs):
        table = runs.pivot_table(index="anchor_t", columns="imgsz", values="bpr")
        assert table.loc[4.0, 640] == runs.bpr[0]
        assert list(table.columns) == [320, 640]

    def test_tells_sweeps_apart_from_above_and_leaves_runs_of_their_own_without(self, outputs):
        runs = study.load_runs(outputs)
        assert runs.sweep[runs.anchor_t == 5.0].unique().tolist() == ["sweeps/2026-11-20/14-05-10-3fa2"]
        assert runs.run_key.duplicated().sum() == 1
        assert not runs.folder.duplicated().any()

    def test_names_the_sweep_alike_from_itself_and_from_a_run_in_it(self, sweep, runs):
        assert set(runs.sweep) == set(study.load_runs(runs.folder[0]).sweep) == {sweep.name}

    def test_folder_opens_from_where_you_are(self, sweep, monkeypatch):
        monkeypatch.chdir(sweep.parent)
        folders = study.load_runs(sweep.name).folder
        assert folders[0].startswith(sweep.name)
        assert all((Path(folder) / record.RECORD_FILE).is_file() for folder in folders)

    def test_does_not_meet_a_run_twice_through_a_link(self, sweep, tmp_path):
        copy = copy_of(sweep, tmp_path)
        (tmp_path / "latest").symlink_to(copy, target_is_directory=True)
        assert len(study.load_runs(tmp_path)) == 5

    def test_leaves_out_a_run_that_did_not_finish(self, sweep, tmp_path):
        copy = copy_of(sweep, tmp_path)
        (copy / "0123456789").mkdir()
        assert len(study.load_runs(copy)) == 5

    def test_leaves_out_a_folder_that_the_manifest_does_not_list(self, sweep, tmp_path):
        copy = copy_of(sweep, tmp_path)
        keys = record.read_manifest(copy).runs
        store_manifest(copy, keys[3], keys[1])
        assert study.load_runs(copy).run_key.tolist() == [keys[3], keys[1]]

    def test_takes_all_runs_where_there_is_no_manifest(self, sweep, tmp_path):
        copy = copy_of(sweep, tmp_path)
        (copy / record.MANIFEST_FILE).unlink()
        runs = study.load_runs(copy)
        assert runs.run_key.tolist() == sorted(runs.run_key)
        assert set(runs.sweep) == {"copy"}

    def test_writes_sizes_as_text_only_where_they_are_not_square(self, tmp_path):
        sweep = store_manifest(tmp_path, store(tmp_path, imgsz=[384, 640]), store(tmp_path, imgsz=[320, 320]))
        runs = study.load_runs(sweep)
        assert runs.imgsz.tolist() == ["384x640", 320]
        assert runs.input_h.tolist() == [384, 320]
        assert runs.input_w.tolist() == [640, 320]

    def test_has_the_levels_of_all_runs_in_order(self, tmp_path):
        folders = [store(tmp_path, anchors=name) for name in ("yolov3_tiny", "coco_p6")]
        runs = study.load_runs(store_manifest(tmp_path, *folders))
        levels = [name for name in runs if name.startswith("positives_P")]
        assert levels == ["positives_P3", "positives_P4", "positives_P5", "positives_P6"]
        assert runs.positives_P3.isna().tolist() == [True, False]
        assert runs.positives_P4.dtype == np.int64
        assert list(runs)[list(runs).index("positives") + 1] == "positives_P3"

    def test_shows_further_settings_only_where_they_tell_runs_apart(self, tmp_path):
        folders = [store(tmp_path, anchor_t=t) for t in (3.0, 4.0)]
        edit_config(folders[0], lambda config: config["dataset"].update(seed=1, options=[1, 2]))
        edit_config(folders[1], lambda config: config["dataset"].update(options=[1, 2]))
        runs = study.load_runs(store_manifest(tmp_path, *folders))
        assert list(runs)[6] == "dataset.seed"
        assert runs["dataset.seed"].tolist() == [1, 0]
        assert runs["dataset.seed"].dtype == np.int64
        assert not any("options" in name or name.startswith("assigner.") for name in runs)

    def test_shows_a_setting_of_a_group_only_between_runs_of_the_same_choice(self, tmp_path):
        folders = [store(tmp_path, anchors=name) for name in ("yolov3_tiny", "coco_p5")]
        assert not any(name.startswith("anchors.") for name in study.load_runs(store_manifest(tmp_path, *folders)))

    @pytest.mark.parametrize("name", ["missing", "empty"])
    def test_says_what_it_expected_of_a_folder_without_runs(self, tmp_path, name):
        (tmp_path / "empty").mkdir()
        with pytest.raises(RecordError, match=rf"{name}: expected .* found none"):
            study.load_runs(tmp_path / name)

    def test_says_which_record_is_broken(self, sweep, tmp_path):
        copy = copy_of(sweep, tmp_path)
        key = record.read_manifest(copy).runs[0]
        (copy / key / record.RECORD_FILE).write_text("{", encoding="utf-8")
        with pytest.raises(RecordError, match=rf"{key}/run.json: expected JSON"):
            study.load_runs(copy)

    def test_refuses_a_record_of_another_schema(self, sweep, tmp_path):
        copy = copy_of(sweep, tmp_path)
        path = copy / record.read_manifest(copy).runs[0] / record.RECORD_FILE
        path.write_text(path.read_text(encoding="utf-8").replace('"schema_version": 1', '"schema_version": 99'))
        with pytest.raises(RecordError, match="expected schema version 1, got 99"):
            study.load_runs(copy)


class TestLoadGroundTruths:
    def test_puts_all_finished_runs_below_one_another(self, sweep, runs):
        boxes = study.load_ground_truths(sweep)
        assert boxes.run_key.cat.categories.tolist() == runs.run_key[:4].tolist()
        for key, folder in zip(runs.run_key[:4], runs.folder[:4], strict=True):
            table = pd.read_parquet(Path(folder) / "ground_truths.parquet")
            part = boxes[boxes.run_key == key].reset_index(drop=True)
            pd.testing.assert_frame_equal(part[list(table)], table, check_categorical=False)

    def test_brings_swept_parameters_and_only_the_columns_asked_for(self, sweep):
        boxes = study.load_ground_truths(sweep, columns=["class_name", "critical_anchor_t"])
        assert list(boxes) == ["run_key", "anchor_t", "imgsz", "class_name", "critical_anchor_t"]
        assert boxes.anchor_t.cat.categories.tolist() == [4.0, 5.0]
        assert boxes.imgsz.cat.ordered

    def test_takes_little_memory(self, sweep):
        boxes = study.load_ground_truths(sweep, columns=["critical_anchor_t"])
        per_row = boxes.memory_usage(deep=True, index=False).sum() / len(boxes)
        assert per_row < 10

    def test_answers_recall_at_any_threshold(self, sweep, runs):
        boxes = study.load_ground_truths(sweep, columns=["ignored", "critical_anchor_t"])
        boxes = boxes[~boxes.ignored]
        recall = (boxes.critical_anchor_t < 5.0).groupby([boxes.anchor_t, boxes.imgsz], observed=True).mean()
        assert recall[5.0, 640] == pytest.approx(runs.bpr[2], abs=1e-12)
        assert recall[4.0, 640] == recall[5.0, 640]

    def test_reads_only_the_runs_asked_for(self, sweep, runs):
        wanted = runs.query("imgsz == 320 and status == 'finished'").run_key
        boxes = study.load_ground_truths(sweep, columns=["gt_id"], runs=wanted)
        assert set(boxes.run_key) == set(wanted)
        assert list(boxes) == ["run_key", "anchor_t", "gt_id"]

    def test_tells_sweeps_apart(self, outputs):
        boxes = study.load_ground_truths(outputs, columns=["gt_id"])
        assert list(boxes) == ["run_key", "sweep", "anchor_t", "imgsz", "gt_id"]

    def test_fills_what_a_run_does_not_have_and_keeps_both_meanings_of_anchors(self, tmp_path):
        folders = [store(tmp_path, anchors=name) for name in ("yolov3_tiny", "coco_p6")]
        boxes = study.load_ground_truths(store_manifest(tmp_path, *folders))
        tiny = boxes.anchors_chosen == "yolov3_tiny"
        assert boxes.positives_P3[tiny].isna().all()
        assert boxes.positives_P6.dtype == pd.Int32Dtype()
        assert boxes.anchors.dtype == pd.Int32Dtype()
        assert list(boxes)[list(boxes).index("positives") + 1] == "positives_P3"
        assert study.load_ground_truths(tmp_path, columns=["gt_id"]).anchors.cat.categories.tolist() == [
            "coco_p6",
            "yolov3_tiny",
        ]

    def test_reads_an_empty_data_set(self, tmp_path):
        folder = store(tmp_path, street(boxes=0))
        boxes = study.load_ground_truths(folder, columns=["class_name", "positives"])
        assert list(boxes) == ["run_key", "class_name", "positives"]
        assert boxes.empty
        assert pd.isna(study.load_runs(folder).bpr[0])

    def test_names_unknown_columns_and_those_there_are(self, sweep):
        with pytest.raises(RecordError, match=r"columns: expected some of gt_id, .*; got critical_t"):
            study.load_ground_truths(sweep, columns=["gt_id", "critical_t"])

    def test_names_unknown_runs(self, sweep, runs):
        with pytest.raises(RecordError, match=r"runs: expected keys of runs that finished in .*, got \['"):
            study.load_ground_truths(sweep, runs=[runs.run_key[4]])

    def test_says_that_no_run_finished(self, tmp_path):
        store_failed(tmp_path, "anchor_t: too small")
        with pytest.raises(RecordError, match=r"but none has finished \(anchor_t: too small\)"):
            study.load_ground_truths(tmp_path)

    @pytest.mark.parametrize(("content", "message"), [(None, "found none; run it again"), (b"PAR", "cannot be read")])
    def test_says_which_table_is_missing_or_broken(self, sweep, tmp_path, content, message):
        copy = copy_of(sweep, tmp_path)
        path = copy / record.read_manifest(copy).runs[1] / "ground_truths.parquet"
        path.unlink()
        if content:
            path.write_bytes(content)
        with pytest.raises(RecordError, match=rf"ground_truths.parquet: expected .*{message}"):
            study.load_ground_truths(copy)


class TestDiff:
    def test_agrees_with_the_runs_and_with_plain_python(self, runs):
        pairs = study.diff(runs.folder[0], runs.folder[2])
        assert (pairs.change == "lost").sum() == 0
        assert (pairs.change == "gained").sum() == runs.unmatched[0] - runs.unmatched[2]
        levels = ["positives_P3", "positives_P4", "positives_P5"]
        for row in pairs.itertuples():
            one, other = (
                {name for name in levels if getattr(row, name + end) is not pd.NA and getattr(row, name + end)}
                for end in ("_a", "_b")
            )
            expected = "same" if one == other else "lost" if not other else "gained" if not one else "level"
            assert row.change == expected

    def test_reversed_it_swaps_lost_and_gained(self, runs):
        there, back = (study.diff(*pair).change.value_counts() for pair in (runs.folder[[0, 3]], runs.folder[[3, 0]]))
        assert there["lost"] == back["gained"] > 0
        assert there["gained"] == back["lost"]
        assert there["level"] == back["level"]

    def test_has_both_sides_of_every_column(self, runs):
        pairs = study.diff(runs.folder[0], runs.folder[1])
        table = pd.read_parquet(Path(runs.folder[0]) / "ground_truths.parquet")
        assert list(pairs)[:2] == ["gt_id", "change"]
        assert list(pairs)[2:] == [f"{name}{end}" for end in ("_a", "_b") for name in table if name != "gt_id"]
        assert pairs.gt_id.tolist() == table.gt_id.tolist()
        pd.testing.assert_series_equal(pairs.w_px_a, table.w_px, check_names=False)

    def test_a_run_differs_in_nothing_from_itself(self, runs):
        assert set(study.diff(runs.folder[0], runs.folder[0]).change) == {"same"}

    def test_counts_a_vanished_ground_truth_as_unmatched_and_keeps_types(self, tmp_path):
        folders = [store(tmp_path, anchor_t=t) for t in (4.0, 5.0)]
        path = folders[1] / "ground_truths.parquet"
        table = pd.read_parquet(path)
        gone = int(table.gt_id[(table.positives > 0).fillna(False)].iloc[0])
        table[table.gt_id != gone].to_parquet(path)
        pairs = study.diff(*folders)
        row = pairs[pairs.gt_id == gone].iloc[0]
        assert row.change == "lost"
        assert pd.isna(row.w_px_b)
        assert pd.isna(row.size_bin_b)
        assert pairs.gt_id.tolist() == pd.read_parquet(folders[0] / "ground_truths.parquet").gt_id.tolist()
        assert pairs.image_index_b.dtype == pd.Int32Dtype()
        assert pairs.ignored_b.dtype == pd.BooleanDtype()
        assert pairs.ignored_a.dtype == np.bool_

    def test_pairs_runs_without_ground_truths(self, tmp_path):
        folders = [store(tmp_path, street(boxes=0), anchor_t=t) for t in (4.0, 5.0)]
        assert study.diff(*folders).empty

    def test_refuses_runs_on_different_labels(self, tmp_path):
        folders = [store(tmp_path / str(seed), street(seed)) for seed in (0, 1)]
        with pytest.raises(RecordError, match=r"different fingerprints .* cannot be paired"):
            study.diff(*folders)

    def test_refuses_a_failed_run_and_a_folder_that_is_no_run(self, sweep, runs):
        with pytest.raises(RecordError, match="none has finished"):
            study.diff(runs.folder[0], runs.folder[4])
        with pytest.raises(RecordError, match=r"expected the folder of one run, found no run\.json"):
            study.diff(runs.folder[0], sweep)


def edit_config(folder, change):
    path = folder / record.RECORD_FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["checksum"]
    change(content["config"])
    path.write_text(json.dumps(content), encoding="utf-8")
