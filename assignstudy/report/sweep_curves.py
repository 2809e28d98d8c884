"""Section: metrics over the parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pandas as pd
from pandas.api.types import is_numeric_dtype

from assignstudy.figures import style, sweep_lines, sweep_map, sweep_parallel
from assignstudy.figures.sweep_lines import Point
from assignstudy.figures.sweep_map import MapAxes, MapCell
from assignstudy.figures.sweep_marks import Role
from assignstudy.figures.sweep_parallel import ParallelAxis
from assignstudy.report import sweep_steps, words
from assignstudy.report.content import Finding, Picture, SectionContent
from assignstudy.report.embed import to_svg
from assignstudy.report.sweep_cells import metric_text, metric_value
from assignstudy.report.sweep_view import SweepView
from assignstudy.statistics import sweep_effects, sweep_grid
from assignstudy.statistics.sweep_grid import Layout, Panel
from assignstudy.statistics.sweep_metrics import facts
from assignstudy.statistics.sweep_parameters import value_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KEY, TITLE = "curves", "Curves and maps"
METRICS = ("bpr", "unreachable_share", "contested_share", "positives_per_gt")
METRICS_IN_PANELS = ("bpr", "contested_share")
METRICS_OF_ALL_RULES = ("unmatched_small", "positive_share")
"""What takes the place of metrics that only some of the rules have."""

OUTCOMES = ("unreachable_share", "positives_per_gt", "contested_share", "bpr")
MOST_PANELS = 12
PARALLEL = "Every run as a line; the stronger its colour, the higher its recall ranks"
LINES = (
    "follow a line from its settings on the left to its outcome on the right; lines with one setting are fanned out."
)
ROLES = "The recommended run and the baseline carry their names."
COLOURS = (
    "A colour farther from the page's is more: better for recall, which is coloured by rank, a cost everywhere else."
)


def build(view: SweepView) -> SectionContent:
    """Lines over one parameter, maps over two, parallel coordinates and small maps over more."""
    if not view.order:
        return SectionContent(KEY, TITLE, Finding("No run finished, so there is nothing to draw."))
    if not view.has_recall:
        return SectionContent(KEY, TITLE, Finding("There is no ground truth, so there is nothing to draw."))
    where = sweep_grid.layout(view.axes)
    if where is None:
        return SectionContent(KEY, TITLE, Finding(_sentence(view)))
    twins = _twins(view)
    panels = _panels(view, where, twins)
    pictures = [_parallel(view, where)] if where.panels else []
    pictures += _pictures(view, where, panels[:MOST_PANELS])
    return SectionContent(
        KEY,
        TITLE,
        Finding(_sentence(view)),
        pictures=tuple(pictures),
        how_to_read=_how_to_read(where, len(panels), len(twins)) if pictures else "",
    )


def _twins(view: SweepView) -> pd.Index:
    """Runs of the same settings as a better placed one: somebody has collected them, a sweep has none."""
    axes = view.axes.loc[list(dict.fromkeys([*_named(view), *view.order]))]
    return axes.index[axes.duplicated()]


def _named(view: SweepView) -> list[int]:
    """The recommended run and the baseline, if there is one."""
    return [view.order[0], *([view.baseline.row] if view.baseline is not None else [])]


def _how_to_read(where: Layout, panels: int, twins: int) -> str:
    not_drawn = (
        f"{words.count(twins, 'run')} of the same settings as another {'is' if twins == 1 else 'are'} not drawn over "
        "these settings; the best placed one stands for all of them."
    )
    left_out = (
        f"Maps are drawn for {MOST_PANELS} of the {panels} combinations of {words.listing(where.panels)}, beginning "
        "with the recommended run's; the lines hold all runs, and so does the table above."
    )
    return " ".join(
        filter(
            None,
            (
                LINES if where.panels else "",
                ROLES,
                COLOURS if where.series else "",
                left_out if panels > MOST_PANELS else "",
                words.sentence(not_drawn) if twins else "",
            ),
        )
    )


def _panels(view: SweepView, where: Layout, twins: pd.Index) -> list[Panel]:
    """All panels, those of the recommended run and of the baseline first."""
    first = _named(view)
    panels = sweep_grid.compute(view.axes.drop(twins), where)
    place = {id(panel): [row not in set(panel.rows.to_numpy().ravel().tolist()) for row in first] for panel in panels}
    return sorted(panels, key=lambda panel: place[id(panel)])


def _sentence(view: SweepView) -> str:
    said = " ".join(filter(None, (_strongest(view), sweep_steps.sentence(view))))
    return said or _highest(view)


def _highest(view: SweepView) -> str:
    """Where the recall is highest, for runs of which no two differ from the baseline in one parameter alone."""
    best = max(view.order, key=lambda row: metric_value(view, row, "bpr"))
    names = words.listing([str(name) for name in view.axes])
    return (
        f"These runs vary {names} at once, so what each does by itself cannot be told. The highest recall, "
        f"{words.ratio(view.run(best)['bpr'])}, is that of {view.name(best)}."
    )


def _strongest(view: SweepView) -> str:
    """Which parameter moves the recall most: the largest spread of its means; they say little on a grid with holes."""
    names = [str(name) for name in view.axes]
    if not names:
        return "There is only one setting, so no parameter to draw anything over."
    if sweep_effects.missing_runs(view.axes):
        return ""
    recalls = view.comparable["bpr"]
    means = {name: recalls.groupby(view.axes[name], sort=False).mean().dropna() for name in names}
    spreads = {name: float(mean.max() - mean.min()) if len(mean) else 0.0 for name, mean in means.items()}
    strongest = max(names, key=lambda name: spreads[name])
    if not spreads[strongest]:
        return "No parameter of this sweep changes the recall."
    mean = means[strongest]
    best = f"{words.ratio(mean.max())} at {value_text(mean.idxmax())}"
    worst = f"{words.ratio(mean.min())} at {value_text(mean.idxmin())}"
    return f"Recall depends most on {strongest}: {'on average ' if len(names) > 1 else ''}it is {best} and {worst}."


def _pictures(view: SweepView, where: Layout, panels: Sequence[Panel]) -> list[Picture]:
    runs = view.comparable
    shown = [name for name in _metrics(view, where) if runs[name].nunique() > (name != "bpr")]
    return [_picture(view, where, panels, k, name) for name in shown for k in range(len(panels))]


def _parallel(view: SweepView, where: Layout) -> Picture:
    """Settings to the left, what came out of them to the right; the recall last, where lines are named."""
    rows, recalls = list(view.order), view.comparable["bpr"].astype("float64")
    names = (*where.panels, where.series, where.x)
    metrics = [name for name in view.shared(OUTCOMES) if view.comparable[name].nunique() > 1 or name == "bpr"]
    axes = [_setting_axis(view, str(name)) for name in names] + [_outcome_axis(view, name) for name in metrics]
    # By rank: many runs of a sweep lie close to the best one, and would all look alike.
    heat = recalls.rank(pct=True).loc[rows].tolist()
    figure = sweep_parallel.draw(axes, heat, [view.role(row) for row in rows])
    best = words.ratio(view.run(rows[0])["bpr"])
    alt = (
        f"{words.count(len(rows), 'run')} as lines through {words.listing([axis.title for axis in axes])}; recall from "
        f"{words.ratio(recalls.min())} to {words.ratio(recalls.max())}, {best} for the recommended run."
    )
    return Picture(to_svg(figure, "sweep-parallel", alt), PARALLEL, wide=True)


def _setting_axis(view: SweepView, name: str) -> ParallelAxis:
    """Values evenly spaced: numbers upwards, names downwards."""
    values = sweep_grid.in_order(view.axes[name])
    if not is_numeric_dtype(view.axes[name]):
        values = values[::-1]
    place = {value: (k + 0.5) / len(values) for k, value in enumerate(values)}
    ticks = tuple((height, value_text(value)) for value, height in place.items())
    return ParallelAxis(name, tuple(place[view.axes[name].loc[row]] for row in view.order), ticks, fans_out=True)


def _outcome_axis(view: SweepView, name: str) -> ParallelAxis:
    values = [metric_value(view, row, name) for row in view.order]
    low, high = float(view.comparable[name].min()), float(view.comparable[name].max())
    span = high - low or 1.0
    ticks = tuple((share, metric_text(name, low + share * (high - low))) for share in (0.0, 0.5, 1.0))
    title = facts(name).short or facts(name).title
    return ParallelAxis(title, tuple((value - low) / span for value in values), ticks, fans_out=False)


def _metrics(view: SweepView, where: Layout) -> list[str]:
    """As many metrics as there are usually, all of which mean the same for every rule."""
    usual = METRICS_IN_PANELS if where.panels else METRICS
    return view.shared((*usual, *METRICS_OF_ALL_RULES))[: len(usual)]


def _picture(view: SweepView, where: Layout, panels: Sequence[Panel], k: int, metric: str) -> Picture:
    figure = _figure(view, where, panels[k], metric)
    caption = ": ".join(filter(None, (words.sentence(facts(metric).title), panels[k].title)))
    is_wide = figure.get_figwidth() * figure.dpi > style.PANEL_PX
    return Picture(to_svg(figure, f"sweep-{metric}-{k}", _alt(view, where, panels[k], metric)), caption, wide=is_wide)


def _figure(view: SweepView, where: Layout, panel: Panel, metric: str) -> Figure:
    if where.series is not None:
        return sweep_map.draw(_map_cells(view, panel, metric), _map_axes(where, panel))
    points = [_point(view, value, row, metric) for value, row in panel.rows.iloc[0].dropna().items()]
    if is_numeric_dtype(view.axes[where.x]):
        return sweep_lines.draw_numbers(points, where.x, facts(metric).title, _tick(metric))
    return sweep_lines.draw_names(points, facts(metric).title, _tick(metric))


def _alt(view: SweepView, where: Layout, panel: Panel, metric: str) -> str:
    rows = [int(row) for row in panel.rows.to_numpy().ravel() if not pd.isna(row)]
    values = view.comparable.loc[rows, metric]
    over = words.listing([name for name in (where.x, where.series) if name])
    best = metric_text(metric, view.run(view.order[0])[metric])
    return (
        f"{words.sentence(facts(metric).title)} over {over}{f', {panel.title}' if panel.title else ''}: "
        f"from {metric_text(metric, values.min())} to {metric_text(metric, values.max())}"
        f"{f'; {best} for the recommended run' if view.order[0] in rows else ''}."
    )


def _tick(metric: str) -> Callable[[float, int | None], str]:
    if facts(metric).kind == "percent":
        return style.percent
    return lambda value, _: "" if metric == "bpr" and value > 1 else f"{value:.4f}".rstrip("0").rstrip(".")


def _point(view: SweepView, value: object, row: int, metric: str) -> Point:
    x = float(value) if isinstance(value, int | float) else str(value)
    y = metric_value(view, row, metric)
    return Point(x, y, metric_text(metric, y), view.role(row))


def _map_axes(where: Layout, panel: Panel) -> MapAxes:
    columns, rows = (tuple(map(value_text, names)) for names in (panel.rows.columns, panel.rows.index))
    return MapAxes(where.x, str(where.series), columns, rows)


def _map_cells(view: SweepView, panel: Panel, metric: str) -> list[MapCell]:
    heat = _heat(view.comparable[metric].astype("float64"), by_rank=metric == "bpr")
    rows = panel.rows.astype("float64").to_numpy()
    places = [(y, x) for y in range(rows.shape[0]) for x in range(rows.shape[1])]
    return [_map_cell(view, place, float(rows[place]), metric, heat) for place in places]


def _heat(values: pd.Series, *, by_rank: bool) -> pd.Series:
    """Colours of values from 0 to 1, by size or by rank: beside one bad run all good recalls would look alike."""
    scale = values.rank(method="dense") if by_rank else values
    span = scale.max() - scale.min()
    return (scale - scale.min()) / span if span > 0 else scale * 0 + 0.5


def _map_cell(view: SweepView, place: tuple[int, int], row: float, metric: str, heat: pd.Series) -> MapCell:
    if math.isnan(row):
        return MapCell(*place, None, "no run", Role.OTHER)
    value = metric_value(view, int(row), metric)
    warmth = None if math.isnan(value) else float(heat[int(row)])
    return MapCell(*place, warmth, metric_text(metric, value), view.role(int(row)))
