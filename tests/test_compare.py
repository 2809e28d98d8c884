"""Two saved runs or sweeps beside each other: aligned, paired, and honest where that cannot be."""

import re
import shutil
import subprocess
import sys
from html import unescape

import pandas as pd
import pytest

import assignstudy as study
from assignstudy import compare, record
from assignstudy.errors import RecordError
from assignstudy.report import compare_page
from assignstudy.statistics.sweep_align import align
from tests.stored_runs import store, store_failed, store_manifest, store_rule, store_sweep, street
from tests.views import CHINESE, HOSTILE


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory):
    """Two sweeps that share two of their three thresholds, and one on other labels."""
    root = tmp_path_factory.mktemp("sweeps")
    boxes = street(boxes=150)
    a = store_sweep(root / "monday", boxes, anchor_t=(3.0, 4.0, 5.0), imgsz=(320,))
    b = store_sweep(root / "friday", boxes, anchor_t=(4.0, 5.0, 6.0), imgsz=(640,))
    other = store_sweep(root / "elsewhere", street(seed=1, boxes=150), anchor_t=(4.0, 5.0), imgsz=(320,))
    return a, b, other


def runs(**columns):
    return pd.DataFrame({"anchor_t": [4.0], "anchors": ["coco_p5"], **columns, "input_h": 640})


class TestAlign:
    def test_pairs_equal_values_of_what_was_swept_on_either_side(self):
        a = runs(anchor_t=[3.0, 4.0, 5.0], imgsz=320, anchors="coco_p5")
        b = runs(anchor_t=[5.0, 4.0], imgsz=640, anchors="coco_p5")
        found = align(a, b)
        assert found.names == ("anchor_t",)
        assert found.pairs == ((1, 1), (2, 0))
        assert (found.only_a, found.only_b) == ((0,), ())

    def test_two_single_runs_are_a_pair_whatever_they_are(self):
        assert align(runs(), runs(anchor_t=[3.0])).pairs == ((0, 0),)

    def test_a_run_finds_its_partner_in_a_sweep(self):
        assert align(runs(), runs(anchor_t=[3.0, 4.0], anchors="yolov4")).pairs == ((0, 1),)

    def test_a_size_is_the_same_in_a_column_of_text(self):
        a = runs(anchor_t=4.0, anchors="a", imgsz=[320, 640])
        b = runs(anchor_t=4.0, anchors="a", imgsz=pd.Series([640, "384x640"], dtype=object))
        assert align(a, b).pairs == ((1, 0),)


class TestSweeps:
    def test_are_paired_box_by_box_as_diff_does(self, sweeps):
        view = compare.compare(*sweeps[:2])
        assert view.alignment.names == ("anchor_t",)
        assert [view.sides(pair)[0]["anchor_t"] for pair in view.pairs] == [4.0, 5.0]
        for pair in view.pairs:
            a, b = view.sides(pair)
            pairs = study.diff(a["folder"], b["folder"])
            counts = pairs[~(pairs.ignored_a & pairs.ignored_b)].change.value_counts()
            assert pair.changes is not None
            assert all(pair.changes[name] == counts[name] for name in ("gained", "lost", "level", "same"))

    def test_say_what_else_is_different(self, sweeps):
        facts = {fact.label: fact.value for fact in compare.compare(*sweeps[:2]).differences}
        assert facts == {"imgsz": "320 in A, 640 in B"}

    def test_the_page_shows_both_figures(self, sweeps, tmp_path):
        page = tmp_path / "page.html"
        assert compare.main([str(sweeps[0]), str(sweeps[1]), "-o", str(page)]) == 0
        html = page.read_text(encoding="utf-8")
        a, b = (study.load_runs(folder).set_index("anchor_t") for folder in sweeps[:2])
        for t in (4.0, 5.0):
            assert f"{a.bpr[t]:.4f}</td>" in html
            assert f"{b.bpr[t]:.4f}</td>" in html
        assert "1 run of A without a partner and 1 run of B without a partner" in html
        assert "http:" not in html
        assert "https:" not in html
        assert str(tmp_path) not in html

    def test_without_a_common_setting_there_is_nothing_to_compare(self, sweeps, tmp_path, capsys):
        boxes = street(boxes=150)
        other = store_sweep(tmp_path / "far", boxes, anchor_t=(7.0, 8.0), imgsz=(320,))
        assert compare.main([str(sweeps[0]), str(other)]) == 1
        assert "No run of A has the same anchor_t as a run of B" in capsys.readouterr().out

    def test_a_parameter_that_only_one_side_has_is_empty_on_the_other(self, tmp_path, capsys):
        boxes = street(boxes=60)
        a = store_manifest(tmp_path / "a", *(store(tmp_path / "a", boxes, anchor_t=t) for t in (3.0, 4.0)))
        rules = (store_rule(tmp_path / "b", boxes, "max_iou", preset=name) for name in ("faster_rcnn", "retinanet"))
        b = store_manifest(tmp_path / "b", store(tmp_path / "b", boxes), *rules)
        for one, other in ((a, b), (b, a)):
            assert compare.main([str(one), str(other), "-o", str(tmp_path / "page.html")]) == 0
            assert "Recall is" in capsys.readouterr().out

    def test_a_sweep_and_itself_differ_in_no_ground_truth(self, sweeps):
        view = compare.compare(sweeps[0], sweeps[0])
        findings = [section.finding.sentence for section in compare_page.build(view)]
        assert "No ground truth became matched or unmatched in any of the pairs." in findings

    def test_tables_that_are_not_there_are_said(self, sweeps, tmp_path, capsys):
        folder, page = tmp_path / "copy", tmp_path / "page.html"
        shutil.copytree(sweeps[0], folder)
        for table in folder.glob("*/ground_truths.parquet"):
            table.unlink()
        assert compare.main([str(folder), str(sweeps[1]), "-o", str(page)]) == 1
        assert capsys.readouterr().err.count("expected the table of a finished run, found none; run it again") == 2
        assert page.read_text(encoding="utf-8").count("Left out where ground truths") == 2

    def test_a_reader_who_has_seen_enough_is_no_error(self, sweeps):
        command = [sys.executable, "-m", "assignstudy.compare", *map(str, sweeps[:2])]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.close()  # a real pipe, as that of head
            assert process.stderr is not None
            assert process.stderr.read() == ""
        assert process.returncode == 0


class TestOtherLabels:
    def test_are_said_loudly_and_nothing_is_paired(self, sweeps, tmp_path, capsys):
        page = tmp_path / "page.html"
        assert compare.main([str(sweeps[0]), str(sweeps[2]), "-o", str(page)]) == 0
        assert "saw different labels" in capsys.readouterr().err
        html = page.read_text(encoding="utf-8")
        header = html[: html.index("<section")]
        assert "The two sides saw different labels" in header
        assert "state-act" in header
        assert "The labels differ, so no ground truth is paired." in html
        view = compare.compare(sweeps[0], sweeps[2])
        assert all(pair.changes is None for pair in view.pairs)
        assert len(view.pairs) == 2

    def test_in_one_pair_alone_leave_the_others(self, tmp_path):
        boxes = street(boxes=60)
        a = store_sweep(tmp_path / "a", boxes, anchor_t=(3.0, 4.0), imgsz=(320,))
        mixed = [store(tmp_path / "b", boxes, anchor_t=3.0, imgsz=320)]
        mixed.append(store(tmp_path / "b", street(seed=1, boxes=60), anchor_t=4.0, imgsz=320))
        view = compare.compare(a, store_manifest(tmp_path / "b", *mixed))
        assert [pair.same_labels for pair in view.pairs] == [True, False]
        assert "1 pair of runs saw different labels" in compare_page.alerts(view)[0].finding


class TestRuns:
    def test_of_two_rules_are_compared_on_all_metrics(self, tmp_path):
        boxes = street(boxes=150)
        a, b = (store_rule(tmp_path, boxes, name) for name in ("yolov5", "atss"))
        view = compare.compare(a, b)
        verdict, metrics, changes, _ = compare_page.build(view)
        pairs = study.diff(a, b)
        entered = pairs[~(pairs.ignored_a & pairs.ignored_b)]
        lost = int((entered.change == "lost").sum())
        assert f"{lost} lost" in verdict.finding.sentence
        rows = {row[0].text: [cell.text for cell in row[1:]] for row in metrics.tables[0].rows}
        before, after = (record.read_record(folder).metrics for folder in (a, b))
        assert rows["unmatched"][:2] == [str(before["unmatched"]), str(after["unmatched"])]
        assert rows["unreachable"][1:] == ["–", "–"]
        assert changes.tables[0].rows[0][1].text == str(lost)

    def test_of_one_setting_are_equal(self, tmp_path):
        run = store(tmp_path / "a", street(boxes=60))
        copy = shutil.copytree(run, tmp_path / "b" / run.name)
        sentence = compare_page.sentence(compare.compare(run, copy))
        assert "on both sides; every ground truth is matched by the same levels." in sentence

    def test_without_ground_truths_have_a_page(self, tmp_path):
        a, b = (store(tmp_path / side, street(boxes=0), anchor_t=t) for side, t in (("a", 3.0), ("b", 4.0)))
        page = tmp_path / "comparison.html"
        assert compare.main([str(a), str(b), "-o", str(page)]) == 0
        text = page.read_text(encoding="utf-8")
        assert "No ground truth entered the assignment on either side." in text
        assert "There is no ground truth to pair." in text

    def test_a_table_that_is_damaged_is_told_and_changes_the_exit_code(self, tmp_path, capsys):
        a, b = (store(tmp_path / name, street(boxes=60), anchor_t=t) for name, t in (("a", 3.0), ("b", 4.0)))
        (b / "classes.parquet").write_bytes(b"PAR1")
        assert compare.main([str(a), str(b), "-o", str(tmp_path / "x.html")]) == 1
        told = "Left out where classes are compared: …/classes.parquet: expected a Parquet table"
        assert told in capsys.readouterr().err
        assert told in (tmp_path / "x.html").read_text(encoding="utf-8")

    def test_a_table_that_is_gone_costs_the_pairing_alone(self, tmp_path):
        a, b = (store(tmp_path / name, street(boxes=60), anchor_t=t) for name, t in (("a", 3.0), ("b", 4.0)))
        (b / "ground_truths.parquet").unlink()
        view = compare.compare(a, b)
        assert view.pairs[0].changes is None
        assert "No ground truths can be paired." in compare_page.build(view)[2].finding.sentence

    def test_names_from_strangers_are_text(self, tmp_path):
        boxes = street(boxes=60, name=f"{HOSTILE}{CHINESE}")
        a = store(tmp_path / "a", boxes, anchor_t=3.0)
        b = store(tmp_path / "b", street(seed=1, boxes=60), anchor_t=4.0)
        compare_page.write_page(tmp_path / "page.html", compare.compare(a, b))
        html = (tmp_path / "page.html").read_text(encoding="utf-8")
        assert HOSTILE not in html
        assert HOSTILE in unescape(html)

    def test_the_same_comparison_has_the_same_bytes(self, sweeps, tmp_path):
        for name in ("one.html", "two.html"):
            compare_page.write_page(tmp_path / name, compare.compare(*sweeps[:2]))
        assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


class TestWhatCannotBeCompared:
    def test_a_missing_folder_is_one_sentence(self, sweeps, tmp_path, capsys):
        assert compare.main([str(sweeps[0]), str(tmp_path / "missing")]) == 1
        assert re.fullmatch(r"assignstudy: .*missing: expected the folder of a run.*\n", capsys.readouterr().err)

    def test_a_folder_above_several_sweeps_is_refused(self, sweeps):
        with pytest.raises(RecordError, match="expected one run or one sweep, found a folder above several"):
            compare.compare(sweeps[0].parent, sweeps[1])

    def test_failures_alone_are_refused(self, sweeps, tmp_path):
        failed = store_failed(tmp_path, "broken")
        with pytest.raises(RecordError, match=r"expected a finished run, but none has finished \(broken\)"):
            compare.compare(failed, sweeps[0])

    def test_a_page_that_cannot_be_written_is_an_error(self, sweeps, tmp_path, capsys):
        assert compare.main([str(sweeps[0]), str(sweeps[1]), "-o", str(tmp_path / "no" / "page.html")]) == 1
        assert "page.html: cannot be written" in capsys.readouterr().err
