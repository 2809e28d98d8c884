"""What runs on disk say together about the same ground truths, and what these look like.

Their tables are read one at a time. Pictures are shown where the data set can still be read and its labels are still
those that the runs saw; without them everything else stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.assign.rule import Rule
from assignstudy.errors import AssignStudyError, RecordError
from assignstudy.figures import sweep_thumbnail
from assignstudy.record import RunRecord
from assignstudy.report.judgement import SUB_CELL
from assignstudy.report.sweep_view import Example
from assignstudy.statistics import sub_cell, sweep_classes, sweep_pairs
from assignstudy.statistics.sub_cell import SubCell
from assignstudy.statistics.sweep_classes import ClassRecall
from assignstudy.statistics.sweep_pairs import Comparison
from assignstudy.statistics.sweep_parameters import records
from assignstudy.tables import read_table

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_EXAMPLES = {"gained": 4, "lost": 4, "never": 8}
MOST_LISTED = 50
"""Ground truths that a page lists one by one; the tables beside it hold all."""

_RULES = "assignstudy.assign."
_SHOWN = ("image", "image_index", "class_id", "class_name", "x1_orig", "y1_orig", "x2_orig", "y2_orig", "w_px", "h_px")
_PAIRED = ("gt_id", "ignored", "size_bin", *_SHOWN)
_LEVELS = tuple(f"positives_P{number}" for number in range(17))  # strides go up to 2 ** 16
_STANDING = ("gt_id", "ignored", "size_bin", *_LEVELS)


def rule_of(record: RunRecord) -> Rule | None:
    """The rule of a run, set up as it was; only ever one of this package, whatever a record names."""
    options = record.config.get("assigner")
    target = options.get("_target_") if isinstance(options, Mapping) else None
    module, _, name = str(target).rpartition(".")
    if not module.startswith(_RULES) or not isinstance(options, Mapping):
        return None
    with suppress(ImportError, TypeError, AssignStudyError):  # a rule of another version, or one that has changed
        found = getattr(import_module(module), name, None)
        if isinstance(found, type) and issubclass(found, Rule):
            return found(**{option: value for option, value in options.items() if option != "_target_"})
    return None


class RunTables:
    """The tables of some runs, read one at a time; those that cannot be read are noted once.

    Attributes:
        notices: One sentence per table that cannot be read.
        readable: The other runs.
    """

    def __init__(self, folders: Mapping[int, Path]) -> None:
        """Look which tables are there.

        Args:
            folders: The folder of each run, by its row in the table of runs.
        """
        self._folders = dict(folders)
        self.notices: list[str] = []
        self.readable = [row for row in self._folders if self._can_be_read(row)]

    def ground_truths(self, row: int, columns: Sequence[str]) -> pd.DataFrame:
        """Some columns of a run's table of ground truths; those that it does not have are left out."""
        return read_table(self._folders[row] / "ground_truths.parquet", columns)

    def compare(self, base: int, others: Sequence[int], keys: Mapping[int, str]) -> Comparison:
        """Some runs against one of them.

        Args:
            base: The run that the others are held against.
            others: The other runs.
            keys: What the comparison calls each run.
        """
        standings = ((keys[row], sweep_pairs.standing(self.ground_truths(row, _STANDING))) for row in others)
        return sweep_pairs.compare(sweep_pairs.standing(self.ground_truths(base, _STANDING)), standings)

    def sizes(self, row: int) -> npt.NDArray[np.float32]:
        """(G, 2) sizes on the network input of the ground truths that entered the assignment; none if not readable."""
        if row not in self.readable:
            return np.empty((0, 2), np.float32)
        table = self.ground_truths(row, ("ignored", "w_px", "h_px"))
        return table.loc[~table["ignored"].astype(bool), ["w_px", "h_px"]].to_numpy(np.float32)

    def small_boxes(self, row: int) -> SubCell | None:
        """The boxes of a run beside the cells of its finest level; None where its table of levels cannot be read."""
        with suppress(RecordError):
            levels = read_table(self._folders[row] / "levels.parquet", ["stride"])
            strides = levels["stride"].astype("int64") if "stride" in levels else levels.index
            if len(strides) and strides.min() >= 1:
                return sub_cell.compute(self.ground_truths(row, sub_cell.COLUMNS), int(strides.min()), SUB_CELL[0])
        return None

    def paired(self, base: int, other: int) -> pd.DataFrame:
        """The ground truths of two runs side by side, with what it takes to show them."""
        return sweep_pairs.pair(*(self.ground_truths(row, (*_PAIRED, *_LEVELS)) for row in (base, other)))

    def some(self, row: int, gt_id: Sequence[int]) -> pd.DataFrame:
        """Of some ground truths those that a run has, the largest of each class first."""
        table = self.ground_truths(row, _PAIRED)
        chosen = table[table["gt_id"].isin(list(gt_id))].reset_index(drop=True)
        return chosen.loc[sweep_pairs.largest_by_class(chosen["class_id"], chosen["w_px"] * chosen["h_px"])]

    def classes(self, rows: Sequence[int]) -> tuple[ClassRecall, ...]:
        """Recall by class and run, of the runs whose table of classes can be read; the others are noted."""
        tables: dict[int, pd.DataFrame] = {}
        for row in rows:
            try:
                tables[row] = read_table(self._folders[row] / "classes.parquet", sweep_classes.COLUMNS)
            except RecordError as error:
                self.notices.append(f"Left out where classes are compared: {error}.")
        return sweep_classes.compute(tables.items())

    def _can_be_read(self, row: int) -> bool:
        path = self._folders[row] / "ground_truths.parquet"
        try:
            found = read_table(
                path, (*_PAIRED, *_LEVELS)
            )  # all that is asked for later: a page may be damaged anywhere
            if missing := [name for name in _PAIRED if name not in found]:
                raise RecordError(f"{path}: expected the columns {', '.join(missing)}, got none; run it again")
        except RecordError as error:
            what = str(error).replace(str(self._folders[row].parent), "…")  # the run's own folder tells which it is
            self.notices.append(f"Left out where ground truths are compared: {what}.")
            return False
        return True


def examples(paired: pd.DataFrame | None, never: pd.DataFrame, record: RunRecord) -> tuple[Example, ...]:
    """The ground truths that say most: gained and lost from one run to another, and those that no run matches.

    Args:
        paired: From :meth:`RunTables.paired`, or None.
        never: From :meth:`RunTables.some`.
        record: Of one of the runs: where its data set was.
    """
    groups: dict[str, pd.DataFrame] = {}
    if paired is not None:
        for change in ("gained", "lost"):
            groups[change] = _one_side(sweep_pairs.telling(paired, change, MOST_EXAMPLES[change]))
    groups["never"] = never.head(MOST_EXAMPLES["never"])
    rows = [(group, box) for group, boxes in groups.items() for box in records(boxes).values()]
    load_picture = _pictures(record) if rows else None
    return tuple(_example(group, box, load_picture) for group, box in rows)


def _one_side(pairs: pd.DataFrame) -> pd.DataFrame:
    """What a ground truth is, from the first run that has it."""
    sides = {name: (pairs[f"{name}_a"].astype(object), pairs[f"{name}_b"].astype(object)) for name in _SHOWN}
    return pd.DataFrame({name: first.where(first.notna(), other) for name, (first, other) in sides.items()})


def _pictures(record: RunRecord) -> Callable[[int], Image] | None:
    """Opens the pictures of a run's data set, if it is where it was and its labels are what they were."""
    from assignstudy.job import read_labels

    options = record.config.get("dataset")
    if not isinstance(options, Mapping) or record.fingerprint is None:
        return None
    with suppress(AssignStudyError):
        labels = read_labels(options)
        return labels.dataset.load_picture if labels.fingerprint == record.fingerprint else None
    return None


def _example(group: str, box: Mapping[str, object], load_picture: Callable[[int], Image] | None) -> Example:
    corners = [float(str(box[name])) for name in ("x1_orig", "y1_orig", "x2_orig", "y2_orig")]
    jpeg = b""
    if load_picture is not None and np.isfinite(corners).all():
        with suppress(OSError):  # one picture that is gone takes nothing else with it
            picture = load_picture(int(str(box["image_index"])))
            jpeg = sweep_thumbnail.draw(picture, (corners[0], corners[1], corners[2], corners[3]))
    width, height = (float(str(box[name])) for name in ("w_px", "h_px"))
    return Example(group, str(box["image"]), str(box["class_name"]), width, height, jpeg)
