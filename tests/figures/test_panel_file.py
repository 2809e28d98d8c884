"""Pictures as files: the same coordinates, text that stays text, the same bytes every time."""

import re

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.patches import PathPatch
from PIL import Image

from assignstudy.datasets.pictures import open_picture
from assignstudy.figures.panel import Dots, Panel, Pen, Photo, Rects, Strokes, Tags
from assignstudy.figures.panel_file import FORMATS, box_path, draw, save
from tests.views import CHINESE, MATH

BOXES = np.array([[1.0, 2, 3, 5], [4, 4, 6, 7]])
PEN = Pen("gt-1", 1.5, fill=0.3)


def panel(*names):
    return Panel(
        "key",
        "caption",
        (10, 8),
        "x, px",
        "y, px",
        (
            Photo("photo", (0.0, 0.0, 10.0, 8.0)),
            Rects(BOXES, PEN, "ground truth"),
            Rects(BOXES, Pen("gt-2", 1, is_dashed=True, on_photo=True), "anchor"),
            Strokes(BOXES, PEN, "unmatched"),
            Dots(BOXES[:, :2], Pen("gt-3", 3), "its place"),
            Tags(BOXES[: len(names)], names, ("gt-0",) * len(names)),
        ),
    )


@pytest.fixture
def photos():
    return {"photo": Image.new("RGB", (20, 16), (9, 120, 60))}


def test_the_dark_line_below_has_the_same_dashes(photos, tmp_path):
    path = tmp_path / "x.svg"
    save(panel("1"), photos, path, 100)
    dashes = re.findall(r"stroke-dasharray: ([\d.,]+)", path.read_text(encoding="utf-8"))
    assert len(dashes) >= 2
    assert set(dashes) == {"4,2.5"}


def test_artists_have_the_coordinates_of_the_marks(photos):
    axes = draw(panel("1", "2"), photos).axes[0]
    patches = [patch for patch in axes.patches if isinstance(patch, PathPatch)]
    assert len(patches) == 3  # one per mark, and a dark one below what lies on a photo
    for patch in patches:
        assert np.array_equal(patch.get_path().vertices, box_path(BOXES).vertices)
    (lines,) = [one for one in axes.collections if isinstance(one, LineCollection)]
    assert np.array_equal(np.array(lines.get_segments()).reshape(-1, 4), BOXES)
    assert np.array_equal(axes.lines[0].get_xydata(), BOXES[:, :2])
    assert axes.images[0].get_extent() == [0, 10, 8, 0]
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 10), (8, 0))


def test_a_picture_has_labels_units_and_a_legend(photos):
    figure = draw(panel("1"), photos)
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("x, px", "y, px")
    assert [text.get_text() for text in figure.texts] == ["ground truth", "unmatched", "anchor", "its place"]


@pytest.mark.parametrize("name", ["<script>", CHINESE, MATH])
def test_names_stay_text_in_files(name, photos, tmp_path):
    save(panel(f"{name} 1"), photos, tmp_path / "a.svg", 72)
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "<script" not in svg
    assert "<b>" not in svg
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f">{escaped} 1</text>" in svg


@pytest.mark.parametrize("kind", FORMATS)
def test_same_picture_same_bytes(kind, photos, tmp_path):
    for name in ("a", "b"):
        save(panel(f"{CHINESE} 1", "2"), photos, tmp_path / f"{name}.{kind}", 100)
    assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_dots_per_inch_decide_the_size_of_a_png(photos, tmp_path):
    for dpi in (72, 144):
        save(panel(), photos, tmp_path / f"{dpi}.png", dpi)
    small, large = (open_picture(tmp_path / f"{dpi}.png").width for dpi in (72, 144))
    assert (small, large) == (348, 696)


def test_a_pdf_and_an_svg_are_vector(photos, tmp_path):
    save(panel("1"), photos, tmp_path / "a.svg", 72)
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert len(re.findall("<image", svg)) == 1
    save(panel("1"), photos, tmp_path / "a.pdf", 72)
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
