"""The whole run page: numbers that agree with the tables, no outside, sections that fail in the open."""

import re
from dataclasses import replace

import pytest

from assignstudy.report.render import write_run_page
from assignstudy.report.sections import build
from tests.views import CHINESE, HOSTILE, VIEWS, demo_view, hostile_view


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    assert write_run_page(path, demo_view()) == ()
    return path.read_text(encoding="utf-8")


def test_cards_say_the_metrics(page):
    metrics = demo_view().tables.metrics
    values = dict(re.findall(r'card-label">([^<]+?)\s*<.*?card-value">([^<]+)<', page, re.DOTALL))
    assert values["bpr"] == f"{metrics['bpr']:.4f}"
    assert values["unmatched"] == f"{metrics['unmatched']:,}"
    assert values["contested"] == f"{metrics['contested_slots']:,}"
    assert values["unreachable"] == f"{metrics['unreachable']:,}"


def test_every_metric_stands_on_the_page_by_its_name(page):
    for name in demo_view().tables.metrics:
        assert f">{name}</td>" in page


@pytest.mark.parametrize("name", list(VIEWS))
def test_pages_point_nowhere_outside_and_run_nothing(name, tmp_path):
    path = tmp_path / "report.html"
    assert write_run_page(path, VIEWS[name]()) == ()
    html = path.read_text(encoding="utf-8")
    assert "http:" not in html
    assert "https:" not in html
    assert "<script" not in html
    assert "default-src 'none'" in html
    assert len(html) < 2_000_000


def test_names_are_text(tmp_path):
    path = tmp_path / "report.html"
    write_run_page(path, hostile_view())
    html = path.read_text(encoding="utf-8")
    assert HOSTILE not in html
    assert CHINESE in html


def test_headings_are_in_order(page):
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}
    assert re.search(r'<html lang="en">', page)


def test_same_run_same_bytes(page, tmp_path):
    write_run_page(tmp_path / "again.html", demo_view())
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == page


def test_a_section_that_cannot_be_built_says_so_and_harms_no_other(tmp_path):
    view = demo_view()
    broken = replace(view, tables=replace(view.tables, classes=view.tables.classes.drop(columns="bpr")))
    errors = write_run_page(tmp_path / "report.html", broken)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert any(error.startswith("section “Classes”: KeyError") for error in errors)
    assert "This section could not be built." in html
    assert "Threshold curve" in html
    assert not (tmp_path / "report.html.tmp").exists()


@pytest.mark.parametrize(("view", "expected"), [("demo", "shapes the anchors do not fit"), ("fcos", "too few points")])
def test_how_to_read_classes_speaks_of_what_the_rule_has(view, expected):
    (classes,) = (content for content in build(VIEWS[view]()) if content.key == "classes")
    assert expected in classes.how_to_read
