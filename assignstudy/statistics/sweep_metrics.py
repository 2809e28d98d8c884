"""What a table of runs can hold about each metric: its order, its kind, which way is better."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

Kind = Literal["int", "number", "ratio", "percent"]
Better = Literal["higher", "lower"]

LEVEL_METRIC = re.compile(r"positives_P(\d+)")


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """What a page may know of a metric.

    Attributes:
        name: Its published name, or the name of a share that is derived from published ones.
        title: The name in words.
        kind: How it is shown: a count, a number with two decimals or with four, or a percentage.
        better: Which way is better; None where more is neither good nor bad by itself.
        short: Heading of a column; empty where the title is short enough.
    """

    name: str
    title: str
    kind: Kind
    better: Better | None = None
    short: str = ""


METRICS = (
    MetricFacts("images", "images", "int"),
    MetricFacts("images_without_gt", "images without a box", "int"),
    MetricFacts("ground_truths", "ground truths", "int"),
    MetricFacts("ignored", "ignored", "int"),
    MetricFacts("rejected", "rejected", "int"),
    MetricFacts("positives", "positives", "int"),
    MetricFacts("unmatched", "unmatched", "int", "lower"),
    MetricFacts("bpr", "best possible recall", "ratio", "higher", short="bpr"),
    MetricFacts("anchors_per_gt", "anchors per ground truth", "ratio"),
    MetricFacts("positives_per_gt", "positives per ground truth", "number", short="positives per gt"),
    MetricFacts("share_centre", "positives in the centre's cell", "percent"),
    MetricFacts("share_left", "positives in the cell to the left", "percent"),
    MetricFacts("share_up", "positives in the cell above", "percent"),
    MetricFacts("share_right", "positives in the cell to the right", "percent"),
    MetricFacts("share_down", "positives in the cell below", "percent"),
    MetricFacts("slots", "slots", "int"),
    MetricFacts("contested_slots", "contested slots", "int", "lower"),
    MetricFacts("self_duplicates", "self-duplicates", "int", "lower"),
    MetricFacts("matched_without_slot", "matched without a slot", "int", "lower", short="without a slot"),
    MetricFacts("unreachable", "unreachable positives", "int", "lower"),
    MetricFacts("positive_share", "share of slots that are positive", "percent"),
    MetricFacts("mean_prior_iou", "mean IoU of anchor and ground truth", "ratio", "higher", short="prior IoU"),
    MetricFacts("unmatched_small", "unmatched, small", "int", "lower"),
    MetricFacts("unmatched_medium", "unmatched, medium", "int", "lower"),
    MetricFacts("unmatched_large", "unmatched, large", "int", "lower"),
)
"""The published metrics in their published order; ``positives_P3`` and so on come after ``positives``."""

SHARES = (
    MetricFacts("unreachable_share", "unreachable positives", "percent", "lower", short="unreachable"),
    MetricFacts("contested_share", "contested slots", "percent", "lower", short="contested"),
)
"""What the sweep page derives so that runs with different numbers of positives can be compared."""

PICKED_BY = (
    MetricFacts("sub_cell_share", "boxes below one cell of the finest level", "percent", "lower", short="below a cell"),
    MetricFacts("counted_recall", "recall as the rule of the pick counts it", "ratio", "higher", short="bpr, counted"),
)
"""What the rule of the pick goes by besides: it needs the boxes, and the other runs of the sweep."""

SIZES = (
    MetricFacts("megapixels", "network input, megapixels", "number", "lower", short="megapixels"),
    MetricFacts("all_slots", "slots of the data set", "int", "lower"),
)
"""What the sweep page derives of how large a network's input and output are: the price that no other metric knows."""

_BY_NAME = {metric.name: metric for metric in METRICS + SHARES + PICKED_BY + SIZES}


def facts(name: str) -> MetricFacts:
    """What is known of a metric; ``positives_P3`` and so on are counts.

    Raises:
        KeyError: If no metric has this name.
    """
    if LEVEL_METRIC.fullmatch(name):
        return MetricFacts(name, f"positives, {name.removeprefix('positives_')}", "int")
    return _BY_NAME[name]


def is_metric(name: str) -> bool:
    """Whether a column holds one of the published metrics."""
    return any(name == metric.name for metric in METRICS) or LEVEL_METRIC.fullmatch(name) is not None


def in_order(names: Iterable[str]) -> list[str]:
    """All published metrics in their published order, with the levels that ``names`` holds and, last, unknown ones.

    Args:
        names: Names as runs recorded them; repetitions are welcome.
    """
    given = dict.fromkeys(names)
    levels = sorted((name for name in given if LEVEL_METRIC.fullmatch(name)), key=level_number)
    known = [metric.name for metric in METRICS]
    after_positives = known.index("positives") + 1
    return [*known[:after_positives], *levels, *known[after_positives:], *(n for n in given if not is_metric(n))]


def level_number(column: str) -> int:
    """3 for ``positives_P3``."""
    return int(column.removeprefix("positives_P"))


def level_columns(columns: Iterable[str]) -> list[str]:
    """The columns ``positives_P3`` and so on among others, finest level first."""
    return sorted((name for name in columns if LEVEL_METRIC.fullmatch(name)), key=level_number)


def with_shares(runs: pd.DataFrame, exclusive: Collection[int] = ()) -> pd.DataFrame:
    """A table of runs with the columns of :data:`SHARES` and :data:`SIZES` added.

    Shares are missing where there is nothing to divide by, and contested slots also where the rule itself gives each
    slot to one ground truth: then 0 is how the rule works, and no finding.

    Args:
        runs: One row per run, with the published metrics.
        exclusive: Row labels of the runs with such a rule.
    """
    contested = _quotient(runs["contested_slots"], runs["slots"])
    return runs.assign(
        unreachable_share=_quotient(runs["unreachable"], runs["positives"]),
        contested_share=contested.mask(runs.index.isin(list(exclusive))),
        megapixels=(runs["input_h"].astype("Float64") * runs["input_w"].astype("Float64") / 1e6).astype("float64"),
        all_slots=_quotient(runs["slots"], runs["positive_share"]).round(),
    )


def shared_by_all(runs: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """The metrics that no run lacks: those that mean something for the rules of all of them.

    Args:
        runs: Finished runs; those without a positive lack metrics whatever their rule, and are not asked.
        names: Columns to choose from.
    """
    asked = runs[runs["bpr"] > 0]
    return [name for name in names if asked[name].notna().all()]


def _quotient(part: pd.Series, whole: pd.Series) -> pd.Series:
    numerator, denominator = part.astype("Float64"), whole.astype("Float64")
    return (numerator / denominator.mask(denominator == 0)).astype("float64")
