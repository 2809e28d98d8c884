"""The ground truths that fare worst: those without a positive, then those that lose all of their slots to others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assignstudy.assign.rule import Rule
from assignstudy.statistics import door, unmatched
from assignstudy.statistics.door import Failing
from assignstudy.statistics.entered import entered, records
from assignstudy.statistics.gallery import Placement, load_picture, placement
from assignstudy.statistics.tables import RunTables
from assignstudy.transforms import NetworkInput
from assignstudy.types import Dataset, PyramidLevel

if TYPE_CHECKING:
    from PIL.Image import Image

LEAST_WINDOW_ORIG = 64.0
"""Least side of what is shown around a box, in pixels of the original."""

MARGIN = 1.4
"""How many times as long as the box, or its best anchor, the window around it is."""

CROP_PX = 360
"""Longest side to which crops are scaled down."""


@dataclass(frozen=True, eq=False)
class WorstBox:
    """One ground truth and what lies around it.

    Attributes:
        row: Its row of the table of ground truths, as a named tuple.
        window_orig: Left, top, right and bottom of what is shown, in pixels of the original.
        anchor_wh_px: Its best anchor on the network input; None where the rule names none.
        place: Where its image lies on the network input.
        picture: What the window shows; None without a picture file.
        failing: Which test of the rule it fails; None where a threshold says so, or where it has positives.
    """

    row: Any
    window_orig: tuple[float, float, float, float]
    anchor_wh_px: tuple[float, float] | None
    place: Placement
    picture: Image | None
    failing: Failing | None


def compute(
    dataset: Dataset,
    network_input: NetworkInput,
    tables: RunTables,
    rule: Rule,
    levels: tuple[PyramidLevel, ...],
    most: int = 12,
) -> tuple[WorstBox, ...]:
    """The worst ground truths, farthest from being matched first: by the threshold's number, or by the test they fail.

    Those that fail the same test come by their size, the smallest first.

    Args:
        dataset: The labels.
        network_input: The same after the transform.
        tables: What the run found.
        rule: The assignment rule.
        levels: The detection scales.
        most: How many at most.
    """
    lost = unmatched.worst(tables, rule.facts.threshold)
    failing = door.failing(rule, network_input.boxes, levels, lost["gt_id"].tolist())
    if failing:
        severity = np.array([failing[gt_id].miss for gt_id in lost["gt_id"]])
        lost = lost.iloc[np.lexsort((lost["w_px"] * lost["h_px"], severity))]
    boxes = entered(tables)
    robbed = boxes[((boxes["positives"] > 0) & (boxes["owned"] == 0)).to_numpy(bool)]
    rows = records(pd.concat([lost.head(most), robbed.head(most)]).head(most))
    anchors = _anchor_sizes(tables)
    return tuple(
        _around(dataset, network_input, row, anchors.get(str(row.best_anchor)), failing.get(int(row.gt_id)))
        for row in rows
    )


def _anchor_sizes(tables: RunTables) -> dict[str, tuple[float, float]]:
    """Width and height on the input of each anchor, by the name that the column ``best_anchor`` has."""
    return {
        f"{row.level}/{row.anchor}": (float(row.anchor_w_px), float(row.anchor_h_px)) for row in records(tables.levels)
    }


def _around(
    dataset: Dataset,
    network_input: NetworkInput,
    row: Any,
    anchor_wh_px: tuple[float, float] | None,
    failing: Failing | None,
) -> WorstBox:
    place = placement(dataset, network_input, int(row.image_index))
    window = _window(row, place, anchor_wh_px)
    picture, _ = load_picture(dataset, int(row.image_index), None)
    if picture is not None:
        scale = np.tile(np.divide(picture.size, place.wh_orig), 2)
        picture = picture.crop(tuple(np.multiply(window, scale).round().astype(int).tolist()))
        picture.thumbnail((CROP_PX, CROP_PX))
    return WorstBox(row, window, anchor_wh_px, place, picture, failing)


def _window(row: Any, place: Placement, anchor_wh_px: tuple[float, float] | None) -> tuple[float, float, float, float]:
    """A square around the box and its best anchor, as far as the image reaches; whole pixels."""
    factor = np.divide(place.wh_orig, place.resized_wh_px)
    anchor_orig = np.multiply(anchor_wh_px, factor) if anchor_wh_px else np.zeros(2)
    longest = max(row.x2_orig - row.x1_orig, row.y2_orig - row.y1_orig, *anchor_orig.tolist())
    half = max(MARGIN * longest, LEAST_WINDOW_ORIG) / 2
    width, height = place.wh_orig
    left, right = _span((row.x1_orig + row.x2_orig) / 2, half, width)
    top, bottom = _span((row.y1_orig + row.y2_orig) / 2, half, height)
    return left, top, right, bottom


def _span(middle: float, half: float, end: int) -> tuple[float, float]:
    """``middle`` minus and plus ``half``, moved inside 0 and ``end``, and cut where that is too short."""
    length = min(round(2 * half), end)
    low = min(max(round(middle - half), 0), end - length)
    return float(low), float(low + length)
