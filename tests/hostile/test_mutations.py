"""Every reader, fed with thousands of broken files: a data set, or one sentence; nothing else comes out."""

from __future__ import annotations

import contextlib
import io
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from assignstudy import record, results
from assignstudy.datasets import coco, voc, yolo
from assignstudy.datasets.pictures import open_picture, read_sizes
from assignstudy.errors import AssignStudyError, ConfigError
from assignstudy.settings import anchor_levels
from assignstudy.sweep import write_sweep_page
from assignstudy.types import Dataset
from tests.fixtures import fixture
from tests.hostile.mutations import mutants
from tests.stored_runs import store, store_failed, store_manifest

MUTANTS = 150
YAML = b"path: .\ntrain:\n  - images\nval: images\nnc: 3\nnames: {0: bus, 1: car, 2: person}\n"
LIST = b"./images/a.png\nimages/empty.png\n../outside.png\n"
ANCHORS = b"strides: [8, 16]\nwh_px:\n  - [10, 13, 16, 30]\n  - [30, 61, 62.5, 45]\n"


@pytest.fixture
def data(tmp_path) -> Path:
    for name in ("yolo", "coco", "voc"):
        fixture(name).write(tmp_path / name)
    return tmp_path


def outcome(read: Callable[[], object]) -> None:
    """What comes out is a data set that can be stored, or a sentence of one line that can be printed."""
    found = None
    with contextlib.suppress(AssignStudyError):
        found = read()
    if isinstance(found, Dataset):
        texts = [found.name, *found.class_names, *found.image_paths]
        texts += [text for issue in found.issues for text in (issue.path, issue.problem)]
        assert all(text.isprintable() or "\x1b" not in text for text in texts)
        "".join(texts).encode("utf-8")


@pytest.mark.parametrize(
    ("name", "content"), [("labels/a.txt", None), ("data.yaml", YAML), ("list.txt", LIST)], ids=["txt", "yaml", "list"]
)
def test_yolo(data, name, content):
    path = data / "yolo" / name
    if name == "list.txt":
        (data / "yolo" / "data.yaml").write_text("train: list.txt\nnames: [bus, car, person]\n", encoding="utf-8")
    for mutant in mutants(0, content or path.read_bytes(), MUTANTS):
        path.write_bytes(mutant)
        outcome(lambda: yolo.read(data / "yolo" / "data.yaml"))


@pytest.mark.parametrize("images", [True, False])
def test_coco(data, images):
    path = data / "coco" / "instances.json"
    for mutant in mutants(1, path.read_bytes(), MUTANTS):
        path.write_bytes(mutant)
        outcome(lambda: coco.read(path, data / "coco" / "images" if images else None))


@pytest.mark.parametrize("name", ["Annotations/a.xml", "ImageSets/Main/trainval.txt"])
def test_voc(data, name):
    path = data / "voc" / name
    for mutant in mutants(2, path.read_bytes(), MUTANTS):
        path.write_bytes(mutant)
        outcome(lambda: voc.read(data / "voc"))


@pytest.mark.parametrize("kind", ["AVIF", "BMP", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP", "GIF", "DDS"])
def test_headers_and_pixels_of_pictures(tmp_path, kind):
    exif = Image.Exif()
    exif[0x112] = 6
    whole, path = io.BytesIO(), tmp_path / "x.png"
    Image.init()
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow writes no {kind}")
    Image.new("RGB", (24, 18), (9, 100, 200)).save(whole, kind, **({"exif": exif} if kind in ("JPEG", "PNG") else {}))
    for mutant in mutants(3, whole.getvalue(), MUTANTS):
        path.write_bytes(mutant)
        (size,) = read_sizes([path])
        assert isinstance(size, tuple) or size.reason
        with contextlib.suppress(OSError):
            assert open_picture(path).mode == "RGB"


def test_anchor_files(tmp_path):
    path = tmp_path / "anchors.yaml"
    for mutant in mutants(4, ANCHORS, MUTANTS):
        path.write_bytes(mutant)
        with contextlib.suppress(ConfigError):
            assert anchor_levels({"path": str(path)})


# ---- what lies in a sweep's folder


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    sweep = tmp_path_factory.mktemp("stored")
    runs = [store(sweep, anchor_t=3.0), store(sweep, anchors="coco_p6"), store_failed(sweep, "imgsz: too large")]
    return store_manifest(sweep, *runs)


@pytest.fixture
def broken(stored) -> Iterator[Callable[[str], Path]]:
    """Hands over a file of the sweep to be broken; it is whole again afterwards."""
    first, _, _ = record.read_manifest(stored).runs
    whole: dict[Path, bytes] = {}

    def take(name: str) -> Path:
        path = stored / name.replace("RUN", first)
        whole.setdefault(path, path.read_bytes())
        return path

    yield take
    for path, content in whole.items():
        path.write_bytes(content)


def read_all(sweep: Path) -> None:
    first, second, _ = sorted(path.name for path in sweep.iterdir() if path.is_dir())
    outcome(lambda: results.load_runs(sweep))
    outcome(lambda: results.load_ground_truths(sweep))
    outcome(lambda: results.diff(sweep / first, sweep / second))
    outcome(lambda: write_sweep_page(sweep))


@pytest.mark.parametrize("name", ["RUN/run.json", "sweep.json", "RUN/ground_truths.parquet"])
def test_records_manifests_and_tables(stored, broken, name):
    path = broken(name)
    if path.suffix == ".json":  # as who means harm would do: the checksum hides nothing behind it
        path.write_bytes(re.sub(rb',\s*"checksum": "\w+"', b"", path.read_bytes()))
    for mutant in mutants(5, path.read_bytes(), 12):
        path.write_bytes(mutant)
        read_all(stored)


ODD: tuple[Any, ...] = (
    *(None, 1, -1, 10**400, 2**63, 1.5, float("nan"), float("inf"), "", True, "<b>", [], [1], [[1]], ["a"], {}),
    *({"a": {"b": [1]}}, "\x00\x1b", "\ud800", "../../x", "x" * 5000),
)


def places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in inside:
        yield (*before, key)
        yield from places(entry, (*before, key))


def test_any_value_anywhere_in_a_record(stored, broken):
    path = broken("RUN/run.json")
    whole, chance = json.loads(path.read_bytes()), random.Random(6)
    del whole["checksum"]  # as who means harm would do
    for place in chance.sample(list(places(whole)), 25):
        changed = json.loads(json.dumps(whole))
        *way, last = place
        inside = changed
        for key in way:
            inside = inside[key]
        inside[last] = chance.choice(ODD)
        path.write_text(json.dumps(changed), encoding="utf-8")
        read_all(stored)
