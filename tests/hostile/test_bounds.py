"""What a stranger's file may cost: little memory, no waiting, and nothing outside the data set."""

from __future__ import annotations

import json
import os
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from assignstudy import record
from assignstudy.datasets import coco, voc, yolo
from assignstudy.datasets.pictures import open_picture, read_sizes
from assignstudy.errors import AssignStudyError, DatasetError, RecordError
from assignstudy.tables import column_names, read_table
from assignstudy.types import Dataset, IssueKind
from assignstudy.untrusted import leads_out, printable, read_yaml
from tests.fixtures import fixture
from tests.stored_runs import store

MEGABYTES = 1_000_000
SIZE = 10 * MEGABYTES
ONE_FILE = 4_990_000
"""Just below what is read as the labels of one image."""

IMAGE = b'{"id":1,"file_name":"a","width":8,"height":8}'


def filled(unit: bytes, size: int = SIZE) -> bytes:
    return unit * (size // len(unit))


def coco_file(annotations: bytes = b"", images: bytes = IMAGE, categories: bytes = b'{"id":1,"name":"a"}') -> bytes:
    return b'{"images":[%s],"categories":[%s],"annotations":[%s]}' % (images, categories, annotations)


LABELS = {
    "rows of an unknown class": filled(b"9 0 0 0 0\n", ONE_FILE),
    "rows that are none": filled(b"1\n", ONE_FILE),
    "words": filled(b"x\n", ONE_FILE),
    "one box again and again": filled(b"0 .5 .5 1 1\n", ONE_FILE),
    "blank lines": filled(b"\n", ONE_FILE),
    "one line": filled(b"1 ", ONE_FILE),
    "too much": filled(b"0 .5 .5 1 1\n"),
}
YAMLS = {
    "too much": b"train: images\nnames: [" + filled(b"a,") + b"]",
    "many names": b"train: images\nnames: [" + filled(b"a,", 990_000) + b"]",
    "nested": b"train: " + filled(b"[", 990_000),
    "aliases": b"a: &a [x,x,x]\nb: &b [*a,*a,*a]\ntrain: images\nnames: *b\n",
    "merge keys": b"a: &a {x: 1}\nb: &b {<<: [*a,*a,*a]}\nc: {<<: [*b,*b,*b]}\ntrain: images\nnames: [a]\n",
}
JSONS = {
    "nested": filled(b"["),
    "nested where nobody looks": b'{"x":' + filled(b"[", SIZE // 2) + filled(b"]", SIZE // 2) + b"}",
    "empty annotations": coco_file(filled(b"{},") + b"{}"),
    "numbers for annotations": coco_file(filled(b"1,") + b"1"),
    "unknown classes": coco_file(filled(b'{"image_id":1,"category_id":2,"bbox":[0,0,1,1]},')[:-1]),
    "no boxes": coco_file(filled(b'{"image_id":1,"category_id":1},')[:-1]),
    "an endless box": coco_file(b'{"image_id":1,"category_id":1,"bbox":[' + filled(b"1,") + b"1]}"),
    "one image again and again": coco_file(images=filled(IMAGE + b",")[:-1]),
}
XMLS = {
    "nested": filled(b"<a>", ONE_FILE // 2) + filled(b"</a>", ONE_FILE // 2),
    "elements": b"<a>" + filled(b"<b/>", ONE_FILE) + b"</a>",
    "objects": b"<a>" + filled(b"<object/>", ONE_FILE) + b"</a>",
    "attributes": b"<a " + b" ".join(b'a%d=""' % number for number in range(400_000)) + b"/>",
    "too much": b"<a>" + filled(b"<b/>") + b"</a>",
    "entities": b'<!DOCTYPE a [<!ENTITY a "%s">' % (b"x" * 100)
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 20) for n in range(10))
    + b"]><a>&k;</a>",
    "an entity from a file": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><name>&x;</name></a>',
    "attributes by definition": b"<!DOCTYPE a [<!ATTLIST b c CDATA '%s'>]><a>" % (b"x" * 9999) + filled(b"<b/>", 10**6),
}


def cost(read: Callable[[], object]) -> tuple[str, float]:
    """What a reader says in a process of its own, and the megabytes that it takes; it must end within three minutes."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (180, 180))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer = "died"
        try:
            read()
            answer = "read"
        except AssignStudyError as error:
            answer = str(error)[:2000]
        finally:
            taken = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
            os.write(into, json.dumps([answer, taken]).encode())
            os._exit(0)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    answer, taken = json.loads(said or '["killed", 0]')
    return answer, taken


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reader", "file", "content"),
    [("yolo", "labels/a.txt", content) for content in LABELS.values()]
    + [("yolo", "data.yaml", content) for content in YAMLS.values()]
    + [("coco", "instances.json", content) for content in JSONS.values()]
    + [("voc", "Annotations/a.xml", content) for content in XMLS.values()],
    ids=[
        f"{kind}: {name}"
        for kind, cases in (("txt", LABELS), ("yaml", YAMLS), ("json", JSONS), ("xml", XMLS))
        for name in cases
    ],
)
def test_ten_megabytes_never_take_more_than_one_gigabyte(tmp_path, reader, file, content):
    options = fixture(reader).write(tmp_path / "data")
    (tmp_path / "data" / file).write_bytes(content)
    answer, megabytes = cost(lambda: {"yolo": yolo, "coco": coco, "voc": voc}[reader].read(**options))
    assert answer not in ("died", "killed")
    assert answer == "read" or answer.startswith("dataset."), answer
    assert megabytes < 1000


def test_a_picture_that_claims_too_many_pixels_is_measured_but_not_decoded(tmp_path):
    path = tmp_path / "x.png"
    Image.new("1", (9_000, 9_000)).save(path)
    assert path.stat().st_size < 100_000
    assert read_sizes([path]) == [(9_000, 9_000)]
    with pytest.raises(OSError, match="expected a picture, found more than 64,000,000 pixels"):
        open_picture(path)
    Image.new("RGB", (6_000, 6_000)).save(path, "WEBP", method=0)
    with pytest.raises(OSError, match="expected a picture, found more than 32,000,000 pixels"):
        open_picture(path)


# ---- what is no plain file


def problems(read: Callable[[], Dataset]) -> str:
    """All that is said about a data set, whether it can be read or not."""
    try:
        return " ".join(issue.problem for issue in read().issues)
    except DatasetError as error:
        return str(error)


@pytest.mark.parametrize("made", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
@pytest.mark.parametrize(
    ("reader", "file"),
    [
        *(("yolo", file) for file in ("labels/a.txt", "images/a.png", "data.yaml")),
        *(("coco", file) for file in ("instances.json", "images/a.png")),
        *(("voc", file) for file in ("Annotations/a.xml", "ImageSets/Main/trainval.txt")),
    ],
)
def test_pipes_and_devices_are_refused_without_waiting(tmp_path, reader, file, made):
    options = fixture(reader).write(tmp_path / "data")
    path = tmp_path / "data" / file
    path.unlink()
    made(path)
    told = problems(lambda: {"yolo": yolo, "coco": coco, "voc": voc}[reader].read(**options))
    wanted = "found none; its labels take part" if file == "images/a.png" and reader == "coco" else "a pipe, a device"
    assert wanted in told


# ---- paths


@pytest.mark.parametrize("path", ["../a", "/a", "a/../../b", r"..\a", r"C:\a", r"\\host\a", "a/b/../../../c"])
def test_paths_that_lead_out_are_known(path):
    assert leads_out(path)


@pytest.mark.parametrize("path", ["a", "a/b", "a/../b", "./a", "...", "..a", "a..", ""])
def test_paths_that_stay_are_known(path):
    assert not leads_out(path)


def refused(dataset: Dataset) -> list[tuple[IssueKind, int | None]]:
    return [(issue.kind, issue.line) for issue in dataset.issues if issue.kind is not IssueKind.NO_LABELS]


@pytest.fixture
def secret(tmp_path) -> Path:
    """A picture, labels and XML beside the data set, which must not be read."""
    fixture("voc").write(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "JPEGImages" / "a.txt").write_text("secret words\n", encoding="utf-8")
    return tmp_path / "elsewhere"


def test_a_voc_list_cannot_lead_out(tmp_path, secret):
    options = fixture("voc").write(tmp_path / "data")
    path = tmp_path / "data" / "ImageSets" / "Main" / "trainval.txt"
    path.write_text(f"a\n../../elsewhere/Annotations/a\n{secret / 'Annotations' / 'a'}\n", encoding="utf-8")
    dataset = voc.read(**options)
    assert dataset.image_paths == ("JPEGImages/a.png",)
    assert refused(dataset) == [(IssueKind.UNREADABLE_LABELS, 2), (IssueKind.UNREADABLE_LABELS, 3)]


def test_a_yolo_list_cannot_lead_out(tmp_path, secret):
    fixture("yolo").write(tmp_path / "data")
    picture = secret / "JPEGImages" / "a.png"
    lines = f"./images/a.png\n../elsewhere/JPEGImages/a.png\n{picture}\n./images/../../elsewhere/JPEGImages/a.png\n"
    (tmp_path / "data" / "list.txt").write_text(lines, encoding="utf-8")
    (tmp_path / "data" / "data.yaml").write_text("train: list.txt\nnames: [a, b, c]\n", encoding="utf-8")
    dataset = yolo.read(tmp_path / "data" / "data.yaml")
    assert dataset.image_paths == ("images/a.png",)
    assert refused(dataset) == [(IssueKind.UNREADABLE_IMAGE, line) for line in (2, 3, 4)]
    assert not any("secret" in issue.problem for issue in dataset.issues)


def test_no_line_of_another_file_is_told_on_a_page(tmp_path):
    fixture("yolo").write(tmp_path / "data")
    (tmp_path / "passwords").write_text("user:secret\n" * 20_000, encoding="utf-8")
    (tmp_path / "data" / "data.yaml").write_text("train: ../passwords\nnames: [a]\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"expected a list of images, got .*passwords: expected an image file"):
        yolo.read(tmp_path / "data" / "data.yaml")


@pytest.mark.usefixtures("secret")
def test_a_file_name_in_coco_json_cannot_lead_out(tmp_path):
    fixture("coco").write(tmp_path / "data")
    images = [
        {"id": 1, "file_name": "../../elsewhere/JPEGImages/a.png", "width": 8, "height": 8},
        {"id": 2, "file_name": "../../elsewhere/JPEGImages/empty.png"},
        {"id": 3, "file_name": "a.png"},
    ]
    path = tmp_path / "data" / "instances.json"
    path.write_text(json.dumps({"images": images, "annotations": [], "categories": []}), encoding="utf-8")
    dataset = coco.read(path, tmp_path / "data" / "images")
    assert dataset.image_paths == ("../../elsewhere/JPEGImages/a.png", "a.png")
    assert (IssueKind.UNREADABLE_IMAGE, None) in refused(dataset)
    with pytest.raises(OSError, match="a path that leads out of the data set"):
        dataset.load_picture(0)


def test_a_manifest_cannot_lead_out(tmp_path):
    run = store(tmp_path / "elsewhere")
    sweep = tmp_path / "sweep"
    sweep.mkdir()
    manifest = {"schema_version": 1, "runs": [f"../elsewhere/{run.name}"], "overrides": []}
    (sweep / "sweep.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(RecordError, match=r"sweep\.json: runs\.0: string should match pattern"):
        record.read_manifest(sweep)


# ---- tables from elsewhere


def write_parquet(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"gt_id": pa.array(["a"])}, "expected whole numbers in the column gt_id, got string"),
        ({"gt_id": pa.array([1, 1])}, "expected one row per ground truth, by ascending gt_id"),
        ({"gt_id": pa.array([2, 1])}, "expected one row per ground truth, by ascending gt_id"),
        ({"ignored": pa.array([1])}, "expected flags in the column ignored, got int64"),
        ({"size_bin": pa.array(["huge"]).dictionary_encode()}, "expected small, medium, large as size_bin"),
        ({"size_bin": pa.array(["small"])}, "expected small, medium, large as size_bin"),
        ({"x": pa.array([[1]])}, "expected plain values in the column x, got list"),
    ],
)
def test_a_table_of_another_kind_is_refused(tmp_path, columns, sentence):
    with pytest.raises(RecordError, match=sentence):
        read_table(write_parquet(tmp_path / "x.parquet", **columns))


def test_a_small_table_cannot_claim_billions_of_rows(tmp_path):
    path = write_parquet(tmp_path / "x.parquet", positives=pa.array(np.zeros(30_000_000, np.int32)))
    assert path.stat().st_size < 200_000
    with pytest.raises(RecordError, match="bytes that claim 30,000,000 rows"):
        column_names(path)


def test_a_damaged_page_is_noticed(tmp_path):
    path = store(tmp_path) / "ground_truths.parquet"
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    with pytest.raises(RecordError, match=r"ground_truths\.parquet: expected a Parquet table, but it cannot be read"):
        read_table(path)


def test_our_own_tables_pass(tmp_path):
    path = store(tmp_path) / "ground_truths.parquet"
    pd.testing.assert_frame_equal(read_table(path), pd.read_parquet(path))


# ---- names


def test_names_move_no_cursor_and_end_no_text():
    assert printable("a\x1b[2J\r\n\x00\udcff\u2028街") == r"a\x1b[2J\r\n\x00\udcff\u2028街"


def test_names_that_only_look_alike_are_told_apart(tmp_path):
    options = fixture("yolo").write(tmp_path / "data")
    for name in ("a\nb.png", r"a\nb.png"):
        shutil.copy(tmp_path / "data" / "images" / "a.png", tmp_path / "data" / "images" / name)
    paths = yolo.read(**options).image_paths
    assert {path for path in paths if "nb" in path} == {r"images/a\nb.png", r"images/a\nb.png (2)"}


def test_yaml_says_what_it_does_not_take(tmp_path):
    path = tmp_path / "x.yaml"
    for content, problem in (
        (b"a: !!set {b}", "tags are not taken"),
        (b"&a [*a]", "aliases are"),
        (b"9" * 30, "64 bits"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=problem):
            read_yaml(path)
