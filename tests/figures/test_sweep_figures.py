"""The sweep's figures: what they draw, what they leave out, and that empty ones are ordinary."""

import io
import math
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from assignstudy.figures import (
    sweep_changes,
    sweep_classes,
    sweep_effects,
    sweep_lines,
    sweep_map,
    sweep_parallel,
    sweep_threshold,
    sweep_thumbnail,
    sweep_tradeoff,
)
from assignstudy.figures.sweep_changes import ChangeRow
from assignstudy.figures.sweep_lines import Point
from assignstudy.figures.sweep_map import MapAxes, MapCell
from assignstudy.figures.sweep_marks import Role, limits
from assignstudy.figures.sweep_parallel import ParallelAxis
from assignstudy.figures.sweep_threshold import Curve
from assignstudy.figures.sweep_tradeoff import CostPanel, Dot
from assignstudy.report.embed import to_svg

NAN = float("nan")
CHINESE = "消防车"


def texts(figure):
    """All words that a reader sees, in the order of drawing."""
    root = ElementTree.fromstring(str(to_svg(figure, "figure", "what it shows")))
    return [element.text for element in root.iter("text") if element.text]


def places(figure):
    """Left and right end, and height, in pixels, of the words "pick" and "baseline"."""
    named = {text.get_text(): text for axes in figure.axes for text in axes.texts}
    boxes = [named[word].get_window_extent() for word in ("pick", "baseline")]
    return [((box.x0, box.x1), (box.y0 + box.y1) / 2) for box in boxes]


def plain(value, _position):
    return f"{value:g}"


def point(x, y, role=Role.OTHER):
    return Point(x, y, f"{y:g}", role)


class TestLines:
    def test_name_their_values_and_roles(self):
        points = [point(3.0, 0.9), point(4.0, 0.95, Role.PICK), point(5.0, 0.96, Role.BASELINE)]
        words = texts(sweep_lines.draw_numbers(points, "anchor_t", "recall", plain))
        assert {"0.9", "0.95 pick", "0.96 baseline", "anchor_t", "recall"} <= set(words)

    def test_values_that_would_cover_each_other_give_way_to_roles(self):
        points = [point(3 + k / 100, 0.5, Role.PICK if k == 2 else Role.OTHER) for k in range(5)] + [point(9.0, 0.5)]
        words = texts(sweep_lines.draw_numbers(points, "anchor_t", "recall", plain))
        assert "0.5 pick" in words
        assert words.count("0.5") <= 2

    def test_many_points_keep_few_words(self):
        points = [point(k / 7, k / 40) for k in range(40)]
        assert len(texts(sweep_lines.draw_numbers(points, "anchor_t", "recall", plain))) < 40

    def test_missing_values_are_not_drawn(self):
        assert "nan" not in texts(sweep_lines.draw_numbers([point(3.0, NAN), point(4.0, 1.0)], "t", "recall", plain))
        assert "nan" not in texts(sweep_lines.draw_names([point("a", NAN), point(CHINESE, 1.0)], "recall", plain))

    def test_names_are_rows(self):
        words = texts(sweep_lines.draw_names([point("coco_p5", 0.9), point(CHINESE, 0.8, Role.PICK)], "recall", plain))
        assert {"coco_p5", CHINESE, "0.9", "0.8 pick"} <= set(words)


class TestMap:
    def cells(self, columns):
        return [MapCell(0, k, k / columns, f"v{k}", Role.PICK if k == 1 else Role.OTHER) for k in range(columns)]

    def axes(self, columns):
        return MapAxes("anchor_t", "imgsz", tuple(map(str, range(columns))), ("640",))

    @pytest.mark.parametrize("columns", [2, 9])
    def test_writes_every_value_where_there_is_room(self, columns):
        words = texts(sweep_map.draw(self.cells(columns), self.axes(columns)))
        assert {f"v{k}" for k in range(columns)} <= set(words)
        assert "pick" in words

    def test_writes_only_roles_where_there_is_none(self):
        words = texts(sweep_map.draw(self.cells(60), self.axes(60)))
        assert "v1" in words
        assert "v2" not in words

    def test_a_place_without_a_run_says_so(self):
        assert "no run" in texts(sweep_map.draw([MapCell(0, 0, None, "no run", Role.OTHER)], self.axes(1)))


class TestThreshold:
    def curve(self, name, recall, role=Role.OTHER, runs=()):
        at = np.linspace(1, 8, len(recall), dtype=np.float32)
        return Curve(name, at, np.asarray(recall, float), role, runs)

    def test_names_its_lines_at_their_ends(self):
        curves = [
            self.curve("imgsz 640", [0, 0.9, 0.99], Role.PICK, ((4.0, 0.9, Role.PICK),)),
            self.curve(CHINESE, [0, 0.5, 0.9]),
        ]
        words = texts(sweep_threshold.draw(curves, "anchor_t", 1000))
        assert {"imgsz 640", CHINESE, "anchor_t", "99 %", "99.9 %"} <= set(words)

    def test_no_two_ticks_say_the_same(self):
        words = texts(sweep_threshold.draw([self.curve("", [0, 1.0])], "anchor_t", 900_000))
        ticks = [word for word in words if word.endswith(" %")]
        assert len(set(ticks)) == len(ticks) > 10
        assert max(float(tick.rstrip(" %")) for tick in ticks if tick != "100 %") < 100

    def test_many_lines_name_only_roles(self):
        curves = [self.curve(f"line {k}", [0, k / 40], Role.PICK if k == 3 else Role.OTHER) for k in range(40)]
        words = texts(sweep_threshold.draw(curves, "anchor_t", 1000))
        assert [word for word in words if word.startswith("line")] == ["line 3"]

    def test_many_lines_name_what_their_colours_stand_for(self):
        at = np.linspace(1, 8, 2, dtype=np.float32)
        curves = [
            Curve(f"line {k}", at, np.array([0, k / 40]), Role.OTHER, (), k % 5, 0, f"anchors {k % 5}")
            for k in range(40)
        ]
        words = texts(sweep_threshold.draw(curves, "anchor_t", 1000))
        assert [word for word in words if word.startswith("anchors")] == [f"anchors {k}" for k in range(4)]

    @pytest.mark.parametrize("recall", [[NAN, NAN], [1.0, 1.0], [0.0, 0.0]])
    def test_lines_at_the_ends_of_the_axis_are_ordinary(self, recall):
        curve = self.curve("", recall, Role.BASELINE, ((4.0, recall[0], Role.BASELINE), (99.0, 1.0, Role.OTHER)))
        assert "0 %" in texts(sweep_threshold.draw([curve], "anchor_t", 0))


class TestTradeoff:
    def test_names_the_pick_and_the_baseline_in_every_panel(self):
        dots = (Dot(0.1, 0.9, True, Role.PICK), Dot(0.2, 0.8, False, Role.BASELINE), Dot(0.3, 0.7, False, Role.OTHER))
        words = texts(sweep_tradeoff.draw([CostPanel("contested", True, dots), CostPanel("positives", False, dots)], 9))
        assert words.count("pick") == words.count("baseline") == 2
        assert words.count("best possible recall") == 1

    @pytest.mark.parametrize("apart", [0.0, 1e-4, 2e-3])
    def test_names_of_dots_in_one_place_do_not_cover_each_other(self, apart):
        dots = (
            Dot(0.2, 0.9, True, Role.PICK),
            Dot(0.2 + apart, 0.9, False, Role.BASELINE),
            Dot(0.9, 0.1, True, Role.OTHER),
        )
        (pick, one), (baseline, other) = places(sweep_tradeoff.draw([CostPanel("contested", True, dots)], 9))
        assert abs(one - other) >= 11 or max(pick) < min(baseline) or max(baseline) < min(pick)

    def test_good_runs_keep_apart_beside_a_bad_one(self):
        recalls = (0.2, 0.99, 0.998, 1.0)
        dots = tuple(Dot(k / 10, recall, True, Role.OTHER) for k, recall in enumerate(recalls))
        (axes,) = sweep_tradeoff.draw([CostPanel("contested", True, dots)], 1000).axes
        heights = axes.transAxes.inverted().transform(axes.transData.transform([(0, recall) for recall in recalls]))
        assert np.diff(heights[:, 1]).min() > 0.15
        assert {"0.99", "0.998", "1"} <= {label.get_text() for label in axes.get_yticklabels()}

    def test_runs_that_lie_close_have_an_even_axis(self):
        dots = tuple(Dot(0.1, recall, True, Role.OTHER) for recall in (0.95, 0.96, 0.97))
        (axes,) = sweep_tradeoff.draw([CostPanel("contested", True, dots)], 1000).axes
        assert axes.get_yscale() == "linear"

    def test_no_dots_are_ordinary(self):
        assert "contested" in texts(sweep_tradeoff.draw([CostPanel("contested", True, ())], 0))


class TestChanges:
    def test_says_how_many_on_each_side(self):
        rows = [ChangeRow("anchor_t 5", {"small": 1200, "large": 34}, {"small": 0, "large": 5}, Role.PICK)]
        words = texts(sweep_changes.draw(rows))
        assert {"anchor_t 5", "1,234", "5", "small", "large"} <= set(words)

    def test_nothing_changed(self):
        rows = [ChangeRow(CHINESE, {"small": 0}, {"small": 0}, Role.OTHER)]
        assert CHINESE in texts(sweep_changes.draw(rows))


class TestParallel:
    def axis(self, title, *places, fans_out=True):
        return ParallelAxis(title, places, ((0.25, "low"), (0.75, CHINESE)), fans_out)

    def test_names_its_axes_values_and_roles(self):
        axes = [self.axis("anchors", 0.25, 0.75, 0.75), self.axis("positives per gt", 0.0, 0.5, NAN, fans_out=False)]
        roles = [Role.PICK, Role.BASELINE, Role.OTHER]
        words = texts(sweep_parallel.draw(axes, [1.0, 0.5, NAN], roles))
        assert {"anchors", "low", CHINESE, "pick", "baseline"} <= set(words)

    def test_names_of_lines_that_end_in_one_place_stand_above_each_other(self):
        for ends in ((0.5, 0.5), (0.49, 0.5), (0.5, 0.49), (1.0, 1.0)):
            axes = [self.axis("anchors", 0.25, 0.75), self.axis("recall", *ends, fans_out=False)]
            figure = sweep_parallel.draw(axes, [1.0, 0.5], [Role.PICK, Role.BASELINE])
            (_, one), (_, other) = places(figure)
            assert abs(one - other) >= 11

    def test_runs_of_one_setting_are_fanned_out_in_the_order_of_their_recall(self):
        axis = self.axis("anchors", 0.25, 0.25, 0.75)
        heights = sweep_parallel.fanned_out(axis, np.array([0.9, 0.1, 0.5]))
        assert heights[0] > 0.25 > heights[1]
        assert heights[2] == 0.75

    def test_two_hundred_runs_are_two_hundred_lines(self):
        axes = [self.axis(f"axis {k}", *([0.25] * 200)) for k in range(7)]
        roles = [Role.PICK, *([Role.OTHER] * 199)]
        svg = str(to_svg(sweep_parallel.draw(axes, [0.5] * 200, roles), "parallel", "alt"))
        assert len(svg) < 120_000


class TestClasses:
    def test_writes_what_is_lost_where_there_is_room(self):
        words = texts(
            sweep_classes.draw(
                np.array([[0.999, 1.0], [NAN, 0.5]]), [("a", Role.PICK), ("b", Role.OTHER)], ["x", CHINESE]
            )
        )
        assert {"99", "50", "–", "x", CHINESE, "a", "b"} <= set(words)
        assert "100" not in words

    def test_many_cells_are_pixels_alone(self):
        runs = [(f"run {k}", Role.OTHER) for k in range(40)]
        words = texts(sweep_classes.draw(np.full((40, 24), 0.5), runs, [f"class {k}" for k in range(24)]))
        assert "50" not in words
        assert "class 23" in words

    def test_nothing_lost_is_ordinary(self):
        assert "run" in texts(sweep_classes.draw(np.ones((1, 1)), [("run", Role.BASELINE)], ["x"]))


def test_effects_name_their_shares():
    words = texts(sweep_effects.draw(["imgsz", "only together"], [0.75, 0.25], ["75 %", "25 %"]))
    assert {"imgsz", "75 %", "only together", "25 %"} <= set(words)


class TestThumbnail:
    def picture(self, side=300):
        noise = np.random.Generator(np.random.PCG64(0)).integers(0, 255, (side, side, 3), dtype=np.uint8)
        return Image.fromarray(noise)

    def test_is_a_small_square_jpeg_however_busy_the_picture_is(self):
        jpeg = sweep_thumbnail.draw(self.picture(), (100, 120, 180, 160))
        with Image.open(io.BytesIO(jpeg)) as image:
            assert (image.format, image.size) == ("JPEG", (sweep_thumbnail.SIDE_PX,) * 2)
        assert len(jpeg) <= sweep_thumbnail.MOST_BYTES

    def test_the_box_stands_in_the_middle_with_a_light_and_a_dark_line(self):
        with Image.open(
            io.BytesIO(sweep_thumbnail.draw(Image.new("RGB", (300, 300), "red"), (100, 100, 200, 200)))
        ) as image:
            line = np.asarray(image.convert("L"), float)[sweep_thumbnail.SIDE_PX // 2]
        edge = round(sweep_thumbnail.SIDE_PX * (1 - 1 / 2.2) / 2)
        assert line[edge - 4 : edge + 5].max() > 200
        assert line[edge - 4 : edge + 5].min() < 40

    @pytest.mark.parametrize("corners", [(-5, -5, 3, 3), (290, 0, 300, 300), (0, 0, 0.5, 0.5), (0, 0, 300, 300)])
    def test_a_box_at_the_border_is_ordinary(self, corners):
        assert sweep_thumbnail.draw(self.picture(), corners).startswith(b"\xff\xd8")

    def test_the_same_picture_has_the_same_bytes(self):
        assert sweep_thumbnail.draw(self.picture(), (1, 2, 30, 40)) == sweep_thumbnail.draw(
            self.picture(), (1, 2, 30, 40)
        )


@pytest.mark.parametrize("values", [[], [NAN], [0.0], [1.0], [0.2, 0.9]])
def test_limits_hold_all_values_and_stay_near_what_is_possible(values):
    low, high = limits(values, 0.0, 1.0)
    assert -0.1 <= low < high <= 1.1
    assert all(low < value < high for value in values if not math.isnan(value))


def test_the_same_figure_has_the_same_bytes():
    rows = [ChangeRow("a", {"small": 3}, {"small": 4}, Role.OTHER)]
    assert to_svg(sweep_changes.draw(rows), "key", "alt") == to_svg(sweep_changes.draw(rows), "key", "alt")
