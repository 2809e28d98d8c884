"""Which ground truths one run matches and another does not, paired by ``gt_id``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.extensions import ExtensionDtype

from assignstudy.statistics.ground_truths import SIZE_BINS
from assignstudy.statistics.sweep_metrics import level_columns, level_number

CHANGES = ("lost", "gained", "level", "same")
"""From one run to another: no positive any more; first positives; positives on another set of levels; neither."""

_BY_SIZE = ("gained", "lost")

Ints = npt.NDArray[np.int64]
ColumnType = np.dtype[np.generic] | ExtensionDtype


@dataclass(frozen=True, eq=False)
class Standing:
    """What became of each ground truth in one run.

    Attributes:
        gt_id: (G,) ascending ids of the ground truths that entered the assignment.
        levels: (G,) the set of levels with a positive, as bits (bit 3 for P3); 0 for an unmatched ground truth.
        size_bin: (G,) ordered categorical, measured on the run's network input.
    """

    gt_id: Ints
    levels: Ints
    size_bin: pd.Categorical


@dataclass(frozen=True, eq=False)
class Comparison:
    """All runs of a sweep against one of them.

    Attributes:
        changes: One row per compared run, in the order given: ``gained``, ``lost``, ``level``, ``same``, and
            ``gained_small`` and so on by size bin; indexed by run key.
        never: Ground truths that no run matches, by size bin.
        never_ids: Their ``gt_id``, ascending.
        ground_truths: Ground truths that entered the assignment of some run.
    """

    changes: pd.DataFrame
    never: pd.Series
    never_ids: Ints
    ground_truths: int


def pair(run_a: pd.DataFrame, run_b: pd.DataFrame) -> pd.DataFrame:
    """Two tables of ground truths side by side.

    Args:
        run_a: ``ground_truths`` of one run.
        run_b: ``ground_truths`` of another run on the same boxes.

    Returns:
        One row per ``gt_id`` of either side, ascending: ``gt_id``, ``change`` (ordered categorical of :data:`CHANGES`,
        seen from a to b), then all columns of a ending in ``_a`` and all of b ending in ``_b``. A ground truth that one
        side does not have (the transform left nothing of it) counts as unmatched there and has missing values on that
        side; integers and flags become nullable types then.
    """
    sides = [run.set_index("gt_id") for run in (run_a, run_b)]
    gt_id = sides[0].index.union(sides[1].index)
    levels = [_aligned(_level_bits(run), run["gt_id"].to_numpy(), gt_id.to_numpy()) for run in (run_a, run_b)]
    aligned = [_reindexed(side, gt_id).add_suffix(end) for side, end in zip(sides, ("_a", "_b"), strict=True)]
    paired = pd.concat(aligned, axis="columns").reset_index()
    changes = pd.Categorical.from_codes(_changes(*levels), categories=pd.Index(CHANGES), ordered=True)
    paired.insert(1, "change", pd.Series(changes))
    return paired


def standing(ground_truths: pd.DataFrame) -> Standing:
    """What became of each ground truth.

    Args:
        ground_truths: A run's table with ``gt_id``, ``ignored``, ``size_bin`` and ``positives_P3`` and so on.
    """
    entered = ground_truths[~ground_truths["ignored"].astype(bool)]
    return Standing(
        gt_id=entered["gt_id"].to_numpy(np.int64),
        levels=_level_bits(entered),
        size_bin=pd.Categorical(entered["size_bin"], categories=list(SIZE_BINS), ordered=True),
    )


def compare(baseline: Standing, others: Iterable[tuple[str, Standing]]) -> Comparison:
    """Every other run against the baseline.

    Args:
        baseline: The run that the others are held against.
        others: Run key and standing of each other run on the same boxes; taken one at a time.

    Returns:
        The counts. A ground truth is in the size bin of the baseline's network input, or of the first other run's that
        has it.
    """
    best = baseline
    rows: dict[str, dict[str, int]] = {}
    for run_key, other in others:
        best = _merged(best, other)
        rows[run_key] = _change_counts(baseline, other, best)
    is_never = best.levels == 0
    never = best.size_bin[is_never].value_counts()
    columns = list(_change_counts(baseline, baseline, best))
    changes = pd.DataFrame.from_dict(rows, orient="index", columns=columns).astype("int64")
    return Comparison(changes, never, best.gt_id[is_never], len(best.gt_id))


def telling(paired: pd.DataFrame, change: str, most: int) -> pd.DataFrame:
    """The ground truths whose change says most: the largest of each class in turn, for a large box is not lost easily.

    Args:
        paired: From :func:`pair`.
        change: One of :data:`CHANGES`.
        most: How many rows at most.

    Returns:
        Rows of ``paired`` with this change that entered the assignment on either side.
    """
    entered = ~(paired["ignored_a"].fillna(True).astype(bool) & paired["ignored_b"].fillna(True).astype(bool))
    rows = paired[(paired["change"] == change) & entered]
    area = (rows["w_px_a"].fillna(rows["w_px_b"]) * rows["h_px_a"].fillna(rows["h_px_b"])).astype("float64")
    return rows.loc[largest_by_class(rows["class_id_a"].fillna(rows["class_id_b"]), area)[:most]]


def largest_by_class(class_id: pd.Series, area: pd.Series) -> list[int]:
    """Row labels: the largest of every class by area, then the second of every class, and so on; ties by label."""
    order = area.sort_values(ascending=False, kind="stable").index
    turn = class_id.loc[order].groupby(class_id.loc[order], sort=False).cumcount()
    return [int(row) for row in turn.sort_values(kind="stable").index.to_numpy(np.int64)]


def _level_bits(ground_truths: pd.DataFrame) -> Ints:
    bits = np.zeros(len(ground_truths), np.int64)
    for name in level_columns(ground_truths.columns):
        bits |= (ground_truths[name].fillna(0).to_numpy(np.int64) > 0).astype(np.int64) << level_number(name)
    return bits


def _aligned(values: Ints, gt_id: Ints, wanted: Ints) -> Ints:
    """Values of the wanted ids; 0, no level, for those that are not there."""
    aligned = np.zeros(len(wanted), np.int64)
    aligned[_places(gt_id, wanted)] = values
    return aligned


def _places(gt_id: Ints, among: Ints) -> Ints | slice:
    """Where ascending ids stand among ascending ids that hold them all."""
    return slice(None) if len(gt_id) == len(among) else np.searchsorted(among, gt_id)


def _union(one: Ints, other: Ints) -> Ints:
    """The ids of either, ascending as both are; mostly both are the same, and never do they have to be sorted."""
    if np.array_equal(one, other):
        return one
    both = np.concatenate((one, other))
    both.sort(kind="stable")  # which finds two ascending halves and merges them
    union: Ints = both[np.append(True, both[1:] != both[:-1])]
    return union


def _changes(levels_a: Ints, levels_b: Ints) -> Ints:
    """Positions in :data:`CHANGES`."""
    in_a, in_b = levels_a > 0, levels_b > 0
    codes: Ints = np.select([in_a & ~in_b, ~in_a & in_b, levels_a != levels_b], [0, 1, 2], default=3).astype(np.int64)
    return codes


def nullable(dtype: ColumnType) -> ColumnType:
    """The type that holds the same values and missing ones: integers and flags stay what they are."""
    return pd.array(np.zeros(0, dtype)).dtype if isinstance(dtype, np.dtype) and dtype.kind in "iub" else dtype


def _reindexed(side: pd.DataFrame, gt_id: pd.Index) -> pd.DataFrame:
    if side.index.equals(gt_id):
        return side
    return side.astype({name: nullable(dtype) for name, dtype in side.dtypes.items()}).reindex(gt_id)


def _merged(one: Standing, other: Standing) -> Standing:
    """All ground truths of both, with the levels of either, in the first one's size bins."""
    gt_id = _union(one.gt_id, other.gt_id)
    levels = _aligned(one.levels, one.gt_id, gt_id) | _aligned(other.levels, other.gt_id, gt_id)
    codes = np.empty(len(gt_id), np.int64)
    for side in (other, one):
        codes[_places(side.gt_id, gt_id)] = side.size_bin.codes
    return Standing(gt_id, levels, pd.Categorical.from_codes(codes, dtype=one.size_bin.dtype))


def _change_counts(baseline: Standing, other: Standing, all_boxes: Standing) -> dict[str, int]:
    gt_id, sizes = all_boxes.gt_id, all_boxes.size_bin.categories
    change = _changes(*(_aligned(side.levels, side.gt_id, gt_id) for side in (baseline, other)))
    here = _places(_union(baseline.gt_id, other.gt_id), gt_id)
    cell = change[here] * len(sizes) + all_boxes.size_bin.codes[here]
    counts = np.bincount(cell, minlength=len(CHANGES) * len(sizes)).reshape(len(CHANGES), len(sizes))
    of = dict(zip(CHANGES, counts, strict=True))
    by_size = {f"{name}_{size}": int(n) for name in _BY_SIZE for size, n in zip(sizes, of[name], strict=True)}
    return {name: int(of[name].sum()) for name in ("gained", "lost", "level", "same")} | by_size
