"""Section: which ground truths a setting gains and loses, against the baseline."""

from __future__ import annotations

from assignstudy.figures import sweep_changes
from assignstudy.figures.sweep_changes import ChangeRow
from assignstudy.report import words
from assignstudy.report.content import Cell, Column, Finding, Kind, Picture, SectionContent, TableView
from assignstudy.report.embed import to_svg
from assignstudy.report.sweep_cells import run_cells, run_columns
from assignstudy.report.sweep_view import SweepView
from assignstudy.statistics.sweep_pairs import Comparison

KEY, TITLE = "changes", "Who gained, who lost"
MOST_BARS = 40
HOW_TO_READ = (
    "every ground truth is followed from the baseline to each run by its gt_id, so gains and losses do not cancel out. "
    "Sizes are those on the baseline's network input: small < 32² ≤ medium ≤ 96² < large, in px². Another level means that "
    "the ground truth is matched in both, but by another set of levels."
)


def build(view: SweepView) -> SectionContent:
    """Every comparable run against the baseline, ground truth by ground truth."""
    comparison = view.comparison
    if comparison is None or view.baseline is None:
        return SectionContent(KEY, TITLE, Finding("There are no two runs on the same labels to compare."))
    alone = comparison.changes.empty
    return SectionContent(
        KEY,
        TITLE,
        Finding(_sentence(view, comparison)),
        pictures=() if alone else (_picture(view, comparison),),
        tables=(*(() if alone else (_changes(view, comparison),)), _never(comparison)),
        how_to_read="" if alone else HOW_TO_READ,
    )


def _sentence(view: SweepView, comparison: Comparison) -> str:
    boxes = words.count(comparison.ground_truths, "ground truth")
    never = int(comparison.never.sum())
    left = f"{words.sentence(words.count(never, 'of them', 'of them'))}" if False else ""
    return f"{left}{_best_change(view, comparison)}{_never_sentence(never, boxes, comparison)}"
