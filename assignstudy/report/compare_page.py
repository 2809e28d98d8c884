"""The page of a comparison: what is different, the runs side by side, the boxes, the classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assignstudy.figures import sweep_changes
from assignstudy.figures.sweep_changes import ChangeRow
from assignstudy.figures.sweep_marks import Role
from assignstudy.report import render, words
from assignstudy.report.compare_view import CompareView, RunPair
from assignstudy.report.content import (
    Alert,
    Card,
    Cell,
    Column,
    Finding,
    Kind,
    Picture,
    SectionContent,
    State,
    TableView,
)
from assignstudy.report.embed import to_svg
from assignstudy.report.sweep_cells import metric_text
from assignstudy.report.sweep_changes import thumbnail
from assignstudy.statistics.sweep_metrics import facts, is_metric
from assignstudy.statistics.sweep_parameters import value_text

METRICS = ("bpr", "unmatched", "unreachable_share", "contested_share", "positives_per_gt")
SIZES = ("small", "medium", "large")
MOST_BARS = 40
CHANGES = ("gained", "lost", "level", "same")
BOXES_HOW = (
    "every ground truth is followed from A to B by its gt_id. Gained: unmatched in A, matched in B; lost: the reverse; "
    "level: matched in both, by another set of levels. Sizes are those on A's network input."
)


def write_page(path: Path, view: CompareView) -> None:
    """Write the page of a comparison; replaced as a whole."""
    render.write_page(path, render.render("compare.html.j2", sections=build(view), view=view, alerts=alerts(view)))


def build(view: CompareView) -> tuple[SectionContent, ...]:
    """All sections in their order."""
    return tuple(section(view) for section in _SECTIONS)


def alerts(view: CompareView) -> tuple[Alert, ...]:
    """What the reader must know before he believes the page."""
    damage = (Alert(State.ACT, sentence, "do these runs again: the same command does.") for sentence in view.damage)
    return (*_other_labels(view), *damage)


def _other_labels(view: CompareView) -> tuple[Alert, ...]:
    strangers = len(view.strangers)
    if not strangers:
        return ()
    which = "The two sides" if strangers == len(view.pairs) else words.count(strangers, "pair of runs", "pairs of runs")
    one, other = view.datasets
    finding = (
        f"{which} saw different labels: the fingerprints of the data sets differ ({one} in A, {other} in B). Nothing "
        "is paired there, and a difference between the figures may come from the labels alone."
    )
    advice = "the same labels on both sides; if they should be the same, find out what changed in them."
    return (Alert(State.ACT, finding, advice),)


def sentence(view: CompareView) -> str:
    """What the comparison found, in one or two sentences."""
    if not view.pairs:
        on = words.listing(view.alignment.names)
        return f"No run of A has the same {on} as a run of B, so there is nothing to compare."
    return _of_one(view, view.pairs[0]) if len(view.pairs) == 1 else _of_many(view)


def _of_one(view: CompareView, pair: RunPair) -> str:
    a, b = view.sides(pair)
    if not (a["ground_truths"] or b["ground_truths"]):
        return "No ground truth entered the assignment on either side."
    before, after = (words.ratio(run["bpr"]) for run in (a, b))
    if before == after and a["unmatched"] == b["unmatched"]:
        start = f"Recall is {before} on both sides"
    else:
        start = f"From A to B recall goes from {before} to {after} ({_counts(a)} to {_counts(b)} unmatched)"
    return f"{start}{_boxes_clause(pair)}."


def _counts(run: Mapping[str, Any]) -> str:
    return words.integer(run["unmatched"])


def _boxes_clause(pair: RunPair) -> str:
    if pair.changes is None:
        return ""
    gained, lost, level = (pair.changes[name] for name in ("gained", "lost", "level"))
    if not (gained or lost or level):
        return "; every ground truth is matched by the same levels"
    gains = f"{words.integer(gained)} gained, {words.integer(lost)} lost"
    return f"; box by box {gains} and {words.integer(level)} on other levels"


def _of_many(view: CompareView) -> str:
    recalls = [(float(a["bpr"]), float(b["bpr"])) for a, b in map(view.sides, view.pairs)]
    better, worse = (sum(sign * (b - a) > 0 for a, b in recalls) for sign in (1, -1))
    gaps = [b - a for a, b in recalls]
    widest = max(range(len(gaps)), key=lambda k: abs(gaps[k]))
    same = len(recalls) - better - worse
    counts = f"B has more recall in {better} of {len(recalls)} pairs of runs, less in {worse} and the same in {same}"
    where = f"; the largest difference is {gaps[widest]:+.4f} with {view.name(view.pairs[widest])}"
    return f"{counts}{where if gaps[widest] else ''}."


def _what_changed(view: CompareView) -> SectionContent:
    cards = _cards(view, view.pairs[0]) if len(view.pairs) == 1 else ()
    return SectionContent("verdict", "What changed", Finding(sentence(view)), cards=cards, facts=view.differences)


def _cards(view: CompareView, pair: RunPair) -> tuple[Card, ...]:
    a, b = view.sides(pair)
    shown = [name for name in METRICS if not (words.is_undefined(a[name]) and words.is_undefined(b[name]))]
    return tuple(
        Card(facts(name).short or facts(name).title, metric_text(name, b[name]), f"A: {metric_text(name, a[name])}")
        for name in shown
    )


def _side_by_side(view: CompareView) -> SectionContent:
    alone = [
        f"{words.count(len(rows), 'run')} of {side} without a partner"
        for side, rows in (("A", view.alignment.only_a), ("B", view.alignment.only_b))
        if rows
    ]
    on = f", aligned on {words.listing(view.alignment.names)}" if view.alignment.names else ""
    found = f"{words.sentence(words.count(len(view.pairs), 'pair of runs', 'pairs of runs'))}{on}"
    tables = [_pairs_table(view)] if len(view.pairs) > 1 else []
    tables += [_metrics_table(view, view.pairs[0])] if len(view.pairs) == 1 else []
    finding = f"{found}{'; ' if alone else ''}{words.listing(alone)}."
    return SectionContent("runs", "Runs side by side", Finding(finding), tables=tuple(tables))


def _pairs_table(view: CompareView) -> TableView:
    names = view.alignment.names
    known = [facts(name) for name in METRICS]
    columns = [Column(name, name) for name in names]
    for one in known:
        title = one.short or one.title
        columns += [Column(f"{one.name}_a", f"{title} A", Kind(one.kind)), Column(f"{one.name}_b", "B", Kind(one.kind))]
    rows = tuple(
        (
            *(Cell(value_text(a[name])) for name in names),
            *(Cell(metric_text(one.name, run[one.name])) for one in known for run in (a, b)),
        )
        for a, b in map(view.sides, view.pairs)
    )
    return TableView("Pairs of runs", tuple(columns), rows, folded=False)


def _metrics_table(view: CompareView, pair: RunPair) -> TableView:
    a, b = view.sides(pair)
    names = [name for name in dict.fromkeys((*a, *b)) if is_metric(name)]
    columns = (Column("metric", "metric"), *(Column(side, side, Kind.NUMBER) for side in ("A", "B", "difference")))
    rows = tuple(
        (Cell(name), *(Cell(metric_text(name, run.get(name))) for run in (a, b)), Cell(_difference(name, a, b)))
        for name in names
    )
    return TableView("All metrics, under their published names", columns, rows, folded=False)


def _difference(name: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    before, after = a.get(name), b.get(name)
    if before is None or after is None or words.is_undefined(before) or words.is_undefined(after):
        return words.UNDEFINED
    change = float(after) - float(before)
    sign = "+" if change > 0 else "−" if change < 0 else ""
    return f"{sign}{metric_text(name, abs(change))}"


def _boxes(view: CompareView) -> SectionContent:
    key, title = "boxes", "Who gained, who lost"
    if not view.paired:
        why = (
            "The labels differ, so no ground truth is paired." if view.strangers else "No ground truths can be paired."
        )
        return SectionContent(key, title, Finding(why))
    rows = [ChangeRow(view.name(pair) or "A to B", *_by_size(pair), Role.OTHER) for pair in view.paired[:MOST_BARS]]
    found = _boxes_sentence(view)
    svg = to_svg(sweep_changes.draw(rows, "from A to B"), "compare-changes", found)
    return SectionContent(
        key,
        title,
        Finding(found),
        pictures=(Picture(svg, "Became matched and unmatched, by size", wide=True),),
        thumbnails=tuple(map(thumbnail, filter(lambda one: one.jpeg, view.examples))),
        tables=(_changes_table(view),),
        how_to_read=BOXES_HOW,
    )


def _boxes_sentence(view: CompareView) -> str:
    totals = {name: sum((pair.changes or {})[name] for pair in view.paired) for name in CHANGES}
    if not sum(totals.values()):
        return "There is no ground truth to pair."
    if len(view.paired) == 1:
        of = words.count(sum(totals.values()), "ground truth")
        return (
            f"Of {of}, {words.integer(totals['gained'])} became matched, {words.integer(totals['lost'])} unmatched, "
            f"and {words.integer(totals['level'])} moved to another set of levels."
        )
    most = max(view.paired, key=lambda pair: (pair.changes or {})["gained"] + (pair.changes or {})["lost"])
    changes = most.changes or {}
    if not changes["gained"] and not changes["lost"]:
        return "No ground truth became matched or unmatched in any of the pairs."
    return (
        f"Most changed with {view.name(most)}: {words.integer(changes['gained'])} became matched and "
        f"{words.integer(changes['lost'])} unmatched."
    )


def _by_size(pair: RunPair) -> tuple[dict[str, int], dict[str, int]]:
    changes = pair.changes or {}
    gained, lost = ({size: changes[f"{side}_{size}"] for size in SIZES} for side in ("gained", "lost"))
    return gained, lost


def _changes_table(view: CompareView) -> TableView:
    names = view.alignment.names
    columns = (*(Column(name, name) for name in names), *(Column(name, name, Kind.INT) for name in CHANGES))
    rows = tuple(
        (
            *(Cell(value_text(view.sides(pair)[0][name])) for name in names),
            *(Cell(words.integer((pair.changes or {})[name])) for name in CHANGES),
        )
        for pair in view.paired
    )
    return TableView("Ground truths gained, lost and moved, from A to B", columns, rows, folded=len(rows) > 12)


def _classes(view: CompareView) -> SectionContent:
    key, title = "classes", "Classes"
    both = [one for one in view.classes if {0, 1} <= one.recall.keys()]
    if not both or view.detail is None:
        return SectionContent(key, title, Finding("No class can be compared."))
    widest = max(both, key=lambda one: one.spread)
    pair = view.pairs[view.detail]
    where = f" with {view.name(pair)}" if view.name(pair) else ""
    change = f"from {words.percent(widest.recall[0])} to {words.percent(widest.recall[1])}"
    found = f"“{widest.name}” ({words.count(widest.ground_truths, 'box', 'boxes')}) changes most{where}: {change}."
    if not widest.spread:
        found = f"The recall of every class is the same on both sides{where}."
    columns = (
        Column("class_name", "class"),
        Column("ground_truths", "ground truths", Kind.INT),
        *(Column(side, side, Kind.RATIO) for side in ("A", "B", "difference")),
    )
    rows = tuple(
        (
            Cell(one.name),
            Cell(words.integer(one.ground_truths)),
            *(Cell(words.ratio(one.recall[side])) for side in (0, 1)),
            Cell(f"{one.recall[1] - one.recall[0]:+.4f}" if one.spread else "0"),
        )
        for one in sorted(both, key=lambda one: -one.spread)
    )
    return SectionContent(key, title, Finding(found), tables=(TableView("recall of every class", columns, rows),))


_SECTIONS: Sequence[Callable[[CompareView], SectionContent]] = (_what_changed, _side_by_side, _boxes, _classes)
