"""What happened to each ground truth of an image, in one line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from assignstudy.report import failing, words
from assignstudy.report.content import Line
from assignstudy.statistics.door import Failing, LevelShape
from assignstudy.statistics.entered import records
from assignstudy.statistics.gallery import ShownImage, beyond_border
from assignstudy.types import RuleFacts

LONGEST = 60
"""Lines under one image; those of ground truths that something is wrong with come first where there are more."""


def lines(image: ShownImage, levels: Sequence[LevelShape], rule: RuleFacts) -> tuple[Line, ...]:
    """One sentence per ground truth, such as ``person 3: 2 anchors on P3, 3 cells each; nothing on P4 and P5``."""
    boxes = records(image.ground_truths)
    by_number: dict[int, list[Any]] = {}
    for row in records(image.positives):
        by_number.setdefault(row.number, []).append(row)
    shown = sorted(boxes, key=_is_fine)[:LONGEST] if len(boxes) > LONGEST else boxes
    names = [level.name for level in levels]
    said = [
        Line(_line(box, by_number.get(box.number, []), names, rule, image), words.in_full(box.class_name))
        for box in shown
    ]
    left_out = len(boxes) - len(said)
    return (*said, *([Line(f"… and {words.count(left_out, 'further ground truth')}.")] if left_out else []))


def clipped(image: ShownImage) -> str:
    """What reaches over the border of an image and is cut off there, in one sentence; empty where nothing does."""
    counts = beyond_border(image)
    said = [words.count(count, name) for name, count in counts.items() if count]
    verb = "reaches over it and is" if sum(counts.values()) == 1 else "reach over it and are"
    return f"At the border of the image: {words.listing(said)} {verb} cut off there." if said else ""


def _is_fine(box: Any) -> bool:
    return bool(box.ignored) or bool(box.positives > 0 and box.owned > 0)


def _line(box: Any, positives: list[Any], levels: Sequence[str], rule: RuleFacts, image: ShownImage) -> str:
    name = f"{words.name(box.class_name)} {box.number}"
    if box.ignored:
        return f"{name}: ignored, kept out of the assignment."
    if not positives:
        return f"{name}: no positive on any level{_why_none(box, rule, image.failing.get(int(box.gt_id)))}."
    by_level = {level: [row for row in positives if row.level == level] for level in levels}
    parts = [_on_level(level, rows, rule) for level, rows in by_level.items() if rows]
    empty = [level for level, rows in by_level.items() if not rows]
    parts += [f"nothing on {words.listing(empty)}"] if empty else []
    return f"{name}: {'; '.join([*parts, *_troubles(positives)])}."


def _on_level(level: str, rows: list[Any], rule: RuleFacts) -> str:
    """``2 anchors on P3, 3 cells each``."""
    if rule.slots == "points":
        return f"{words.count(len(rows), 'point')} on {level}"
    # A centre on a grid line can claim one cell twice, as its own and as a neighbour.
    cells = Counter(anchor for anchor, *_ in {(row.anchor, row.grid_y, row.grid_x) for row in rows})
    anchors = f"{words.count(len(cells), 'anchor')} on {level}"
    if len(set(cells.values())) == 1:
        each = " each" if len(cells) > 1 else ""
        return f"{anchors}, {words.count(cells[rows[0].anchor], 'cell')}{each}"
    places = len({(row.grid_y, row.grid_x) for row in rows})
    return f"{anchors} in {words.count(places, 'cell')}, {words.count(len(rows), 'positive')}"


def _troubles(positives: list[Any]) -> list[str]:
    owned = {(row.level, row.anchor, row.grid_y, row.grid_x): row.owned for row in positives}
    contested = len({(row.level, row.anchor, row.grid_y, row.grid_x) for row in positives if row.contested})
    unreachable = sum(row.unreachable for row in positives)
    found = []
    if contested:
        lost = sum(not is_owned for is_owned in owned.values())
        every = lost == len(owned)
        outcome = "keeps all of them" if not lost else "keeps no slot at all" if every else f"loses {lost}"
        found.append(f"{words.count(contested, 'slot')} contested, {outcome}")
    if unreachable:
        found.append(f"{words.count(unreachable, 'positive')} beyond the decoder’s reach")
    return found


def _why_none(box: Any, rule: RuleFacts, missed: Failing | None) -> str:
    threshold = rule.threshold
    if missed is not None:
        return f": {failing.why(missed, rule)}"
    if threshold is None or not threshold.decides_match:
        return ""
    number = getattr(box, threshold.critical)
    nearest = "" if pd.isna(box.best_anchor) else f" with {box.best_anchor}"
    needed = "below" if threshold.matches_below else "above"
    limit = float(np.float32(threshold.value))
    told = words.number_beside(float(number), limit)
    return f": {threshold.critical} {told}{nearest}, needed {needed} {words.number(limit)}"
