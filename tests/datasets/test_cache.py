"""The cache of read labels: never stale, never half, never in the way."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from assignstudy.datasets import cache, read_dataset
from assignstudy.datasets.fingerprint import fingerprint
from assignstudy.datasets.label_file import load_labels, write_labels
from tests.boxes import make_dataset
from tests.fixtures import fixture

READERS = ("coco", "voc", "yolo")
LABELS = {"coco": "instances.json", "voc": "Annotations/a.xml", "yolo": "labels/a.txt"}
PICTURES = {"coco": "images", "voc": "JPEGImages", "yolo": "images"}
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(params=READERS)
def data(request, tmp_path):
    return Data(request.param, tmp_path / "data")


class Data:
    """A data set on disk that was written an hour ago."""

    def __init__(self, reader: str, folder: Path) -> None:
        self.reader, self.folder = reader, folder
        self.options = fixture(reader).write(folder)
        self.labels, self.pictures = folder / LABELS[reader], folder / PICTURES[reader]
        self.age()

    def age(self) -> None:
        """Let an hour pass since the last change."""
        for path in self.folder.rglob("*"):
            os.utime(path, (time.time() - 3600,) * 2)

    def read(self, **options):
        return read_dataset(self.reader, self.options | options)


def entries() -> list[Path]:
    return sorted(cache.folder().glob("*.parquet"))


def described(dataset):
    """All that a data set says, its pictures included."""
    tensors = (dataset.image_wh_orig, dataset.image_index, dataset.class_id, dataset.cxcywh_norm_orig, dataset.ignored)
    pictures = [dataset.load_picture(index).tobytes() for index in range(len(dataset.image_paths))]
    return (
        *(dataset.name, dataset.class_names, dataset.image_paths, dataset.issues, dataset.notices, pictures),
        *((str(tensor.dtype), tensor.tolist()) for tensor in tensors),
    )


def put_other_labels_into(entry: Path) -> str:
    """Replace what an entry holds, so that a reader of the cache gives itself away; the other labels' fingerprint."""
    other = make_dataset([0], [(0.5, 0.5, 0.25, 0.25)], [(640, 480)])
    with entry.open("wb") as file:
        write_labels(file, other)
    return fingerprint(other)


def test_what_comes_from_the_cache_is_what_was_read(data):
    plain, first, second = data.read(cache=False), data.read(), data.read()
    assert described(first) == described(plain)
    assert described(second) == described(plain)


def test_the_second_reading_comes_from_the_cache(data):
    data.read()
    (entry,) = entries()
    other = put_other_labels_into(entry)
    assert fingerprint(data.read()) == other


def test_without_the_cache_nothing_is_written_and_nothing_used(data):
    plain = data.read(cache=False)
    assert not cache.folder().exists()
    data.read()
    put_other_labels_into(*entries())
    assert fingerprint(data.read(cache=False)) == fingerprint(plain)


def test_a_changed_label_of_the_same_size_and_time_is_noticed(data):
    before = data.read()
    status = data.labels.stat()
    text = data.labels.read_text(encoding="utf-8")
    old, new = {"coco": ("[4, 2,", "[3, 2,"), "voc": ("<xmin>5<", "<xmin>4<"), "yolo": ("0.125 0.5", "0.250 0.5")}[
        data.reader
    ]
    assert old in text
    data.labels.write_text(text.replace(old, new), encoding="utf-8")
    os.utime(data.labels, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert data.labels.stat().st_size == status.st_size
    assert fingerprint(data.read()) == fingerprint(data.read(cache=False)) != fingerprint(before)


@pytest.mark.parametrize("reader", ["voc", "yolo"])
def test_a_label_file_that_comes_or_goes_is_noticed(reader, tmp_path):
    data = Data(reader, tmp_path / "data")
    before, hidden = data.read(), tmp_path / "hidden"
    data.labels.rename(hidden)
    without = data.read()
    assert described(without) == described(data.read(cache=False)) != described(before)
    hidden.rename(data.labels)
    assert described(data.read()) == described(before)


def test_a_picture_that_goes_is_noticed(data):
    before = data.read()
    (data.pictures / "empty.png").unlink()
    after = data.read()
    assert (after.image_paths, after.issues) != (before.image_paths, before.issues)
    assert after.issues == data.read(cache=False).issues


def test_a_picture_of_another_size_is_noticed(tmp_path):
    data = Data("yolo", tmp_path / "data")
    before = data.read()
    path = data.pictures / "a.png"
    path.write_bytes((data.pictures / "empty.png").read_bytes())
    os.utime(path, (time.time() - 3600,) * 2)
    assert before.image_wh_orig[0].tolist() == [64, 32]
    assert data.read().image_wh_orig[0].tolist() == [32, 32]


def test_a_picture_that_comes_is_noticed(tmp_path):
    data = Data("yolo", tmp_path / "data")
    data.read()
    (data.pictures / "b.png").write_bytes((data.pictures / "a.png").read_bytes())
    assert "images/b.png" in data.read().image_paths


def test_a_changed_list_of_images_is_noticed(tmp_path):
    data = Data("yolo", tmp_path / "data")
    (data.folder / "some.txt").write_text("images/a.png\n", encoding="utf-8")
    (data.folder / "data.yaml").write_text("train: some.txt\nnames: [bus, car, person]\n", encoding="utf-8")
    data.age()
    assert len(data.read().image_paths) == 1
    (data.folder / "some.txt").write_text("images/a.png\nimages/empty.png\n", encoding="utf-8")
    assert len(data.read().image_paths) == 2


@pytest.mark.parametrize("reader", ["voc", "yolo"])
def test_labels_that_were_just_written_are_not_cached_because_a_change_in_the_same_moment_could_hide(reader, tmp_path):
    data = Data(reader, tmp_path / "data")
    data.labels.touch()
    data.read()
    assert entries() == []


def test_other_options_have_an_entry_of_their_own(tmp_path):
    data = Data("voc", tmp_path / "data")
    data.read()
    data.read(ignore_difficult=True)
    assert len(entries()) == 2


def test_a_relative_path_counts_from_the_working_folder(tmp_path, monkeypatch):
    for place, picture in (("here", "a.png"), ("there", "empty.png")):
        data = Data("yolo", tmp_path / place / "data")
        (data.pictures / picture).unlink()
        data.age()
    paths = []
    for place in ("here", "there"):
        monkeypatch.chdir(tmp_path / place)
        paths.append(read_dataset("yolo", {"data": "data/data.yaml"}).image_paths)
    assert paths[0] != paths[1]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no Parquet at all, but long enough to look at" * 9])
def test_a_corrupt_entry_is_rebuilt_with_a_notice(data, content):
    before = data.read()
    (entry,) = entries()
    entry.write_bytes(content)
    (notice,) = (again := data.read()).notices
    assert str(entry) in notice
    assert notice.endswith("; the labels were read anew")
    assert fingerprint(again) == fingerprint(before)
    assert described(data.read()) == described(before)


def test_no_damage_passes_for_labels(tmp_path):
    data = Data("coco", tmp_path / "data")
    before = described(data.read())
    (entry,) = entries()
    whole, dice = entry.read_bytes(), random.Random(0)
    for _ in range(150):
        broken = bytearray(whole)
        broken[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
        entry.write_bytes(bytes(broken)[: dice.choice([len(whole), dice.randrange(len(whole))])])
        after = data.read()
        assert described(after)[:4] == before[:4]
        assert described(after)[5:] == before[5:]


def test_a_cache_folder_that_cannot_be_written_costs_a_notice_and_no_run(data, tmp_path):
    (tmp_path / "cache").write_text("in the way", encoding="utf-8")
    (notice,) = (dataset := data.read()).notices
    assert "they were not cached" in notice
    assert fingerprint(dataset) == fingerprint(data.read(cache=False))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name, of Unix")
def test_an_entry_that_is_a_pipe_holds_nobody_up(tmp_path):
    data = Data("coco", tmp_path / "data")
    data.read()
    (entry,) = entries()
    entry.unlink()
    os.mkfifo(entry)
    (notice,) = data.read().notices
    assert "expected a whole cache entry" in notice
    assert entry.is_file()
    assert data.read().notices == ()


def test_errors_of_the_reader_stay_what_they_are(data):
    from assignstudy.errors import DatasetError

    missing = {name: f"{value}-gone" for name, value in data.options.items()}
    sentences = []
    for use in (True, False):
        with pytest.raises(DatasetError, match="-gone") as caught:
            read_dataset(data.reader, missing | {"cache": use})
        sentences.append(str(caught.value))
    assert sentences[0] == sentences[1]


def test_what_a_killed_process_left_is_tidied_up_later_but_not_what_another_is_writing(data):
    cache.folder().mkdir(parents=True)
    left, fresh = cache.folder() / "left.tmp", cache.folder() / "fresh.tmp"
    left.touch()
    fresh.touch()
    os.utime(left, (time.time() - 2 * cache.ABANDONED_AFTER_S,) * 2)
    data.read()
    assert (left.exists(), fresh.exists()) == (False, True)


READ = """
import sys
from assignstudy.datasets import read_dataset
from assignstudy.datasets.fingerprint import fingerprint
sys.stdin.readline()
dataset = read_dataset(sys.argv[1], {sys.argv[2]: sys.argv[3]})
print(fingerprint(dataset), len(dataset.notices))
"""


def test_entries_that_were_used_longest_ago_make_room(tmp_path, monkeypatch):
    old, used, new = (Data("coco", tmp_path / name) for name in ("old", "used", "new"))
    made = {}
    for hours, data in ((3, old), (5, used)):
        data.read()
        (made[data],) = set(entries()) - set(made.values())
        os.utime(made[data], (time.time() - hours * 3600,) * 2)
    used.read()
    monkeypatch.setattr(cache, "MOST_KEPT_BYTES", made[used].stat().st_size)
    new.read()
    assert not made[old].exists()
    assert len(entries()) == 2
    monkeypatch.setattr(cache, "MOST_KEPT_BYTES", 0)
    assert old.read().notices == ()
    assert len(entries()) == 1


def test_processes_that_build_an_entry_at_once_all_get_the_labels(data):
    option = {"coco": "annotations", "voc": "root", "yolo": "data"}[data.reader]
    command = [sys.executable, "-c", READ, data.reader, option, str(data.options[option])]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, cwd=REPOSITORY, **pipes) for _ in range(3)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = {process.communicate(timeout=120)[0] for process in processes}
    assert answers == {f"{fingerprint(data.read(cache=False))} 0\n"}
    assert [path.suffix for path in cache.folder().iterdir()] == [".parquet"]


WRITE = """
import sys
from pathlib import Path
from assignstudy.datasets import cache
from assignstudy.datasets.label_file import load_labels
source, entry = map(Path, sys.argv[1:])
dataset = load_labels(source)
print("ready", flush=True)
while True:
    cache._write_by_rename(entry, dataset)
"""


@pytest.mark.slow
def test_a_process_killed_while_it_writes_leaves_no_half_entry(tmp_path):
    source, entry = tmp_path / "source.parquet", tmp_path / "entries" / "entry.parquet"
    entry.parent.mkdir()
    boxes = 20_000
    labels = make_dataset([0] * boxes, torch.rand(boxes, 4).clamp(min=0.01).numpy(), [(640, 480)])
    with source.open("wb") as file:
        write_labels(file, labels)
    dice = random.Random(0)
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", WRITE, source, entry], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout.readline() == "ready\n"
            time.sleep(dice.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
        for found in entry.parent.glob("*.parquet"):
            assert fingerprint(load_labels(found)) == fingerprint(labels)
