"""What every reader owes: found by globbing, so that a new format is held to it without being named here."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import torch
import yaml

from assignstudy.datasets import read_dataset, readers
from assignstudy.datasets.fingerprint import fingerprint
from assignstudy.errors import ConfigError
from tests.fixtures import CLASS_NAMES, PICTURES, fixture

REPOSITORY = Path(__file__).resolve().parents[2]
YAMLS = sorted((REPOSITORY / "conf" / "dataset").glob("*.yaml"))
NAMES = list(readers())
SHARED = [name for name in NAMES if fixture(name).SAME_AS_OTHERS]


def test_every_reader_has_a_choice_and_every_choice_a_reader():
    assert [path.stem for path in YAMLS] == NAMES


@pytest.mark.parametrize("name", NAMES)
class TestReader:
    def test_its_yaml_says_its_options_and_their_defaults(self, name):
        path = REPOSITORY / "conf" / "dataset" / f"{name}.yaml"
        options = {
            key: parameter.default
            for key, parameter in inspect.signature(readers()[name]).parameters.items()
            if key != "progress"
        }
        assert yaml.safe_load(path.read_text(encoding="utf-8")) == {"name": name, **options}

    def test_its_yaml_explains_every_key(self, name):
        lines = (REPOSITORY / "conf" / "dataset" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
        unexplained = [line for before, line in zip(["", *lines], lines, strict=False) if ":" in line.split("#")[0]
                       and not before.startswith("#")]  # fmt: skip
        assert unexplained == []

    def test_reading_twice_gives_the_same(self, name, tmp_path):
        options = fixture(name).write(tmp_path / "data")
        one, other = read_dataset(name, options), read_dataset(name, options)
        assert fingerprint(one) == fingerprint(other)
        assert (one.name, one.class_names, one.image_paths) == (other.name, other.class_names, other.image_paths)
        assert one.issues == other.issues

    def test_moving_the_data_changes_nothing(self, name, tmp_path):
        one, other = (
            read_dataset(name, fixture(name).write(tmp_path / place / "data")) for place in ("here", "there/deeper")
        )
        assert fingerprint(one) == fingerprint(other)
        assert one.image_paths == other.image_paths
        assert one.issues == other.issues

    def test_paths_are_relative_posix_and_ascending(self, name, tmp_path):
        dataset = read_dataset(name, fixture(name).write(tmp_path / "data"))
        assert not any(path.startswith("/") or str(tmp_path) in path for path in dataset.image_paths)
        assert list(dataset.image_paths) == sorted(set(dataset.image_paths))
        assert not any(str(tmp_path) in issue.path + issue.problem for issue in dataset.issues)

    def test_pictures_open_in_the_size_that_was_read(self, name, tmp_path):
        dataset = read_dataset(name, fixture(name).write(tmp_path / "data"))
        for image_index, wh in enumerate(dataset.image_wh_orig.tolist()):
            picture = dataset.load_picture(image_index)
            assert (picture.mode, list(picture.size)) == ("RGB", wh)

    def test_progress_is_shown_only_on_request_and_on_stderr(self, name, tmp_path, capsys):
        options = fixture(name).write(tmp_path / "data")
        read_dataset(name, options)
        assert capsys.readouterr() == ("", "")
        read_dataset(name, options, progress=True)
        assert capsys.readouterr().out == ""

    def test_an_unknown_option_is_named_with_its_neighbour(self, name):
        known = [key for key in inspect.signature(readers()[name]).parameters if key != "progress"]
        with pytest.raises(
            ConfigError, match=rf'^dataset\.{known[0]}s: .*dataset={name}.* did you mean "{known[0]}"\?'
        ):
            read_dataset(name, {f"{known[0]}s": 1})


def test_progress_is_no_option():
    with pytest.raises(ConfigError, match=r"^dataset\.progress: .*choose one of images, seed"):
        read_dataset("demo", {"progress": True})


def test_an_unknown_reader_is_named_with_its_neighbour():
    with pytest.raises(ConfigError, match=r'^dataset: expected a format, got "yola"; did you mean "yolo"\?'):
        read_dataset("yola", {})


@pytest.mark.parametrize("name", SHARED)
def test_the_same_data_reads_alike_in_every_format(name, tmp_path):
    dataset = read_dataset(name, fixture(name).write(tmp_path / "data"))
    rows = [(image, *box) for image, picture in enumerate(PICTURES) for box in picture.boxes]
    wh = torch.tensor([PICTURES[image].wh for image, *_ in rows])
    corners = torch.tensor([box for _, _, *box in rows])
    assert dataset.class_names == CLASS_NAMES
    assert [Path(path).name for path in dataset.image_paths] == [picture.name for picture in PICTURES]
    assert dataset.image_wh_orig.tolist() == [list(picture.wh) for picture in PICTURES]
    assert dataset.image_index.tolist() == [image for image, *_ in rows]
    assert dataset.class_id.tolist() == [CLASS_NAMES.index(one) for _, one, *_ in rows]
    expected = torch.cat(((corners[:, :2] + corners[:, 2:]) / 2 / wh, (corners[:, 2:] - corners[:, :2]) / wh), 1)
    assert torch.equal(dataset.cxcywh_norm_orig, expected)
    assert not dataset.ignored.any()
    assert [(issue.kind.value, Path(issue.path).name, issue.kept) for issue in dataset.issues] == [
        ("image without labels", "empty.png", True)
    ]


def test_the_same_data_has_one_fingerprint_in_every_format(tmp_path):
    found = {fingerprint(read_dataset(name, fixture(name).write(tmp_path / name))) for name in SHARED}
    assert len(SHARED) >= 3
    assert len(found) == 1
