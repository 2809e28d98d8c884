"""What a run is asked to do, and what it came to."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from assignstudy.assign.rule import Rule
from assignstudy.fitting.fit import Fitted
from assignstudy.settings import THRESHOLDS, Config
from assignstudy.study import StudyResult
from assignstudy.types import Dataset
from assignstudy.untrusted import printable


@dataclass(frozen=True, eq=False)
class Order:
    """What is known of a run before it starts, and recorded however it ends.

    Attributes:
        folder: Where the run's files go.
        run_key: See :func:`assignstudy.record.run_key`.
        config: The resolved configuration.
        choices: The chosen entry of each group.
        overrides: Settings as typed.
        number: Place among the runs of its command, from 0; None for a run of its own.
        started: Now, in UTC.
        notices: Sentences that the user must see.
    """

    folder: Path
    run_key: str
    config: Config
    choices: Mapping[str, str]
    overrides: tuple[str, ...]
    number: int | None = None
    started: datetime = field(default_factory=functools.partial(datetime.now, UTC))
    notices: tuple[str, ...] = ()


class Labels(NamedTuple):
    """A data set and its fingerprint."""

    dataset: Dataset
    fingerprint: str


class Done(NamedTuple):
    """What a run came to; the notices are those of its page, which do not tell how the labels were read."""

    labels: Labels
    rule: Rule
    result: StudyResult
    fitted: Fitted | None

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the page: of the study, then of the fit."""
        return self.result.notices + (self.fitted.notices if self.fitted else ())


def shown_settings(order: Order) -> dict[str, str]:
    """The settings that a page names at its head, as text."""
    config, choices = order.config, order.choices
    thresholds = {name: f"{config[name]:g}" for name in THRESHOLDS if config[name] is not None}
    sides = config["imgsz"]
    imgsz = {"imgsz": "x".join(map(str, sides)) if isinstance(sides, list) else str(sides)}
    shown = {group: choices[group] for group in ("dataset", "assigner", "anchors", "transform")}
    if config["model"]["name"] != "none":
        shown["model"] = choices["model"]
    return shown | thresholds | imgsz


def storable(value: Any) -> Any:
    """The value with every text in it fit to be stored: file names may hold bytes that are no Unicode."""
    if isinstance(value, dict):
        return {key: storable(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [storable(entry) for entry in value]
    return printable(value) if isinstance(value, str) else value
