"""Whatever strangers write into their files, reading ends in a data set or in one sentence."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assignstudy.datasets import coco, voc, yolo
from assignstudy.errors import DatasetError
from assignstudy.types import Dataset
from tests.fixtures import fixture

UNTIDY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ODD = JSON | st.sampled_from([0, 1, -1, 2**70, 1e308, "1", [1, 2, 3, 4], [1, 2, 3]])


def read_or_refuse(read):
    """The data set, which checks itself; None where it is refused in a sentence."""
    with contextlib.suppress(DatasetError):
        dataset = read()
        assert isinstance(dataset, Dataset)
        assert all(issue.path and issue.problem for issue in dataset.issues)
        "".join(issue.problem + issue.path for issue in dataset.issues).encode("utf-8")
        return dataset
    return None


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


def entries(keys):
    return st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(keys, ODD)) | ODD, max_size=4)


@UNTIDY
@given(
    images=entries(("id", "file_name", "width", "height")),
    annotations=entries(("id", "image_id", "category_id", "bbox", "iscrowd")),
    categories=entries(("id", "name")),
)
def test_coco_json(tmp_path, images, annotations, categories):
    good = {"id": 1, "file_name": "a.png", "width": 8, "height": 8}
    document = {"images": [good, *images], "annotations": annotations, "categories": categories}
    (tmp_path / "x.json").write_text(json.dumps(document), encoding="utf-8")
    assert read_or_refuse(lambda: coco.read(tmp_path / "x.json")) is not None


@UNTIDY
@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_file_as_coco_json(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    read_or_refuse(lambda: coco.read(tmp_path / "x.json"))


@UNTIDY
@given(content=st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_file_as_data_yaml(folder, content):
    if not folder.exists():
        fixture("yolo").write(folder)
    (folder / "data.yaml").write_bytes(content)
    read_or_refuse(lambda: yolo.read(folder / "data.yaml"))


@UNTIDY
@given(st.fixed_dictionaries({}, optional={"path": ODD, "train": ODD, "names": ODD, "nc": ODD}))
def test_any_value_in_data_yaml(tmp_path, config):
    if not (tmp_path / "data").exists():
        fixture("yolo").write(tmp_path / "data")
    (tmp_path / "data" / "data.yaml").write_text(json.dumps({"train": "images", "names": ["a"]} | config), "utf-8")
    read_or_refuse(lambda: yolo.read(tmp_path / "data" / "data.yaml"))


@UNTIDY
@given(content=st.binary(max_size=60) | st.text(alphabet="0123456789.-+eEnaif \n\t\r", max_size=60).map(str.encode))
def test_any_file_as_yolo_labels(folder, content):
    if not folder.exists():
        fixture("yolo").write(folder)
    (folder / "labels" / "a.txt").write_bytes(content)
    assert read_or_refuse(lambda: yolo.read(folder / "data.yaml")) is not None


@UNTIDY
@given(
    content=st.binary(max_size=60),
    width=st.text(alphabet="0123456789.-e ", max_size=6),
    corner=st.text(alphabet="0123456789.-enaif ", max_size=6),
)
def test_any_file_as_voc_xml(folder, content, width, corner):
    if not folder.exists():
        fixture("voc").write(folder)
    page = (
        f"<annotation><size><width>{width}</width><height>9</height></size><object><name>x</name><bndbox>"
        f"<xmin>{corner}</xmin><ymin>1</ymin><xmax>5</xmax><ymax>{corner}</ymax></bndbox></object></annotation>"
    )
    (folder / "Annotations" / "a.xml").write_text(page, encoding="utf-8")
    (folder / "Annotations" / "empty.xml").write_bytes(content)
    assert read_or_refuse(lambda: voc.read(folder)) is not None
