"""The common checks: what is refused, what is kept and reported, and in which order everything comes out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignstudy.datasets.assemble import (
    BORDER_TOLERANCE_PX,
    FoundBoxes,
    FoundImages,
    assemble,
    no_label_issues,
    printable,
    usable_size,
)
from assignstudy.errors import DatasetError
from assignstudy.types import DataIssue, IssueKind


def build(
    boxes, images=None, class_id=None, paths=("a.png",), wh=(100, 50), remove_duplicates=False, issues=(), classes=2
):
    """A data set from (G, 4) normalised boxes."""
    boxes = np.array(boxes, np.float64).reshape(-1, 4)
    rows = len(boxes)
    found = FoundBoxes(
        image=np.array(images if images is not None else [0] * rows, np.int64),
        class_id=np.array(class_id if class_id is not None else [0] * rows, np.int64),
        cxcywh_norm_orig=boxes,
        ignored=np.arange(rows) % 2 == 1,
        place=lambda row: ("labels.txt", row + 1),
        written=lambda row: f"row {row}",
        known_classes="a class from 0 to 1",
        remove_duplicates=remove_duplicates,
    )
    names = [f"class {number}" for number in range(classes)]
    return assemble("set", names, FoundImages(paths, [wh] * len(paths), lambda at: paths[at]), found, issues)


def issues_of(dataset):
    return [(issue.line, issue.kind, issue.kept) for issue in dataset.issues]


GOOD = (0.5, 0.5, 0.25, 0.25)


@pytest.mark.parametrize(
    ("box", "class_id", "kind", "problem"),
    [
        ((np.nan, 0.5, 0.1, 0.1), 0, IssueKind.NOT_FINITE, "expected finite numbers, got row 1"),
        ((0.5, 0.5, np.inf, 0.1), 0, IssueKind.NOT_FINITE, "expected finite numbers, got row 1"),
        ((0.5, 0.5, 1e39, 0.1), 0, IssueKind.NOT_FINITE, "expected finite numbers, got row 1"),
        (GOOD, 2, IssueKind.UNKNOWN_CLASS, "expected a class from 0 to 1, got row 1"),
        (GOOD, -1, IssueKind.UNKNOWN_CLASS, "expected a class from 0 to 1, got row 1"),
        ((0.5, 0.5, 0.0, 0.1), 0, IssueKind.NO_AREA, "expected a width and a height above 0, got row 1"),
        ((0.5, 0.5, 0.1, -0.1), 0, IssueKind.NO_AREA, "expected a width and a height above 0, got row 1"),
        ((0.5, 0.5, 1e-60, 0.1), 0, IssueKind.NO_AREA, "expected a width and a height above 0, got row 1"),
        ((1.5, 0.5, 0.5, 0.5), 0, IssueKind.OUTSIDE, "expected a box inside the image (100×50 px), got row 1"),
        ((0.5, -0.25, 0.5, 0.5), 0, IssueKind.OUTSIDE, "expected a box inside the image (100×50 px), got row 1"),
        ((1.25, 0.5, 0.5, 0.5), 0, IssueKind.OUTSIDE, "expected a box inside the image (100×50 px), got row 1"),
        # The first of several reasons is told.
        ((np.nan, 0.5, 0.0, 0.1), 9, IssueKind.NOT_FINITE, "expected finite numbers, got row 1"),
        ((5.0, 0.5, 0.0, 0.1), 9, IssueKind.UNKNOWN_CLASS, "expected a class from 0 to 1, got row 1"),
        ((5.0, 0.5, 0.0, 0.1), 0, IssueKind.NO_AREA, "expected a width and a height above 0, got row 1"),
    ],
)
def test_broken_boxes_are_refused_and_named(box, class_id, kind, problem):
    dataset = build([GOOD, box, (0.5, 0.5, 0.5, 0.5)], class_id=[0, class_id, 1])
    assert dataset.issues == (DataIssue("labels.txt", 2, kind, problem, kept=False),)
    assert kind.rejects_box
    assert dataset.class_id.tolist() == [0, 1]
    assert sorted(dataset.cxcywh_norm_orig.tolist()) == sorted([list(GOOD), [0.5, 0.5, 0.5, 0.5]])
    assert dataset.ignored.tolist() == [False, False]


def test_a_box_partly_outside_is_kept_and_reported():
    dataset = build([(0.0, 0.5, 0.5, 0.5), (0.5, 1.0, 0.5, 0.5)])
    assert [issue.problem for issue in dataset.issues] == [
        "expected a box inside the image (100×50 px), got row 0, which reaches 25 px beyond",
        "expected a box inside the image (100×50 px), got row 1, which reaches 12.5 px beyond",
    ]
    assert issues_of(dataset) == [(1, IssueKind.PARTLY_OUTSIDE, True), (2, IssueKind.PARTLY_OUTSIDE, True)]
    assert dataset.cxcywh_norm_orig.tolist() == [[0.0, 0.5, 0.5, 0.5], [0.5, 1.0, 0.5, 0.5]]


@pytest.mark.parametrize(
    ("beyond_px", "reported"), [(0, False), (BORDER_TOLERANCE_PX * 0.99, False), (BORDER_TOLERANCE_PX * 1.01, True)]
)
def test_rounding_at_the_border_is_no_issue(beyond_px, reported):
    dataset = build([(0.5, 0.5, 1 + 2 * beyond_px / 100, 0.5)])
    assert bool(dataset.issues) is reported


@pytest.mark.parametrize("width", [3, 5, 7, 100, 333, 640, 1000, 4001])
@pytest.mark.parametrize("start", ["left", "right"])
def test_a_box_that_only_touches_the_border_is_outside(width, start):
    size = 5 / width
    centre = 1 + size / 2 if start == "right" else -size / 2
    for written in (size, round(size, 6)):
        dataset = build([(centre, 0.5, written, 0.5), (round(centre, 6), 0.5, written, 0.5)], wh=(width, 50))
        assert {kind for _, kind, _ in issues_of(dataset)} == {IssueKind.OUTSIDE}


def test_duplicates_are_kept_and_reported():
    dataset = build([GOOD, (0.5, 0.5, 0.5, 0.5), GOOD, GOOD], class_id=[0, 0, 0, 1])
    assert dataset.issues == (
        DataIssue(
            "labels.txt", 3, IssueKind.DUPLICATE, "expected each box once, got row 2 as in labels.txt:1", kept=True
        ),
    )
    assert len(dataset.class_id) == 4


def test_duplicates_are_removed_where_the_trainer_removes_them():
    dataset = build([GOOD, (0.5, 0.5, 0.5, 0.5), GOOD, GOOD], remove_duplicates=True)
    assert issues_of(dataset) == [(3, IssueKind.DUPLICATE, False), (4, IssueKind.DUPLICATE, False)]
    assert not IssueKind.DUPLICATE.rejects_box
    assert sorted(dataset.cxcywh_norm_orig.tolist()) == sorted([list(GOOD), [0.5, 0.5, 0.5, 0.5]])


def test_the_same_box_in_two_images_is_no_duplicate():
    assert build([GOOD, GOOD], images=[0, 1], paths=("a.png", "b.png")).issues == ()


def test_minus_zero_is_zero():
    dataset = build([(0.0, 0.5, 0.5, 0.5), (-0.0, 0.5, 0.5, 0.5)])
    assert [kind for _, kind, _ in issues_of(dataset)].count(IssueKind.DUPLICATE) == 1


ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from([0.25, 0.5]), st.sampled_from([0.25, 0.5]))
)


@given(ROWS, st.booleans())
def test_duplicates_agree_with_plain_loops(rows, remove):
    boxes = [(x, 0.5, 0.25, h) for _, _, x, h in rows]
    dataset = build(
        boxes, [row[0] for row in rows], [row[1] for row in rows], ("a", "b", "c"), remove_duplicates=remove
    )
    doubled = [number for number, row in enumerate(rows) if row in rows[:number]]
    assert [issue.line - 1 for issue in dataset.issues] == doubled
    assert len(dataset.class_id) == len(rows) - (len(doubled) if remove else 0)


@given(st.permutations(range(5)), st.lists(st.integers(0, 4), max_size=12))
def test_images_come_by_path_and_rows_of_an_image_as_written(order, images):
    names = [f"image {number}.png" for number in order]
    width = [(number + 1) / 100 for number in range(len(images))]
    dataset = build([(0.5, 0.5, one, 0.5) for one in width], images, paths=names)
    assert dataset.image_paths == tuple(sorted(names))
    expected = sorted(zip([names[image] for image in images], width, strict=True), key=lambda row: row[0])
    assert [dataset.image_paths[index] for index in dataset.image_index] == [name for name, _ in expected]
    assert dataset.cxcywh_norm_orig[:, 2].tolist() == pytest.approx([one for _, one in expected])
    assert [dataset.load_picture(index) for index in range(5)] == sorted(names)


def test_issues_come_by_path_and_line():
    given_issues = [
        DataIssue(path, line, IssueKind.MALFORMED, "p", kept=False)
        for path, line in (("z", 1), ("b", 10), ("b", 9), ("b", None))
    ]
    assert [(issue.path, issue.line) for issue in build([], issues=given_issues).issues] == [
        ("b", None),
        ("b", 9),
        ("b", 10),
        ("z", 1),
    ]


def test_no_boxes_have_their_ordinary_shape():
    dataset = build([])
    assert dataset.cxcywh_norm_orig.shape == (0, 4)
    assert dataset.issues == ()


def test_no_image_is_fatal_and_says_why():
    with pytest.raises(DatasetError, match=r"^set: expected at least one image, got none; check that the path"):
        build([], paths=())
    first = DataIssue("a.png", None, IssueKind.UNREADABLE_IMAGE, "expected a picture, found soup", kept=False)
    with pytest.raises(
        DatasetError, match=r"got none; the first of 1 problems: a\.png: expected a picture, found soup;"
    ):
        build([], paths=(), issues=[first])


def test_names_that_are_no_unicode_become_text_that_can_be_stored():
    assert printable("naïve 街 \udcff") == "naïve 街 \\udcff"
    dataset = build([GOOD], paths=("b\udce4d.png",))
    assert dataset.image_paths == ("b\\udce4d.png",)
    "".join(dataset.image_paths).encode("utf-8")


@pytest.mark.parametrize(
    ("size", "usable"), [((1, 1), True), ((2**31 - 1, 5), True), ((0, 5), False), ((5, -1), False), ((2**31, 5), False)]
)
def test_sizes_that_can_be(size, usable):
    assert usable_size(*size) is usable


def test_images_without_labels_are_named():
    assert no_label_issues(["a", "b", "c"], [True, False, True], lambda at: f"nothing for {at}") == [
        DataIssue("b", None, IssueKind.NO_LABELS, "nothing for 1", kept=True)
    ]
