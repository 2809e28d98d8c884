"""All that a run's page may know of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assignstudy.models.study import ModelStudy
from assignstudy.statistics.pictures import Pictures
from assignstudy.statistics.tables import RunTables
from assignstudy.types import RuleFacts


@dataclass(frozen=True, eq=False)
class ModelView:
    """A model to look into.

    Attributes:
        title: What it is called; no folder in it.
        strongest: Whether the channels shown are the strongest ones, else the first.
        study: Shows it the images of the gallery, the first time it is called; its outcome stays. Raises ModelError
            where the model does not fit the run, and whatever the model itself raises.
    """

    title: str
    strongest: bool
    study: Callable[[], ModelStudy]


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
        model: The model to show the images of the gallery to; None to go without.
    """

    dataset: str
    tables: RunTables
    rule: RuleFacts
    input_hw: tuple[int, int]
    settings: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    pictures: Pictures | None = None
    model: ModelView | None = None
