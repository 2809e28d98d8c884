"""The sweep page from disk: numbers that agree with pandas, the same bytes twice, and sweeps that went wrong."""

import re
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import assignstudy as study
from assignstudy import record, sweep
from assignstudy.datasets import read_dataset
from assignstudy.errors import PageError, RecordError
from assignstudy.job import forget_labels
from assignstudy.sweep import hide_folders, write_sweep_page
from tests.boxes import make_dataset
from tests.stored_runs import store, store_failed, store_manifest, store_sweep, street
from tests.sweep_pages import built, built_of_damaged, finding, section, table
from tests.views import CHINESE, HOSTILE

FILES = ("index.html", "runs.csv", "runs.parquet", "runs.tex")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A 3 x 2 sweep."""
    return store_sweep(tmp_path_factory.mktemp("sweeps") / "14-05-10-3fa2")


@pytest.fixture(scope="module")
def page(folder):
    assert write_sweep_page(folder) == folder / "index.html"
    return (folder / "index.html").read_text(encoding="utf-8")


class TestNumbers:
    def test_the_table_of_runs_says_what_pandas_says(self, folder, page):
        runs = study.load_runs(folder).set_index("run_key")
        header, rows = table(page, "runs", "Runs in the order")
        assert header[:3] == ["run", "anchor_t", "imgsz"]
        assert len(rows) == 6
        boxes = study.load_ground_truths(folder, columns=["ignored", "w_px", "h_px"])
        is_small = (boxes.w_px * boxes.h_px < 8**2)[~boxes.ignored]
        below = is_small.groupby(boxes.imgsz, observed=True).mean()
        for key, anchor_t, imgsz, bpr, unmatched, unreachable, contested, small, per_gt in rows:
            run = runs.loc[key]
            assert float(small.rstrip(" %")) == pytest.approx(100 * below[int(imgsz)], abs=0.05)
            assert (float(anchor_t), int(imgsz)) == (run.anchor_t, run.imgsz)
            assert bpr == f"{run.bpr:.4f}"
            assert int(unmatched) == run.unmatched
            assert float(per_gt) == pytest.approx(run.positives_per_gt, abs=0.005)
            assert float(unreachable.rstrip(" %")) == pytest.approx(100 * run.unreachable / run.positives, abs=0.05)
            assert float(contested.rstrip(" %")) == pytest.approx(100 * run.contested_slots / run.slots, abs=0.05)

    def test_the_recall_as_the_rule_counts_it_follows_from_the_other_columns(self, folder, page):
        runs = study.load_runs(folder).set_index("run_key")
        pixels = runs.input_h * runs.input_w
        header, rows = table(page, "pick", "How the rule counts")
        assert header[3:] == ["bpr", "unreachable", "without a slot", "megapixels", "below a cell", "bpr, counted"]
        for key, *_, bpr, _, without_slot, _, small, counted in rows:
            price = 0.004 * np.log2(pixels[key] / pixels.min()) + int(without_slot) / runs.ground_truths[key]
            price += 0.2 * max(float(small.rstrip(" %")) / 100 - 0.1, 0)
            assert bpr == f"{runs.bpr[key]:.4f}"
            assert float(counted) == pytest.approx(runs.bpr[key] - price, abs=0.0003)
        assert [row[0] for row in rows] == [row[0] for row in table(page, "runs", "Runs in the order")[1]]

    def test_every_metric_of_every_run_is_on_the_page(self, folder, page):
        runs = study.load_runs(folder).set_index("run_key")
        for caption in ("Labels", "Matching", "Unmatched by size", "Positives by level", "Positives by cell", "Slots"):
            header, rows = table(page, "runs", f"{caption}, under the published names")
            for row in rows:
                for name, text in zip(header[3:], row[3:], strict=True):
                    shown = float(text.rstrip(" %").replace(",", "")) / (100 if text.endswith("%") else 1)
                    assert shown == pytest.approx(float(runs.loc[row[0], name]), abs=0.005)
        assert all(f">{name}</th>" in page for name in record.read_record(folder / runs.index[0]).metrics)

    def test_gained_and_lost_are_those_of_diff(self, folder, page):
        runs = study.load_runs(folder).set_index("run_key")
        base = runs[(runs.anchor_t == 4) & (runs.imgsz == 640)].index[0]
        header, rows = table(page, "changes", "Ground truths gained")
        assert len(rows) == 5
        for row in rows:
            pairs = study.diff(folder / base, folder / row[0])
            pairs = pairs[~(pairs.ignored_a & pairs.ignored_b)]
            counts = pairs.change.value_counts()
            assert [int(n) for n in row[3:]] == [counts[name] for name in header[3:]]

    def test_the_sentence_says_what_the_recommended_run_and_the_largest_gainer_change(self, folder, page):
        header, rows = table(page, "changes", "Ground truths gained")
        counts = {row[0]: dict(zip(header[3:], map(int, row[3:]), strict=True)) for row in rows}
        said, pick = finding(page, "changes"), table(page, "runs", "Runs in the order")[1][0][0]
        most = max(counts.values(), key=lambda count: count["gained"] - count["lost"])
        assert pick not in counts  # the baseline itself
        assert f"gains most: {most['gained']} ground truths become matched" in said

    def test_gains_by_size_are_those_of_diff_in_the_bins_of_the_baseline(self, folder, page):
        base = study.load_runs(folder).query("anchor_t == 4 and imgsz == 640").run_key.iloc[0]
        _, rows = table(page, "changes", "ground truths gained and lost, by size")
        for row in rows:
            pairs = study.diff(folder / base, folder / row[0])
            by_size = [
                int(((pairs.change == change) & (pairs.size_bin_a == size)).sum())
                for change in ("gained", "lost")
                for size in ("small", "medium", "large")
            ]
            assert [int(n) for n in row[3:]] == by_size

    def test_what_no_run_matches_is_what_pandas_finds(self, folder, page):
        boxes = study.load_ground_truths(folder, columns=["gt_id", "ignored", "positives"])
        boxes = boxes[~boxes.ignored]
        never = int((boxes.groupby("gt_id").positives.max() == 0).sum())
        _, rows = table(page, "changes", "ground truths that no run matches")
        assert sum(int(count) for _, count in rows) == never > 0
        assert f"No run matches {never} of {boxes.gt_id.nunique()} ground truths" in finding(page, "changes")

    def test_recall_at_other_thresholds_is_one_pandas_comparison(self, folder, page):
        boxes = study.load_ground_truths(folder, columns=["ignored", "critical_anchor_t"])
        boxes = boxes[~boxes.ignored & (boxes.anchor_t == 3)]
        header, rows = table(page, "thresholds", "recall at other values of anchor_t")
        for setting, *recalls in rows:
            critical = boxes.critical_anchor_t[boxes.imgsz == int(setting.removeprefix("imgsz "))]
            expected = [f"{(critical < float(name.removeprefix('anchor_t '))).mean():.4f}" for name in header[1:]]
            assert recalls == expected

    def test_the_pick_is_the_first_row_and_in_the_sentence(self, folder, page):
        runs = study.load_runs(folder).set_index("run_key")
        _, rows = table(page, "runs", "Runs in the order")
        pick = runs.loc[rows[0][0]]
        matched = pick.ground_truths - pick.unmatched
        start = (
            f"Train with anchor_t {pick.anchor_t:g}, imgsz {pick.imgsz}: it matches {matched} of {pick.ground_truths}"
        )
        assert finding(page, "pick").startswith(start)
        assert pick.unreachable == 0
        assert pick.bpr >= runs[runs.unreachable == 0].bpr.max() - 0.001

    def test_what_matters_are_sums_of_squares(self, folder, page):
        runs = study.load_runs(folder)
        contested = runs.contested_slots / runs.slots
        _, rows = table(page, "effects", "share of the sum of squares")
        shares = {row[0]: [float(text.strip("<> %")) / 100 for text in row[1:]] for row in rows}
        for name, values in (("best possible recall", runs.bpr), ("contested slots", contested)):
            total = ((values - values.mean()) ** 2).sum()
            alone = [
                (values.groupby(runs[axis]).transform("mean") - values.mean()).pow(2).sum() / total
                for axis in ("anchor_t", "imgsz")
            ]
            assert shares[name] == pytest.approx([*alone, 1 - sum(alone)], abs=0.001)

    def test_means_are_those_of_groupby(self, folder, page):
        runs = study.load_runs(folder)
        _, rows = table(page, "effects", "means over all runs of each imgsz")
        assert [(row[0], row[1]) for row in rows] == [
            (str(size), f"{mean:.4f}") for size, mean in runs.groupby("imgsz").bpr.mean().items()
        ]

    def test_recall_of_the_classes_is_that_of_their_tables(self, folder, page):
        runs = study.load_runs(folder)
        tables = {run.run_key: pd.read_parquet(folder / run.run_key / "classes.parquet") for run in runs.itertuples()}
        bpr = pd.DataFrame({key: one.set_index("class_name").bpr.astype(float) for key, one in tables.items()})
        pick = table(page, "runs", "Runs in the order")[1][0][0]
        header, rows = table(page, "classes", "recall of every class")
        assert header == ["class", "ground truths", "pick", "baseline", "lowest", "highest"]
        for name, _, of_pick, _, lowest, highest in rows:
            line = bpr.loc[name]
            assert (of_pick, lowest, highest) == tuple(f"{x:.4f}" for x in (line[pick], line.min(), line.max()))

    def test_what_one_step_brings_is_what_diff_says(self, folder, page):
        runs = study.load_runs(folder).set_index(["anchor_t", "imgsz"])
        pairs = study.diff(runs.folder[4.0, 640], runs.folder[5.0, 640])
        gained, lost = (int((pairs.change == change).sum()) for change in ("gained", "lost"))
        assert lost == 0
        step = f"going from anchor_t 4 to 5 matches {gained} of {runs.unmatched[4.0, 640]} lost boxes"
        assert step in finding(page, "curves")

    def test_every_run_leads_to_its_page(self, folder, page):
        links = set(re.findall(r'<td class="code[^>]*><a href="([^"]+)">', page))
        assert links == {f"{key}/report.html" for key in study.load_runs(folder).run_key}
        assert all((folder / link).is_file() for link in links)


class TestPictures:
    @pytest.fixture
    def sweep_with_pictures(self, tmp_path):
        boxes = street(boxes=60)
        for name in boxes.image_paths:
            path = tmp_path / "images" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (640, 480), "gray").save(path)
            lines = [
                " ".join(map(repr, [int(boxes.class_id[k]), *boxes.cxcywh_norm_orig[k].tolist()]))
                for k in range(len(boxes.class_id))
                if boxes.image_paths[boxes.image_index[k]] == name
            ]
            label = tmp_path / "labels" / Path(name).with_suffix(".txt")
            label.parent.mkdir(parents=True, exist_ok=True)
            label.write_text("\n".join(lines), encoding="utf-8")
        (tmp_path / "data.yaml").write_text("train: images\nnames: [a, b, c]\n", encoding="utf-8")
        options = {"name": "yolo", "data": str(tmp_path / "data.yaml"), "split": "train"}
        dataset = read_dataset("yolo", {key: options[key] for key in ("data", "split")})
        folder = tmp_path / "sweep"
        runs = [store(folder, dataset, anchor_t=t, options=options) for t in (2.0, 4.0)]
        return store_manifest(folder, *runs)

    def test_show_what_no_run_matches_and_what_was_lost(self, sweep_with_pictures):
        page = built(sweep_with_pictures)
        shown = re.findall(r'<li><img src="data:image/jpeg;base64,[^"]+" alt="([^"]+)"', section(page, "changes"))
        assert {text.partition(":")[0] for text in shown} >= {"no run matches"}
        assert "Pictures: the largest box of each class" in section(page, "changes")

    def test_are_left_out_where_the_labels_have_changed(self, sweep_with_pictures):
        label = next(sweep_with_pictures.parent.glob("labels/**/*.txt"))
        label.write_text("0 0.5 0.5 0.2 0.2\n", encoding="utf-8")
        forget_labels()
        page = built(sweep_with_pictures)
        assert "data:image/jpeg" not in page
        assert "Without pictures: the data set cannot be read here as the runs saw it." in page

    def test_one_that_is_gone_takes_no_other_with_it(self, sweep_with_pictures):
        before = built(sweep_with_pictures).count("data:image/jpeg")
        shown = re.findall(r"px, ([^<]+)</span>", (sweep_with_pictures / "index.html").read_text(encoding="utf-8"))
        (sweep_with_pictures.parent / shown[0]).unlink()
        assert 0 < built(sweep_with_pictures).count("data:image/jpeg") < before


class TestTables:
    def test_hold_what_load_runs_holds(self, folder, page):
        runs = study.load_runs(folder).drop(columns=["sweep", "seconds"])
        stored = pd.read_parquet(folder / "runs.parquet")
        assert stored.folder.tolist() == runs.run_key.tolist()
        pd.testing.assert_frame_equal(stored.drop(columns="folder"), runs.drop(columns="folder"))
        text = pd.read_csv(folder / "runs.csv")
        assert text.bpr.tolist() == pytest.approx(runs.bpr.tolist(), abs=1e-15)
        assert list(text) == list(stored)

    def test_hold_sizes_of_both_kinds_as_text(self, tmp_path):
        boxes = street(boxes=20)
        write_sweep_page(store_manifest(tmp_path, *(store(tmp_path, boxes, imgsz=size) for size in (320, [64, 128]))))
        assert pd.read_parquet(tmp_path / "runs.parquet").imgsz.tolist() == ["320", "64x128"]

    def test_for_latex_is_the_table_of_the_page(self, folder, page):
        _, rows = table(page, "runs", "Runs in the order")
        lines = (folder / "runs.tex").read_text(encoding="utf-8").splitlines()
        assert lines[0] == r"\begin{tabular}{rrrrrrrr}"
        assert lines[2].startswith(r"anchor\_t & imgsz & bpr & unmatched & unreachable\_share")
        body = [line.removesuffix(r" \\").replace(r"\%", "%").split(" & ") for line in lines if line[0].isdigit()]
        assert body == [row[1:] for row in rows]

    def test_for_latex_is_escaped_and_there_without_runs(self, tmp_path):
        write_sweep_page(store_manifest(tmp_path, store_failed(tmp_path, "broken")))
        assert (tmp_path / "runs.tex").read_text(encoding="utf-8").startswith(r"\begin{tabular}")


class TestSameBytes:
    def test_twice_in_one_folder(self, folder, page):
        before = {name: (folder / name).read_bytes() for name in FILES}
        write_sweep_page(folder)
        assert {name: (folder / name).read_bytes() for name in FILES} == before

    def test_in_another_place_at_another_time(self, folder, page, tmp_path):
        other = store_sweep(tmp_path / "elsewhere" / "23-59-59-0000")
        write_sweep_page(other)
        for name in FILES:
            assert (other / name).read_bytes() == (folder / name).read_bytes()

    def test_names_neither_the_sweep_nor_where_it_lies(self, folder, page):
        csv = (folder / "runs.csv").read_text(encoding="utf-8")
        for text in (page, csv):
            assert folder.name not in text
            assert str(folder.parent) not in text
            assert "2026-11-20" not in text


class TestSweepsThatWentWrong:
    def test_failed_runs_stay_with_their_error(self, tmp_path):
        boxes = street(boxes=60)
        error = "dataset.data: /home/somebody/data.yaml: no such file"
        runs = [store(tmp_path, boxes, anchor_t=3.0), store_failed(tmp_path, error), store(tmp_path, boxes)]
        page = built(store_manifest(tmp_path, *runs))
        _, rows = table(page, "runs", "Failed runs and their errors")
        assert rows == [[runs[1].name, "0.5", "dataset.data: …/data.yaml: no such file"]]
        assert "1 of 3 runs failed" in page
        assert len(table(page, "runs", "Runs in the order")[1]) == 3
        assert "/home/somebody" not in page
        assert "/home/somebody" not in (tmp_path / "runs.csv").read_text(encoding="utf-8")

    def test_all_runs_failed(self, tmp_path):
        page = built(store_manifest(tmp_path, *(store_failed(tmp_path, "broken", anchor_t=t) for t in (0.1, 0.2))))
        assert "All 2 runs failed" in page
        assert finding(page, "pick") == "No run finished, so there is nothing to recommend."
        assert len(table(page, "runs", "Failed runs")[1]) == 2

    def test_runs_that_did_not_finish_are_counted(self, tmp_path):
        page = built(store_manifest(tmp_path, store(tmp_path, street(boxes=20)), "0123456789", "abcdefabcd"))
        assert "2 runs did not finish (0123456789 and abcdefabcd)" in page

    def test_not_a_single_run_ended(self, tmp_path):
        page = built(store_manifest(tmp_path, "0123456789"))
        assert "1 run did not finish" in page
        assert pd.read_csv(tmp_path / "runs.csv").empty

    def test_other_labels_are_said_aloud_and_never_paired(self, tmp_path):
        runs = [store(tmp_path, street(), anchor_t=t) for t in (3.0, 4.0)]
        other = store(tmp_path, street(seed=1), anchor_t=5.0)
        page = built(store_manifest(tmp_path, other, *runs))
        assert "1 run of 3 saw other labels than the baseline" in page
        _, rows = table(page, "runs", "Runs in the order")
        assert [row[0] for row in rows][-1] == other.name
        assert other.name not in section(page, "changes")
        assert other.name not in section(page, "pick")

    def test_one_run_alone(self, tmp_path):
        page = built(store_manifest(tmp_path, store(tmp_path)))
        assert finding(page, "pick").startswith("There is only one run to go by: it matches ")
        assert "best</span>" not in page

    def test_runs_without_ground_truths(self, tmp_path):
        boxes = street(boxes=0)
        page = built(store_manifest(tmp_path, *(store(tmp_path, boxes, anchor_t=t) for t in (3.0, 4.0))))
        assert "No ground truth entered the assignment" in finding(page, "pick")
        assert "To paste" not in page
        assert ">pick<" not in page
        assert finding(page, "curves") == "There is no ground truth, so there is nothing to draw."
        assert finding(page, "thresholds") == "There is no ground truth, so there is no curve to draw."

    def test_a_run_without_its_table_is_left_out_of_comparisons(self, tmp_path):
        runs = [store(tmp_path, anchor_t=t) for t in (3.0, 4.0, 5.0)]
        (runs[0] / "ground_truths.parquet").unlink()
        page = built_of_damaged(store_manifest(tmp_path, *runs))
        assert "Left out where ground truths are compared: " in page
        assert runs[0].name in section(page, "runs")
        assert runs[0].name not in section(page, "changes")

    def test_a_run_without_its_table_is_not_picked_for_what_is_not_known_of_it(self, tmp_path):
        small = make_dataset([0] * 50, [[0.02 * k, 0.5, 0.009, 0.009] for k in range(50)], [(640, 640)])
        runs = [store(tmp_path, small, imgsz=size) for size in (640, 1280)]
        folder = store_manifest(tmp_path, *runs)
        assert "imgsz 1280: it matches" in finding(built(folder), "pick")
        (runs[0] / "ground_truths.parquet").unlink()
        assert "imgsz 1280: it matches" in finding(built_of_damaged(folder), "pick")

    def test_a_run_without_its_classes_is_named(self, tmp_path):
        runs = [store(tmp_path, street(boxes=60), anchor_t=t) for t in (3.0, 4.0)]
        (runs[0] / "classes.parquet").write_bytes(b"PAR1")
        page = built_of_damaged(store_manifest(tmp_path, *runs))
        assert "Left out where classes are compared: …/classes.parquet: expected a Parquet table" in page

    def test_all_tables_are_gone(self, tmp_path):
        runs = [store(tmp_path, anchor_t=t) for t in (3.0, 4.0)]
        for run in runs:
            (run / "ground_truths.parquet").unlink()
        page = built_of_damaged(store_manifest(tmp_path, *runs))
        assert finding(page, "changes") == "There are no two runs on the same labels to compare."
        assert finding(page, "pick").startswith("Train with anchor_t 4")

    def test_names_from_strangers_are_text(self, tmp_path):
        boxes = street(boxes=60, name=f"{HOSTILE}{CHINESE}")
        failed = store_failed(tmp_path, f"dataset: {HOSTILE}", anchor_t=0.2)
        page = built(store_manifest(tmp_path, store(tmp_path, boxes), store(tmp_path, boxes, anchor_t=3.0), failed))
        assert HOSTILE not in page
        assert unescape(page).count(HOSTILE) >= 3
        assert CHINESE in page

    def test_runs_of_equal_settings_that_somebody_has_collected_are_drawn_once(self, tmp_path):
        sweep = store_sweep(tmp_path / "sweep", anchor_t=(3.0, 4.0))
        (sweep / "sweep.json").unlink()
        first = next(path for path in sorted(sweep.iterdir()) if path.is_dir())
        shutil.copytree(first, sweep / "again")
        page = built(sweep)
        assert "1 run of the same settings as another is not drawn over these settings" in section(page, "curves")
        assert "no run" not in section(page, "curves")

    def test_a_section_that_cannot_be_built_is_an_error_and_the_page_is_there(self, tmp_path, monkeypatch):
        folder = store_manifest(tmp_path, *(store(tmp_path, anchor_t=t) for t in (3.0, 4.0)))
        monkeypatch.setattr("assignstudy.report.sweep_curves.METRICS", ("no_such_metric",))
        with pytest.raises(PageError, match=r"index\.html: section “Curves and maps”: KeyError: 'no_such_metric'"):
            write_sweep_page(folder)
        page = (folder / "index.html").read_text(encoding="utf-8")
        assert "This section could not be built." in section(page, "curves")
        assert table(page, "runs", "Runs in the order")[1]

    def test_a_folder_in_place_of_the_page_is_an_error(self, tmp_path):
        folder = store_manifest(tmp_path, store(tmp_path, street(boxes=20)))
        (folder / "index.html").mkdir()
        with pytest.raises(PageError, match=r"index\.html: cannot be written"):
            write_sweep_page(folder)

    def test_a_folder_that_is_no_sweep_is_an_error(self, tmp_path):
        with pytest.raises(RecordError, match="expected a sweep"):
            write_sweep_page(tmp_path)


class TestMain:
    def test_builds_the_page_again(self, folder, page, tmp_path, capsys):
        copy = Path(shutil.copytree(folder, tmp_path / "copy"))
        for name in FILES:
            (copy / name).unlink()
        assert sweep.main([str(copy)]) == 0
        assert capsys.readouterr().out == f"Page: {copy / 'index.html'}\n"
        assert (copy / "index.html").read_text(encoding="utf-8") == page

    def test_says_what_is_wrong_in_one_sentence(self, tmp_path, capsys):
        assert sweep.main([str(tmp_path / "missing")]) == 1
        assert re.fullmatch(r"assignstudy: .*missing: expected the folder of a sweep.*\n", capsys.readouterr().err)

    def test_refuses_a_tolerance_that_is_no_share(self, folder, capsys):
        with pytest.raises(SystemExit, match="2"):
            sweep.main([str(folder), "--tolerance", "2"])
        assert "tolerance: expected a share from 0 to 1, got 2.0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("/home/me/data.yaml: no such file", "…/data.yaml: no such file"),
        ("dataset.data=/a/b c/d.yaml", "dataset.data=…/b c/d.yaml"),
        ("see 'C:\\Users\\me\\x.json'", "see '…/x.json'"),
        ("../shared/data.yaml and labels/1.txt:3", "../shared/data.yaml and labels/1.txt:3"),
        ("<b>bold</b> /x", "<b>bold</b> …/x"),
        ("1/2 of 3, and/or", "1/2 of 3, and/or"),
        ("https://example.org/a and http://b.org/c", "https://example.org/a and http://b.org/c"),
        ("sqlite:////home/me/runs.db, file:///home/me/store", "sqlite:…/runs.db, file:…/store"),
        ("//server/share/data.yaml", "…/data.yaml"),
        ("", ""),
    ],
)
def test_hides_the_folders_of_absolute_paths(text, hidden):
    assert hide_folders(text) == hidden
