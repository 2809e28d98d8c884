"""The gallery's pictures: every mark stands where the numbers say, names stay text, colours are told apart."""

import functools
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import torch

from assignstudy.assign.atss import Atss
from assignstudy.assign.fcos import Fcos
from assignstudy.assign.max_iou import MaxIou
from assignstudy.assign.yolov3_spp import Yolov3Spp
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.assign.yolov7_aux import Yolov7Aux
from assignstudy.datasets import read_dataset
from assignstudy.figures import gallery, panel_svg, style
from assignstudy.figures.panel import Dots, Panel, Rects, Strokes, Tags, drawn, hatching, placed_tags
from assignstudy.statistics.gallery import Wish
from assignstudy.study import Study, run, show
from assignstudy.transforms import Letterbox, Rect, Stretch
from tests.boxes import make_dataset
from tests.views import CHINESE, HOSTILE, MATH, crowded_view

RULES = {
    "yolov5": Yolov5(),
    "yolov3_spp": Yolov3Spp(),
    "yolov7_aux": Yolov7Aux(),
    "max_iou": MaxIou(),
    "atss": Atss(),
    "fcos": Fcos(),
}
INPUTS = {"320": (320, 320), "640": (640, 640), "384x640": (384, 640)}
TRANSFORMS = {"letterbox": Letterbox(), "stretch": Stretch(), "rect": Rect(0.5)}
CELL_NAMES = ("positive cell", "cell of the centre", "neighbour cell")

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
every_input = pytest.mark.parametrize("input_hw", INPUTS.values(), ids=INPUTS)
every_transform = pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)


@functools.cache
def demo(images=2):
    """The embedded data set without its pictures: painting them takes longer than all else here."""
    return replace(read_dataset("demo", {"images": images}), load_picture=None)


def shown(rule, input_hw=(640, 640), transform=None, images=2, dataset=None):
    """A study and the gallery of its first images."""
    dataset = dataset or demo(images)
    study = Study(dataset, rule, rule.published_levels(), transform or Letterbox(), input_hw)
    result = run(study)
    return study, result, show(study, result, Wish(pick=dataset.image_paths[:images])).gallery


def assigned(study, result, image_index, level_index):
    """(gt_id, anchor, grid_y, grid_x) of an image's positives, straight from the rule on the whole data set."""
    boxes = result.network_input.boxes
    level = study.rule.assign(boxes, study.levels).levels[level_index]
    here = boxes.image_index[level.gt_row] == image_index
    parts = (boxes.gt_id[level.gt_row], level.anchor, level.grid_y, level.grid_x)
    return torch.stack([part[here] for part in parts], dim=1).numpy()


def on_input(place, xyxy_orig):
    """Corners on the original moved onto the network input."""
    factor, pad = np.divide(place.resized_wh_px, place.wh_orig), np.array(place.pad_px)
    return xyxy_orig * np.tile(factor, 2) + np.tile(pad, 2)


def cells_of(panel):
    return np.concatenate([drawn(panel, Rects, name) for name in CELL_NAMES])


def distinct(rows, decimals=4):
    return np.unique(np.asarray(rows, float).round(decimals), axis=0)


def each_level(gallery_shown):
    for index, image in enumerate(gallery_shown.images):
        for number, level in enumerate(gallery_shown.levels):
            if len(image.on_level(level.name)):
                yield index, gallery.Subject(image), number, level


@every_rule
@every_input
def test_cells_on_the_grid_are_those_of_the_rule(rule, input_hw):
    study, result, found = shown(rule, input_hw)
    for index, subject, number, level in each_level(found):
        cells = cells_of(gallery.cells_on_grid(subject, level))
        expected = assigned(study, result, index, number)[:, [3, 2]]
        assert np.array_equal(distinct(cells[:, :2]), distinct(expected))
        assert np.array_equal(cells[:, 2:], cells[:, :2] + 1)


@every_rule
@every_transform
def test_cells_on_the_image_lie_on_whole_cells_of_the_input(rule, transform):
    _, _, found = shown(rule, (384, 640), transform)
    for _, subject, _, level in each_level(found):
        back = on_input(subject.image.placement, cells_of(gallery.cells_on_image(subject, level))) / level.stride
        expected = cells_of(gallery.cells_on_grid(subject, level))
        assert np.array_equal(distinct(back), distinct(expected))


@every_rule
@every_transform
def test_anchors_stand_around_the_place_that_the_rule_gives_them(rule, transform):
    study, result, found = shown(rule, (384, 640), transform)
    for index, subject, number, level in each_level(found):
        _, anchor, grid_y, grid_x = assigned(study, result, index, number).T
        centre = (np.stack((grid_x, grid_y), axis=1) + rule.anchor_centre) * level.stride
        half = np.nan_to_num(level.anchor_wh_px[anchor]) / 2
        expected = distinct(np.concatenate((centre - half, centre + half), axis=1), 2)
        on_grid, on_image = gallery.anchors_on_grid(subject, level), gallery.anchors_on_image(subject, level)
        if rule.facts.slots == "points":
            assert np.array_equal(distinct(drawn(on_grid, Dots, "point") * level.stride, 2), expected[:, :2])
            continue
        assert np.array_equal(distinct(drawn(on_grid, Rects, "anchor") * level.stride, 2), expected)
        back = on_input(subject.image.placement, drawn(on_image, Rects, "anchor"))
        assert np.array_equal(distinct(back, 2), expected)


@every_transform
def test_ground_truths_stand_where_the_tables_have_them(transform):
    _, result, found = shown(Yolov5(), (384, 640), transform)
    for image in found.images:
        table = result.tables.ground_truths
        rows = table[table["image"] == image.path]
        subject = gallery.Subject(image)
        orig = np.concatenate([drawn(gallery.original(subject), Rects, name) for name in ("ground truth", "unmatched")])
        on_net = np.concatenate(
            [drawn(gallery.network_input(subject), Rects, name) for name in ("ground truth", "unmatched")]
        )
        assert np.allclose(distinct(orig), distinct(rows[["x1_orig", "y1_orig", "x2_orig", "y2_orig"]]))
        assert np.allclose(distinct((on_net[:, :2] + on_net[:, 2:]) / 2, 2), distinct(rows[["cx_px", "cy_px"]], 2))


def test_svg_has_the_coordinates_of_the_table():
    _, _, found = shown(Yolov5())
    for _, subject, _, level in each_level(found):
        root = ElementTree.fromstring(panel_svg.write(gallery.cells_on_grid(subject, level), {}, "alt"))
        plot = root.find("svg")
        columns, rows = subject.image.placement.grid_wh(level.stride)
        assert plot.get("viewBox") == f"0 0 {columns} {rows}"
        unit_cells = {found for path in plot for found in re.findall(r"M(\d+) (\d+)h1v1h-1z", path.get("d"))}
        table = subject.image.on_level(level.name)
        assert unit_cells == set(zip(table["grid_x"].astype(str), table["grid_y"].astype(str), strict=True))


def test_neighbour_cells_are_hatched_and_contested_slots_framed():
    _, _, found = shown(Yolov5(), images=3)
    some_contested = False
    for _, subject, _, level in each_level(found):
        panel, table = gallery.cells_on_grid(subject, level), subject.image.on_level(level.name)
        beside = table.drop_duplicates(["number", "grid_y", "grid_x"]).query("cell_offset != 0")
        assert np.array_equal(
            distinct(drawn(panel, Rects, "neighbour cell")[:, :2]), distinct(beside[["grid_x", "grid_y"]])
        )
        middle = (drawn(panel, Strokes, "neighbour cell")[:, :2] + drawn(panel, Strokes, "neighbour cell")[:, 2:]) / 2
        assert np.array_equal(distinct(np.floor(middle)), distinct(beside[["grid_x", "grid_y"]]))
        contested = table[table["contested"]]
        some_contested |= len(contested) > 0
        framed = drawn(panel, Rects, "contested slot")[:, :2]
        assert np.array_equal(distinct(framed), distinct(contested[["grid_x", "grid_y"]]))
    assert some_contested


def test_a_cell_is_framed_whichever_of_its_anchors_is_contested():
    (image,) = crowded_view().pictures.gallery.images
    subject, frames, first_only = gallery.Subject(image), 0, 0
    for level in crowded_view().pictures.gallery.levels:
        rows = image.on_level(level.name)
        contested = rows[rows["contested"].to_numpy(bool)]
        framed = [len(mark.xyxy) for mark in gallery.cell_marks(subject, level) if mark.name == "contested slot"]
        assert sum(framed) == len(contested.drop_duplicates(["grid_y", "grid_x"]))
        frames += sum(framed)
        firsts = rows.drop_duplicates(["number", "grid_y", "grid_x"])
        first_only += len(firsts[firsts["contested"].to_numpy(bool)].drop_duplicates(["grid_y", "grid_x"]))
    assert frames > first_only, "no cell whose first anchor is uncontested: the boxes prove nothing"


def test_unmatched_ground_truths_are_crossed_out_in_every_picture():
    dataset = make_dataset([0, 0], [(0.5, 0.5, 0.9, 0.003), (0.4, 0.4, 0.1, 0.1)], [(640, 480)])
    _, _, found = shown(Yolov5(), dataset=dataset)
    rows = gallery.draw(replace(found.images[0], picture=object()), found.levels)
    for panel in (panel for row in rows for panel in row):
        assert len(drawn(panel, Rects, "unmatched")) == 1
        assert len(drawn(panel, Strokes, "unmatched")) == 2


def test_one_ground_truth_has_one_colour_in_all_pictures():
    _, _, found = shown(Yolov5())
    image = found.images[0]
    subject = gallery.Subject(image)
    colour = {number + 1: f"gt-{name}" for number, name in enumerate(subject.colour)}
    for level in gallery.used_levels(image, found.levels):
        for panel in (gallery.cells_on_grid(subject, level), gallery.cells_on_image(subject, level)):
            table = image.on_level(level.name)
            for name in colour.values():
                own = table[table["number"].map(colour) == name]
                cells = [m.xyxy for m in panel.marks if isinstance(m, Rects) and m.pen.colour == name and m.pen.fill]
                count = len(own.drop_duplicates(["number", "grid_y", "grid_x"]))
                assert sum(map(len, cells)) == count


def test_beyond_six_ground_truths_colours_come_again_far_apart():
    centres = [(0.1 * k + 0.05, 0.5, 0.08, 0.1) for k in range(9)]
    _, _, found = shown(Yolov5(), dataset=make_dataset([0] * 9, centres, [(640, 640)]))
    colour = gallery.Subject(found.images[0]).colour
    assert colour[:6].tolist() == list(range(6))
    assert colour[6:].tolist() == [0, 1, 2]


def test_no_file_no_photo():
    _, _, found = shown(Yolov5(), dataset=make_dataset([0], [(0.5, 0.5, 0.2, 0.2)], [(640, 480)]))
    image = found.images[0]
    assert image.picture is None
    keys = [panel.key for row in gallery.draw(image, found.levels) for panel in row]
    assert keys
    assert all(key.endswith("-grid") for key in keys)


def test_an_image_without_a_ground_truth_has_its_two_photos():
    _, _, found = shown(Yolov5(), dataset=make_dataset([], [], [(640, 480)]))
    rows = gallery.draw(replace(found.images[0], picture=object()), found.levels)
    assert [[panel.key for panel in row] for row in rows] == [["original", "input"]]


def test_hundreds_of_ground_truths_draw_as_a_few_paths():
    random = np.random.Generator(np.random.PCG64(0))
    cxcywh = np.concatenate((random.uniform(0.05, 0.95, (3000, 2)), random.uniform(0.01, 0.05, (3000, 2))), axis=1)
    _, _, found = shown(Yolov5(), dataset=make_dataset([0] * 3000, cxcywh, [(640, 640)]))
    subject, level = gallery.Subject(found.images[0]), found.levels[0]
    svg = panel_svg.write(gallery.cells_on_grid(subject, level), {}, "alt")
    assert svg.count("<path") < 80


@pytest.mark.parametrize("name", [HOSTILE, CHINESE, MATH])
def test_names_stay_text(name):
    panel = Panel(name, name, (4, 4), name, name, (Tags(np.array([[1.0, 1, 2, 2]]), (name,), ("gt-0",)),))
    wide = replace(panel, wh=(4, 4))
    svg = panel_svg.write(wide, {}, name)
    root = ElementTree.fromstring(svg)
    assert root.get("aria-label") == name
    assert [text.text for text in root.iter("text")].count(name) >= 2
    assert not list(root.iter("script"))


def test_numbers_cover_no_other_and_leave_the_plot_alone():
    boxes = np.array([[1.0, 1, 2, 2], [1.1, 1.1, 2, 2], [1.2, 1.0, 2, 2], [9.5, 9.5, 10, 10]])
    panel = Panel("key", "caption", (10, 10), "x", "y", ())
    tags = placed_tags(panel, Tags(boxes, ("1", "2", "3", "4"), ("gt-0",) * 4))
    assert [tag.text for tag in tags] == ["1", "2", "3", "4"]
    width, height = panel.plot_wh_px
    places = [(tag.left, tag.bottom) for tag in tags]
    assert all(0 <= left <= width and 0 <= bottom <= height for left, bottom in places)
    assert all(max(abs(a[0] - b[0]) / 8, abs(a[1] - b[1]) / 10) >= 0.9 for a in places for b in places if a != b)


def test_hatching_runs_from_border_to_border():
    lines = hatching(np.array([[2.0, 3, 4, 7]]), 3)
    assert lines.tolist() == [[2, 5, 3, 3], [2, 7, 4, 3], [3, 7, 4, 5]]


MACHADO = {
    "red-blind": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "green-blind": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "blue-blind": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
"""How linear RGB looks to colour-blind eyes (Machado, Oliveira and Fernandes, 2009, severity 1)."""
TO_LMS = [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]]
TO_OKLAB = [[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("eyes", ["trichromat", *MACHADO])
def test_colours_of_ground_truths_are_told_apart(eyes, scheme):
    codes = [getattr(style.COLOURS[f"gt-{number}"], scheme) for number in range(gallery.COLOURS)]
    srgb = np.array([[int(code[k : k + 2], 16) / 255 for k in (1, 3, 5)] for code in codes])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = (linear @ np.array(MACHADO.get(eyes, np.eye(3))).T).clip(0, 1)
    oklab = np.cbrt(seen @ np.array(TO_LMS).T) @ np.array(TO_OKLAB).T
    apart = np.linalg.norm(oklab[:, None] - oklab[None], axis=2)[np.triu_indices(len(codes), 1)]
    assert apart.min() > 0.11  # the best known six, petroff6, come to 0.11 as well


def test_the_table_of_positives_agrees_with_the_run():
    _, result, found = shown(Yolov7Aux())
    table = result.tables.ground_truths.set_index("gt_id")
    for image in found.images:
        by_gt = image.positives.groupby("gt_id")
        slots = image.positives.drop_duplicates(["gt_id", "level", "anchor", "grid_y", "grid_x"]).groupby("gt_id")
        rows = table[table["image"] == image.path]
        for column, counted in {
            "positives": by_gt.size(),
            "unreachable": by_gt["unreachable"].sum(),
            "contested": slots["contested"].sum(),
            "owned": slots["owned"].sum(),
        }.items():
            expected = rows[column].astype("int64")
            pd.testing.assert_series_equal(
                counted.reindex(rows.index, fill_value=0).astype("int64"), expected, check_names=False
            )


def test_where_numbers_would_hide_the_picture_there_are_none():
    flat = [(0.5, 0.01 * k + 0.1, 0.9, 0.003) for k in range(gallery.MOST_TAGS + 1)]
    for boxes, on_photo, on_level in (
        (flat, 0, 0),
        (flat[: gallery.MOST_TAGS], gallery.MOST_TAGS, 0),
        (flat[:5], 5, 5),
    ):
        _, _, found = shown(Yolov5(), dataset=make_dataset([0] * len(boxes), boxes, [(640, 640)]))
        subject, level = gallery.Subject(found.images[0]), found.levels[0]
        panels = (gallery.original(subject), gallery.cells_on_grid(subject, level))
        tags = [len(mark.texts) for panel in panels for mark in panel.marks if isinstance(mark, Tags)]
        assert tags == [on_photo, on_level]
