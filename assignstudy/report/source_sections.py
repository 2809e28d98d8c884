"""What the numbers rest on: the labels and what is wrong with them, and where everything comes from."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from assignstudy.report import words
from assignstudy.report.content import Column, Fact, Finding, Kind, SectionContent, State, TableView
from assignstudy.report.tables import longest, table
from assignstudy.report.view import RunView
from assignstudy.statistics import issue_kinds
from assignstudy.statistics.entered import records


def data_issues(view: RunView, key: str, title: str) -> SectionContent:
    """What is wrong with the labels."""
    issues, kinds = view.tables.data_issues, issue_kinds.compute(view.tables)
    rejected = int(view.tables.metrics["rejected"] or 0)
    parts = [f"{words.integer(row.issues)} × {row.kind}" for row in records(kinds)]
    found = "Nothing is wrong with the labels"
    if parts:
        found = f"{words.sentence(words.count(len(issues), 'issue'))} in the labels and images: {words.listing(parts)}"
    left_out = (
        f"; {words.count(rejected, 'box', 'boxes')} {'was' if rejected == 1 else 'were'} refused" if rejected else ""
    )
    state = State.ACT if rejected else State.WATCH if parts else State.FINE
    columns = [Column("path", "file", Kind.CODE), Column("line", "line", Kind.INT), Column("kind", "kind")]
    columns += [Column("problem", "problem"), Column("kept", "kept")]
    shown = issues.assign(kept=["kept" if kept else "left out" for kept in issues["kept"]])
    kind_columns = [
        Column("kind", "kind"),
        Column("issues", "issues", Kind.INT, bar=True),
        Column("files", "files", Kind.INT),
    ]
    tables = (table(kinds, kind_columns, "issues by kind"), longest(shown, columns, "issues", "data_issues.parquet"))
    return SectionContent(key, title, Finding(f"{found}{left_out}.", state), tables=tables if parts else ())


def provenance(view: RunView, key: str, title: str) -> SectionContent:
    """Where the numbers come from, and what they do not model."""
    height, width = view.input_hw
    sentence = (
        f"{words.count(view.tables.metrics['images'] or 0, 'image')} as the network sees them at "
        f"{width} × {height} pixels, assigned by the rule of {view.rule.source}; training augmentation (mosaic, "
        "scaling, flips) is not modelled."
    )
    facts = tuple(Fact(label, value) for label, value in view.provenance.items())
    return SectionContent(key, title, Finding(words.sentence(sentence)), facts=facts, tables=(_metric_table(view),))


def _metric_table(view: RunView) -> TableView:
    metrics = view.tables.metrics
    rows = pd.DataFrame({"name": list(metrics), "value": [_metric_text(value) for value in metrics.values()]})
    columns: Sequence[Column] = (Column("name", "metric", Kind.CODE), Column("value", "value", Kind.CODE))
    return table(rows, columns, "all metrics, by the names in run.json and pandas")


def _metric_text(value: float | None) -> str:
    return words.integer(value) if isinstance(value, int) else words.ratio(value)
