"""The page of a sweep, built from what lies on disk and from nothing else; so it can be built again at any time.

``python -m assignstudy.sweep FOLDER`` does that. A sweep that failed or was interrupted gets its page, too.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api.types import is_numeric_dtype

from assignstudy.assign.rule import Rule
from assignstudy.errors import AssignStudyError, PageError, RecordError
from assignstudy.record import PAGE_FILE, RunRecord
from assignstudy.report import sweep_page
from assignstudy.report.sweep_view import Recipe, SettingCurve, SweepView
from assignstudy.statistics import sweep_choice, sweep_pairs, sweep_threshold
from assignstudy.statistics.sweep_choice import Baseline, PickRule
from assignstudy.statistics.sweep_metrics import with_shares
from assignstudy.statistics.sweep_pairs import Comparison, Standing
from assignstudy.statistics.sweep_parameters import label, parameters, records, rows_of, swept, value_text
from assignstudy.stored import StoredRun, StoredSweep, find_sweep, runs_table
from assignstudy.tables import read_table

INDEX_FILE = "index.html"
USUAL_RULE = PickRule()

_LEVELS = tuple(f"positives_P{number}" for number in range(17))  # strides go up to 2 ** 16
_CRITICAL = tuple(axis.critical for axis in sweep_threshold.AXES)
_COLUMNS = ("gt_id", "ignored", "size_bin", "positives", *_LEVELS, "unreachable", *_CRITICAL)
_NEEDED = ("gt_id", "ignored", "size_bin", "positives")
_FOLDERS = re.compile(r"(?<![\w.…~/<])(?!//)(?:[A-Za-z]:[\\/]|[\\/])(?:[^\s\\/'\"]+[\\/])*(?=[^\s\\/'\"])")
_RULES = "assignstudy.assign."


def write_sweep_page(folder: Path, rule: PickRule = USUAL_RULE) -> Path:
    """Write a sweep's ``index.html``, ``runs.parquet`` and ``runs.csv``, from its runs' records and tables.

    None of the three holds times, absolute paths or the name of the sweep's folder, so that the same sweep gives the
    same bytes. The two tables are :func:`assignstudy.results.load_runs` without ``sweep`` and ``seconds``, and with
    ``folder`` relative to the sweep.

    Args:
        folder: The sweep, finished or not.
        rule: How the recommended run is picked.

    Returns:
        The path of the page.

    Raises:
        RecordError: If the folder holds neither a run nor a manifest of runs.
        PageError: If a section could not be built (the page says so, too) or a file could not be written.
    """
    found = find_sweep(folder)
    runs = _portable(runs_table(found.runs), folder)
    view = _view(folder, found, runs, rule)
    page = folder / INDEX_FILE
    try:
        _write_tables(folder, runs)
        problems = sweep_page.write_page(page, view)
    except OSError as error:
        raise PageError(f"{page}: cannot be written ({error}); make room or give another folder") from error
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
    }
    for name, text in said.items():
        usual = getattr(USUAL_RULE, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=usual, help=f"{text} (%(default)s)")
    given = parser.parse_args(arguments)
    try:
        rule = PickRule(given.tolerance, given.most_unreachable)
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


def _write_by_rename(path: Path, write: Callable[[Path], object]) -> None:
    draft = path.with_name(f"{path.name}.tmp")
    write(draft)
    draft.replace(path)


# ---- what the page says


def _view(folder: Path, found: StoredSweep, runs: pd.DataFrame, rule: PickRule) -> SweepView:
    rules = {row: made for row, run in enumerate(found.runs) if (made := _rule(run.record)) is not None}
    runs = with_shares(runs, [row for row, one in rules.items() if not one.facts.shares_slots])
    comparable = _on_same_labels(runs)
    boxes = _Boxes(folder, comparable)
    order = sweep_choice.ranked(comparable, rule)
    readable = comparable.loc[boxes.readable]
    with_curve = readable.loc[[row for row in boxes.readable if _has_curve(rules.get(row))]]
    baseline = sweep_choice.baseline(readable, _published(rules)) if len(readable) else None
    return SweepView(
        dataset=_dataset_name(found.runs, order),
        runs=runs,
        order=tuple(order),
        on_front=dict(zip(rows_of(comparable), sweep_choice.pareto(comparable).tolist(), strict=True)),
        rule=rule,
        baseline=baseline,
        pages=_pages(folder, runs),
        rules={row: one.facts for row, one in rules.items()},
        curves=tuple(_curves(with_curve, swept(readable), boxes)),
        comparison=_comparison(readable, baseline, boxes),
        recipe=_recipe(found.runs[order[0]].record, rules.get(order[0])) if order else None,
        unfinished=found.unfinished,
        notices=tuple(map(hide_folders, (*found.notices, *boxes.notices))),
    )


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


def _published(rules: Mapping[int, Rule]) -> dict[int, tuple[str, float] | None]:
    """Name and published value of each run's threshold, by row; None for a rule without one."""
    known = {row: (rule.threshold_name, rule.published_threshold) for row, rule in rules.items()}
    return {row: None if name is None or value is None else (name, value) for row, (name, value) in known.items()}


def _has_curve(rule: Rule | None) -> bool:
    """Whether a rule's threshold alone decides which ground truths are matched."""
    threshold = rule.facts.threshold if rule is not None else None
    return threshold is not None and threshold.decides_match


def _rule(record: RunRecord) -> Rule | None:
    """The rule of a run, set up as it was; only ever one of this package, whatever a record names."""
    options = record.config.get("assigner")
    target = options.get("_target_") if isinstance(options, Mapping) else None
    module, _, name = str(target).rpartition(".")
    if not module.startswith(_RULES) or not isinstance(options, Mapping):
        return None
    with suppress(ImportError, TypeError, AssignStudyError):  # a rule of another version, or one that has changed
        found = getattr(import_module(module), name, None)
        if isinstance(found, type) and issubclass(found, Rule):
            return found(**{option: value for option, value in options.items() if option != "_target_"})
    return None


# ---- what the ground truths of all runs say together


class _Boxes:
    """The tables of ground truths of a sweep's runs, read one at a time; those that cannot be read are noted once."""

    def __init__(self, folder: Path, runs: pd.DataFrame) -> None:
        folders = zip(rows_of(runs), runs["folder"], strict=True)
        self._paths = {row: folder / name / "ground_truths.parquet" for row, name in folders}
        self.notices: list[str] = []
        self.readable = [row for row in self._paths if self._can_be_read(row)]

    def read(self, row: int) -> pd.DataFrame:
        return read_table(self._paths[row], _COLUMNS)

    def _can_be_read(self, row: int) -> bool:
        try:
            missing = [name for name in _NEEDED if name not in self.read(row)]
            if missing:
                raise RecordError(
                    f"{self._paths[row]}: expected the columns {', '.join(missing)}, found none; run it again"
                )
        except RecordError as error:
            self.notices.append(f"Left out where ground truths are compared: {error}.")
            return False
        return True


def _curves(runs: pd.DataFrame, names: Sequence[str], boxes: _Boxes) -> Iterator[SettingCurve]:
    """One curve per threshold and setting of everything else that was varied."""
    for axis in sweep_threshold.AXES:
        rows, others = sweep_threshold.one_per_curve(runs, axis, names)
        values = records(runs)
        settings = {row: tuple(value_text(run[name]) for name in others) for row, run in values.items()}
        for row in rows:
            table = boxes.read(row)
            name = label(values[row], others) if others else ""
            same = tuple(other for other in settings if settings[other] == settings[row])
            recall, shown = (sweep_threshold.recall(table, axis, at) for at in (axis.grid, axis.shown))
            yield SettingCurve(row, axis, name, same, recall, shown)


def _comparison(runs: pd.DataFrame, baseline: Baseline | None, boxes: _Boxes) -> Comparison | None:
    if baseline is None:
        return None
    others = [row for row in rows_of(runs) if row != baseline.row]
    standings: Iterator[tuple[str, Standing]] = (
        (str(runs.at[row, "run_key"]), sweep_pairs.standing(boxes.read(row))) for row in others
    )
    return sweep_pairs.compare(sweep_pairs.standing(boxes.read(baseline.row)), standings)


# ---- what to paste


def _recipe(record: RunRecord, rule: Rule | None) -> Recipe:
    title = "" if rule is None else f"  # {rule.facts.title}"
    settings = [(name, record.config.get(name)) for name in ("anchor_t", "iou_t", "imgsz")]
    lines = [f"assigner: {record.choices.get('assigner')}{title}"]
    lines += [f"{name}: {value}" for name, value in settings if value is not None]
    command = shlex.join(["python", "-m", "assignstudy", *map(hide_folders, record.overrides)])
    return Recipe("\n".join((*lines, *_anchor_lines(record, rule))), command)


def _anchor_lines(record: RunRecord, rule: Rule | None) -> list[str]:
    """The anchors as YOLO model files list them, one level per line."""
    if rule is not None and not rule.takes_anchors:
        return [f"# {rule.facts.slots}: those of the rule"]
    anchors = record.config.get("anchors")
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
