"""Where positives stand before they are rounded to cells: the pattern that shows how a rule moves centres."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.assign.rule import Rule
from assignstudy.statistics import door
from assignstudy.statistics.entered import entered, level_names
from assignstudy.statistics.tables import RunTables
from assignstudy.transforms import NetworkInput
from assignstudy.types import CellOffset, Dataset, PyramidLevel

MOST = 1000
"""Positions shown per level; more would be drawn upon each other."""

MOST_IMAGES = 200
"""Images looked at: where few boxes are matched, a thousand positions may take all images there are."""


@dataclass(frozen=True, eq=False)
class Positions:
    """Positions of some images.

    Attributes:
        table: One row per distinct position: ``level``, ``x_cell`` and ``y_cell`` before rounding, and whether it was
            ``moved`` away from the ground truth's centre; by level, then from the left.
        grid_wh: Per level the columns and rows of the largest grid.
        images: Images that they come from.
        all_images: Images that have a ground truth.
    """

    table: pd.DataFrame
    grid_wh: dict[str, tuple[int, int]]
    images: int
    all_images: int


def compute(
    rule: Rule, levels: tuple[PyramidLevel, ...], dataset: Dataset, network_input: NetworkInput, tables: RunTables
) -> Positions:
    """The positions of all images, or of some spread evenly over the data set where they would be too many.

    Args:
        rule: The assignment rule.
        levels: The detection scales.
        dataset: The labels.
        network_input: The same after the transform.
        tables: What the run found.
    """
    chosen, all_images = _sample(tables)
    labels = door.label_arrays(dataset, network_input)
    image_of = labels.image_index[labels.assigned]
    parts = [part for image in chosen for part in _of_image(rule, levels, network_input, image_of, image)]
    none = pd.DataFrame({"level": pd.Series([], dtype="str"), "x_cell": [], "y_cell": [], "moved": []})
    table = (pd.concat(parts, ignore_index=True) if parts else none.astype({"moved": bool})).drop_duplicates()
    width, height = labels.image_wh_px.max(axis=0).tolist()
    shapes = door.level_shapes(levels)
    return Positions(
        table=table.sort_values(["level", "x_cell", "y_cell"], kind="stable", ignore_index=True),
        grid_wh={level.name: (-(-width // level.stride), -(-height // level.stride)) for level in shapes},
        images=len(chosen),
        all_images=all_images,
    )


def _sample(tables: RunTables) -> tuple[list[int], int]:
    """Every k-th image with ground truths: :data:`MOST_IMAGES` or fewer, about :data:`MOST` positives per level."""
    boxes = entered(tables)
    columns = [f"positives_{level}" for level in level_names(tables)]
    per_image = boxes[columns].astype("int64").groupby(boxes["image_index"].to_numpy()).sum()
    busiest = int(per_image.sum().max()) if len(per_image) else 0
    step = max(1, -(-busiest // MOST), -(-len(per_image) // MOST_IMAGES))
    return per_image.index[::step].astype(int).tolist(), len(per_image)


def _of_image(
    rule: Rule,
    levels: tuple[PyramidLevel, ...],
    network_input: NetworkInput,
    image_of: npt.NDArray[np.int64],
    image: int,
) -> Iterator[pd.DataFrame]:
    start, stop = np.searchsorted(image_of, (image, image + 1))
    found = door.positions(rule, network_input.boxes.rows(int(start), int(stop)), levels)
    for level, (position, cell_offset) in zip(levels, found, strict=True):
        columns = {"x_cell": position[:, 0], "y_cell": position[:, 1], "moved": cell_offset != CellOffset.CENTRE}
        names = pd.Series([level.name] * len(position), dtype="str")
        yield pd.DataFrame({"level": names, **columns})


def within_cell(places: pd.DataFrame) -> pd.DataFrame:
    """How centres spread along each axis of their cell.

    Args:
        places: From :func:`assignstudy.statistics.neighbours.positions`.

    Returns:
        One row per level, axis and tenth of a cell: ``level``, ``axis`` (``x`` or ``y``), ``part``, and ``share`` of
        the level's ground truths (missing where it has none).
    """
    by_axis = [
        places.groupby(["level", column], sort=False)["share"].sum(min_count=1).reset_index().set_axis(names, axis=1)
        for column, names in (("column", ["level", "part", "share"]), ("row", ["level", "part", "share"]))
    ]
    return pd.concat([table.assign(axis=axis) for table, axis in zip(by_axis, "xy", strict=True)], ignore_index=True)
