"""What the page says of fitted anchors: what they give, what they cost, and when a finer level is the remedy."""

import dataclasses

import pytest

from assignstudy.report.content import State
from assignstudy.report.fit_section import fitted_anchors
from tests.views import aerial_fit_view, demo_fit_view, one_shape_fit_view


def section(view):
    return fitted_anchors(view, "fit", "Fitted anchors")


def told(content):
    return " ".join(f"{alert.finding} Try: {alert.advice}" for alert in content.alerts)


def test_the_finding_compares_with_the_published_set():
    content = section(demo_fit_view())
    sets = demo_fit_view().fit.tables.sets.set_index("set")
    sentence = content.finding.sentence
    assert sentence.startswith(
        f"9 anchors fitted to these boxes have a fitness of {sets.at['fitted', 'fitness']:.4f}, "
        f"the published ones {sets.at['published', 'fitness']:.4f}; recall "
    )
    assert "No anchor is smaller than one cell of its level; that bound costs " in sentence


def test_small_boxes_on_coarse_levels_call_for_a_finer_level():
    for least in (0.0, 1.0):
        content = section(aerial_fit_view(least))
        assert content.finding.state.severity >= State.WATCH.severity
        assert "a finer level, anchors.strides=[4,8,16], not smaller anchors on coarse ones" in told(content)
        assert "are smaller than one of its cells" in told(content)
    assert "the smallest anchor of P5 is 0." in told(section(aerial_fit_view(0.0)))
    assert "Sides were not bounded; the smallest anchor is 0." in section(aerial_fit_view(0.0)).finding.sentence
    assert "Anchors with a side of at least one cell are too large for these boxes." in told(
        section(aerial_fit_view(1.0))
    )


def test_where_even_halved_strides_are_too_coarse_a_larger_input_is_the_remedy():
    content = section(aerial_fit_view(1.0, (64, 128)))
    assert "a larger imgsz: even strides 32, 64 only reach a fitness of " in told(content)
    assert "a larger imgsz: the boxes are too small for these levels." in told(section(aerial_fit_view(8.0, (1, 16))))


def test_sizes_that_lose_recall_are_named():
    fit = aerial_fit_view(0.0).fit
    sets = fit.tables.sets.copy()
    sets.loc[sets["set"] == "fitted", "recall_large"] = 0.8
    tables = dataclasses.replace(fit.tables, sets=sets)
    content = section(dataclasses.replace(aerial_fit_view(0.0), fit=dataclasses.replace(fit, tables=tables)))
    assert content.finding.state is State.ACT
    assert "of large boxes from 1.0000 to 0.8000" in told(content)


def test_the_bound_that_is_not_asked_for_is_offered_with_its_price():
    fit = aerial_fit_view(0.0).fit
    sets = fit.tables.sets[fit.tables.sets["set"] != "finer levels"].copy()
    sets.loc[sets["set"] == "bounded", "fitness"] = sets.loc[sets["set"] == "fitted", "fitness"].iloc[0] - 0.0042
    tables = dataclasses.replace(fit.tables, sets=sets)
    content = section(dataclasses.replace(aerial_fit_view(0.0), fit=dataclasses.replace(fit, tables=tables)))
    assert "Try: anchors.min_side_cell=1; it costs 0.0042 of fitness." in told(content)


@pytest.mark.parametrize("view", [demo_fit_view, aerial_fit_view, one_shape_fit_view])
def test_the_anchors_are_there_to_paste_and_to_run_with(view):
    facts = {fact.label: fact.value for fact in section(view()).facts}
    assert facts["For a YOLOv5 model file"].startswith("anchors:\n  - [")
    assert facts["For another run"].startswith("anchors=file anchors.path=anchors.yaml")


def test_all_sets_stand_in_an_open_table():
    sets, levels, anchors = section(aerial_fit_view(0.0)).tables
    assert not sets.folded
    assert [row[0].text for row in sets.rows] == ["published", "fitted (this run)", "bounded", "finer levels"]
    assert len(levels.rows) == 4 * 3
    assert len(anchors.rows) == 4 * 9
