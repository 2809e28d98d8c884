"""All that a run's page may know of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assignstudy.models.study import ModelStudy
from assignstudy.settings import FitSettings
from assignstudy.statistics.anchor_sets import AnchorSetTables
from assignstudy.statistics.pictures import Pictures
from assignstudy.statistics.tables import RunTables
from assignstudy.types import RuleFacts


@dataclass(frozen=True, eq=False)
class ModelView:
    """A model to look into.

    Attributes:
        title: What it is called; no folder in it.
        strongest: Whether the channels shown are the strongest ones, else the first.
        study: Shows it the images of the gallery, the first time it is called; its outcome stays, an error as well.
            Raises ModelError where the model does not fit the run, or raises something itself.
    """

    title: str
    strongest: bool
    study: Callable[[], ModelStudy]


@dataclass(frozen=True, eq=False)
class FitView:
    """What a page may know of anchors that were fitted.

    Attributes:
        order: How they were asked for.
        tables: They and others side by side.
        model_block: They as lines of a YOLOv5 model file.
        file: Name of the file beside the page that ``anchors=file`` reads.
    """

    order: FitSettings
    tables: AnchorSetTables
    model_block: str
    file: str


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
        fit: The fitted anchors, or None where they were chosen.
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
    fit: FitView | None = None
