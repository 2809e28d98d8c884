"""Section: which parameter matters, by sums of squares that are exact on a full grid."""

from __future__ import annotations

from collections.abc import Sequence

from assignstudy.figures import sweep_effects as figure
from assignstudy.report import words
from assignstudy.report.content import Cell, Column, Finding, Kind, Picture, SectionContent, TableView
from assignstudy.report.embed import to_svg
from assignstudy.report.sweep_cells import metric_text
from assignstudy.report.sweep_view import SweepView
from assignstudy.statistics import sweep_effects, sweep_grid
from assignstudy.statistics.sweep_effects import Effect
from assignstudy.statistics.sweep_metrics import facts
from assignstudy.statistics.sweep_parameters import value_text

KEY, TITLE = "effects", "What matters"
METRICS = ("bpr", "unreachable_share", "contested_share", "positives_per_gt")
HOW_TO_READ = (
    "each bar is the share of the metric's differences between all runs (sum of squares) that the parameter explains "
    "by itself; the grey bar is what parameters do only together, so that the effect of one depends on the other. "
    "The shares of a metric add up to 100 %, which is exact because every combination of values was run."
)


def build(view: SweepView) -> SectionContent:
    """Bars per metric, and the mean of each value of each parameter; refused where the grid has holes."""
    refusal = _refusal(view)
    if refusal:
        return SectionContent(KEY, TITLE, Finding(refusal))
    effects = sweep_effects.compute(view.axes, view.comparable, view.shared(METRICS))
    return SectionContent(
        KEY,
        TITLE,
        Finding(_sentence(view, effects)),
        pictures=tuple(map(_picture, effects)),
        tables=(_shares(view, effects), *(_means(view, name) for name in map(str, view.axes))) if effects else (),
        how_to_read=HOW_TO_READ if effects else "",
    )


def _refusal(view: SweepView) -> str:
    """Why there is nothing to compute, or empty."""
    names = [str(name) for name in view.axes]
    if not view.order:
        return "No run finished, so there is nothing to explain."
    if len(view.order) < 2 or not names:
        return "With one setting there is nothing to tell apart."
    if len(names) == 1:
        return _of_one_axis(view, names[0])
    if missing := sweep_effects.missing_runs(view.axes):
        if view.search is not None:
            return (
                "A search runs what its objective leads it to and no grid: on its trials the effects of parameters "
                "overlap, so none are computed."
            )
        have, all_runs = len(view.order), len(view.order) + missing
        return (
            f"Only {have} of the {words.integer(all_runs)} combinations of {words.listing(names)} have a finished run "
            "on these labels. On a grid with holes the effects of parameters overlap, so none are computed: run what "
            "is missing and build the page again."
        )
    return ""


def _of_one_axis(view: SweepView, name: str) -> str:
    if len(view.swept) > 1:
        return f"{words.listing(view.swept)} were not varied across each other, so what each does cannot be told apart."
    return f"Only {name} was varied, so every difference between the runs is its own."


def _sentence(view: SweepView, effects: Sequence[Effect]) -> str:
    if not effects:
        return "No parameter changes any of the metrics that all runs have."
    return " ".join(_effect_sentence(view, effect) for effect in effects[:2])


def _effect_sentence(view: SweepView, effect: Effect) -> str:
    first, *others = sorted(effect.alone, key=lambda name: -effect.alone[name])
    means = sweep_effects.means(view.axes[first], view.comparable[effect.metric])
    low, high = (
        f"{metric_text(effect.metric, means[value])} at {value_text(value)}"
        for value in (min(means, key=lambda value: means[value]), max(means, key=lambda value: means[value]))
    )
    rest = words.listing([f"{name} {words.percent(effect.alone[name])}" for name in others])
    return (
        f"Of the differences in {facts(effect.metric).title}, {first} explains {words.percent(effect.alone[first])} "
        f"(on average from {low} to {high}), {rest}; "
        f"{words.percent(effect.together)} is what they do only together."
    )


def _picture(effect: Effect) -> Picture:
    shares = {**effect.alone, "only together": effect.together}
    texts = [words.percent(share) for share in shares.values()]
    parts = words.listing([f"{name} {text}" for name, text in zip(shares, texts, strict=True)])
    title = words.sentence(facts(effect.metric).title)
    drawn = figure.draw(list(shares), list(shares.values()), texts)
    alt = f"{title}, what explains its differences: {parts}."
    return Picture(to_svg(drawn, f"sweep-effects-{effect.metric}", alt), title)


def _shares(view: SweepView, effects: Sequence[Effect]) -> TableView:
    names = [str(name) for name in view.axes]
    columns = (Column("metric", "metric"), *(Column(name, name, Kind.PERCENT) for name in (*names, "only together")))
    rows = tuple(
        (
            Cell(facts(effect.metric).title),
            *(Cell(words.percent(share)) for share in (*effect.alone.values(), effect.together)),
        )
        for effect in effects
    )
    return TableView("share of the sum of squares that each parameter explains", columns, rows)


def _means(view: SweepView, name: str) -> TableView:
    known = [facts(metric) for metric in view.shared(METRICS)]
    columns = (Column(name, name), *(Column(one.name, one.title, Kind(one.kind)) for one in known))
    means = {one.name: sweep_effects.means(view.axes[name], view.comparable[one.name]) for one in known}
    rows = tuple(
        (Cell(value_text(value)), *(Cell(metric_text(metric, means[metric][value])) for metric in means))
        for value in sweep_grid.in_order(view.axes[name])
    )
    return TableView(f"means over all runs of each {name}", columns, rows)
