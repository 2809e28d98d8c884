"""Finding and reading files: every failure is a value or one clear sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from assignstudy.datasets.files import (
    briefly,
    did_you_mean,
    is_there,
    needed_folder,
    read_needed,
    reason,
    speaking_name,
    walk,
)
from assignstudy.errors import DatasetError


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("x/coco128.yaml", "coco128"),
        ("x/birds/data.yaml", "birds"),
        ("/data.yaml", "data"),
        ("x/birds/_annotations.coco.json", "birds"),
        ("x/instances_val2017.json", "instances_val2017"),
    ],
)
def test_a_data_set_is_called_by_what_says_most(path, name):
    assert speaking_name(Path(path)) == name


def test_a_needed_file(tmp_path):
    (tmp_path / "a").write_bytes(b"\x00\x01")
    assert read_needed("data", tmp_path / "a", "a thing") == b"\x00\x01"
    with pytest.raises(
        DatasetError, match=r"^dataset\.data: expected a thing, got .*/b: no such file or directory; check"
    ):
        read_needed("data", tmp_path / "b", "a thing")
    with pytest.raises(DatasetError, match="is a directory"):
        read_needed("data", tmp_path, "a thing")
    with pytest.raises(DatasetError, match="embedded null"):
        read_needed("data", tmp_path / "a\0", "a thing")


def test_a_needed_folder(tmp_path):
    (tmp_path / "a").touch()
    assert needed_folder("root", tmp_path, "a folder") == tmp_path
    with pytest.raises(DatasetError, match=r"^dataset\.root: expected a folder at .*/a, found a file; check"):
        needed_folder("root", tmp_path / "a", "a folder")
    with pytest.raises(DatasetError, match="found nothing there"):
        needed_folder("root", tmp_path / "b", "a folder")


def test_questions_that_no_system_answers_are_answered_no():
    assert not is_there(Path("a" * 5000).exists)
    assert not is_there(Path("a\0").is_dir)


def test_reasons_have_no_path():
    assert reason(FileNotFoundError(2, "No such file or directory", "/secret")) == "no such file or directory"
    assert reason(ValueError("Odd")) == "odd"
    assert reason(ValueError()) == ""


@pytest.mark.parametrize(("word", "hint"), [("trian", 'did you mean "train"?'), ("xyz", "choose one of train, val")])
def test_hints(word, hint):
    assert did_you_mean(word, ["train", "val"]) == hint
    assert did_you_mean(word, []) == "choose one of none at all"


def test_walking_is_sorted_follows_links_once_and_leaves_hidden_things_out(tmp_path):
    for name in ("b/2.png", "b/1.png", "a/3.png", ".hidden/4.png", "b/._1.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    (tmp_path / "elsewhere").symlink_to(tmp_path / "b")
    found = [(Path(folder).relative_to(tmp_path).as_posix(), names) for folder, names in walk(str(tmp_path))]
    assert found == [(".", []), ("a", ["3.png"]), ("b", ["1.png", "2.png"])]


def test_walking_a_missing_folder_finds_nothing_and_can_complain(tmp_path):
    complaints = []
    assert list(walk(str(tmp_path / "none"))) == []
    assert list(walk(str(tmp_path / "none"), complaints.append)) == []
    assert [type(complaint) for complaint in complaints] == [FileNotFoundError]


def test_values_are_quoted_briefly():
    endless = [1]
    for _ in range(30):
        endless = [endless] * 9
    assert len(briefly(endless)) < 200
    assert briefly(["images", 3]) == "['images', 3]"
