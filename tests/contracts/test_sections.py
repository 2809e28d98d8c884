"""Every section of the run page can be built for every kind of data, and says something in a sentence."""

import re
from dataclasses import replace

import pytest

from assignstudy.report.sections import SECTIONS, build
from tests.views import VIEWS

every_view = pytest.mark.parametrize("view", [pytest.param(make, id=name) for name, make in VIEWS.items()])
every_section = pytest.mark.parametrize("section", [pytest.param(one, id=one.key) for one in SECTIONS])


def some_views(section):
    """The embedded data set with chosen and fitted anchors and with points, or with a model where it takes one."""
    found = [view for view in (VIEWS["demo"](), VIEWS["demo fit"](), VIEWS["fcos"]()) if section.applies(view)]
    found = found or [VIEWS["model"]()]
    assert all(map(section.applies, found)), "no view shows this section; tests/views.py needs one"
    return found


@every_view
def test_builds_and_states_a_finding(view):
    for content in build(view()):
        assert content.error == "", content.key
        sentence = content.finding.sentence
        assert re.match(r"[^a-z].*\.$", sentence, re.DOTALL), sentence
        assert not re.search(r"\bnan\b|\bNone\b|<NA>", sentence), sentence


@every_view
def test_a_section_that_means_nothing_for_the_rule_is_left_out(view):
    assert [content.key for content in build(view())] == [one.key for one in SECTIONS if one.applies(view())]


@every_section
def test_a_section_with_boxes_says_a_number(section):
    for view in some_views(section):
        assert re.search(r"\d", section.build(view, section.key, section.title).finding.sentence)


@every_view
def test_figures_are_labelled_and_their_ids_are_their_own(view):
    for content in build(view()):
        for picture in content.pictures:
            assert 'role="img"' in picture.svg
            assert re.search(r'aria-label="[^"]{10,}', picture.svg)
            assert all(found.startswith(content.key) for found in re.findall(r' id="([^"]+)"', picture.svg))


@every_section
def test_same_run_same_section(section):
    for view in some_views(section):
        one, other = (section.build(view, section.key, section.title) for _ in range(2))
        assert one == other


def test_what_nobody_asked_for_is_left_out():
    keys = [content.key for content in build(replace(VIEWS["demo"](), pictures=None))]
    assert "gallery" not in keys
    assert "verdict" in keys


def test_keys_are_unique():
    keys = [section.key for section in SECTIONS]
    assert len(set(keys)) == len(keys)
