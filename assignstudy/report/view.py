"""All that a run's page may know of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assignstudy.statistics.pictures import Pictures
from assignstudy.statistics.tables import RunTables
from assignstudy.types import RuleFacts


@dataclass(frozen=True, eq=False)
class RunView:
    """One run, ready to be shown. Holds no times and no absolute paths, so that the same input gives the same page.

    Attributes:
        dataset: What the data set is called.
        tables: What the run found.
        rule: What may be asked of the rule.
        input_hw: Height and width of the network input, in pixels.
        settings: What was set, label to value: ``anchors``, ``anchor_t``, ``imgsz``, ``transform``.
        provenance: Where the numbers come from, label to value: configuration as YAML, versions, commit, fingerprint.
        notices: Sentences that the reader must see.
        pictures: What the pictures of single images and boxes are drawn from; None to go without.
    """

    dataset: str
    tables: RunTables
    rule: RuleFacts
    input_hw: tuple[int, int]
    settings: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    pictures: Pictures | None = None
