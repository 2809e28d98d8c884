"""PASCAL VOC: corners from 1, lists, difficult objects, and XML that is not as it should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from assignstudy.datasets import voc
from assignstudy.errors import ConfigError, DatasetError
from assignstudy.types import IssueKind

SIZE = "<size><width>100</width><height>50</height><depth>3</depth></size>"


def thing(name="cat", corners=(11, 11, 30, 40), more=""):
    inside = "".join(
        f"<{key}>{value}</{key}>" for key, value in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    )
    return f"<object><name>{name}</name>{more}<bndbox>{inside}</bndbox></object>"


def build(root: Path, pages: dict[str, str | bytes | None], names: str | None = "", pictures=()):
    """A VOC folder: pages by name (text: what stands in ``<annotation>``), a list ``trainval``, some pictures."""
    (root / "Annotations").mkdir(parents=True, exist_ok=True)
    for name, page in pages.items():
        if page is not None:
            content = page if isinstance(page, bytes) else f"<annotation>{page}</annotation>".encode()
            (root / "Annotations" / f"{name}.xml").write_bytes(content)
    for picture in pictures:
        (root / "JPEGImages").mkdir(exist_ok=True)
        Image.new("RGB", (100, 50)).save(root / "JPEGImages" / picture)
    if names is not None:
        (root / "ImageSets" / "Main").mkdir(parents=True, exist_ok=True)
        (root / "ImageSets" / "Main" / "trainval.txt").write_text(names or "\n".join(pages), encoding="utf-8")
    return root


def issues_of(dataset):
    return [(issue.path, issue.line, issue.kind, issue.kept) for issue in dataset.issues]


def test_corners_count_from_one_and_include_the_last_pixel(tmp_path):
    dataset = voc.read(build(tmp_path / "VOC2007", {"a": SIZE + thing(corners=(1, 1, 100, 50)) + thing()}))
    assert dataset.cxcywh_norm_orig[0].tolist() == [0.5, 0.5, 1.0, 1.0]
    assert dataset.cxcywh_norm_orig[1].tolist() == pytest.approx([0.2, 0.5, 0.2, 0.6])
    assert (dataset.name, dataset.image_paths, dataset.issues) == ("VOC2007", ("JPEGImages/a.jpg",), ())


def test_corners_may_be_fractions(tmp_path):
    dataset = voc.read(build(tmp_path, {"a": SIZE + thing(corners=(11.5, 11, 30.5, 40))}))
    assert dataset.cxcywh_norm_orig[0].tolist() == pytest.approx([0.205, 0.5, 0.2, 0.6])


def test_classes_are_the_names_of_the_split_sorted(tmp_path):
    pages = {"a": SIZE + thing("dog") + thing("ant"), "b": SIZE + thing(" cat ")}
    assert voc.read(build(tmp_path, pages)).class_names == ("ant", "cat", "dog")
    assert voc.read(build(tmp_path, pages, "b")).class_names == ("cat",)


@pytest.mark.parametrize(("ignore", "ignored"), [(False, [False] * 4), (True, [False, True, False, True])])
def test_difficult_objects_are_ignored_on_request(tmp_path, ignore, ignored):
    marks = ["<difficult>0</difficult>", "<difficult>1</difficult>", "", "<difficult> true </difficult>"]
    objects = [thing(corners=(1, 1, 5 + number, 5), more=mark) for number, mark in enumerate(marks)]
    dataset = voc.read(build(tmp_path, {"a": SIZE + "".join(objects)}), ignore_difficult=ignore)
    assert dataset.ignored.tolist() == ignored


def test_parts_of_an_object_are_passed_over(tmp_path):
    part = "<part><name>head</name><bndbox><xmin>2</xmin><ymin>2</ymin><xmax>3</xmax><ymax>3</ymax></bndbox></part>"
    dataset = voc.read(build(tmp_path, {"a": SIZE + thing(more=part)}))
    assert (dataset.class_names, len(dataset.class_id)) == (("cat",), 1)


@pytest.mark.parametrize("split", ["trainval", "val"])
def test_lists_choose_images(tmp_path, split):
    root = build(tmp_path, {"a": SIZE + thing(), "b": SIZE + thing()}, "a\n")
    (root / "ImageSets" / "Main" / "val.txt").write_text("b\r\n\r\n", encoding="utf-8")
    assert voc.read(root, split).image_paths == ({"trainval": "JPEGImages/a.jpg", "val": "JPEGImages/b.jpg"}[split],)


def test_lists_of_a_class_carry_a_sign(tmp_path):
    root = build(tmp_path, {"a": SIZE + thing(), "b 1": SIZE + thing(), "c": SIZE + thing()}, "\ufeffa -1\nb 1\nc  0\n")
    assert voc.read(root).image_paths == ("JPEGImages/a.jpg", "JPEGImages/b 1.jpg", "JPEGImages/c.jpg")


def test_without_lists_all_is_read(tmp_path):
    root = build(tmp_path, {"a": SIZE + thing(), "b": SIZE}, None)
    (root / "Annotations" / "deep").mkdir()
    (root / "Annotations" / "deep" / "c.xml").write_text(f"<annotation>{SIZE}</annotation>", encoding="utf-8")
    (root / "Annotations" / "notes.md").touch()
    assert voc.read(root).image_paths == ("JPEGImages/a.jpg", "JPEGImages/b.jpg", "JPEGImages/deep/c.jpg")


@pytest.mark.parametrize(
    ("written", "suffix"),
    [("a.png", ".png"), ("C:\\x\\a.JPEG", ".JPEG"), ("/y/a.bmp", ".bmp"), ("", ".jpg"), ("a.exe", ".jpg")],
)  # fmt: skip
def test_a_missing_picture_has_the_suffix_that_the_xml_says(tmp_path, written, suffix):
    dataset = voc.read(build(tmp_path, {"a": f"<filename>{written}</filename>{SIZE}" + thing()}))
    assert (dataset.image_paths, dataset.load_picture) == ((f"JPEGImages/a{suffix}",), None)


@pytest.mark.parametrize("folder", ["JPEGImages", "images"])
def test_pictures_are_found_by_name_whatever_their_suffix(tmp_path, folder):
    root = build(tmp_path, {"a": SIZE + thing()}, pictures=["a.PNG"])
    (root / "JPEGImages").rename(root / folder)
    dataset = voc.read(root)
    assert (dataset.image_paths, dataset.issues) == ((f"{folder}/a.PNG",), ())
    assert dataset.load_picture(0).size == (100, 50)


def test_names_are_text_of_any_kind(tmp_path):
    name = "街 &lt;script&gt;"
    dataset = voc.read(build(tmp_path, {"ä b <i>": SIZE + thing(name)}))
    assert (dataset.image_paths, dataset.class_names) == (("JPEGImages/ä b <i>.jpg",), ("街 <script>",))


class TestSizes:
    @pytest.mark.parametrize(
        "size", ["", "<size><width>0</width><height>0</height></size>", "<size><width>x</width></size>"]
    )
    def test_they_come_from_the_header_where_the_xml_has_none(self, tmp_path, size):
        dataset = voc.read(build(tmp_path, {"a": size + thing()}, pictures=["a.png"]))
        assert (dataset.image_wh_orig.tolist(), dataset.issues) == ([[100, 50]], ())

    def test_whole_floats_are_whole(self, tmp_path):
        size = "<size><width>100.0</width><height>50</height></size>"
        assert voc.read(build(tmp_path, {"a": size + thing()})).image_wh_orig.tolist() == [[100, 50]]

    def test_an_image_without_size_is_left_out(self, tmp_path):
        dataset = voc.read(build(tmp_path, {"a": SIZE + thing(), "b": thing()}))
        assert issues_of(dataset) == [("JPEGImages/b.jpg", None, IssueKind.UNREADABLE_IMAGE, False)]
        problem = "expected a size in Annotations/b.xml or a picture, found no picture; its labels take no part"
        assert dataset.issues[0].problem == problem

    def test_so_is_one_whose_picture_is_broken(self, tmp_path):
        root = build(tmp_path, {"a": SIZE + thing(), "b": thing()}, pictures=["a.png"])
        (root / "JPEGImages" / "b.png").write_bytes(b"soup")
        assert "found no picture that Pillow can read" in voc.read(root).issues[0].problem


class TestIssues:
    def test_every_object_is_judged_by_itself(self, tmp_path):
        objects = [
            thing(),
            thing(""),
            thing(corners=(1, 2, "x", 4)),
            "<object><name>cat</name></object>",
            thing(corners=("nan", 2, 3, 4)),
            thing(corners=(30, 11, 11, 40)),
            thing(corners=(101, 1, 120, 10)),
            thing(corners=(0, 1, 10, 10)),
            thing(),
        ]
        dataset = voc.read(build(tmp_path, {"a": SIZE + "".join(objects)}))
        assert [(line, kind, kept) for _, line, kind, kept in issues_of(dataset)] == [
            (2, IssueKind.MALFORMED, False),
            (3, IssueKind.MALFORMED, False),
            (4, IssueKind.MALFORMED, False),
            (5, IssueKind.NOT_FINITE, False),
            (6, IssueKind.NO_AREA, False),
            (7, IssueKind.OUTSIDE, False),
            (8, IssueKind.PARTLY_OUTSIDE, True),
            (9, IssueKind.DUPLICATE, True),
        ]
        problems = {issue.line: issue.problem for issue in dataset.issues}
        assert problems[3] == "expected numbers as xmin, ymin, xmax, ymax, got 1, 2, x, 4"
        assert problems[4] == "expected numbers as xmin, ymin, xmax, ymax, got None, None, None, None"
        assert problems[6].endswith("got cat with xmin 30, ymin 11, xmax 11, ymax 40")
        assert problems[8].endswith("which reaches 1 px beyond")
        assert len(dataset.class_id) == 3

    @pytest.mark.parametrize(
        ("content", "found"),
        [
            (b"", "no element found: line 1, column 0"),
            (b"<annotation>", "no element found"),
            (b"<a>\xff</a>", "not well-formed"),
            (b'<?xml version="1.0" encoding="foo"?><a/>', "unknown encoding: foo"),
            (b'<?xml version="1.0" encoding="gb2312"?><a/>', "multi-byte encodings are not supported"),
            (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "dTDForbidden"),
        ],
    )
    def test_unreadable_xml_is_named_and_its_image_kept(self, tmp_path, content, found):
        root = build(tmp_path, {"a": SIZE + thing(), "b": content}, pictures=["a.png", "b.png"])
        dataset = voc.read(root)
        assert issues_of(dataset) == [("Annotations/b.xml", None, IssueKind.UNREADABLE_LABELS, False)]
        assert dataset.issues[0].problem.startswith(f"expected XML, found {found}")
        assert len(dataset.image_paths) == 2

    def test_a_folder_named_like_xml(self, tmp_path):
        root = build(tmp_path, {"a": SIZE + thing(), "b": None}, pictures=["a.png", "b.png"])
        (root / "Annotations" / "b.xml").mkdir()
        assert voc.read(root).issues[0].problem == "expected XML, found is a directory"

    def test_images_without_labels(self, tmp_path):
        root = build(tmp_path, {"a": SIZE + thing(), "b": SIZE, "c": None}, pictures=["a.png", "b.png", "c.png"])
        assert issues_of(voc.read(root)) == [
            ("JPEGImages/b.png", None, IssueKind.NO_LABELS, True),
            ("JPEGImages/c.png", None, IssueKind.NO_LABELS, True),
        ]

    def test_labels_without_picture_count_all_the_same(self, tmp_path):
        dataset = voc.read(build(tmp_path, {"a": SIZE + thing(), "b": SIZE + thing()}, pictures=["a.png"]))
        assert issues_of(dataset) == [("Annotations/b.xml", None, IssueKind.NO_IMAGE, True)]
        assert len(dataset.class_id) == 2

    def test_a_list_may_name_things_twice_or_in_vain(self, tmp_path):
        dataset = voc.read(build(tmp_path, {"a": SIZE + thing()}, "a\nnone\na\n"))
        assert issues_of(dataset) == [
            ("ImageSets/Main/trainval.txt", 3, IssueKind.DUPLICATE, False),
            ("JPEGImages/none.jpg", None, IssueKind.UNREADABLE_IMAGE, False),
        ]


class TestFatal:
    def test_missing_folders(self, tmp_path):
        with pytest.raises(ConfigError, match=r"^dataset\.root: expected the path of a VOC folder, got nothing"):
            voc.read()
        with pytest.raises(
            DatasetError, match=r"^dataset\.root: expected a VOC folder at .*/none, found nothing there"
        ):
            voc.read(tmp_path / "none")
        with pytest.raises(
            DatasetError, match=r"^dataset\.root: expected a folder Annotations in .*; give a folder such as"
        ):
            voc.read(tmp_path)

    def test_one_folder_too_high(self, tmp_path):
        build(tmp_path / "VOC2012", {"a": SIZE})
        with pytest.raises(DatasetError, match=r"expected a folder Annotations in .*, found none; give .*/VOC2012"):
            voc.read(tmp_path)

    def test_a_missing_list(self, tmp_path):
        root = build(tmp_path, {"a": SIZE})
        (root / "ImageSets" / "Main" / "cat_train.txt").touch()
        with pytest.raises(
            DatasetError, match=r'^dataset\.split: expected a list of .*, got "trainva"; did you mean "trainval"'
        ):
            voc.read(root, "trainva")
        with pytest.raises(DatasetError, match=r'got "x"; choose one of trainval$'):
            voc.read(root, "x")

    def test_a_list_that_is_no_text(self, tmp_path):
        root = build(tmp_path, {"a": SIZE})
        (root / "ImageSets" / "Main" / "trainval.txt").write_bytes(b"\xff\xfea")
        with pytest.raises(DatasetError, match=r"^dataset\.split: expected a list of images, got .*, which is no text"):
            voc.read(root)

    def test_no_image(self, tmp_path):
        with pytest.raises(DatasetError, match=r"^VOC: expected at least one image, got none"):
            voc.read(build(tmp_path / "VOC", {}, None))
