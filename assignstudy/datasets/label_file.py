"""A data set as one Parquet file, whose parts (boxes, images, classes, issues) are row groups of their own.

One file can be put in place in one step. Pages have checksums; what these do not cover is held against the fingerprint.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from assignstudy.datasets.fingerprint import fingerprint
from assignstudy.datasets.pictures import PictureFiles
from assignstudy.types import DataIssue, Dataset, IssueKind
from assignstudy.untrusted import open_plain

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP_ROWS = 1 << 20
_BOX = ("cx", "cy", "w", "h")
_PARTS = {
    "header": ("header",),
    "boxes": ("image_index", "class_id", "ignored", *_BOX),
    "images": ("image_path", "width", "height", "picture"),
    "classes": ("class_name",),
    "issues": ("issue_path", "line", "kind", "problem", "kept"),
}


class DamagedLabelsError(Exception):
    """A file is not what :func:`write_labels` wrote."""


def write_labels(file: IO[bytes], dataset: Dataset) -> None:
    """Write a data set; its pictures only as the paths of their files, and none of its notices.

    Args:
        file: Open for writing.
        dataset: Its pictures, if any, lie in files.
    """
    import pyarrow.parquet as pq

    columns = _columns(dataset)
    schema = _schema(columns)
    with pq.ParquetWriter(
        file,
        schema,
        compression="lz4",
        use_dictionary=["class_id", "width", "height", "kind", "issue_path"],
        column_encoding={"image_index": "DELTA_BINARY_PACKED", **dict.fromkeys(_BOX, "BYTE_STREAM_SPLIT")},
        write_page_checksum=True,
        write_statistics=False,
    ) as writer:
        for part in _PARTS:
            for start in range(0, len(columns[_PARTS[part][0]]), _GROUP_ROWS):
                writer.write_table(_group(columns, part, start, schema), row_group_size=_GROUP_ROWS)


def load_labels(path: Path) -> Dataset:
    """Read what :func:`write_labels` wrote.

    Raises:
        FileNotFoundError: There is no such file.
        DamagedLabelsError: It holds something else.
        OSError: It cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_plain(path) as file:
        try:
            parquet = pq.ParquetFile(file, page_checksum_verification=True)
            return _dataset(parquet)
        except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise DamagedLabelsError(" ".join(str(error).split())[:200] or type(error).__name__) from error


def _columns(dataset: Dataset) -> dict[str, Any]:
    """Every column of every part."""
    pictures = dataset.load_picture.files if isinstance(dataset.load_picture, PictureFiles) else None
    counts = {
        "boxes": len(dataset.image_index),
        "images": len(dataset.image_paths),
        "classes": len(dataset.class_names),
        "issues": len(dataset.issues),
    }
    header = {"name": dataset.name, "rows": counts, "pictures": pictures is not None, "labels": fingerprint(dataset)}
    box = dataset.cxcywh_norm_orig.numpy()
    wh = dataset.image_wh_orig.numpy()
    return {
        "header": [json.dumps(header)],
        "image_index": dataset.image_index.numpy(),
        "class_id": dataset.class_id.numpy(),
        "ignored": dataset.ignored.numpy(),
        **{name: np.ascontiguousarray(box[:, k]) for k, name in enumerate(_BOX)},
        "image_path": list(dataset.image_paths),
        "width": np.ascontiguousarray(wh[:, 0]),
        "height": np.ascontiguousarray(wh[:, 1]),
        "picture": [None] * len(wh)
        if pictures is None
        else [path if path is None else os.fsencode(path) for path in pictures],
        "class_name": list(dataset.class_names),
        "issue_path": [issue.path for issue in dataset.issues],
        "line": [issue.line for issue in dataset.issues],
        "kind": [issue.kind.value for issue in dataset.issues],
        "problem": [issue.problem for issue in dataset.issues],
        "kept": [issue.kept for issue in dataset.issues],
    }


def _schema(columns: Mapping[str, Any]) -> pa.Schema:
    import pyarrow as pa

    words = {name: pa.string() for name in ("header", "image_path", "class_name", "issue_path", "kind", "problem")}
    others = {"line": pa.int64(), "kept": pa.bool_(), "picture": pa.binary()}
    known = words | others
    return pa.schema([(name, known.get(name) or pa.from_numpy_dtype(columns[name].dtype)) for name in columns])


def _group(columns: Mapping[str, Any], part: str, start: int, schema: pa.Schema) -> pa.Table:
    """Some rows of a part; the columns of the other parts are empty, which costs next to nothing."""
    import pyarrow as pa

    own = {name: columns[name][start : start + _GROUP_ROWS] for name in _PARTS[part]}
    rows = len(own[_PARTS[part][0]])
    arrays = [
        pa.array(own[field.name], field.type) if field.name in own else pa.nulls(rows, field.type) for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _dataset(parquet: Any) -> Dataset:
    header = json.loads(parquet.read_row_group(0, columns=["header"])["header"][0].as_py())
    parts = dict(_parts(parquet, header["rows"]))
    boxes, images, classes, issues = (parts[name] for name in ("boxes", "images", "classes", "issues"))
    dataset = Dataset(
        name=header["name"],
        class_names=tuple(classes["class_name"].to_pylist()),
        image_paths=tuple(images["image_path"].to_pylist()),
        image_wh_orig=torch.from_numpy(_joined(images, "width", "height")),
        image_index=torch.from_numpy(_numbers(boxes, "image_index")),
        class_id=torch.from_numpy(_numbers(boxes, "class_id")),
        cxcywh_norm_orig=torch.from_numpy(_joined(boxes, *_BOX)),
        ignored=torch.from_numpy(_numbers(boxes, "ignored")),
        issues=tuple(
            DataIssue(row["issue_path"], row["line"], IssueKind(row["kind"]), row["problem"], row["kept"])
            for row in issues.to_pylist()
        ),
        load_picture=PictureFiles(tuple(path and os.fsdecode(path) for path in images["picture"].to_pylist()))
        if header["pictures"]
        else None,
    )
    if fingerprint(dataset) != header["labels"]:
        raise ValueError("labels of another fingerprint")
    return dataset


def _parts(parquet: Any, rows: Mapping[str, int]) -> Iterator[tuple[str, pa.Table]]:
    """The parts behind the header, each from as many row groups as its rows need."""
    first = 1
    for part in list(_PARTS)[1:]:
        last = first + -(-rows[part] // _GROUP_ROWS)
        table = parquet.read_row_groups(list(range(first, last)), columns=list(_PARTS[part]))
        if len(table) != rows[part]:
            raise ValueError(f"{len(table)} {part} instead of {rows[part]}")
        yield part, table
        first = last


def _numbers(table: pa.Table, name: str) -> npt.NDArray[Any]:
    """A column of its own memory, because torch takes no other."""
    return np.array(table[name].to_numpy())


def _joined(table: pa.Table, *names: str) -> npt.NDArray[Any]:
    """(n, columns) some columns side by side."""
    return np.stack([table[name].to_numpy() for name in names], axis=1)
