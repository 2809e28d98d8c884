"""The page of a sweep, built from what lies on disk and from nothing else; so it can be built again at any time.

``python -m assignstudy.sweep FOLDER`` does that. A sweep that failed or was interrupted gets its page, too.
"""

from __future__ import annotations

import argparse
import math
import re
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api.types import is_numeric_dtype

from assignstudy import objective
from assignstudy.assign.rule import Rule
from assignstudy.errors import AssignStudyError, ConfigError, PageError
from assignstudy.evidence import MOST_LISTED, RunTables, examples, rule_of
from assignstudy.fitting.compare import Bounds, bounds
from assignstudy.record import PAGE_FILE, SWEEP_PAGE_FILE, RunRecord, unwritten
from assignstudy.report import sweep_page
from assignstudy.report.sweep_cells import metric_text
from assignstudy.report.sweep_runs import KEY_METRICS
from assignstudy.report.sweep_view import Recipe, Search, SettingCurve, SweepView
from assignstudy.settings import anchor_levels, fit_settings
from assignstudy.statistics import sweep_choice, sweep_threshold
from assignstudy.statistics.sub_cell import SubCell
from assignstudy.statistics.sweep_choice import Baseline, PickRule
from assignstudy.statistics.sweep_metrics import with_shares
from assignstudy.statistics.sweep_pairs import Comparison
from assignstudy.statistics.sweep_parameters import label, parameters, records, rows_of, swept, value_text
from assignstudy.statistics.sweep_threshold import ThresholdAxis
from assignstudy.stored import StoredRun, StoredSweep, find_sweep, runs_table

USUAL_RULE = PickRule()
USUAL_SIZE = 640
"""The network input that the tool takes by itself: of runs that are equally as published, this one is the baseline."""

_CRITICAL = tuple(axis.critical for axis in sweep_threshold.AXES)
_FOLDERS = re.compile(r"(?<![\w.…~/<])(?<!https:)(?<!http:)(?:[A-Za-z]:)?[\\/]+(?:[^\s\\/'\"]+[\\/]+)*(?=[^\s\\/'\"])")


def write_sweep_page(folder: Path, rule: PickRule = USUAL_RULE) -> Path:
    """Write a sweep's ``index.html``, ``runs.parquet``, ``runs.csv`` and ``runs.tex``, from its runs on disk.

    None of them holds times, absolute paths or the name of the sweep's folder, so that the same sweep gives the same
    bytes. The first two tables are :func:`assignstudy.results.load_runs` without ``sweep`` and ``seconds``, and with
    ``folder`` relative to the sweep; ``runs.tex`` is the main table of the page, for LaTeX with booktabs.

    Args:
        folder: The sweep, finished or not.
        rule: How the recommended run is picked.

    Returns:
        The path of the page.

    Raises:
        RecordError: If the folder holds neither a run nor a manifest of runs.
        PageError: If a section could not be built or something is damaged (the page says so, too), or a file could not
            be written.
    """
    found = find_sweep(folder)
    runs = _portable(runs_table(found.runs), folder)
    view, damage = _view(folder, found, runs, rule)
    page = folder / SWEEP_PAGE_FILE
    try:
        _write_tables(folder, runs)
        _write_latex(folder / "runs.tex", view)
        problems = (*sweep_page.write_page(page, view), *damage)
    except OSError as error:
        raise PageError(unwritten(page, error)) from error
    if problems:
        raise PageError(f"{page}: {'; '.join(problems)}")
    return page


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the page of a sweep again; see ``--help``.

    Args:
        arguments: Without the program's name; None for those of this process.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="python -m assignstudy.sweep", description="Build the page of a sweep again.")
    parser.add_argument("folder", type=Path, help="the sweep's folder, with one folder per run in it")
    said = {
        "tolerance": "shares that differ by no more than this count as equal in the pick",
        "most_unreachable": "runs with a larger share of unreachable positives are not picked",
        "most_sub_cell": "share of boxes below one cell of the finest level that costs nothing",
        "sub_cell_price": "recall that each box below one cell beyond that share costs",
        "pixel_price": "recall that twice the pixels of network input must bring",
    }
    for name, text in said.items():
        usual = getattr(USUAL_RULE, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=usual, help=f"{text} (%(default)s)")
    given = parser.parse_args(arguments)
    try:
        rule = PickRule(**{name: getattr(given, name) for name in said})
    except ValueError as error:
        parser.error(str(error))
    try:
        print(f"Page: {write_sweep_page(given.folder, rule)}")
    except AssignStudyError as error:
        print(f"assignstudy: {error}", file=sys.stderr)
        return 1
    return 0


# ---- what is the same for the same sweep


def hide_folders(text: str) -> str:
    """The text with ``…/`` in place of the folders of absolute paths: where things lie is nobody else's business."""
    return _FOLDERS.sub("…/", text)


def _portable(runs: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The table of runs without what differs between two equal sweeps."""
    names = [name for name in (*parameters(runs), "error") if not is_numeric_dtype(runs[name])]
    texts = {name: runs[name].map(_portable_value).astype(runs[name].dtype) for name in names}
    folders = [Path(path).relative_to(folder).as_posix() for path in runs["folder"]]
    return runs.assign(**texts, folder=folders).drop(columns=["sweep", "seconds"])


def _portable_value(value: object) -> object:
    return hide_folders(value) if isinstance(value, str) else value


def _write_tables(folder: Path, runs: pd.DataFrame) -> None:
    # A column of sizes that holds both 640 and 384x640 has no type on disk but text.
    plain = runs.astype({name: str for name in parameters(runs) if runs[name].dtype == object})
    _write_by_rename(folder / "runs.csv", lambda path: plain.to_csv(path, index=False, lineterminator="\n"))
    table = pa.Table.from_pandas(plain, preserve_index=False)
    _write_by_rename(folder / "runs.parquet", lambda path: pq.write_table(table, path, compression="zstd"))


def _write_latex(path: Path, view: SweepView) -> None:
    """The finished runs as recommended, with what was varied and what the page compares first; text as on the page."""
    rows = [view.run(row) for row in (*view.order, *view.on_other_labels)]
    metrics = [name for name in KEY_METRICS if view.finished[name].notna().any()]
    cells = {name: [value_text(run[name]) for run in rows] for name in view.swept}
    cells |= {name: [metric_text(name, run[name]) for run in rows] for name in metrics}
    table = pd.DataFrame(cells, index=range(len(rows)))
    numbers = "".join("r" if name in metrics or is_numeric_dtype(view.runs[name]) else "l" for name in cells)
    text = table.to_latex(index=False, escape=True, column_format=numbers or "l")
    _write_by_rename(path, lambda draft: draft.write_text(text, encoding="utf-8", newline="\n"))


def _write_by_rename(path: Path, write: Callable[[Path], object]) -> None:
    draft = path.with_name(f"{path.name}.tmp")
    write(draft)
    draft.replace(path)


# ---- what the page says


def _view(folder: Path, found: StoredSweep, runs: pd.DataFrame, rule: PickRule) -> tuple[SweepView, list[str]]:
    """What the page may know, and the sentences in it that speak of damage."""
    rules = {row: made for row, run in enumerate(found.runs) if (made := rule_of(run.record)) is not None}
    runs = with_shares(runs, [row for row, one in rules.items() if not one.facts.shares_slots])
    comparable = _on_same_labels(runs)
    tables = RunTables({row: folder / str(runs.at[row, "folder"]) for row in rows_of(comparable)})
    small = {row: boxes for row in tables.readable if (boxes := tables.small_boxes(row)) is not None}
    runs = _with_derived(runs, small, rows_of(comparable), rule)
    comparable = runs.loc[comparable.index]
    by_design = [row for row, one in rules.items() if not one.facts.asks_beyond_reach]
    readable, order = comparable.loc[tables.readable], sweep_choice.ranked(comparable, rule, by_design)
    baseline = sweep_choice.baseline(readable, _as_published(rules, found.runs)) if len(readable) else None
    comparison = _compared(readable, baseline, tables)
    against = _most_telling(order, runs, comparison, baseline)
    with_curve = readable.loc[[row for row in tables.readable if _has_curve(rules.get(row))]]
    fits = {row: str(found.runs[row].record.fitted or "") for row in rows_of(with_curve)}
    classes = tables.classes(order)
    damage = [hide_folders(sentence) for sentence in (*found.damage, *tables.notices)]
    view = SweepView(
        dataset=_dataset_name(found.runs, order),
        runs=runs,
        order=tuple(order),
        on_front=dict(zip(rows_of(comparable), sweep_choice.pareto(comparable).tolist(), strict=True)),
        rule=rule,
        barred=tuple(sweep_choice.barred(comparable, rule, by_design)),
        rules={row: one.facts for row, one in rules.items()},
        baseline=baseline,
        pages=_pages(folder, runs),
        curves=tuple(_curves(with_curve, swept(readable), fits, tables)),
        comparison=comparison,
        against=against,
        classes=classes,
        recipe=_recipe(found.runs[order[0]].record, rules.get(order[0])) if order else None,
        bounds=_bounds(found.runs[order[0]].record, rules.get(order[0]), tables.sizes(order[0])) if order else None,
        small_boxes=small.get(order[0]) if order else None,
        search=_search(found, order),
        unfinished=found.unfinished,
        notices=(*found.notices, *damage),
        **_shown_boxes(baseline, against, comparison, tables, found.runs),
    )
    return view, damage


def _with_derived(
    runs: pd.DataFrame, small: Mapping[int, SubCell], comparable: list[int], rule: PickRule
) -> pd.DataFrame:
    """The runs with the columns of the pick: those that need the boxes, and the one that needs the other runs."""
    shares = [small[row].share if row in small else math.nan for row in rows_of(runs)]
    runs = runs.assign(**{sweep_choice.SUB_CELL: pd.Series(shares, index=runs.index, dtype="float64")})
    counted = sweep_choice.counted_recall(runs.loc[comparable], rule)
    return runs.assign(**{sweep_choice.COUNTED: counted.reindex(runs.index)})


def _shown_boxes(
    baseline: Baseline | None,
    against: int | None,
    comparison: Comparison | None,
    tables: RunTables,
    stored: Sequence[StoredRun],
) -> dict[str, Any]:
    """The entries of the view that show ground truths one by one."""
    if baseline is None or comparison is None:
        return {}
    never = tables.some(baseline.row, comparison.never_ids.tolist())
    paired = tables.paired(baseline.row, against) if against is not None else None
    shown = examples(paired, never, stored[baseline.row].record)
    return {"examples": shown, "never_matched": never.head(MOST_LISTED)}


def _on_same_labels(runs: pd.DataFrame) -> pd.DataFrame:
    """The finished runs that saw the labels which most of them saw; of equally many, those launched first."""
    finished = runs[runs["status"] == "finished"]
    groups = [part for _, part in finished.groupby("fingerprint", sort=False)]
    return max(groups, key=len) if groups else finished


def _dataset_name(stored: Sequence[StoredRun], order: Sequence[int]) -> str:
    """The data set of the comparable runs, or at least the one that was asked for."""
    records = [stored[row].record for row in order] + [run.record for run in stored]
    names = [record.dataset for record in records] + [record.choices.get("dataset") for record in records]
    return next(filter(None, names), "the data set")


def _pages(folder: Path, runs: pd.DataFrame) -> dict[int, str]:
    """Relative paths of the run pages that are there."""
    paths = {row: f"{name}/{PAGE_FILE}" for row, name in zip(rows_of(runs), runs["folder"], strict=True)}
    return {row: quote(path) for row, path in paths.items() if (folder / path).is_file()}


def _as_published(rules: Mapping[int, Rule], stored: Sequence[StoredRun]) -> dict[int, tuple[str | None, ...]]:
    """In what each run is as published or as the tool does it by itself, by row, see ``sweep_choice.baseline``."""
    return {
        row: (_threshold(rule, stored[row].record), _anchors(rule, stored[row].record), _size(stored[row].record))
        for row, rule in rules.items()
    }


def _threshold(rule: Rule, record: RunRecord) -> str | None:
    name, value = rule.threshold_name, rule.published_threshold
    if name is None or value is None:
        return ""
    return f"the published {name} of {value:g}" if record.config.get(name) == value else None


def _anchors(rule: Rule, record: RunRecord) -> str | None:
    if not rule.takes_anchors:
        return ""
    used = record.config.get("anchors")
    published = [level.anchor_wh_px.flatten().tolist() for level in rule.published_levels()]
    return "the published anchors" if isinstance(used, Mapping) and used.get("wh_px") == published else None


def _size(record: RunRecord) -> str | None:
    return f"imgsz {USUAL_SIZE}" if record.config.get("imgsz") == USUAL_SIZE else None


def _has_curve(rule: Rule | None) -> bool:
    """Whether a rule's threshold alone decides which ground truths are matched."""
    threshold = rule.facts.threshold if rule is not None else None
    return threshold is not None and threshold.decides_match


# ---- what the ground truths of all runs say together


def _curves(
    runs: pd.DataFrame, names: Sequence[str], fits: Mapping[int, str], tables: RunTables
) -> Iterator[SettingCurve]:
    """One curve per threshold and setting of everything else that was varied.

    Fitted anchors depend on the threshold that they were fitted for: other anchors, another curve.
    """
    runs = runs.assign(fitted=pd.Series(fits, dtype="object"))
    for axis in sweep_threshold.AXES:
        rows, others = sweep_threshold.one_per_curve(runs, axis, [*names, "fitted"])
        values = records(runs)
        settings = {row: tuple(value_text(run[name]) for name in others) for row, run in values.items()}
        same = {row: [other for other in settings if settings[other] == settings[row]] for row in rows}
        said = _curve_names({row: [values[other] for other in same[row]] for row in rows}, axis, others[:-1])
        for row in rows:
            table = tables.ground_truths(row, ("ignored", *_CRITICAL))
            recall, shown = (sweep_threshold.recall(table, axis, at) for at in (axis.grid, axis.shown))
            yield SettingCurve(row, axis, said[row], tuple(same[row]), recall, shown)


def _curve_names(
    runs: Mapping[int, Sequence[Mapping[str, Any]]], axis: ThresholdAxis, others: Sequence[str]
) -> dict[int, str]:
    """What tells each curve apart: its setting, and the thresholds its anchors were fitted for where that is needed.

    Args:
        runs: Of each curve.
        axis: The threshold that the curves are drawn over.
        others: The parameters that tell settings apart.
    """
    names = {row: label(same[0], others) if others else "" for row, same in runs.items()}
    count = Counter(names.values())
    fitted = {row: " and ".join(value_text(run[axis.name]) for run in same) for row, same in runs.items()}
    return {
        row: f"{name} (for {axis.name} {fitted[row]})".strip() if count[name] > 1 else name
        for row, name in names.items()
    }


def _compared(runs: pd.DataFrame, baseline: Baseline | None, tables: RunTables) -> Comparison | None:
    if baseline is None:
        return None
    others = [row for row in rows_of(runs) if row != baseline.row]
    return tables.compare(baseline.row, others, {row: str(runs.at[row, "run_key"]) for row in others})


def _most_telling(
    order: Sequence[int], runs: pd.DataFrame, found: Comparison | None, baseline: Baseline | None
) -> int | None:
    """The run to show beside the baseline: the recommended one, or the one that gains most where that is the baseline.

    None where no run has ground truths that the baseline has not.
    """
    if found is None or baseline is None or found.changes.empty:
        return None
    balance = found.changes["gained"] - found.changes["lost"]
    keys = {str(runs.at[row, "run_key"]): row for row in order}
    if order[0] != baseline.row and str(runs.at[order[0], "run_key"]) in balance:
        return order[0]
    return keys[str(balance.idxmax())] if balance.max() > 0 else None


def _search(found: StoredSweep, order: Sequence[int]) -> Search | None:
    """What a search went by: the objective of its latest run, which all are held against."""
    wanted = found.runs[-1].record.config.get("objective") if found.runs else None
    if found.direction is None or not isinstance(wanted, str):
        return None
    with suppress(ConfigError):
        values = {row: objective.value(wanted, found.runs[row].record.metrics) for row in order}
        return Search(wanted, found.direction, values)
    return None


def _bounds(record: RunRecord, rule: Rule | None, wh_px: npt.NDArray[np.float32]) -> Bounds | None:
    """What the bound of fitted anchors costs; None where none were fitted, or their boxes are not known."""
    with suppress(ConfigError):
        anchors = record.config.get("anchors")
        order = fit_settings(anchors) if isinstance(anchors, Mapping) else None
        if order is not None and rule is not None and record.fitted is not None and len(wh_px):
            return bounds(wh_px, rule, anchor_levels(record.fitted), order)
    return None


# ---- what to paste


def _recipe(record: RunRecord, rule: Rule | None) -> Recipe:
    title = "" if rule is None else f"  # {rule.facts.title}"
    settings = [(name, record.config.get(name)) for name in ("anchor_t", "iou_t", "imgsz")]
    lines = [f"assigner: {record.choices.get('assigner')}{title}"]
    lines += [f"{name}: {value}" for name, value in settings if value is not None]
    # A named sweep would start all of its runs.
    one_run = ["hydra.mode=RUN"] * any(setting.startswith("experiment=") for setting in record.overrides)
    command = shlex.join(["python", "-m", "assignstudy", *map(hide_folders, record.overrides), *one_run])
    return Recipe("\n".join((*lines, *_anchor_lines(record, rule))), command)


def _anchor_lines(record: RunRecord, rule: Rule | None) -> list[str]:
    """The anchors as YOLO model files list them, one level per line."""
    if rule is not None and not rule.takes_anchors:
        return [f"# {rule.facts.slots}: those of the rule"]
    anchors = record.fitted or record.config.get("anchors")
    strides, wh_px = (anchors.get(name) if isinstance(anchors, Mapping) else None for name in ("strides", "wh_px"))
    if not isinstance(strides, list) or not isinstance(wh_px, list):
        return []
    levels = [f"  - {_sides(sides)}  # stride {stride}" for stride, sides in zip(strides, wh_px, strict=False)]
    chosen = record.choices.get("anchors", "custom")
    return [f"anchors:  # {chosen}; width, height, … in pixels of the network input", *levels]


def _sides(sides: object) -> str:
    return "[" + ", ".join(f"{side:g}" for side in sides) + "]" if isinstance(sides, list) else str(sides)


if __name__ == "__main__":
    sys.exit(main())
