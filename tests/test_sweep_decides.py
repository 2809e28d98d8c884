"""The sweep page decides: what it recommends, also between rules and after a search, and how it says so."""

import re
from html import unescape

import numpy as np
import pytest

import assignstudy as study
from assignstudy import record
from assignstudy.statistics.sweep_choice import PickRule
from assignstudy.sweep import write_sweep_page
from tests.boxes import make_dataset
from tests.stored_runs import store, store_manifest, store_rule, street
from tests.sweep_pages import built, finding, section, table


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    """Four rules as published, on the same boxes."""
    folder, names = tmp_path_factory.mktemp("sweeps"), ("yolov3_spp", "yolov5", "yolov7_aux", "atss")
    return store_manifest(folder, *(store_rule(folder, None, name) for name in names))


@pytest.fixture(scope="module")
def mixed(rules):
    return built(rules)


class TestSearch:
    """What a search went by is a column, and its best trial is named, whichever way it sought."""

    @pytest.fixture
    def trials(self, tmp_path):
        objective = "unmatched + 0.5*matched_without_slot"
        runs = [store(tmp_path, street(boxes=80), anchor_t=t) for t in (2.0, 3.0, 5.0)]
        for run in runs:
            done = record.read_record(run)
            config = done.config | {"objective": objective}
            record.write_record(run, done.model_copy(update={"config": config}))
        return store_manifest(tmp_path, *runs)

    def sought(self, folder, direction):
        manifest = record.read_manifest(folder).model_copy(update={"direction": direction})
        record.write_manifest(folder, manifest)
        return built(folder)

    @pytest.mark.parametrize(("direction", "sign"), [("minimize", 1), ("maximize", -1)])
    def test_the_best_trial_is_the_one_of_pandas(self, trials, direction, sign):
        page = self.sought(trials, direction)
        runs = study.load_runs(trials).set_index("run_key")
        values = runs.unmatched + 0.5 * runs.matched_without_slot
        header, rows = table(page, "runs", "Runs in the order")
        assert {row[0]: float(row[header.index("objective")]) for row in rows} == pytest.approx(dict(values), rel=0.005)
        best = runs.loc[(sign * values).idxmin()]
        said = finding(page, "pick")
        assert f"By the objective of the search, unmatched + 0.5*matched_without_slot ({direction}d), " in said
        is_pick = rows[0][0] == best.name
        assert (
            "it is the best trial, too" if is_pick else f"the best trial is anchor_t {best.anchor_t:g} with "
        ) in said

    def test_trials_are_no_grid_of_which_averages_say_anything(self, tmp_path):
        boxes, settings = street(boxes=80), ((2.0, 320), (3.0, 640), (5.0, 320))
        runs = [store(tmp_path, boxes, anchor_t=threshold, imgsz=size) for threshold, size in settings]
        page = self.sought(store_manifest(tmp_path, *runs), "minimize")
        assert "on average" not in finding(page, "curves")
        assert finding(page, "effects").startswith("Only 3 of the 6 combinations")  # no objective to be read
        for run in runs:
            done = record.read_record(run)
            record.write_record(run, done.model_copy(update={"config": done.config | {"objective": "unmatched"}}))
        assert finding(self.sought(tmp_path, "minimize"), "effects").startswith("A search runs what its objective")

    def test_a_grid_has_no_objective(self, trials):
        page = built(trials)
        assert "objective" not in table(page, "runs", "Runs in the order")[0]
        assert "objective" not in finding(page, "pick")

    def test_an_objective_that_cannot_be_read_is_left_out(self, trials):
        for path in trials.glob("*/run.json"):
            done = record.read_record(path.parent)
            config = done.config | {"objective": "0.5*watched"}
            record.write_record(path.parent, done.model_copy(update={"config": config}))
        assert "objective" not in finding(self.sought(trials, "minimize"), "pick")


def test_the_command_of_a_named_sweep_runs_the_recommended_run_alone(tmp_path):
    run = store(tmp_path, street(boxes=60), overrides=("anchor_t=4", "experiment=thresholds"))
    pasted = unescape(section(built(store_manifest(tmp_path, run)), "pick"))
    assert "python -m assignstudy anchor_t=4 experiment=thresholds hydra.mode=RUN\n" in pasted


def test_what_a_baselines_rule_does_not_know_is_not_held_against_it(tmp_path):
    boxes = street(boxes=60)
    baseline = store_rule(tmp_path, boxes, "atss")
    recommended = store_rule(tmp_path, boxes, "yolov5")
    said = finding(built(store_manifest(tmp_path, baseline, recommended)), "pick")
    assert "Against the baseline (atss" in said
    assert re.search(r", and [\d.]+ % of its slots are contested[.;]", said)


class TestMixedRules:
    def test_runs_are_told_apart_by_their_rule_alone(self, mixed):
        assert "they differ in assigner." in finding(mixed, "runs")
        assert "wh_px" not in mixed
        assert "no run" not in section(mixed, "curves")
        _, rows = table(mixed, "changes", "Ground truths gained")
        assert [row[1] for row in rows] == [name for name in self._order(mixed) if name != "yolov3_spp"]

    def test_the_baseline_is_as_published(self, mixed):
        assert "yolov3_spp: the first run with the published iou_t of 0.2." in unescape(section(mixed, "pick"))

    def test_boxes_are_paired_between_rules(self, rules, mixed):
        runs = study.load_runs(rules).set_index("assigner")
        header, rows = table(mixed, "changes", "Ground truths gained")
        for row in rows:
            pairs = study.diff(runs.folder["yolov3_spp"], runs.folder[row[1]])
            counts = pairs[~pairs.ignored_a].change.value_counts()
            assert [int(n) for n in row[2:]] == [counts[name] for name in header[2:]]

    def test_what_some_rules_do_not_have_is_neither_drawn_nor_decides(self, mixed):
        captions = re.findall(r"<figcaption>(.*?)</figcaption>", section(mixed, "curves"))
        assert captions == [
            "Best possible recall",
            "Positives per ground truth",
            "Unmatched, small",
            "Share of slots that are positive",
        ]
        pick = unescape(section(mixed, "pick"))
        assert "of what is left, pick" in pick
        assert "then of contested slots" not in pick
        assert "contested slots: ATSS leaves none by design" in pick

    def test_a_rule_of_another_detector_is_no_recommendation(self, rules, mixed):
        runs = study.load_runs(rules).sort_values("unmatched")
        first = finding(mixed, "pick").partition(":")[0]
        pick = self._order(mixed)[0]
        most = runs.assigner[runs.unmatched == runs.unmatched.min()].tolist()
        said = {True: "Most boxes are matched by", False: "No run matches more boxes than"}[most == [pick]]
        assert first == (f"{said} {pick}" if pick in most else f"By the rule below {pick} comes first")
        assert "Train with" not in finding(mixed, "pick")

    def test_unreachable_by_design_leaves_no_rule_out(self, rules, mixed):
        runs = study.load_runs(rules).set_index("assigner")
        assert runs.unreachable["yolov7_aux"] > 0.02 * runs.positives["yolov7_aux"]
        assert self._order(mixed)[-1] != "yolov7_aux"
        assert "what a rule asks for by design not counted, unless all have more" in unescape(section(mixed, "pick"))

    def test_a_run_of_a_rule_that_has_it_shows_it(self, mixed):
        header, rows = table(mixed, "runs", "Runs in the order")
        contested = {row[3]: row[header.index("contested")] for row in rows}
        assert contested["atss"] == "–"
        assert contested["yolov5"].endswith("%")

    def test_what_was_not_varied_across_rules_is_not_credited_to_them(self, tmp_path):
        boxes = street(boxes=100)
        anchors = [store(tmp_path, boxes, anchors=name) for name in ("coco_p5", "yolov3_tiny")]
        page = built(store_manifest(tmp_path, *anchors, store_rule(tmp_path, boxes, "atss")))
        assert finding(page, "effects").startswith("assigner and anchors were not varied across each other")
        assert "Recall depends most on assigner with anchors: " in finding(page, "curves")

    def test_rules_and_sizes_make_a_map_without_gaps(self, tmp_path):
        runs = [store_rule(tmp_path, street(60), name, imgsz=s) for name in ("yolov5", "atss") for s in (320, 640)]
        page = built(store_manifest(tmp_path, *runs))
        assert "no run" not in section(page, "curves")
        assert "they differ in assigner and imgsz." in finding(page, "runs")

    def test_the_published_threshold_is_that_of_the_options(self, tmp_path):
        boxes = street(boxes=60)
        runs = [store_rule(tmp_path, boxes, "max_iou", preset=preset) for preset in ("faster_rcnn", "retinanet")]
        page = built(store_manifest(tmp_path, *runs))
        assert "preset faster_rcnn: the first run with the published iou_t of 0.7." in unescape(section(page, "pick"))

    def test_a_rule_with_anchors_of_its_own_has_none_to_paste(self, tmp_path):
        page = built(store_manifest(tmp_path, store_rule(tmp_path, street(boxes=60), "fcos")))
        pasted = unescape(section(page, "pick"))
        assert "assigner: fcos  # FCOS\nimgsz: 640\n# points: those of the rule" in pasted

    def test_a_run_with_more_boxes_that_own_no_slot_is_not_picked_and_the_reason_is_said(self, tmp_path):
        # Four alike in the quarters of one cell: darknet gives all of them one slot, YOLOv5 each its own neighbours.
        four = [(image, (320 + x) / 640, (320 + y) / 640) for image in range(20) for x in (4, 12) for y in (4, 12)]
        alone = [(image, 324 / 640, 324 / 640) for image in range(20, 420)]
        centres = np.array([*four, *alone])
        boxes = np.concatenate((centres[:, 1:], np.full((len(centres), 2), 60 / 640)), axis=1)
        boxes[-1, 2:] = 2 / 640  # too small for YOLOv5
        dataset = make_dataset(centres[:, 0].astype(int).tolist(), boxes, [(640, 640)] * 420)
        page = built(store_manifest(tmp_path, *(store_rule(tmp_path, dataset, name) for name in ("yolov3", "yolov5"))))
        assert self._order(page) == ["yolov5", "yolov3"]
        assert "with more boxes that own no slot, which the rule counts as lost: yolov3." in section(page, "pick")

    def _order(self, page):
        header, rows = table(page, "runs", "Runs in the order")
        return [row[header.index("assigner")] for row in rows]


class TestSentences:
    def test_runs_that_are_equal_do_not_beat_each_other(self, tmp_path):
        page = built(store_manifest(tmp_path, *(store(tmp_path, imgsz=size) for size in (640, [640, 640]))))
        assert "Off the front" not in page

    def test_an_input_that_enlarges_the_images_says_so(self, tmp_path):
        folder = store_manifest(tmp_path, *(store(tmp_path, street(), imgsz=size) for size in (640, 1280)))
        write_sweep_page(folder, PickRule(tolerance=0, pixel_price=0))
        page = (folder / "index.html").read_text(encoding="utf-8")
        assert "has 4 times the pixels and enlarges the images 2 times, which parts boxes" in finding(page, "pick")

    def test_a_map_is_described_by_its_own_numbers(self, tmp_path):
        settings = [(t, size, name) for t in (3.0, 4.0) for size in (320, 640) for name in ("coco_p5", "yolov3_tiny")]
        stored = [store(tmp_path, anchor_t=t, imgsz=size, anchors=name) for t, size, name in settings]
        page = built(store_manifest(tmp_path, *stored))
        runs = study.load_runs(tmp_path)
        for name, part in runs.groupby("anchors"):
            ends = f"{name}: from {part.bpr.min():.4f} to {part.bpr.max():.4f}"
            assert f"Best possible recall over anchor_t and imgsz, {ends}" in section(page, "curves")


class TestRecipe:
    def test_says_what_to_paste_and_what_to_run(self, tmp_path):
        overrides = ("anchor_t=4", "dataset.data=/home/somebody/my data.yaml", "imgsz=[384,640]")
        runs = [store(tmp_path, imgsz=[384, 640], anchor_t=t, overrides=overrides) for t in (4.0, 3.0)]
        pick = unescape(section(built(store_manifest(tmp_path, *runs)), "pick"))
        assert "assigner: yolov5  # YOLOv5\nanchor_t: 4.0\nimgsz: [384, 640]\nanchors:  # coco_p5" in pick
        assert "\n  - [10, 13, 16, 30, 33, 23]  # stride 8\n" in pick
        assert "python -m assignstudy anchor_t=4 'dataset.data=…/my data.yaml' 'imgsz=[384,640]'" in pick

    def test_the_baseline_is_the_first_run_with_the_published_threshold(self, tmp_path):
        runs = [store(tmp_path, street(boxes=60), anchor_t=t, imgsz=320) for t in (3.0, 4.0, 5.0)]
        pick = unescape(section(built(store_manifest(tmp_path, *runs)), "pick"))
        assert "anchor_t 4: the first run with the published anchor_t of 4." in pick

    def test_the_recommended_run_is_the_first_to_be_held_against_the_baseline(self, tmp_path):
        boxes, settings = street(), ((4.0, 640), (4.0, 1280), (6.0, 1280))
        folder = store_manifest(tmp_path, *(store(tmp_path, boxes, anchor_t=t, imgsz=size) for t, size in settings))
        write_sweep_page(folder, PickRule(tolerance=0, pixel_price=0))
        page = (folder / "index.html").read_text(encoding="utf-8")
        assert finding(page, "pick").startswith("Train with anchor_t 4, imgsz 1280")
        runs = study.load_runs(folder).set_index(["anchor_t", "imgsz"]).folder
        pick, most = (study.diff(runs[4.0, 640], runs[t, 1280]).change.value_counts()["gained"] for t in (4.0, 6.0))
        said = finding(page, "changes")
        assert f"with the recommended run (anchor_t 4, imgsz 1280) {pick} ground truths become matched" in said
        assert f"anchor_t 6, imgsz 1280 gains most: {most} ground truths become matched" in said

    def test_another_tolerance_makes_another_pick(self, tmp_path):
        folder = store_manifest(tmp_path, *(store(tmp_path, anchor_t=t) for t in (2.0, 4.0)))
        assert finding(built(folder), "pick").startswith("Train with anchor_t 4")
        write_sweep_page(folder, PickRule(tolerance=1.0))
        page = (folder / "index.html").read_text(encoding="utf-8")
        assert finding(page, "pick").startswith("Train with anchor_t 2")
        assert "within 100 percentage points" in page
