"""The worst ground truths: a contact sheet of crops, each with what it is and why it fails."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from assignstudy.figures import panel_svg
from assignstudy.figures import worst_boxes as figure
from assignstudy.report import failing, words
from assignstudy.report.content import Crop, Finding, SectionContent, State
from assignstudy.report.photos import symbols
from assignstudy.report.view import RunView
from assignstudy.statistics.worst_boxes import WorstBox
from assignstudy.types import RuleFacts


def worst_boxes(view: RunView, key: str, title: str) -> SectionContent:
    """The ground truths that get nothing, or lose everything."""
    assert view.pictures is not None, "this section is only built for runs with pictures"
    worst = view.pictures.worst
    photos = {f"{key}-photo-{number}": box.picture for number, box in enumerate(worst) if box.picture}
    crops = tuple(_crop(box, f"{key}-photo-{number}", view.rule) for number, box in enumerate(worst))
    anchors = ", dashed its best anchor around its centre" if view.rule.threshold is not None else ""
    return SectionContent(
        key,
        title,
        Finding(_sentence(view, len(worst)), State.FINE if not crops else None),
        symbols=symbols(photos),
        crops=crops,
        how_to_read=f"solid is the ground truth{anchors}; sizes are those on the network input." if crops else "",
    )


def _sentence(view: RunView, shown: int) -> str:
    metrics = view.tables.metrics
    lost, robbed = metrics["unmatched"] or 0, metrics["matched_without_slot"] or 0
    if not lost and not robbed:
        return "Every ground truth has a positive and keeps at least one slot."
    parts = [f"{words.count(lost, 'ground truth')} {'has' if lost == 1 else 'have'} no positive"] if lost else []
    verb = "loses all its slots" if robbed == 1 else "lose all their slots"
    parts += [f"{words.count(robbed, 'ground truth')} {verb} to others"] if robbed else []
    which = "all of them" if shown == lost + robbed else f"{shown} of them, the worst first"
    return words.sentence(f"{words.listing(parts)}; here {'is' if shown == 1 else 'are'} {which}.")


def _crop(box: WorstBox, photo: str, rule: RuleFacts) -> Crop:
    row = box.row
    lines = [f"{words.number(row.w_px)} × {words.number(row.h_px)} px"]
    if box.anchor_wh_px is not None:
        width, height = map(words.number, box.anchor_wh_px)
        lines.append(f"best anchor {row.best_anchor}, {width}\u00a0×\u00a0{height}\u00a0px")
    if rule.threshold is not None:
        lines.append(f"{rule.threshold.critical} {words.number(getattr(row, rule.threshold.critical))}")
    why = words.sentence(f"{why_it_fails(box, rule)}.")
    name, where = words.name(row.class_name), words.name(row.image)
    svg = panel_svg.write_plain(figure.draw(box), {"photo": photo}, f"{name} in {where}: {why}")
    full = words.in_full(row.class_name, row.image)
    return Crop(Markup(svg), name, f"{where}, gt_id {row.gt_id}", tuple(lines), why, full)


def why_it_fails(box: WorstBox, rule: RuleFacts) -> str:
    """Why a ground truth has no positive, or keeps none: half a sentence."""
    row, threshold = box.row, rule.threshold
    if box.failing is not None:
        return failing.why(box.failing, rule)
    if row.positives > 0:
        return f"all of its {words.count(row.positives, 'positive')} lie on slots that other ground truths win"
    assert threshold is not None, "a rule without a threshold says which of its tests fails"
    critical = words.number_beside(float(getattr(row, threshold.critical)), threshold.value)
    limit = words.number(round(threshold.value, 4))
    if threshold.matches_below and box.anchor_wh_px is not None:
        side = _side(row, box.anchor_wh_px, threshold.value)
        return f"{side} its best anchor, where less than {limit} times fits"
    return f"shares {critical} of its shape with its best anchor, where more than {limit} fits"


def _side(row: Any, anchor_wh_px: tuple[float, float], limit: float) -> str:
    """``5.11 times as wide as``, for the side that differs most from the anchor's."""
    wide, tall = row.w_px / anchor_wh_px[0], row.h_px / anchor_wh_px[1]
    ratios = {"as wide as": wide, "narrower than": 1 / wide, "as tall as": tall, "shorter than": 1 / tall}
    how, ratio = max(ratios.items(), key=lambda item: item[1])
    return f"{words.number_beside(float(ratio), limit)} times {how}"
