"""What happened to each ground truth of an image, in one line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from assignstudy.report import words
from assignstudy.statistics.door import LevelShape
from assignstudy.statistics.entered import records
from assignstudy.statistics.gallery import ShownImage
from assignstudy.types import RuleFacts

LONGEST = 60
"""Lines under one image; those of ground truths that something is wrong with come first where there are more."""


def lines(image: ShownImage, levels: Sequence[LevelShape], rule: RuleFacts) -> tuple[str, ...]:
    """One sentence per ground truth: ``person 3: 2 anchors on P3, 3 cells each; nothing on P4 and P5.``"""
    boxes = image.ground_truths
    by_number = dict(list(image.positives.groupby("number", sort=False)))
    none = image.positives.head(0)
    shown = sorted(records(boxes), key=lambda box: _is_fine(box)) if len(boxes) > LONGEST else records(boxes)
    said = [_line(box, by_number.get(box.number, none), levels, rule) for box in shown[:LONGEST]]
    left_out = len(boxes) - len(said)
    return (*said, *([f"… and {words.count(left_out, 'further ground truth')}."] if left_out else []))


def _is_fine(box: Any) -> bool:
    return bool(box.ignored) or bool(box.positives > 0 and box.owned > 0)


def _line(box: Any, positives: pd.DataFrame, levels: Sequence[LevelShape], rule: RuleFacts) -> str:
    name = f"{box.class_name} {box.number}"
    if box.ignored:
        return f"{name}: ignored, kept out of the assignment."
    if positives.empty:
        return f"{name}: no positive on any level{_why_none(box, rule)}."
    by_level = {level.name: positives[(positives["level"] == level.name).to_numpy(bool)] for level in levels}
    parts = [_on_level(level, rows, rule) for level, rows in by_level.items() if len(rows)]
    empty = [level for level, rows in by_level.items() if rows.empty]
    parts += [f"nothing on {words.listing(empty)}"] if empty else []
    return f"{name}: {'; '.join([*parts, *_troubles(positives)])}."


def _on_level(level: str, rows: pd.DataFrame, rule: RuleFacts) -> str:
    """``2 anchors on P3, 3 cells each``."""
    cells = rows.groupby("anchor", sort=False).size().to_numpy()
    if rule.slots == "points":
        return f"{words.count(len(rows), 'point')} on {level}"
    anchors = f"{words.count(len(cells), 'anchor')} on {level}"
    if (cells == cells[0]).all():
        each = " each" if len(cells) > 1 else ""
        return f"{anchors}, {words.count(int(cells[0]), 'cell')}{each}"
    places = int(rows[["grid_y", "grid_x"]].drop_duplicates().shape[0])
    return f"{anchors} in {words.count(places, 'cell')}, {words.count(len(rows), 'positive')}"


def _troubles(positives: pd.DataFrame) -> list[str]:
    slots = positives.drop_duplicates(["level", "anchor", "grid_y", "grid_x"])
    contested, owned = slots["contested"].to_numpy(bool), slots["owned"].to_numpy(bool)
    unreachable = int(positives["unreachable"].sum())
    found = []
    if contested.any():
        lost = int((~owned).sum())
        outcome = "keeps all of them" if not lost else "keeps no slot at all" if not owned.any() else f"loses {lost}"
        found.append(f"{words.count(int(contested.sum()), 'slot')} contested, {outcome}")
    if unreachable:
        found.append(f"{words.count(unreachable, 'positive')} beyond the decoder’s reach")
    return found


def _why_none(box: Any, rule: RuleFacts) -> str:
    threshold = rule.threshold
    if threshold is None or not threshold.decides_match:
        return ""
    number = getattr(box, threshold.critical)
    nearest = "" if pd.isna(box.best_anchor) else f" with {box.best_anchor}"
    needed = "below" if threshold.matches_below else "above"
    value = words.number(float(np.float32(threshold.value)))
    return f": {threshold.critical} {words.number(number)}{nearest}, needed {needed} {value}"
