"""The whole study of one setting, on one screen: resize, assign, count, tabulate. No files and no configuration."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pandas as pd

from assignstudy.assign import run as assignment
from assignstudy.assign.device import check_device, chunk_workers
from assignstudy.assign.rule import FactoredRule, Rule
from assignstudy.errors import ConfigError
from assignstudy.losses import formula_of
from assignstudy.losses.start import LossAtStart
from assignstudy.statistics import (
    classes,
    door,
    gallery,
    ground_truths,
    levels,
    loss_at_start,
    positions,
    scalars,
    tally,
    worst_boxes,
)
from assignstudy.statistics.gallery import Gallery, Wish
from assignstudy.statistics.pictures import Pictures
from assignstudy.statistics.tables import RunTables, StartTable
from assignstudy.transforms import NetworkInput, Transform, round_up_to_stride, to_network_input
from assignstudy.types import DataIssue, Dataset, PyramidLevel

DEVICES = ("cpu", "cuda")


@dataclass(frozen=True, eq=False)
class Study:
    """One setting to study, in plain values.

    Attributes:
        dataset: The labels.
        rule: The assignment rule with its threshold.
        levels: The detection scales, by strictly increasing stride.
        transform: How images become the network input.
        input_hw: Height and width asked for, in pixels; rounded up to whole multiples of what the rule asks for: the
            largest stride, or 32 px.
        device: ``cpu`` or ``cuda``.

    Raises:
        ConfigError: If the sizes, the levels or the device cannot be used.
    """

    dataset: Dataset
    rule: Rule
    levels: tuple[PyramidLevel, ...]
    transform: Transform
    input_hw: tuple[int, int]
    device: str = "cpu"

    def __post_init__(self) -> None:
        """Check what can be checked before any work is done."""
        strides = [level.stride for level in self.levels]
        if not strides or any(low >= high for low, high in pairwise(strides)):
            raise ConfigError(f"anchors.strides: expected at least one, strictly increasing, got {strides}")
        if min(self.input_hw) < 1:
            raise ConfigError(f"imgsz: expected sides of at least 1 px, got {list(self.input_hw)}")
        if self.device not in DEVICES:
            raise ConfigError(f"device: expected one of {', '.join(DEVICES)}, got {self.device}")
        check_device(self.device)


@dataclass(frozen=True, eq=False)
class StudyResult:
    """What a study found.

    Attributes:
        tables: All tables and metrics.
        input_hw: Height and width of the network input as used (the largest possible one for ``rect``).
        seconds: Time per stage.
        notices: Sentences that the user must see.
        network_input: The labels after the transform.
    """

    tables: RunTables
    input_hw: tuple[int, int]
    seconds: dict[str, float]
    notices: tuple[str, ...]
    network_input: NetworkInput


@dataclass(frozen=True)
class _Stopwatch:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def run(study: Study) -> StudyResult:
    """Study one setting.

    Args:
        study: What to study.
    """
    watch = _Stopwatch()
    multiple = study.rule.input_multiple(study.levels)
    height, width = (round_up_to_stride(side, multiple) for side in study.input_hw)
    with watch.stage("transform"):
        network_input = to_network_input(study.dataset, study.transform, (width, height), multiple)
        labels = door.label_arrays(study.dataset, network_input)
    start, notices = _loss_at_start(study, max(height, width), labels)
    with watch.stage("assign_and_count"):
        counts = count(study, network_input, labels, start)
    with watch.stage("tables"):
        found = tables(study, labels, counts, start, study.dataset.issues + network_input.issues)
    notices = (*_size_notices(study, (height, width), multiple), *notices)
    return StudyResult(found, (height, width), watch.seconds, notices, network_input)


def show(study: Study, result: StudyResult, wish: Wish, longest_px: int | None = None) -> Pictures:
    """What the pictures of single images and boxes are drawn from.

    Args:
        study: What was studied.
        result: What was found.
        wish: Which images.
        longest_px: Pictures with a longer side are scaled down to it; None keeps them as they are.

    Raises:
        ConfigError: If a picked name fits no image, or several.
    """
    dataset, boxes, found = study.dataset, result.network_input, result.tables
    return Pictures(
        gallery=show_images(study, result, wish, longest_px),
        worst=worst_boxes.compute(dataset, boxes, found, study.rule, study.levels),
        positions=positions.compute(study.rule, study.levels, dataset, boxes, found),
    )


def show_images(study: Study, result: StudyResult, wish: Wish, longest_px: int | None = None) -> Gallery:
    """The images to show with all their positives; arguments and errors are those of :func:`show`."""
    chosen = gallery.choose(result.tables, study.dataset.image_paths, wish)
    return gallery.compute(
        study.dataset, result.network_input, study.rule, study.levels, result.tables, chosen, longest_px
    )


def _loss_at_start(study: Study, imgsz: int, labels: door.LabelArrays) -> tuple[LossAtStart | None, tuple[str, ...]]:
    """What adds up the loss that the rule feeds, or None and perhaps a notice why not."""
    formula, count = formula_of(study.rule), len(study.dataset.class_names)
    if formula is None:
        return None, ()
    try:
        weights = formula.published_weights(count, len(study.levels), imgsz)
    except ConfigError as error:
        return None, (f"the loss at the start is left out; {error}",)
    groups = loss_at_start.size_groups(labels)
    return LossAtStart(formula, study.levels, weights, count, groups, len(ground_truths.SIZE_BINS)), ()


def count(
    study: Study, network_input: NetworkInput, labels: door.LabelArrays, start: LossAtStart | None
) -> tally.Tally:
    """Assign and count.

    Args:
        study: What to study.
        network_input: Its data set on the network input.
        labels: The same as arrays.
        start: Adds up the loss at the start, where there is one; None leaves it out.
    """
    shapes, class_id = door.level_shapes(study.levels), labels.class_id[labels.assigned]
    rule, boxes = study.rule, network_input.boxes
    if isinstance(rule, FactoredRule) and (start is None or start.adds_targets):
        parts = assignment.factored_parts(rule, boxes, study.levels, study.device)
        chunks = (functools.partial(_factored_chunk, part) for part in parts)
        with chunk_workers() as pool:
            return tally.count_factors(chunks, shapes, class_id, rule.facts, rule.anchor_centre, pool, start)
    rows = assignment.run(rule, boxes, study.levels, study.device)
    measured = rows if start is None else start.passing(rows)
    return tally.count(map(door.chunk_arrays, measured), shapes, class_id)


def _factored_chunk(part: assignment.FactoredPart) -> door.FactoredChunk:
    return door.factored_chunk(part.first_row, part.boxes, part.factors())


def tables(
    study: Study,
    labels: door.LabelArrays,
    counts: tally.Tally,
    start: LossAtStart | None,
    issues: tuple[DataIssue, ...],
) -> RunTables:
    """All tables and metrics of what was counted; arguments as for :func:`count`, and everything found wrong."""
    dataset, rule, shapes = study.dataset, study.rule.facts, door.level_shapes(study.levels)
    images, class_id = len(dataset.image_paths), labels.class_id[labels.assigned]
    all_slots = levels.all_slots_per_anchor(shapes, labels.image_wh_px, images)
    boxes, names = counts.ground_truths, dataset.class_names
    with ThreadPoolExecutor(1) as beside:  # long vectors are computed without holding up Python
        metrics = beside.submit(scalars.compute, counts, labels, shapes, all_slots, images, issues, rule)
        by_class = beside.submit(classes.compute, boxes, shapes, class_id, names, rule)
        by_box = ground_truths.compute(labels, boxes, shapes, rule, dataset.image_paths, names)
    return RunTables(
        metrics=metrics.result(),
        ground_truths=by_box,
        levels=levels.compute(counts.levels, shapes, all_slots, rule),
        classes=by_class.result(),
        data_issues=_issue_table(issues),
        contested_pairs=_pair_table(counts, dataset.class_names),
        loss_at_start=_start_table(start, shapes, all_slots),
    )


def _start_table(
    start: LossAtStart | None, shapes: Sequence[door.LevelShape], slots_per_anchor: Sequence[int]
) -> StartTable | None:
    if start is None:
        return None
    slots = [cells * len(level.anchor_wh_px) for cells, level in zip(slots_per_anchor, shapes, strict=True)]
    return StartTable(start.formula.title, start.weights, loss_at_start.compute(start.finish(slots), shapes))


def _issue_table(issues: tuple[DataIssue, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "path": pd.Series([issue.path for issue in issues], dtype=object),
            "line": pd.array([issue.line for issue in issues], dtype="Int64"),
            "kind": pd.Series([issue.kind.value for issue in issues], dtype=object),
            "problem": pd.Series([issue.problem for issue in issues], dtype=object),
            "kept": pd.Series([issue.kept for issue in issues], dtype=bool),
        }
    )


def _pair_table(counts: tally.Tally, class_names: tuple[str, ...]) -> pd.DataFrame:
    """Competing classes, most contested slots first; ties by class."""
    pairs = sorted(counts.contested_pairs.items(), key=lambda item: (-item[1], item[0]))
    return pd.DataFrame(
        {
            "class_a": pd.Series([class_names[one] for (one, _), _ in pairs], dtype=object),
            "class_b": pd.Series([class_names[other] for (_, other), _ in pairs], dtype=object),
            "contested_slots": pd.Series([slots for _, slots in pairs], dtype="int64"),
        }
    )


def _size_notices(study: Study, used_hw: tuple[int, int], multiple: int) -> tuple[str, ...]:
    if study.input_hw == used_hw:
        return ()
    asked, used = ("x".join(map(str, hw)) for hw in (study.input_hw, used_hw))
    is_stride = multiple == study.levels[-1].stride
    what = f"the largest stride {multiple}" if is_stride else f"{multiple}, which {study.rule.facts.title} pads to"
    return (f"imgsz {asked} (height x width) is not a multiple of {what}; used {used} instead",)
