"""A run's tables, read back as what it may be: somebody else's file.

A Parquet file says by itself how many rows it holds and of which types, and a small one may claim billions. So its
claims are held against its size and against what such a table looks like before any of it is believed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from assignstudy.errors import RecordError
from assignstudy.statistics.ground_truths import SIZE_BINS
from assignstudy.untrusted import open_plain

MOST_ROWS, MOST_ROWS_PER_BYTE = 1_000_000, 0.25
MOST_BYTES, MOST_BYTES_PER_BYTE = 50_000_000, 40
"""What a file may claim to hold: so much, and so much for each of its bytes. Real tables take ten bytes for a row."""

# What pyarrow and pandas raise on files that are broken in one way or another.
_BROKEN = (OSError, pa.ArrowException, ValueError, LookupError, TypeError, AttributeError, OverflowError)

_IS_KIND: Mapping[str, Callable[[pa.DataType], bool]] = {
    "whole numbers": pa.types.is_integer,
    "numbers": pa.types.is_floating,
    "flags": pa.types.is_boolean,
    "names": lambda kind: _is_text(kind) or (pa.types.is_dictionary(kind) and _is_text(kind.value_type)),
}
_KINDS = (
    (r"gt_id|image_index|class_id|positives(_P\d+)?|anchors|levels", "whole numbers"),
    (r"claims_.*|contested|owned|unreachable", "whole numbers"),
    (r"[xy][12]_orig|c[xy]_px|[wh]_px|critical_.*|best_iou|best_prior_iou", "numbers"),
    (r"ignored", "flags"),
    (r"image|class_name|size_bin|best_anchor", "names"),
)  # fmt: skip


def column_names(path: Path) -> list[str]:
    """The columns of a table.

    Raises:
        RecordError: If the file is missing or broken, or claims what no table of a run holds.
    """
    try:
        with open_plain(path) as file, pq.ParquetFile(file) as parquet:
            return _checked(path, parquet)
    except FileNotFoundError as error:
        raise RecordError(f"{path}: expected the table of a finished run, found none; run it again") from error
    except _BROKEN as error:
        raise _unreadable(path, error) from error


def read_table(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """A table of a run, with the types it was written with.

    Args:
        path: A Parquet file.
        columns: Columns to read; those that the file does not have are left out. None for all.

    Raises:
        RecordError: If the file is missing or broken, or is no table of a run.
    """
    names = [name for name in column_names(path) if columns is None or name in columns]
    try:
        with open_plain(path) as file:
            frame: pd.DataFrame = pq.read_table(file, columns=names, page_checksum_verification=True).to_pandas()
    except _BROKEN as error:
        raise _unreadable(path, error) from error
    if "gt_id" in names and not ("gt_id" in frame and _is_ascending(frame["gt_id"])):
        raise RecordError(f"{path}: expected one row per ground truth, by ascending gt_id, got others; run it again")
    if "size_bin" in frame and len(frame) and not _is_binned(frame["size_bin"]):
        raise RecordError(f"{path}: expected {', '.join(SIZE_BINS)} as size_bin, got others; run it again")
    return frame


def _checked(path: Path, parquet: pq.ParquetFile) -> list[str]:
    """The names of the columns, if the file's claims can be believed."""
    size, facts = path.stat().st_size, parquet.metadata
    groups = [facts.row_group(number) for number in range(facts.num_row_groups)]
    rows, unpacked = (
        max(facts.num_rows, sum(one.num_rows for one in groups)),
        sum(one.total_byte_size for one in groups),
    )
    if rows > MOST_ROWS + MOST_ROWS_PER_BYTE * size or unpacked > MOST_BYTES + MOST_BYTES_PER_BYTE * size:
        claim = f"{rows:,} rows, {unpacked:,} bytes unpacked"
        raise RecordError(f"{path}: expected a table of a run, got {size:,} bytes that claim {claim}; run it again")
    for field in parquet.schema_arrow:
        expected = next((kind for pattern, kind in _KINDS if re.fullmatch(pattern, field.name)), None)
        if not _fits(field.type, expected):
            what = expected or "plain values"
            raise RecordError(
                f"{path}: expected {what} in the column {field.name[:80]}, got {field.type}; run it again"
            )
    return list(parquet.schema_arrow.names)


def _fits(kind: pa.DataType, expected: str | None) -> bool:
    if expected is not None:
        return _IS_KIND[expected](kind)
    return any(fits(kind) for fits in _IS_KIND.values())


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_ascending(ids: pd.Series) -> bool:
    values = ids.to_numpy()
    return not ids.hasnans and bool((values[1:] > values[:-1]).all())


def _is_binned(sizes: pd.Series) -> bool:
    is_category = isinstance(sizes.dtype, pd.CategoricalDtype)
    return is_category and not sizes.hasnans and tuple(sizes.cat.categories) == SIZE_BINS


def _unreadable(path: Path, error: Exception) -> RecordError:
    reason = " ".join(str(error).split())[:200]
    return RecordError(f"{path}: expected a Parquet table, but it cannot be read ({reason}); run it again")
