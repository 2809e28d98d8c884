"""The Ultralytics layout: where files lie, what is wrong with them, and what cannot be read at all."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assignstudy.datasets import yolo
from assignstudy.datasets.yolo_layout import label_path
from assignstudy.errors import ConfigError, DatasetError
from assignstudy.types import IssueKind

ROW = "0 0.5 0.5 0.25 0.25\n"


def picture(path: Path, size=(8, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(path)


def write(path: Path, text: str | bytes):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def build(root: Path, labels: dict[str, str | bytes | None], config="train: images\nnames: [cat, dog]\n"):
    """A data set below ``root``: label files by stem (None: no file), one 8×8 picture each."""
    for stem, text in labels.items():
        picture(root / "images" / f"{stem}.png")
        (root / "labels").mkdir(exist_ok=True)
        if text is not None:
            write(root / "labels" / f"{stem}.txt", text)
    return write(root / "data.yaml", config)


def issues_of(dataset):
    return [(issue.path, issue.line, issue.kind, issue.kept) for issue in dataset.issues]


class TestLayout:
    @pytest.mark.parametrize(
        ("image", "label"),
        [
            ("/d/images/train/a.jpg", "/d/labels/train/a.txt"),
            ("/images/d/images/a.b.jpg", "/images/d/labels/a.b.txt"),
            ("/d/pictures/a.JPG", "/d/pictures/a.txt"),
            ("/d/images2/a.png", "/d/images2/a.txt"),
        ],
    )
    def test_labels_mirror_images(self, image, label):
        assert label_path(image) == label

    def test_path_counts_from_the_yaml(self, tmp_path):
        build(tmp_path / "data", {"a": ROW})
        config = write(tmp_path / "conf" / "birds.yaml", "path: ../data\ntrain: images\nnames: [cat]\n")
        dataset = yolo.read(config)
        assert (dataset.name, dataset.image_paths, len(dataset.class_id)) == ("birds", ("images/a.png",), 1)

    def test_path_counts_from_the_working_folder_where_there_is_none_beside_the_yaml(self, tmp_path, monkeypatch):
        build(tmp_path / "data", {"a": ROW})
        config = write(tmp_path / "conf" / "birds.yaml", "path: data\ntrain: images\nnames: [cat]\n")
        monkeypatch.chdir(tmp_path)
        assert yolo.read(config).image_paths == ("images/a.png",)

    def test_path_may_be_absolute_and_the_option_relative(self, tmp_path, monkeypatch):
        build(tmp_path / "data", {"a": ROW})
        write(tmp_path / "x.yaml", f"path: {tmp_path / 'data'}\ntrain: images\nnames: [cat]\n")
        monkeypatch.chdir(tmp_path)
        assert yolo.read("x.yaml").image_paths == ("images/a.png",)

    @pytest.mark.parametrize("names", ["[cat, dog]", "{0: cat, 1: dog}", "{1: dog, 0: cat}", "{'0': cat, '1': dog}"])
    def test_names_are_a_list_or_a_map(self, tmp_path, names):
        assert yolo.read(build(tmp_path, {"a": ROW}, f"train: images\nnames: {names}\n")).class_names == ("cat", "dog")

    def test_without_names_nc_numbers_them(self, tmp_path):
        assert yolo.read(build(tmp_path, {"a": ROW}, "train: images\nnc: 2\n")).class_names == ("class_0", "class_1")

    def test_folders_are_read_with_all_below_and_suffixes_in_any_case(self, tmp_path):
        config = build(tmp_path, {"a": ROW})
        for name in ("deep/er/b.JPG", "c.JpEg", "d.webp", "e.bmp", "f.tiff"):
            picture(tmp_path / "images" / name)
            write(tmp_path / "labels" / Path(name).with_suffix(".txt"), ROW)
        write(tmp_path / "images" / "notes.md", "no image")
        write(tmp_path / "images" / ".hidden.png", "no image")
        dataset = yolo.read(config)
        assert len(dataset.image_paths) == len(dataset.class_id) == 6
        assert dataset.issues == ()

    @pytest.mark.parametrize("entry", ["./images/a.png", "images/a.png", "../data/images/a.png", "ABSOLUTE"])
    def test_list_files(self, tmp_path, entry):
        root = tmp_path / "data"
        build(root, {"a": ROW, "b": ROW})
        entry = entry.replace("ABSOLUTE", str(root / "images" / "a.png"))
        write(root / "lists" / "x.txt", "")
        write(root / "train.txt", f"\ufeff{entry}\r\n\r\n")
        config = write(root / "data.yaml", "train: train.txt\nnames: [cat]\n")
        dataset = yolo.read(config)
        assert (dataset.image_paths, dataset.issues) == (("images/a.png",), ())

    def test_a_list_may_count_from_path_or_from_the_working_folder(self, tmp_path, monkeypatch):
        build(tmp_path, {"a": ROW, "b": ROW})
        write(tmp_path / "lists" / "train.txt", "images/a.png\nimages/b.png\n")
        config = write(tmp_path / "data.yaml", "train: lists/train.txt\nnames: [cat]\n")
        assert yolo.read(config).image_paths == ("images/a.png", "images/b.png")
        monkeypatch.chdir(tmp_path / "images")
        write(tmp_path / "lists" / "train.txt", "a.png\n")
        assert yolo.read(config).image_paths == ("images/a.png",)

    def test_a_split_may_be_several_places(self, tmp_path):
        for part in ("one", "two", "three"):
            picture(tmp_path / part / "images" / f"{part}.png")
            write(tmp_path / part / "labels" / f"{part}.txt", ROW)
        write(tmp_path / "list.txt", "./three/images/three.png\n")
        config = write(tmp_path / "data.yaml", "train: [one/images, two, list.txt]\nnames: [cat]\n")
        dataset = yolo.read(config)
        assert dataset.image_paths == ("one/images/one.png", "three/images/three.png", "two/images/two.png")
        assert len(dataset.class_id) == 3

    def test_labels_may_lie_beside_their_images(self, tmp_path):
        picture(tmp_path / "train" / "a.png")
        write(tmp_path / "train" / "a.txt", ROW)
        write(tmp_path / "train" / "classes.txt", "cat\n")
        write(tmp_path / "train" / "list.txt", "./a.png\n")
        config = write(tmp_path / "data.yaml", "train: train/list.txt\nnames: [cat]\n")
        dataset = yolo.read(config)
        assert (len(dataset.class_id), dataset.issues) == (1, ())

    def test_one_step_up_too_many_is_forgiven(self, tmp_path):
        picture(tmp_path / "train" / "images" / "a.png")
        write(tmp_path / "train" / "labels" / "a.txt", ROW)
        config = write(tmp_path / "data.yaml", "train: ../train/images\nnames: [cat]\n")
        assert len(yolo.read(config).class_id) == 1

    def test_any_key_can_be_the_split(self, tmp_path):
        config = build(tmp_path, {"a": ROW}, "train: nowhere\nextra: images\nnames: [cat]\n")
        assert len(yolo.read(config, "extra").class_id) == 1

    def test_linked_folders_are_followed(self, tmp_path):
        build(tmp_path / "store", {"a": ROW})
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "images").symlink_to(tmp_path / "store" / "images")
        config = write(tmp_path / "data" / "data.yaml", "train: images\nnames: [cat]\n")
        dataset = yolo.read(config)
        assert (dataset.image_paths, len(dataset.class_id)) == (("images/a.png",), 1)

    def test_a_list_leads_only_to_images_of_the_data_set(self, tmp_path):
        build(tmp_path / "store", {"a": ROW, "b": ROW})
        write(
            tmp_path / "data" / "list.txt",
            "\n".join(str(tmp_path / "store" / "images" / f"{stem}.png") for stem in "ab"),
        )
        config = write(tmp_path / "data" / "data.yaml", "train: list.txt\nnames: [cat]\n")
        with pytest.raises(
            DatasetError, match=r"found none; line 1 of .*list\.txt: expected an image below data, the fol"
        ):
            yolo.read(config)
        write(tmp_path / "data" / "data.yaml", f"path: {tmp_path / 'store'}\ntrain: ../data/list.txt\nnames: [cat]\n")
        assert yolo.read(config).image_paths == ("images/a.png", "images/b.png")

    def test_strange_file_names(self, tmp_path):
        stems = ["a b", "<script>alert(1)", "街 naïve", "x.y", "# %20", "new\nline"]
        dataset = yolo.read(build(tmp_path, dict.fromkeys(stems, ROW)))
        shown = [stem.replace("\n", r"\n") for stem in stems]
        assert dataset.image_paths == tuple(sorted(f"images/{stem}.png" for stem in shown))
        assert len(dataset.class_id) == len(stems)

    def test_file_names_that_are_no_unicode(self, tmp_path):
        config = build(tmp_path, {"a": ROW})
        raw = os.fsencode(tmp_path / "images") + b"/caf\xe9.png"
        Path(os.fsdecode(raw)).write_bytes((tmp_path / "images" / "a.png").read_bytes())
        dataset = yolo.read(config)
        assert dataset.image_paths == ("images/a.png", "images/caf\\udce9.png")
        assert dataset.load_picture(1).size == (8, 8)
        assert issues_of(dataset) == [("images/caf\\udce9.png", None, IssueKind.NO_LABELS, True)]

    def test_yaml_with_a_byte_order_mark(self, tmp_path):
        config = build(tmp_path, {"a": ROW}, b"\xef\xbb\xbftrain: images\nnames: [caf\xc3\xa9]\n")
        assert yolo.read(config).class_names == ("café",)


class TestIssues:
    def test_every_row_is_judged_by_itself(self, tmp_path):
        text = (
            "0 .5 .5 .25 .25\n0 .5 .5 .25\n0 nan .5 .1 .1\n0 .5 .5 0 .1\n2 .5 .5 .1 .1\n0 1.5 .5 .1 .1\n1 1 .5 .5 .5\n"
        )
        dataset = yolo.read(build(tmp_path, {"a": text + "0 .5 .5 .25 .25\n"}))
        assert issues_of(dataset) == [
            ("labels/a.txt", 2, IssueKind.MALFORMED, False),
            ("labels/a.txt", 3, IssueKind.NOT_FINITE, False),
            ("labels/a.txt", 4, IssueKind.NO_AREA, False),
            ("labels/a.txt", 5, IssueKind.UNKNOWN_CLASS, False),
            ("labels/a.txt", 6, IssueKind.OUTSIDE, False),
            ("labels/a.txt", 7, IssueKind.PARTLY_OUTSIDE, True),
            ("labels/a.txt", 8, IssueKind.DUPLICATE, False),
        ]
        assert dataset.class_id.tolist() == [0, 1]
        problems = {issue.line: issue.problem for issue in dataset.issues}
        assert problems[5] == "expected a class from 0 to 1, got class 2 at 0.5 0.5 0.1 0.1"
        assert problems[8] == "expected each box once, got class 0 at 0.5 0.5 0.25 0.25 as in labels/a.txt:1"

    def test_coordinates_are_those_of_yolov5s_float32_path(self, tmp_path):
        dataset = yolo.read(build(tmp_path, {"a": "0 0.479492 0.688771 0.955609 0.5955"}))
        expected = np.array([0.479492, 0.688771, 0.955609, 0.5955]).astype(np.float32)
        assert dataset.cxcywh_norm_orig.numpy().tolist() == [expected.tolist()]

    def test_removing_duplicates_sorts_that_image_as_yolov5_does(self, tmp_path):
        rows = "1 .5 .5 .1 .1\n0 .9 .5 .1 .1\n{}0 .1 .6 .1 .1\n0 .1 .1 .1 .1\n"
        with_twin, without = rows.format("1 .5 .5 .1 .1\n"), rows.format("")
        dataset = yolo.read(build(tmp_path, {"a": with_twin, "b": without}))
        in_order = np.unique(np.array([row.split() for row in with_twin.splitlines()], np.float32), axis=0)
        assert dataset.class_id[:4].tolist() == in_order[:, 0].tolist()
        assert dataset.cxcywh_norm_orig[:4].tolist() == in_order[:, 1:].tolist()
        assert dataset.class_id[4:].tolist() == [1, 0, 0, 0]

    def test_images_without_labels(self, tmp_path):
        dataset = yolo.read(build(tmp_path, {"a": ROW, "b": None, "c": "", "d": " \n"}))
        assert [(issue.path, issue.problem, issue.kept) for issue in dataset.issues] == [
            ("images/b.png", "expected labels in labels/b.txt, found no such file", True),
            ("images/c.png", "expected labels in labels/c.txt, found it empty", True),
            ("images/d.png", "expected labels in labels/d.txt, found it empty", True),
        ]
        assert len(dataset.image_paths) == 4

    def test_an_image_whose_rows_are_all_refused_has_labels(self, tmp_path):
        dataset = yolo.read(build(tmp_path, {"a": "oops", "b": "9 .5 .5 .1 .1"}))
        assert [kind for _, _, kind, _ in issues_of(dataset)] == [IssueKind.MALFORMED, IssueKind.UNKNOWN_CLASS]
        assert dataset.cxcywh_norm_orig.shape == (0, 4)

    def test_label_files_without_image(self, tmp_path):
        config = build(tmp_path, {"a": ROW})
        write(tmp_path / "labels" / "deep" / "lost.txt", ROW)
        write(tmp_path / "labels" / "lost too.txt", ROW)
        assert issues_of(yolo.read(config)) == [
            ("labels/deep/lost.txt", None, IssueKind.NO_IMAGE, False),
            ("labels/lost too.txt", None, IssueKind.NO_IMAGE, False),
        ]

    def test_labels_of_another_split_are_not_lost(self, tmp_path):
        build(tmp_path, {"a": ROW, "b": ROW})
        write(tmp_path / "labels" / "lost.txt", ROW)
        write(tmp_path / "train.txt", "./images/a.png\n")
        config = write(tmp_path / "data.yaml", "train: train.txt\nnames: [cat]\n")
        assert issues_of(yolo.read(config)) == [("labels/lost.txt", None, IssueKind.NO_IMAGE, False)]

    def test_unreadable_images_are_left_out_with_their_labels(self, tmp_path):
        config = build(tmp_path, {"a": ROW})
        for name, content in (("empty", b""), ("text", b"no picture")):
            write(tmp_path / "images" / f"{name}.png", content)
            write(tmp_path / "labels" / f"{name}.txt", ROW)
        (tmp_path / "images" / "dangling.png").symlink_to(tmp_path / "nowhere.png")
        (tmp_path / "images" / "folder.png").mkdir()
        dataset = yolo.read(config)
        assert [(path, kind, kept) for path, _, kind, kept in issues_of(dataset)] == [
            (f"images/{name}.png", IssueKind.UNREADABLE_IMAGE, False) for name in ("dangling", "empty", "text")
        ]
        assert len(dataset.class_id) == len(dataset.image_paths) == 1

    def test_unreadable_labels_are_named(self, tmp_path):
        config = build(tmp_path, {"a": ROW, "b": None, "c": b"\xff\xfe0\x00", "d": None})
        (tmp_path / "labels" / "b.txt").mkdir()
        (tmp_path / "labels" / "d.txt").symlink_to(tmp_path / "labels" / "d.txt")
        dataset = yolo.read(config)
        assert [(path, kind) for path, _, kind, _ in issues_of(dataset)] == [
            (f"labels/{stem}.txt", IssueKind.UNREADABLE_LABELS) for stem in "bcd"
        ]
        assert len(dataset.image_paths) == 4

    def test_a_list_may_name_things_twice_or_in_vain(self, tmp_path):
        build(tmp_path, {"a": ROW})
        write(tmp_path / "train.txt", "./images/a.png\n./images/none.png\n./images/a.png\n./notes.pdf\n")
        config = write(tmp_path / "data.yaml", "train: train.txt\nnames: [cat]\n")
        assert issues_of(yolo.read(config)) == [
            ("images/none.png", None, IssueKind.UNREADABLE_IMAGE, False),
            ("train.txt", 3, IssueKind.DUPLICATE, False),
            ("train.txt", 4, IssueKind.UNREADABLE_IMAGE, False),
        ]

    def test_overlapping_folders_count_once(self, tmp_path):
        config = build(tmp_path, {"a": ROW}, "train: [images, ./images]\nnames: [cat]\n")
        assert issues_of(yolo.read(config)) == [("images/a.png", None, IssueKind.DUPLICATE, False)]


class TestFatal:
    @pytest.mark.parametrize(
        ("config", "message"),
        [
            ("train: [", r"^dataset\.data: expected YAML in .*data\.yaml, got no YAML \(.*line 1.*\); mend the file"),
            (b"\xff\xfe\x00", r"^dataset\.data: expected YAML in "),
            ("- a\n", r"^dataset\.data: expected the keys path, train, val and names in .*, got none of them"),
            ("", r"got none of them"),
            ("a: 2001-99-99", r"^dataset\.data: expected YAML in .*\(month must be"),
            ("[" * 1500, r"^dataset\.data: expected YAML in "),
            ("a: !!python/object/apply:os.system [ls]", r"expected YAML in .*tags are not taken here"),
            ("a: &a [1]\nb: *a\n", r"expected YAML in .*aliases are not taken here, line 2"),
            ("train: images\n", r"^dataset\.data: expected names in .* as a list or a map from 0 up, got None"),
            ("train: images\nnames: cat\n", r"got 'cat'"),
            ("train: images\nnc: 0\n", r"^dataset\.data: expected nc from 1 to 100000 in .*, got 0; correct it"),
            ("train: images\nnc: 1180591620717411303424\n", r"a number beyond 64 bits, line 2"),
            ("train: images\nnames: []\n", r"got \[\]"),
            ("train: images\nnames: {0: a, 2: b}\n", r"expected names in .* numbered 0 to 1, got 0, 2"),
            ("train: images\nnames: {a: b}\n", r"numbered 0 to 0, got a"),
            ("train: images\nnames: [a]\nnc: 2\n", r"expected nc names in .*, got 1 and nc 2; correct one"),
            ("train: none\nnames: [a]\n", r"expected the images of train at .*/none, found nothing there; check train"),
            ("path: none\ntrain: images\nnames: [a]\n", r"expected the folder that path in .* found none; correct"),
            ("path: 3\ntrain: images\nnames: [a]\n", r"expected a folder as path in .*, got 3"),
            ("tran: images\nval: images\nnames: [a]\n", r'expected a split of .*, got "train"; did you mean "tran"\?'),
            ("vale: images\ntrain:\nnames: [a]\n", r'got "train"; choose one of vale$'),
            ("train: 3\nnames: [a]\n", r"^dataset\.split: expected train in .* to name folders or list files, got 3"),
            ("train: [images, 3]\nnames: [a]\n", r"got \['images', 3\]"),
            ("train: []\nnames: [a]\n", r"got \[\]"),
            ("train: labels\nnames: [a]\n", r"^dataset\.data: expected images in .*/labels, found none; check train"),
            ("train: images/a.png\nnames: [a]\n", r"expected a folder or a list of images, got .*/a\.png: no text"),
        ],
    )  # fmt: skip
    def test_one_clear_sentence(self, tmp_path, config, message):
        with pytest.raises(DatasetError, match=message):
            yolo.read(build(tmp_path, {"a": ROW}, config))

    def test_yaml_that_refers_to_itself_a_billion_times_is_refused_in_brief(self, tmp_path):
        levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 12))
        for key in ("names", "path", "train"):
            config = {"names": "[a]", "train": "images"} | {key: "*l11"}
            text = "l0: &l0 x\n" + levels + "".join(f"{name}: {value}\n" for name, value in config.items())
            with pytest.raises(DatasetError, match=rf"^dataset\.(data|split): .*{key}.*got ") as refused:
                yolo.read(build(tmp_path / key, {"a": ROW}, text))
            assert len(str(refused.value)) < 500

    def test_a_missing_yaml(self, tmp_path):
        with pytest.raises(
            DatasetError, match=r"^dataset\.data: expected a data\.yaml, got .*missing\.yaml: no such file"
        ):
            yolo.read(tmp_path / "missing.yaml")

    def test_no_yaml_at_all(self):
        with pytest.raises(ConfigError, match=r"^dataset\.data: expected the path of a data\.yaml, got nothing"):
            yolo.read()

    def test_a_split_that_is_no_split(self, tmp_path):
        with pytest.raises(DatasetError, match=r'^dataset\.split: .* got "names"; choose one of train'):
            yolo.read(build(tmp_path, {"a": ROW}), "names")

    def test_no_label_folder(self, tmp_path):
        picture(tmp_path / "images" / "a.png")
        config = write(tmp_path / "data.yaml", "train: images\nnames: [a]\n")
        with pytest.raises(
            DatasetError, match=r"expected label files such as labels/a\.txt for 1 images, found no such folder"
        ):
            yolo.read(config)

    def test_no_readable_image(self, tmp_path):
        config = build(tmp_path, {"a": ROW})
        write(tmp_path / "images" / "a.png", "no picture")
        with pytest.raises(
            DatasetError, match=r"expected at least one image, got none; the first of 1 problems: images/a\.png"
        ):
            yolo.read(config)


def test_coco128(coco128_yaml):
    dataset = yolo.read(coco128_yaml)
    assert (dataset.name, len(dataset.class_names)) == ("coco128", 80)
    assert (len(dataset.image_paths), len(dataset.class_id)) == (128, 929)
    assert len(dataset.image_index.unique()) == 126
    assert issues_of(dataset) == [
        ("images/train2017/000000000250.jpg", None, IssueKind.NO_LABELS, True),
        ("images/train2017/000000000508.jpg", None, IssueKind.NO_LABELS, True),
        ("labels/train2017/000000000656.txt", None, IssueKind.NO_IMAGE, False),
        ("labels/train2017/000000000659.txt", None, IssueKind.NO_IMAGE, False),
    ]
    first = next(index for index, path in enumerate(dataset.image_paths) if path.endswith("000000000009.jpg"))
    rows = dataset.cxcywh_norm_orig[dataset.image_index == first].numpy()
    assert np.array_equal(rows[0], np.array([0.479492, 0.688771, 0.955609, 0.5955], np.float32))
