"""The run page's section on the loss before any training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assignstudy.figures import loss_dots
from assignstudy.report import words
from assignstudy.report.content import Column, Fact, Finding, Kind, SectionContent, TableView
from assignstudy.report.embed import to_picture
from assignstudy.report.tables import table
from assignstudy.report.view import RunView
from assignstudy.statistics import loss_at_start
from assignstudy.statistics.tables import StartTable

if TYPE_CHECKING:
    from assignstudy.losses.weights import LossWeights

_BIASES_FROM = "YOLOv5"
"""Title of the rule whose published biases are used for every loss."""

_DOTS = "○ all outputs 0, ● published biases"


def loss_section(view: RunView, key: str, title: str) -> SectionContent:
    """How an untrained head's loss is balanced over terms, levels and sizes."""
    start = view.tables.loss_at_start
    assert start is not None, "this section is only built where a loss was added up"
    by_level, by_size = (loss_at_start.by_term(start.shares, part) for part in ("level", "size_bin"))
    sentence = _sentence(by_level, by_size)
    limits = loss_dots.limits(by_level, by_size)
    pictures = [
        to_picture(loss_dots.draw(losses, limits), f"{key}-{part}", sentence, caption)
        for losses, part, caption in (
            (by_level, "levels", f"By level: {_DOTS}"),
            (by_size, "sizes", f"By size: {_DOTS}"),
        )
    ]
    return SectionContent(
        key,
        title,
        Finding(sentence),
        pictures=tuple(pictures),
        facts=_facts(view, start),
        tables=(_by_term(by_level, "level"), _by_term(by_size, "size"), _by_level_and_size(start.shares)),
        how_to_read="a dot one line further right costs ten times as much; the box loss is the same for both. "
        "Box and class loss of a level are means over its own positives, so the fewer it has, the dearer each of them.",
    )


def _sentence(by_level: pd.DataFrame, by_size: pd.DataFrame) -> str:
    terms = by_level.groupby("term", sort=False)[list(loss_at_start.INITIALISATIONS)].sum()
    if "objectness" not in terms.index:
        return "There is no image, so there is no loss."
    zero, published = (terms[name] / terms[name].sum() for name in loss_at_start.INITIALISATIONS)
    if not terms.loc["box", "zero"]:
        losses = [words.significant(float(terms[name]["objectness"])) for name in loss_at_start.INITIALISATIONS]
        return (
            "There is no positive: all of the loss is the background's objectness, "
            f"{losses[1]} with the published biases and {losses[0]} with all outputs at 0."
        )
    parts = [f"{words.percent(share)} {term}" for term, share in published.items()]
    boxes = by_size[by_size["part"] != loss_at_start.BACKGROUND]
    (level, of_level), (size, of_size) = (_largest(one, float(terms["published"].sum())) for one in (by_level, boxes))
    return (
        f"With the published biases the loss starts as {words.listing(parts)}; {level} pays the most of all levels, "
        f"{of_level}, and {size} boxes the most of all sizes, {of_size}. With all outputs at 0, objectness alone "
        f"would be {words.percent(zero['objectness'])}."
    )


def _largest(losses: pd.DataFrame, whole: float) -> tuple[str, str]:
    """The part that pays the most under the published biases, and its share of the whole loss."""
    parts = losses.groupby("part", sort=False)["published"].sum()
    return str(parts.index[int(parts.argmax())]), words.percent(float(parts.max()) / whole)


def _by_term(losses: pd.DataFrame, part: str) -> TableView:
    columns = [Column("term", "loss"), Column("part", part), Column("zero", "all outputs 0", Kind.LOSS)]
    return table(losses, [*columns, Column("published", "published biases", Kind.LOSS)], f"loss by {part}")


def _by_level_and_size(shares: pd.DataFrame) -> TableView:
    columns = [Column("level", "level"), Column("size_bin", "size"), Column("box", "box", Kind.LOSS)]
    columns += [
        Column(f"{term}_{name}", f"{term}, {label}", Kind.LOSS)
        for name, label in (("zero", "all outputs 0"), ("published", "published biases"))
        for term in ("objectness", "class")
    ]
    return table(loss_at_start.by_level_and_size(shares), columns, "loss by level and size")


def _facts(view: RunView, start: StartTable) -> tuple[Fact, ...]:
    """What the figures stand for, and what stands in for what."""
    own = start.loss == view.rule.title
    levels = dict.fromkeys(start.shares["level"])
    loss = f"{start.loss}'s" if own else f"{start.loss}'s, which stands in for that of {view.rule.title}"
    biases = "" if start.loss == _BIASES_FROM else f", used for {start.loss} as well"
    return (
        Fact("Batch", "The whole data set counts as one batch, images without a box included."),
        Fact("Loss", f"{loss}. {_weights(start.weights, list(levels))}"),
        Fact(
            "Biases",
            "All weights of the head are 0, so its outputs are its biases; as published, log(8 / (640 / stride)²) for "
            f"objectness and log(0.6 / (classes − 0.99999)) for each class: {_BIASES_FROM}'s{biases}.",
        ),
    )


def _weights(weights: LossWeights, levels: list[str]) -> str:
    text = f"Weights: box {weights.box:.4g}, objectness {weights.objectness:.4g}"
    if weights.level_balance is not None:
        balance = zip(levels, weights.level_balance, strict=True)
        text += f" ({words.listing([f'times {weight:g} on {level}' for level, weight in balance])})"
    return f"{text}, class {weights.class_:.4g}."
