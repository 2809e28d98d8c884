"""Section: recall at every threshold, those that were not run included."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from assignstudy.figures import sweep_threshold
from assignstudy.figures.sweep_marks import Role
from assignstudy.figures.sweep_threshold import Curve
from assignstudy.report import words
from assignstudy.report.content import Cell, Column, Finding, Kind, Picture, SectionContent, TableView
from assignstudy.report.embed import to_svg
from assignstudy.report.sweep_cells import metric_value
from assignstudy.report.sweep_view import SettingCurve, SweepView
from assignstudy.statistics.sweep_parameters import value_text
from assignstudy.statistics.sweep_threshold import AXES, ThresholdAxis

KEY, TITLE = "thresholds", "Every other threshold"
GOALS = (0.99, 0.999)
MOST_NAMED, MOST_SAID = 3, 8
_ROUNDING = 1e-12
HOW_TO_READ = (
    "a curve holds every threshold, run or not; dots are the ones that were run. Where a curve is flat, a stricter "
    "threshold costs no recall. Colours tell the first parameter apart, dashes the others. Anchors that were fitted "
    "for other thresholds have a curve of their own where they differ. The axis is stretched towards 100 %, so that "
    "the last per mille can be seen."
)


def build(view: SweepView) -> SectionContent:
    """One picture per kind of threshold, with a line per setting of everything else."""
    if view.order and not view.has_recall:
        return SectionContent(KEY, TITLE, Finding("There is no ground truth, so there is no curve to draw."))
    if not view.curves:
        return SectionContent(KEY, TITLE, Finding("No run with a threshold finished, so there is no curve to draw."))
    axes = [axis for axis in AXES if _curves(view, axis)]
    return SectionContent(
        KEY,
        TITLE,
        Finding(" ".join(_sentence(view, axis) for axis in axes)),
        pictures=tuple(_picture(view, axis) for axis in axes),
        tables=tuple(_table(view, axis) for axis in axes),
        how_to_read=HOW_TO_READ,
    )


def _curves(view: SweepView, axis: ThresholdAxis) -> list[SettingCurve]:
    return [curve for curve in view.curves if curve.axis == axis]


def _sentence(view: SweepView, axis: ThresholdAxis) -> str:
    """What the recommended setting needs for more; and what the others need to match as many."""
    curves = _curves(view, axis)
    picked = next((curve for curve in curves if view.order[0] in curve.runs), None)
    if picked is None:
        return f"The curves over {axis.name} belong to other rules than the recommended run's."
    threshold, recall = (metric_value(view, view.order[0], name) for name in (axis.name, "bpr"))
    setting = f"With {picked.name}, recall" if picked.name else "Recall"
    more = words.listing([_needed(picked, goal) for goal in GOALS if words.ratio(goal) > words.ratio(recall)])
    strictest = sorted((curve for curve in curves if curve is not picked), key=lambda curve: _strictness(curve, recall))
    others = "; ".join([_to_match(curve, recall) for curve in strictest[:MOST_NAMED]])
    found = f"{setting} is {words.ratio(recall)} at {axis.name} {value_text(threshold)}"
    return f"{found}{f'; it reaches {more}' if more else ''}.{f' The same recall takes {others}.' if others else ''}"


def _needed(curve: SettingCurve, goal: float) -> str:
    at = _threshold_for(curve, goal)
    return f"{goal:g} at no threshold shown" if at is None else f"{goal:g} at {value_text(at)}"


def _to_match(curve: SettingCurve, recall: float) -> str:
    at, axis = _threshold_for(curve, recall), curve.axis
    beyond = f"{axis.name} beyond {value_text(axis.high if axis.matches_below else axis.low)}"
    return f"{beyond if at is None else f'{axis.name} {value_text(at)}'} with {curve.name}"


def _strictness(curve: SettingCurve, recall: float) -> float:
    """The threshold that gives a recall, ascending from the strictest; settings that never reach it come last."""
    at = _threshold_for(curve, recall)
    return math.inf if at is None else at if curve.axis.matches_below else -at


def _threshold_for(curve: SettingCurve, recall: float) -> float | None:
    """The strictest threshold of the axis that gives a recall; None where none does."""
    enough = np.flatnonzero(curve.recall >= recall - _ROUNDING)
    if not len(enough):
        return None
    return round(float(curve.axis.grid[enough[0 if curve.axis.matches_below else -1]]), 2)


def _picture(view: SweepView, axis: ThresholdAxis) -> Picture:
    curves, boxes = _curves(view, axis), int(view.comparable["ground_truths"].max())
    lines = [_line(view, curve, look) for curve, look in zip(curves, _looks(view, curves), strict=True)]
    figure = sweep_threshold.draw(lines, axis.name, boxes)
    alt = f"Share of ground truths with a positive against {axis.name}: {_at_middle(view, curves)}"
    return Picture(to_svg(figure, f"sweep-recall-{axis.name}", alt), f"Recall against {axis.name}", wide=True)


def _at_middle(view: SweepView, curves: Sequence[SettingCurve]) -> str:
    """What the curves have at one threshold, those of the recommended run and of the baseline first."""
    at = curves[0].axis.shown[len(curves[0].axis.shown) // 2]
    roles = {id(curve): {view.role(row) for row in curve.runs} for curve in curves}
    first = sorted(curves, key=lambda curve: (Role.PICK not in roles[id(curve)], Role.BASELINE not in roles[id(curve)]))
    parts = [f"{curve.name or 'recall'} {words.ratio(_shown_at(curve, at))}" for curve in first[:MOST_SAID]]
    more = [f"{words.integer(len(curves) - MOST_SAID)} more"] if len(curves) > MOST_SAID else []
    return f"at {at:g}, {words.listing([*parts, *more])}."


def _shown_at(curve: SettingCurve, threshold: float) -> float:
    return float(curve.shown[curve.axis.shown.index(threshold)])


def _line(view: SweepView, curve: SettingCurve, look: tuple[int | None, int, str]) -> Curve:
    roles = {view.role(row) for row in curve.runs}
    role = next((role for role in (Role.PICK, Role.BASELINE) if role in roles), Role.OTHER)
    dots = tuple(
        (metric_value(view, row, curve.axis.name), metric_value(view, row, "bpr"), view.role(row)) for row in curve.runs
    )
    return Curve(curve.name, curve.axis.grid, curve.recall, role, dots, *look)


def _looks(view: SweepView, curves: Sequence[SettingCurve]) -> list[tuple[int | None, int, str]]:
    """Hue, dash and group of each line: the hue says the first parameter, such as the anchors, the dash all others."""
    others = [name for name in view.swept if name != curves[0].axis.name and view.comparable[name].nunique() > 1]
    values = [[str(view.run(curve.row)[name]) for name in others] for curve in curves]
    hues = list(dict.fromkeys(value[0] for value in values if value))
    dashes = list(dict.fromkeys(tuple(value[1:]) for value in values))
    return [_look(value, hues, dashes) for value in values]


def _look(value: Sequence[str], hues: Sequence[str], dashes: Sequence[tuple[str, ...]]) -> tuple[int | None, int, str]:
    dash = dashes.index(tuple(value[1:]))
    return (hues.index(value[0]), dash, value[0]) if len(hues) > 1 else (None, dash, "")


def _table(view: SweepView, axis: ThresholdAxis) -> TableView:
    columns = [Column(f"at-{at:g}", f"{axis.name} {at:g}", Kind.RATIO) for at in axis.shown]
    rows = [
        (Cell(curve.name or view.dataset), *(Cell(words.ratio(value)) for value in curve.shown))
        for curve in _curves(view, axis)
    ]
    return TableView(f"recall at other values of {axis.name}", (Column("setting", "setting"), *columns), tuple(rows))
