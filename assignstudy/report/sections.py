"""The sections of a run page, in order. A new one is one row here: its question, its answer, and when it applies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assignstudy.report import fit_section, gallery, model_sections
from assignstudy.report.class_section import classes
from assignstudy.report.content import Finding, SectionContent, State
from assignstudy.report.loss_section import loss_section
from assignstudy.report.matching_sections import levels, neighbour_cells, positives
from assignstudy.report.positions import positions
from assignstudy.report.shape_sections import shapes, threshold
from assignstudy.report.slot_sections import background, crowding
from assignstudy.report.source_sections import data_issues, provenance
from assignstudy.report.verdict import verdict
from assignstudy.report.view import RunView
from assignstudy.report.worst_boxes import worst_boxes


@dataclass(frozen=True)
class Section:
    """One section of the run page.

    Attributes:
        key: Its anchor on the page; every id in its figures begins with it.
        title: Its heading.
        build: Computes, draws and words it, from ``(view, key, title)``.
        applies: Whether it means anything for a run and has something to show.
    """

    key: str
    title: str
    build: Callable[[RunView, str, str], SectionContent]
    applies: Callable[[RunView], bool] = lambda _view: True


def _threshold_decides(view: RunView) -> bool:
    return view.rule.threshold is not None and view.rule.threshold.decides_match


def _has_pictures(view: RunView) -> bool:
    return view.pictures is not None


SECTIONS = (
    Section("verdict", "Verdict", verdict),
    Section("positives", "Positives per ground truth", positives),
    Section("levels", "Levels and anchors", levels, lambda view: view.rule.slots == "anchors"),
    Section("points", "Levels", levels, lambda view: view.rule.slots == "points"),
    Section("fit", "Fitted anchors", fit_section.fitted_anchors, lambda view: view.fit is not None),
    Section("neighbours", "Neighbour cells", neighbour_cells, lambda view: view.rule.neighbour_cells),
    Section("positions", "Positions", positions, _has_pictures),
    Section("shapes", "Shapes", shapes),
    Section("threshold", "Threshold curve", threshold, _threshold_decides),
    Section("crowding", "Contested and unreachable slots", crowding, lambda view: view.rule.shares_slots),
    Section("background", "Positives and background", background, lambda view: not view.rule.shares_slots),
    Section("classes", "Classes", classes),
    Section("worst", "Worst ground truths", worst_boxes, _has_pictures),
    Section("gallery", "Pictures", gallery.pictures, _has_pictures),
    Section("loss", "Loss at the start", loss_section, lambda view: view.tables.loss_at_start is not None),
    Section("features", "Feature maps", model_sections.feature_maps, lambda view: view.model is not None),
    Section("losses", "Loss per ground truth", model_sections.losses, lambda view: view.model is not None),
    Section("issues", "Data issues", data_issues),
    Section("provenance", "Provenance", provenance),
)


def build(view: RunView) -> tuple[SectionContent, ...]:
    """All sections that apply to the run; one that cannot be built carries its error."""
    return tuple(_built(section, view) for section in SECTIONS if section.applies(view))


def _built(section: Section, view: RunView) -> SectionContent:
    try:
        return section.build(view, section.key, section.title)
    except Exception as error:  # the one boundary where a defect must not cost the rest of the page; it is not silent
        problem = f"{type(error).__name__}: {error}"
        return SectionContent(section.key, section.title, Finding("", State.ACT), error=problem)
