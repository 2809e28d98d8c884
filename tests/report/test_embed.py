"""Figures in a page: text stays text, nothing points outside, the page's colours, the same bytes every time."""

import re
from xml.etree import ElementTree

import pytest

from assignstudy.figures import style
from assignstudy.report.embed import to_svg
from tests.views import CHINESE, HOSTILE, MATH


@style.drawing()
def _figure(name="name"):
    figure = style.new_figure()
    axes = style.add_axes(figure, style.Margins())
    axes.plot([0, 1], [0, 1], color=style.colour("accent"))
    axes.text(0.5, 0.5, name)
    axes.set_xlabel(name)
    return figure


@pytest.mark.parametrize("name", [HOSTILE, CHINESE, MATH, "a ]]> b", "tab\tand “quotes”"])
def test_names_stay_text(name):
    svg = to_svg(_figure(name), "key", f"shows {name}")
    root = ElementTree.fromstring(svg)
    assert name in ["".join(text.itertext()) for text in root.iter("text")]
    assert root.get("aria-label") == f"shows {name}"
    assert not list(root.iter("script"))


def test_nothing_points_outside():
    svg = to_svg(_figure(), "key", "a line")
    assert "http" not in svg
    assert not re.search(r"xmlns|<!|<\?|metadata", svg)


def test_colours_are_those_of_the_page():
    svg = to_svg(_figure(), "key", "a line")
    assert "var(--accent)" in svg
    assert style.COLOURS["accent"].light not in svg


def test_ids_begin_with_the_key_and_every_reference_is_met():
    svg = to_svg(_figure(), "some-key", "a line")
    ids = set(re.findall(r' id="([^"]+)"', svg))
    assert all(found.startswith("some-key-") for found in ids)
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg)) <= ids


def test_same_figure_same_bytes():
    assert to_svg(_figure(), "key", "a line") == to_svg(_figure(), "key", "a line")


def test_every_colour_has_one_name():
    assert len({colour.light for colour in style.COLOURS.values()}) == len(style.COLOURS)
