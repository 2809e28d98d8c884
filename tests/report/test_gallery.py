"""The gallery on the run page: what is said of each ground truth, photos once, notices, size."""

import re
from dataclasses import replace

import numpy as np
import pytest
from markupsafe import Markup
from PIL import Image

from assignstudy.assign.atss import Atss
from assignstudy.assign.fcos import Fcos
from assignstudy.assign.yolov3_spp import Yolov3Spp
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.report import gallery_words, words
from assignstudy.report.content import Picture
from assignstudy.report.gallery import pictures, within_budget
from assignstudy.report.render import write_run_page
from assignstudy.report.view import RunView
from assignstudy.report.worst_boxes import worst_boxes
from assignstudy.statistics.gallery import Wish
from assignstudy.study import Study, run, show
from assignstudy.transforms import Letterbox
from tests.boxes import make_dataset
from tests.views import demo_view, hostile_view


def view_of(dataset, rule, levels=None):
    study = Study(dataset, rule, levels or rule.published_levels(), Letterbox(), (640, 640))
    result = run(study)
    pictures = show(study, result, Wish())
    return RunView(dataset.name, result.tables, rule.facts, result.input_hw, pictures=pictures)


def lines_of(dataset, rule):
    view = view_of(dataset, rule)
    found = gallery_words.lines(view.pictures.gallery.images[0], view.pictures.gallery.levels, view.rule)
    return tuple(line.text for line in found)


def one_box(*cxcywh, **more):
    return make_dataset([0] * len(cxcywh), cxcywh, [(640, 640)], **more)


@pytest.mark.parametrize(
    ("rule", "box", "line"),
    [
        (
            Yolov5(),
            (0.303, 0.302, 0.12, 0.12),
            "1 anchor on P3, 3 cells; 3 anchors on P4, 3 cells each; 2 anchors on P5, 3 cells each",
        ),
        (Yolov3Spp(), (0.303, 0.302, 0.02, 0.02), "3 anchors on P3, 1 cell each; nothing on P4 and P5"),
        (
            Yolov5(),
            (0.5, 0.5, 0.9, 0.003),
            "no positive on any level: critical_anchor_t 17.45 with P3/2, needed below 4",
        ),
        (Fcos(), (0.3, 0.3, 0.03, 0.03), "4 points on P3; nothing on P4, P5, P6 and P7"),
        (Atss(), (0.3, 0.3, 0.1, 0.1), "1 anchor on P3, 9 cells; nothing on P4, P5, P6 and P7"),
    ],
)
def test_a_line_says_what_a_ground_truth_got(rule, box, line):
    assert lines_of(one_box(box), rule) == (f"class 0 1: {line}.",)


def test_a_line_says_what_was_lost_to_others():
    found = lines_of(one_box((0.3, 0.3, 0.05, 0.05), (0.3, 0.3, 0.05, 0.05)), Yolov5())
    assert "21 slots contested, keeps no slot at all." in found[0]
    assert "21 slots contested, keeps all of them." in found[1]


def test_a_line_says_that_a_box_is_ignored():
    found = lines_of(one_box((0.3, 0.3, 0.05, 0.05), (0.6, 0.6, 0.1, 0.1), ignored=[True, False]), Yolov5())
    assert found[0] == "class 0 1: ignored, kept out of the assignment."


def test_a_line_says_what_the_decoder_cannot_reach():
    assert "beyond the decoder’s reach" in lines_of(one_box((0.3, 0.3, 0.2, 0.2)), Yolov5(16.0))[0]


def test_the_unmatched_are_named_first_where_there_are_too_many():
    boxes = [(0.3, 0.3, 0.05, 0.05)] * gallery_words.LONGEST + [(0.5, 0.5, 0.9, 0.003)]
    found = lines_of(one_box(*boxes), Yolov5())
    assert len(found) == gallery_words.LONGEST + 1
    assert any(line.startswith(f"class 0 {len(boxes)}: no positive") for line in found)
    assert found[-1] == "… and 1 further ground truth."


def test_each_photo_is_in_the_page_once_as_jpeg(tmp_path):
    write_run_page(tmp_path / "report.html", demo_view())
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    photos = re.findall(r'<symbol id="(gallery-photo-\d)"', html)
    assert photos == ["gallery-photo-0", "gallery-photo-1"]
    assert html.count("data:image/jpeg") >= 2
    for photo in photos:
        assert html.count(f'href="#{photo}"') >= 8


def test_without_files_there_are_grids_and_a_notice():
    view = view_of(one_box((0.3, 0.3, 0.05, 0.05)), Yolov5())
    plate = pictures(view, "gallery", "Pictures").plates[0]
    assert plate.notice == "000000.jpg: the data set was read without picture files. Grids only."
    assert "<use" not in "".join(picture.svg for row in plate.rows for picture in row)


def test_names_from_strangers_are_text(tmp_path):
    dataset = replace(one_box((0.3, 0.3, 0.05, 0.05)), load_picture=lambda _: Image.new("RGB", (640, 640)))
    strange = "<script>alert(1)</script>.jpg"
    view = view_of(replace(dataset, image_paths=(strange,), class_names=("<b>&", "b", "c")), Yolov5())
    write_run_page(tmp_path / "report.html", view)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.jpg" in html
    assert "&lt;b&gt;&amp;" in html


def test_the_finding_counts_what_is_shown():
    sentence = pictures(hostile_view(), "gallery", "Pictures").finding.sentence
    assert sentence == "2 of 3 images, with 2 ground truths, 2 of the 3 unmatched ones; the worst come first."


def rows_of(*sizes):
    return tuple((Picture(Markup("x" * size)),) for size in sizes)


def test_pictures_that_make_the_page_too_large_go_from_the_largest_image_first():
    drawn = [rows_of(10, 50, 50), rows_of(10, 20, 20)]
    assert within_budget(drawn, 160) == drawn
    assert within_budget(drawn, 110) == [drawn[0][:2], drawn[1]]
    assert within_budget(drawn, 0) == [drawn[0][:1], drawn[1][:1]]
    assert within_budget([], 0) == []


def test_hundreds_of_boxes_in_every_image_stay_within_the_page(tmp_path):
    random = np.random.Generator(np.random.PCG64(0))
    boxes = 8 * 600
    cxcywh = np.concatenate((random.uniform(0.1, 0.9, (boxes, 2)), random.uniform(0.02, 0.1, (boxes, 2))), axis=1)
    dataset = make_dataset([k // 600 for k in range(boxes)], cxcywh, [(640, 640)] * 8)
    dataset = replace(dataset, load_picture=lambda _: Image.effect_noise((640, 640), 60).convert("RGB"))
    view = view_of(dataset, Yolov5())
    content = pictures(view, "gallery", "Pictures")
    assert any("left out to keep the page small" in plate.notice for plate in content.plates)
    assert all(plate.rows for plate in content.plates)
    write_run_page(tmp_path / "report.html", view)
    assert (tmp_path / "report.html").stat().st_size < 2_500_000  # photos of noise are the largest there are


def test_picked_images_are_said_to_be_picked():
    dataset = one_box((0.3, 0.3, 0.05, 0.05))
    study = Study(dataset, Yolov5(), Yolov5().published_levels(), Letterbox(), (640, 640))
    result = run(study)
    shown = show(study, result, Wish(pick=("000000.jpg",)))
    view = RunView(dataset.name, result.tables, study.rule.facts, result.input_hw, pictures=shown)
    assert pictures(view, "gallery", "Pictures").finding.sentence.endswith("none unmatched; picked by name.")


HEBREW, ARABIC, LONG = "מכונית 7", "سيارة", "long " + "x" * 295


def strange_view():
    """Names that run from right to left beside numbers, and names that fill pages."""
    boxes = [(0.5, 0.5, 0.9, 0.003), (0.4, 0.4, 0.1, 0.1), (0.5, 0.2, 0.9, 0.003)]
    dataset = make_dataset([0, 1, 1], boxes, [(640, 640)] * 2, class_id=[0, 1, 2])
    paths = tuple(sorted(("תמונה 12-3.jpg", f"{LONG}.jpg")))
    noise = Image.effect_noise((640, 640), 60).convert("RGB")
    return view_of(
        replace(dataset, class_names=(HEBREW, ARABIC, LONG), image_paths=paths, load_picture=lambda _: noise), Yolov5()
    )


def test_names_from_right_to_left_are_kept_apart_from_numbers_in_every_text(tmp_path):
    write_run_page(tmp_path / "report.html", strange_view())
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    for text in re.findall(r'>[^<>]*מכונית[^<>]*<|aria-label="[^"]*(?:מכונית|תמונה)[^"]*"', html):
        is_alone = text in (f">{HEBREW}<",)  # a cell of a table, which is isolated itself
        assert is_alone or "\u2068" in text, text
    assert f"\u2068{HEBREW}\u2069 1" in html


def test_long_names_are_shortened_and_told_in_full_to_whoever_points_at_them():
    view = strange_view()
    crop = next(c for c in worst_boxes(view, "worst", "Worst").crops if c.title.startswith("long"))
    assert len(crop.title) <= words.NAME_LENGTH
    assert len(crop.where) < 2 * words.NAME_LENGTH
    assert LONG in crop.full
    lines = [line for plate in pictures(view, "gallery", "Pictures").plates for line in plate.lines]
    assert [line.full for line in lines if line.text.startswith("long")] == [LONG]
    assert [line.full for line in lines if not line.text.startswith("long")] == ["", ""]
