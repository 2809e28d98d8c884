"""The page of a sweep: the ordered list of its sections, and the frame around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from assignstudy.report import (
    render,
    sweep_changes,
    sweep_classes,
    sweep_curves,
    sweep_effects,
    sweep_pick,
    sweep_runs,
    sweep_thresholds,
    words,
)
from assignstudy.report.content import Alert, Fact, Finding, SectionContent, State
from assignstudy.report.sweep_view import SweepView
from assignstudy.statistics.sweep_parameters import parameters, value_text


@dataclass(frozen=True)
class SweepSection:
    """One section of the page.

    Attributes:
        key: Its anchor on the page.
        title: Its heading.
        build: Computes, draws and words it.
    """

    key: str
    title: str
    build: Callable[[SweepView], SectionContent]


SECTIONS = tuple(
    SweepSection(module.KEY, module.TITLE, module.build)
    for module in (
        sweep_pick,
        sweep_runs,
        sweep_curves,
        sweep_thresholds,
        sweep_effects,
        sweep_changes,
        sweep_classes,
    )
)

GLOSSARY = (
    Fact("ground truth", "One labelled box."),
    Fact("positive", "A prediction of the network that the rule makes answer for a ground truth."),
    Fact("unmatched", "A ground truth without a positive: training never sees it."),
    Fact(
        "best possible recall (bpr)",
        "Share of the ground truths that have a positive at all.",
    ),
    Fact("slot", "One prediction of the network: one anchor of one level in one cell of one image."),
    Fact("contested", "A slot that two or more ground truths claim; only one of them gets it."),
    Fact(
        "smaller than one cell",
        "A box whose area is less than that of one cell of the finest level: on the network input its side, the square "
        "root of width times height, is below the stride.",
    ),
    Fact("unreachable", "A positive whose box the network cannot output, however it is trained."),
)
"""The words on the page."""


def build(view: SweepView) -> tuple[SectionContent, ...]:
    """All sections in their order; one that cannot be built carries its error."""
    return tuple(_built(section, view) for section in SECTIONS)


def write_page(path: Path, view: SweepView) -> tuple[str, ...]:
    """Write the page of a sweep; replaced as a whole, so that nobody ever reads half a page.

    Args:
        path: File to write.
        view: What the page may know.

    Returns:
        One sentence per section that could not be built; empty where all is well.
    """
    contents = build(view)
    html = render.render(
        "sweep.html.j2",
        sections=contents,
        dataset=view.dataset,
        count=words.count(len(view.runs) + len(view.unfinished), "run"),
        settings=_shared_settings(view),
        alerts=_alerts(view),
        notices=_notices(view),
        glossary=GLOSSARY,
    )
    render.write_page(path, html)
    return tuple(f"section “{content.title}”: {content.error}" for content in contents if content.error)


def _built(section: SweepSection, view: SweepView) -> SectionContent:
    try:
        return section.build(view)
    except Exception as error:  # the one boundary where a defect must not cost the rest of the page; it is not silent
        problem = f"{type(error).__name__}: {error}"
        return SectionContent(section.key, section.title, Finding("", State.ACT), error=problem)


def _shared_settings(view: SweepView) -> tuple[Fact, ...]:
    """The parameters that all runs have in common."""
    if view.runs.empty:
        return ()
    differ = set(view.parameters)
    first = {name: view.runs[name].iloc[0] for name in parameters(view.runs) if name not in differ}
    return tuple(Fact(name, value_text(value)) for name, value in first.items() if not pd.isna(value))


def _alerts(view: SweepView) -> tuple[Alert, ...]:
    """What the reader must know before he believes the page."""
    others = len(view.on_other_labels)
    if not others:
        return ()
    finding = (
        f"{words.count(others, 'run')} of {len(view.finished)} saw other labels than the baseline: their fingerprints "
        "differ. Such figures cannot be compared, so these runs stand in the table of runs and nowhere else."
    )
    return (Alert(State.ACT, finding, "one sweep per data set; if there is only one, find out what changed in it."),)


def _notices(view: SweepView) -> tuple[str, ...]:
    return tuple(filter(None, (_failed(view), _unfinished(view), *view.notices)))


def _failed(view: SweepView) -> str:
    if view.failed.empty:
        return ""
    if view.finished.empty:
        return f"{'The only run' if len(view.runs) == 1 else f'All {len(view.runs)} runs'} failed; the table says why."
    many = f"{len(view.failed)} of {words.count(len(view.runs), 'run')} failed"
    return f"{many}; the table of runs says why, and the rest of the page compares the others."


def _unfinished(view: SweepView) -> str:
    if not view.unfinished:
        return ""
    keys = words.listing(view.unfinished[:8]) + (" and others" if len(view.unfinished) > 8 else "")
    return (
        f"{words.count(len(view.unfinished), 'run')} did not finish ({keys}): interrupted, or still running. "
        "The same command with hydra.sweep.dir set to this folder does what is left and builds this page again."
    )
