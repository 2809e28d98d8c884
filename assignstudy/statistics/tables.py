"""The tables of one run, as pandas sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from assignstudy.losses.weights import LossWeights

Metric = int | float | None


@dataclass(frozen=True, eq=False)
class StartTable:
    """What an untrained head pays.

    Attributes:
        loss: Whose loss it is, as people write it: ``YOLOv5``.
        weights: What its terms are weighted with.
        shares: See ``statistics.loss_at_start.compute``.
    """

    loss: str
    weights: LossWeights
    shares: pd.DataFrame


@dataclass(frozen=True, eq=False)
class RunTables:
    """Everything that one run found out; the column names are the contract that users script against.

    Attributes:
        metrics: The run's scalars in their published order; None where a metric is undefined for the rule or the input.
        ground_truths: One row per box that takes part or is ignored, ascending ``gt_id``.
        levels: One row per level and anchor.
        classes: One row per class, ascending ``class_id``, classes without a box included.
        data_issues: One row per issue: ``path``, ``line``, ``kind``, ``problem``, ``kept``.
        contested_pairs: ``class_a``, ``class_b``, ``contested_slots``: which classes compete; only for the page.
        loss_at_start: What an untrained head pays, only for the page; None where no loss is known for the rule.
    """

    metrics: dict[str, Metric]
    ground_truths: pd.DataFrame
    levels: pd.DataFrame
    classes: pd.DataFrame
    data_issues: pd.DataFrame
    contested_pairs: pd.DataFrame
    loss_at_start: StartTable | None
