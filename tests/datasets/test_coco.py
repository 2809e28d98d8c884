"""COCO JSON: ids, crowds, sizes, and entries that are not as they should be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from assignstudy.datasets import coco, coco_document
from assignstudy.errors import ConfigError, DatasetError
from assignstudy.types import IssueKind

IMAGE = {"id": 1, "file_name": "a.png", "width": 100, "height": 50}
CATEGORY = {"id": 1, "name": "cat"}
BOX = {"id": 10, "image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20]}


def write(folder, annotations=(BOX,), images=(IMAGE,), categories=(CATEGORY,), name="instances_x.json", **more):
    path = folder / name
    document = {"images": list(images), "annotations": list(annotations), "categories": list(categories), **more}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def issues_of(dataset):
    return [(issue.path, issue.line, issue.kind, issue.kept) for issue in dataset.issues]


def test_boxes_are_computed_in_double_precision(tmp_path):
    dataset = coco.read(write(tmp_path, [BOX | {"bbox": [1.1, 2.2, 30.3, 4.4], "segmentation": [[1, 2, 3, 4, 5, 6]]}]))
    expected = [(1.1 + 30.3 / 2) / 100, (2.2 + 4.4 / 2) / 50, 30.3 / 100, 4.4 / 50]
    assert dataset.cxcywh_norm_orig.tolist() == [pytest.approx(expected, rel=6e-8)]
    assert (dataset.name, dataset.image_wh_orig.tolist(), dataset.issues) == ("instances_x", [[100, 50]], ())


def test_classes_are_numbered_by_ascending_id(tmp_path):
    categories = [{"id": 90, "name": "z"}, {"id": 2, "name": "b"}, {"id": 11, "name": "a"}]
    boxes = [BOX | {"id": key, "category_id": key, "bbox": [key, 1, 5, 5]} for key in (90, 2, 11)]
    dataset = coco.read(write(tmp_path, boxes, categories=categories))
    assert (dataset.class_names, dataset.class_id.tolist()) == (("b", "a", "z"), [2, 0, 1])


def test_ids_may_be_words(tmp_path):
    categories = [{"id": "z", "name": "z"}, {"id": 5, "name": "five"}, {"id": "b", "name": "b"}]
    boxes = [BOX | {"id": "x", "image_id": "one", "category_id": "b"}]
    dataset = coco.read(write(tmp_path, boxes, [IMAGE | {"id": "one"}], categories))
    assert (dataset.class_names, dataset.class_id.tolist()) == (("five", "b", "z"), [1])


@pytest.mark.parametrize(("crowd", "ignored"), [(0, False), (1, True), (True, True), (False, False)])
def test_crowds_are_kept_but_ignored(tmp_path, crowd, ignored):
    dataset = coco.read(write(tmp_path, [BOX | {"iscrowd": crowd}]))
    assert (dataset.ignored.tolist(), dataset.issues) == ([ignored], ())


def test_images_come_by_file_name(tmp_path):
    images = [IMAGE | {"id": key, "file_name": name} for key, name in ((1, "z/1.png"), (2, "a/2.png"), (3, "m.png"))]
    boxes = [BOX | {"id": key, "image_id": key, "bbox": [key, 1, 5, 5]} for key in (3, 1, 2)]
    dataset = coco.read(write(tmp_path, boxes, images))
    assert dataset.image_paths == ("a/2.png", "m.png", "z/1.png")
    assert (dataset.cxcywh_norm_orig[:, 0] * 100 - 2.5).tolist() == pytest.approx([2, 3, 1], abs=1e-4)


@pytest.mark.parametrize(
    ("file_name", "path"),
    [
        ("./a.png", "a.png"),
        ("x\\y\\a.png", "x/y/a.png"),
        ("/abs/a.png", "abs/a.png"),
        ("C:\\p\\a.png", "p/a.png"),
        ("街 <b>.png", "街 <b>.png"),
        ("", "."),
    ],
)
def test_file_names_become_relative_posix_paths(tmp_path, file_name, path):
    assert coco.read(write(tmp_path, images=[IMAGE | {"file_name": file_name}])).image_paths == (path,)


def test_pictures_are_not_needed(tmp_path):
    assert coco.read(write(tmp_path)).load_picture is None


class TestSizes:
    @pytest.mark.parametrize("size", [{}, {"width": None, "height": None}, {"width": 0, "height": 50}, {"width": 3.5}])
    def test_they_come_from_the_header_where_the_entry_has_none(self, tmp_path, size):
        Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
        image = {"id": 1, "file_name": "a.png", **size}
        dataset = coco.read(write(tmp_path, images=[image]), tmp_path)
        assert (dataset.image_wh_orig.tolist(), dataset.issues) == ([[40, 30]], ())
        assert dataset.load_picture(0).size == (40, 30)

    @pytest.mark.parametrize(
        ("size", "found"),
        [({}, "None × None"), ({"width": -1, "height": 5}, "-1 × 5"), ({"width": 0.5, "height": 5}, "0.5 × 5")],
    )
    def test_an_image_without_size_is_left_out_with_its_annotations(self, tmp_path, size, found):
        images = [IMAGE, {"id": 2, "file_name": "b.png", **size}]
        dataset = coco.read(write(tmp_path, [BOX, BOX | {"id": 11, "image_id": 2}], images))
        assert issues_of(dataset) == [("b.png", None, IssueKind.UNREADABLE_IMAGE, False)]
        assert dataset.issues[0].problem == f"expected a width and a height, got {found}; its annotations take no part"
        assert (dataset.image_paths, len(dataset.class_id)) == (("a.png",), 1)

    def test_the_header_may_be_broken_too(self, tmp_path):
        Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
        (tmp_path / "b.png").write_bytes(b"soup")
        dataset = coco.read(write(tmp_path, images=[IMAGE, {"id": 2, "file_name": "b.png"}]), tmp_path)
        assert dataset.issues[0].problem.startswith(
            "expected a width and a height, got None × None and no picture that"
        )

    def test_whole_floats_are_whole(self, tmp_path):
        assert coco.read(write(tmp_path, images=[IMAGE | {"width": 100.0}])).image_wh_orig.tolist() == [[100, 50]]


class TestIssues:
    def test_every_annotation_is_judged_by_itself(self, tmp_path):
        boxes = [
            BOX,
            BOX | {"id": 20, "image_id": 9},
            BOX | {"id": 21, "category_id": 9},
            BOX | {"id": 22, "bbox": [1, 2, 3]},
            BOX | {"id": 23, "bbox": []},
            {"id": 24, "image_id": 1, "category_id": 1},
            BOX | {"id": 25, "bbox": [10, 10, 0, 5]},
            BOX | {"id": 26, "bbox": [100, 10, 5, 5]},
            BOX | {"id": 27, "bbox": [90, 10, 20, 5]},
            BOX | {"id": 28},
            {"image_id": 1, "category_id": 1, "bbox": [1, 1, -1, 1]},
        ]
        dataset = coco.read(write(tmp_path, boxes))
        assert [(line, kind, kept) for _, line, kind, kept in issues_of(dataset)] == [
            (11, IssueKind.NO_AREA, False),
            (20, IssueKind.MALFORMED, False),
            (21, IssueKind.UNKNOWN_CLASS, False),
            (22, IssueKind.MALFORMED, False),
            (23, IssueKind.MALFORMED, False),
            (24, IssueKind.MALFORMED, False),
            (25, IssueKind.NO_AREA, False),
            (26, IssueKind.OUTSIDE, False),
            (27, IssueKind.PARTLY_OUTSIDE, True),
            (28, IssueKind.DUPLICATE, True),
        ]
        problems = {issue.line: issue.problem for issue in dataset.issues}
        assert problems[20] == "expected the id of an image, got image_id 9"
        assert problems[21] == "expected the id of one of the 1 categories, got category 9 with bbox [10, 10, 20, 20]"
        assert problems[22] == "expected four numbers as bbox, got 3"
        assert problems[27].endswith("got category 1 with bbox [90, 10, 20, 5], which reaches 10 px beyond")
        assert problems[28].endswith("as in instances_x.json:10")
        assert len(dataset.class_id) == 3

    def test_numbers_that_are_none_are_read_leniently(self, tmp_path):
        boxes = [
            BOX,
            BOX | {"id": 11, "bbox": [float("nan"), 1, 1, 1]},
            BOX | {"id": 12, "bbox": [1, 1, float("inf"), 1]},
        ]
        dataset = coco.read(write(tmp_path, boxes))
        assert [(line, kind) for _, line, kind, _ in issues_of(dataset)] == [
            (11, IssueKind.NOT_FINITE),
            (12, IssueKind.NOT_FINITE),
        ]
        assert len(dataset.class_id) == 1

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            ({"bbox": None}, "Expected `array`, got `null` - at `$.bbox`"),
            ({"bbox": ["1", 2, 3, 4]}, "Expected `float`, got `str` - at `$.bbox[0]`"),
            ({"image_id": None}, "at `$.image_id`"),
            ({"category_id": 1.5}, "at `$.category_id`"),
        ],
    )
    def test_one_annotation_of_another_shape_does_not_spoil_the_rest(self, tmp_path, change, found):
        dataset = coco.read(write(tmp_path, [BOX, BOX | {"id": 11} | change]))
        assert issues_of(dataset) == [("instances_x.json", 11, IssueKind.MALFORMED, False)]
        assert dataset.issues[0].problem.startswith(
            "expected an entry with image_id, category_id, bbox, id, iscrowd, got"
        )
        assert found in dataset.issues[0].problem
        assert len(dataset.class_id) == 1

    def test_images_and_categories_of_another_shape(self, tmp_path):
        dataset = coco.read(write(tmp_path, [BOX, "no object"], [IMAGE, {"id": 2}], [CATEGORY, {"id": 3}]))
        assert [(line, kind) for _, line, kind, _ in issues_of(dataset)] == [
            (2, IssueKind.MALFORMED),
            (2, IssueKind.UNREADABLE_IMAGE),
            (3, IssueKind.UNREADABLE_LABELS),
        ]

    def test_ids_used_twice(self, tmp_path):
        images = [IMAGE, IMAGE | {"file_name": "b.png"}]
        dataset = coco.read(write(tmp_path, images=images, categories=[CATEGORY, {"id": 1, "name": "dog"}]))
        assert [(line, kind, kept) for _, line, kind, kept in issues_of(dataset)] == [
            (1, IssueKind.DUPLICATE, False)
        ] * 2
        assert (dataset.class_names, dataset.image_paths) == (("cat",), ("a.png",))

    def test_two_entries_of_one_file_are_one_image(self, tmp_path):
        boxes = [BOX, BOX | {"id": 11, "image_id": 2, "bbox": [1, 1, 5, 5]}]
        dataset = coco.read(write(tmp_path, boxes, [IMAGE, IMAGE | {"id": 2}]))
        assert issues_of(dataset) == [("a.png", None, IssueKind.DUPLICATE, True)]
        assert dataset.image_index.tolist() == [0, 0]

    def test_images_without_annotations(self, tmp_path):
        dataset = coco.read(write(tmp_path, [BOX], [IMAGE, IMAGE | {"id": 2, "file_name": "b.png"}]))
        assert issues_of(dataset) == [("b.png", None, IssueKind.NO_LABELS, True)]

    def test_missing_pictures_are_named_but_their_labels_count(self, tmp_path):
        Image.new("RGB", (100, 50)).save(tmp_path / "a.png")
        images = [IMAGE, IMAGE | {"id": 2, "file_name": "b.png"}]
        dataset = coco.read(write(tmp_path, [BOX, BOX | {"id": 11, "image_id": 2}], images), tmp_path)
        assert issues_of(dataset) == [("b.png", None, IssueKind.NO_IMAGE, True)]
        assert len(dataset.class_id) == 2
        with pytest.raises(OSError, match=r"b\.png: expected a picture, found no such file or directory"):
            dataset.load_picture(1)

    def test_an_id_that_no_table_holds_becomes_a_position(self, tmp_path):
        dataset = coco.read(write(tmp_path, [BOX, BOX | {"id": 2**70, "image_id": 9}, BOX | {"id": -1, "image_id": 9}]))
        assert [line for _, line, _, _ in issues_of(dataset)] == [2, 3]


class TestFatal:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", r"^dataset\.annotations: expected JSON in .*x\.json, got no JSON \(Expecting value: line 1 column 1"),
            (b'{"images": [', r"got no JSON \(Expecting value: line 1 column 13"),
            (b"\xff\xff", r"got no JSON \('utf-8' codec can't decode"),
            (b"[" * 100_000, r"got no JSON \(maximum recursion depth"),
            (
                b"[1, 2]",
                r"^dataset\.annotations: expected the lists images, annotations, categories .* got no object with keys",
            ),
            (b'{"images": [], "annotations": {}}', r"got the keys images, annotations; give a file of ground truths"),
            (
                b'{"images": [], "annotations": [], "categories": []}',
                r"^x: expected at least one image, got none; check",
            ),
        ],
    )
    def test_one_clear_sentence(self, tmp_path, content, message):
        (tmp_path / "x.json").write_bytes(content)
        with pytest.raises(DatasetError, match=message):
            coco.read(tmp_path / "x.json")

    def test_missing_places(self, tmp_path):
        with pytest.raises(
            ConfigError, match=r"^dataset\.annotations: expected the path of a COCO annotation file, got nothing"
        ):
            coco.read()
        with pytest.raises(
            DatasetError, match=r"^dataset\.annotations: expected a COCO annotation file, got .*: no such file"
        ):
            coco.read(tmp_path / "none.json")
        with pytest.raises(DatasetError, match=r"^dataset\.images: expected a folder at .*/none, found nothing there"):
            coco.read(write(tmp_path), tmp_path / "none")

    def test_a_folder_with_none_of_the_pictures(self, tmp_path):
        with pytest.raises(
            DatasetError, match=r"^dataset\.images: expected pictures such as a\.png below .*, found none of 1; give"
        ):
            coco.read(write(tmp_path), tmp_path)


def test_a_byte_order_mark_is_skipped(tmp_path):
    path = write(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(coco.read(path).class_id) == 1


def test_no_annotations_have_their_ordinary_shape(tmp_path):
    dataset = coco.read(write(tmp_path, []))
    assert dataset.cxcywh_norm_orig.shape == (0, 4)


PLAIN = st.integers(-5, 120) | st.sampled_from([0.5, 99.99, 120.01, -0.0])
NUMBERS = PLAIN | st.sampled_from([1e-7, 10**15, 1e300])
MORE = [{}, {"iscrowd": 0}, {"id": 1}, {"id": 1, "iscrowd": 1}, {"iscrowd": False}, {"iscrowd": True}]
ODD_FOR_ALL = [{"id": None}, {"iscrowd": None}, {"id": "x"}, {"bbox": [1, 2, 3]}, {"bbox": None}, {"image_id": "x"}]
ODD = [{"iscrowd": 1}, {"iscrowd": True}, {"bbox": [1, 2, 3]}, {"image_id": "1"}, {"id": "x"}, {"id": 2.0}]


@st.composite
def alike_annotations(draw):
    """Annotations that mostly have the same keys, and mostly the same kinds of values."""
    more, numbers = draw(st.sampled_from(MORE)), draw(st.sampled_from([PLAIN, PLAIN, NUMBERS]))
    more = more | (draw(st.sampled_from(ODD_FOR_ALL)) if draw(st.integers(0, 3)) == 3 else {})
    entries = []
    for row in range(draw(st.integers(2, 6))):
        entry = {
            "image_id": draw(st.sampled_from([1, 3, 20, 0, 7, 30])),
            "category_id": draw(st.sampled_from([1, 5, 3])),
        }
        entry["bbox"] = draw(st.lists(numbers, min_size=4, max_size=4))
        entries.append(entry | more | ({"id": row} if more.get("id") == 1 else {}))
    entries[-1] |= draw(st.sampled_from(ODD)) if draw(st.integers(0, 3)) == 3 else {}
    return entries


@given(
    entries=alike_annotations(), ending=st.sampled_from(["", ', "info": {"annotations": []}', ', "annotations": []'])
)
@settings(deadline=None, max_examples=300)
def test_what_is_written_alike_is_read_like_everything_else(tmp_path_factory, entries, ending):
    images = [IMAGE | {"id": key, "file_name": f"{key}.png"} for key in (20, 1, 3)]
    folder = tmp_path_factory.mktemp("alike")
    path = write(folder, entries, images, [CATEGORY, {"id": 5, "name": "dog"}])
    path.write_text(path.read_text(encoding="utf-8")[:-1] + ending + "}", encoding="utf-8")
    found = coco.read(path, cache=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coco_document, "read_alike", lambda *_: None)
        expected = coco.read(path, cache=False)
    assert found.issues == expected.issues
    for column in ("image_index", "class_id", "cxcywh_norm_orig", "ignored"):
        assert getattr(found, column).tolist() == getattr(expected, column).tolist()


@pytest.mark.parametrize(
    ("before", "behind", "expected"),
    [
        ("", ', "annotat\\u0069ons": []', 0),  # of two lists the last one counts, however its key is written
        ("", ', "annotations": []', 0),
        ('"annotations": [], ', "", 2),
        ('"info": {"annotations": []}, ', "", 2),
        ("", ', "info": {"annotations": []}', 2),
    ],
)
def test_the_last_list_of_annotations_counts(tmp_path, before, behind, expected):
    path = write(tmp_path, [BOX, BOX])
    path.write_text("{" + before + path.read_text(encoding="utf-8")[1:-1] + behind + "}", encoding="utf-8")
    assert len(coco.read(path, cache=False).class_id) == expected


def test_annotations_of_something_else_are_not_taken_for_the_list(tmp_path):
    path = write(tmp_path, [])
    nested = json.dumps({"info": {"annotations": [BOX, BOX]}})[1:-1]
    text = path.read_text(encoding="utf-8").replace('"annotations"', '"annotat\\u0069ons"')
    path.write_text("{" + nested + ", " + text[1:], encoding="utf-8")
    assert len(coco.read(path, cache=False).class_id) == 0
