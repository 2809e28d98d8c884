"""Section: metrics over the parameters, and recall against every threshold."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pandas.api.types import is_numeric_dtype

from assignstudy.figures import style, sweep_lines, sweep_map, sweep_threshold
from assignstudy.figures.sweep_lines import Point
from assignstudy.figures.sweep_map import MapAxes, MapCell
from assignstudy.figures.sweep_marks import Role
from assignstudy.figures.sweep_threshold import Curve
from assignstudy.report import words
from assignstudy.report.content import Cell, Column, Finding, Kind, Picture, SectionContent, TableView
from assignstudy.report.embed import to_svg
from assignstudy.report.sweep_cells import metric_text
from assignstudy.report.sweep_view import SettingCurve, SweepView
from assignstudy.statistics import sweep_grid
from assignstudy.statistics.sweep_grid import Layout, Panel
from assignstudy.statistics.sweep_metrics import facts
from assignstudy.statistics.sweep_parameters import differing, run_at, value_text
from assignstudy.statistics.sweep_threshold import AXES, ThresholdAxis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KEY, TITLE = "curves", "Curves and maps"
METRICS = ("bpr", "unreachable_share", "contested_share", "positives_per_gt")
METRICS_IN_PANELS = ("bpr", "contested_share")
MOST_PANELS = 12
HOW_TO_READ = (
    "the recommended run and the baseline carry their names. A recall curve holds every threshold, run or not; dots "
    "are the ones that were run. Where a curve is flat, a stricter threshold costs nothing."
)


def build(view: SweepView) -> SectionContent:
    """Lines over one parameter, maps over two, small maps over more; recall against the threshold."""
    pictures = (*_grid_pictures(view), *(picture for axis in AXES for picture in _curve_pictures(view, axis)))
    tables = tuple(_curve_table(view, axis) for axis in AXES if _curves(view, axis))
    if not pictures:
        return SectionContent(KEY, TITLE, Finding("No run finished, so there is nothing to draw."))
    return SectionContent(
        KEY, TITLE, Finding(_sentence(view)), pictures=pictures, tables=tables, how_to_read=HOW_TO_READ
    )


def _sentence(view: SweepView) -> str:
    """Which parameter moves the recall most: the largest spread of its means."""
    runs, names = view.comparable, differing(view.comparable)
    spreads = {name: _spread(view, name) for name in names}
    if not spreads or not max(spreads.values()):
        return (
            "Recall against every threshold that could have been run."
            if not names
            else "No parameter changes the recall."
        )
    strongest = max(names, key=lambda name: spreads[name])
    means = runs.groupby(strongest, sort=False)["bpr"].mean()
    low, high = means.idxmin(), means.idxmax()
    return (
        f"Recall depends most on {strongest}: on average it is {words.ratio(means.max())} at {value_text(high)} and "
        f"{words.ratio(means.min())} at {value_text(low)}."
    )


def _spread(view: SweepView, name: str) -> float:
    means = view.comparable.groupby(name)["bpr"].mean()
    return float(means.max() - means.min()) if len(means) else 0.0


# ---- metrics over the parameters


def _grid_pictures(view: SweepView) -> tuple[Picture, ...]:
    runs = view.comparable
    where = sweep_grid.layout(runs, differing(runs))
    if where is None:
        return ()
    panels = sweep_grid.compute(runs, where)[:MOST_PANELS]
    metrics = METRICS_IN_PANELS if where.panels else METRICS
    shown = [name for name in metrics if name == "bpr" or runs[name].nunique() > 1]
    return tuple(_grid_picture(view, where, panels, k, name) for name in shown for k in range(len(panels)))


def _grid_picture(view: SweepView, where: Layout, panels: Sequence[Panel], k: int, metric: str) -> Picture:
    figure = _grid_figure(view, where, panels[k], metric)
    caption = ": ".join(filter(None, (words.sentence(facts(metric).title), panels[k].title)))
    return Picture(to_svg(figure, f"sweep-{metric}-{k}", _grid_alt(view, where, metric)), caption)


def _grid_figure(view: SweepView, where: Layout, panel: Panel, metric: str) -> Figure:
    if where.series is not None:
        return sweep_map.draw(_map_cells(view, panel, metric), _map_axes(where, panel))
    points = [_point(view, value, row, metric) for value, row in panel.rows.iloc[0].dropna().items()]
    if is_numeric_dtype(view.runs[where.x]):
        return sweep_lines.draw_numbers(points, where.x, facts(metric).title, _tick(metric))
    return sweep_lines.draw_names(points, facts(metric).title, _tick(metric))


def _grid_alt(view: SweepView, where: Layout, metric: str) -> str:
    values = view.comparable[metric]
    over = words.listing([name for name in (where.x, where.series) if name])
    best = metric_text(metric, run_at(view.runs, view.order[0])[metric])
    return (
        f"{words.sentence(facts(metric).title)} over {over}: from {metric_text(metric, values.min())} to "
        f"{metric_text(metric, values.max())}; {best} for the recommended run."
    )


def _tick(metric: str) -> Callable[[float, int | None], str]:
    if facts(metric).kind == "percent":
        return style.percent
    return lambda value, _: "" if metric == "bpr" and value > 1 else f"{value:.4f}".rstrip("0").rstrip(".")


def _value(view: SweepView, row: int, metric: str) -> float:
    value = run_at(view.runs, row)[metric]
    return math.nan if words.is_undefined(value) else float(value)


def _point(view: SweepView, value: object, row: int, metric: str) -> Point:
    x = float(value) if isinstance(value, int | float) else str(value)
    y = _value(view, row, metric)
    return Point(x, y, metric_text(metric, y), view.role(row))


def _map_axes(where: Layout, panel: Panel) -> MapAxes:
    columns, rows = (tuple(map(value_text, names)) for names in (panel.rows.columns, panel.rows.index))
    return MapAxes(where.x, str(where.series), columns, rows)


def _map_cells(view: SweepView, panel: Panel, metric: str) -> list[MapCell]:
    low, high = (float(end) for end in (view.comparable[metric].min(), view.comparable[metric].max()))
    rows = panel.rows.astype("float64").to_numpy()
    places = [(y, x) for y in range(rows.shape[0]) for x in range(rows.shape[1])]
    return [_map_cell(view, place, float(rows[place]), metric, (low, high)) for place in places]


def _map_cell(view: SweepView, place: tuple[int, int], row: float, metric: str, ends: tuple[float, float]) -> MapCell:
    if math.isnan(row):
        return MapCell(*place, None, "no run", Role.OTHER)
    value = _value(view, int(row), metric)
    heat = None if math.isnan(value) else (value - ends[0]) / (ends[1] - ends[0]) if ends[1] > ends[0] else 0.5
    return MapCell(*place, heat, metric_text(metric, value), view.role(int(row)))


# ---- recall against the threshold


def _curves(view: SweepView, axis: ThresholdAxis) -> list[SettingCurve]:
    return [curve for curve in view.curves if curve.axis == axis]


def _curve_pictures(view: SweepView, axis: ThresholdAxis) -> tuple[Picture, ...]:
    curves = _curves(view, axis)
    if not curves:
        return ()
    lines = [_line(view, curve) for curve in curves]
    boxes = int(view.comparable["ground_truths"].max())
    alt = f"Share of ground truths with a positive against {axis.name}: {_at_middle(curves)}"
    recall = to_svg(sweep_threshold.draw_recall(lines, axis.name), f"sweep-recall-{axis.name}", alt)
    lost = to_svg(sweep_threshold.draw_unmatched(lines, axis.name, boxes), f"sweep-lost-{axis.name}", alt)
    upside_down = "The same upside down, on a logarithmic axis: ground truths without a positive"
    return Picture(recall, f"Recall against {axis.name}"), Picture(lost, upside_down)


def _at_middle(curves: Sequence[SettingCurve]) -> str:
    at = curves[0].axis.shown[len(curves[0].axis.shown) // 2]
    parts = [f"{curve.name or 'recall'} {words.ratio(_shown_at(curve, at))}" for curve in curves[:8]]
    return f"at {at:g}, {words.listing(parts)}."


def _shown_at(curve: SettingCurve, threshold: float) -> float:
    return float(curve.shown[curve.axis.shown.index(threshold)])


def _line(view: SweepView, curve: SettingCurve) -> Curve:
    roles = {view.role(row) for row in curve.runs}
    role = next((role for role in (Role.PICK, Role.BASELINE) if role in roles), Role.OTHER)
    dots = tuple((_value(view, row, curve.axis.name), _value(view, row, "bpr"), view.role(row)) for row in curve.runs)
    return Curve(curve.name, curve.axis.grid, curve.recall, role, dots)


def _curve_table(view: SweepView, axis: ThresholdAxis) -> TableView:
    columns = [Column(f"at-{at:g}", f"{axis.name} {at:g}", Kind.RATIO) for at in axis.shown]
    rows = [
        (Cell(curve.name or view.dataset), *(Cell(words.ratio(value)) for value in curve.shown))
        for curve in _curves(view, axis)
    ]
    return TableView(f"recall at other values of {axis.name}", (Column("setting", "setting"), *columns), tuple(rows))
