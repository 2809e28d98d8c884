"""Every section of the run page can be built for every kind of data, and says something in a sentence."""

import re

import pytest

from assignstudy.report.sections import SECTIONS, build
from tests.views import VIEWS

every_view = pytest.mark.parametrize("view", [pytest.param(make, id=name) for name, make in VIEWS.items()])
every_section = pytest.mark.parametrize("section", [pytest.param(one, id=one.key) for one in SECTIONS])


@every_section
@every_view
def test_builds_and_states_a_finding(section, view):
    content = section.build(view(), section.key, section.title)
    assert (content.key, content.title, content.error) == (section.key, section.title, "")
    sentence = content.finding.sentence
    assert re.match(r"[^a-z].*\.$", sentence, re.DOTALL), sentence
    assert not re.search(r"\bnan\b|\bNone\b|<NA>", sentence), sentence


@every_section
def test_a_section_with_boxes_says_a_number(section):
    assert re.search(r"\d", section.build(VIEWS["demo"](), section.key, section.title).finding.sentence)


@every_section
@every_view
def test_figures_are_labelled_and_their_ids_are_their_own(section, view):
    for picture in section.build(view(), section.key, section.title).pictures:
        assert 'role="img"' in picture.svg
        assert re.search(r'aria-label="[^"]{10,}', picture.svg)
        assert all(found.startswith(section.key) for found in re.findall(r' id="([^"]+)"', picture.svg))


@every_section
def test_same_run_same_section(section):
    one, other = (section.build(VIEWS["demo"](), section.key, section.title) for _ in range(2))
    assert one == other


def test_keys_are_unique():
    keys = [section.key for section in SECTIONS]
    assert len(set(keys)) == len(keys)


@every_view
def test_no_section_hides_an_error(view):
    assert [content.error for content in build(view()) if content.error] == []
