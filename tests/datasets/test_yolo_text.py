"""Rows of YOLO label files: the fast parse against plain loops, and every way a row can be wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignstudy.datasets.yolo_text import parse
from assignstudy.types import IssueKind


def read(*texts: bytes | str):
    return parse([text.encode() if isinstance(text, str) else text for text in texts])


def bad(*texts):
    return [(one.file, one.line, one.kind, one.problem) for one in read(*texts).bad]


def test_rows_keep_file_line_class_and_box():
    rows = read("0 0.5 0.25 0.125 1\n2 0.1 0.2 0.3 0.4\n", "", "7 1 1 1 1")
    assert rows.file.tolist() == [0, 0, 2]
    assert rows.line.tolist() == [1, 2, 1]
    assert rows.class_id.tolist() == [0, 2, 7]
    assert rows.cxcywh_norm_orig.dtype == np.float32
    assert rows.cxcywh_norm_orig[0].tolist() == [0.5, 0.25, 0.125, 1.0]
    assert rows.bad == ()


@pytest.mark.parametrize("texts", [(), ("",), ("", ""), (" \n\t\n",), ("\r\n\r\n",), (b"\xef\xbb\xbf",)])
def test_nothing_is_ordinary(texts):
    rows = read(*texts)
    assert rows.cxcywh_norm_orig.shape == (0, 4)
    assert (len(rows.file), len(rows.class_id), rows.bad) == (0, 0, ())


def test_numbers_go_through_double_precision_to_float32():
    text = "0.3333333333333333148296"
    assert read(f"0 {text} .5 5e-1 +0.5").cxcywh_norm_orig[0].tolist() == [
        float(np.float32(float(text))),
        0.5,
        0.5,
        0.5,
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_counts_lines(end):
    rows = read(end.join(["0 .5 .5 .1 .1", "", "1 .5 .5 .2 .2"]), end.join(["2 .5 .5 .3 .3", "x"]))
    assert rows.line.tolist() == [1, 3, 1]
    assert [(one.file, one.line) for one in rows.bad] == [(1, 2)]


def test_a_byte_order_mark_is_skipped():
    assert read(b"\xef\xbb\xbf3 .5 .5 .1 .1").class_id.tolist() == [3]


def test_a_class_may_be_written_as_a_whole_float():
    assert read("1.0 .5 .5 .1 .1\n2e0 .5 .5 .1 .1").class_id.tolist() == [1, 2]


@pytest.mark.parametrize("written", ["0.5", "nan"])
def test_a_class_that_is_no_whole_number_is_malformed(written):
    problem = f"expected a whole number as class, got {written}"
    assert bad(f"\n{written} .5 .5 .1 .1") == [(0, 2, IssueKind.MALFORMED, problem)]


@pytest.mark.parametrize("written", ["1e30", "inf", "-1e300"])
def test_a_class_beyond_all_integers_is_unknown(written):
    assert read(f"{written} .5 .5 .1 .1").class_id.tolist() == [-1]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 8, 10])
def test_a_wrong_number_of_values_is_malformed(count):
    ((file, line, kind, problem),) = bad("0 .5 .5 .1 .1", "\n" + " ".join(["0"] * count))
    assert (file, line, kind) == (1, 2, IssueKind.MALFORMED)
    assert problem.startswith('expected "class cx cy w h" or "class x1 y1 x2 y2 x3 y3 …", got ')
    assert problem.endswith(f"got {count} value{'s' if count > 1 else ''}")


@pytest.mark.parametrize("token", ["person", "0,5", "1-2", "0.5.5", "--1", "1e", "½"])
def test_a_word_is_malformed_and_quoted(token):
    ((_, line, kind, problem),) = bad(f"0 .5 .5 .1 .1\n0 {token} .5 .1 .1\n1 .5 .5 .2 .2")
    assert (line, kind) == (2, IssueKind.MALFORMED)
    assert problem.endswith(f"in numbers, got {token!r}")
    assert read(f"0 .5 .5 .1 .1\n0 {token} .5 .1 .1\n1 .5 .5 .2 .2").class_id.tolist() == [0, 1]


def test_one_bad_file_leaves_the_others_alone():
    rows = read("0 .5 .5 .1 .1", "oops", "1 .5 .5 .2 .2", "2 nan .5 .1 .1")
    assert rows.file.tolist() == [0, 2, 3]
    assert [(one.file, one.line) for one in rows.bad] == [(1, 1)]


def test_values_that_are_not_finite_are_left_to_the_common_checks():
    box = read("0 nan inf -inf 1e400\n0 .5 .5 1e39 .5").cxcywh_norm_orig
    assert np.isnan(box[0, 0])
    assert box[0, 1:].tolist() == [np.inf, -np.inf, np.inf]
    assert box[1, 2] == np.inf


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"\xff\xfe0\x00 \x00", "0xff at position 0"), (b"0 .5 .5 .1 .1\n\xe9t\xe9", "0xe9 at position 14")],
)
def test_bytes_that_are_no_text_spoil_the_whole_file(content, found):
    problem = f"expected UTF-8 text, got the byte {found}"
    assert bad("0 .5 .5 .1 .1", content) == [(1, None, IssueKind.UNREADABLE_LABELS, problem)]


def test_a_polygon_becomes_its_bounding_box():
    rows = read("4 0.1 0.2 0.5 0.4 0.3 0.9\n1 .5 .5 .25 .25\n2 0 0 1 0 1 1 0 1")
    x1, y1, x2, y2 = np.array([0.1, 0.2, 0.5, 0.9], np.float32)
    assert rows.class_id.tolist() == [4, 1, 2]
    assert rows.cxcywh_norm_orig[0].tolist() == [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]
    assert rows.cxcywh_norm_orig[1:].tolist() == [[0.5, 0.5, 0.25, 0.25], [0.5, 0.5, 1.0, 1.0]]


def slow_twin(texts):
    """The rows, by plain loops from the format's description."""
    rows, wrong = [], []
    for file, text in enumerate(texts):
        for line, row in enumerate(text.split("\n"), start=1):
            tokens = row.split()
            try:
                values = [np.float32(float(token)) for token in tokens]
            except ValueError:
                wrong.append((file, line))
                continue
            if not tokens:
                continue
            if len(values) == 5 and values[0] == int(values[0]):
                rows.append((file, line, int(values[0]), *map(float, values[1:])))
            elif len(values) >= 7 and len(values) % 2 and values[0] == int(values[0]):
                x, y = values[1::2], values[2::2]
                box = (
                    (min(x) + max(x)) / np.float32(2),
                    (min(y) + max(y)) / np.float32(2),
                    max(x) - min(x),
                    max(y) - min(y),
                )
                rows.append((file, line, int(values[0]), *map(float, box)))
            else:
                wrong.append((file, line))
    return rows, wrong


NUMBERS = st.floats(-2, 2, width=32).map(lambda value: f"{value:.6f}") | st.sampled_from(
    ["0", "1", "1.0", "5e-1", ".5", "1."]
)
ROWS = st.lists(NUMBERS, min_size=1, max_size=9).map(lambda values: " ".join([str(len(values)), *values]))
LINES = ROWS | st.sampled_from(["", "  ", "0 .5 .5 .1 .1", "x", "0.5 1 1 1 1", "0 1-2 1 1"])
TEXTS = st.lists(st.lists(LINES, max_size=5).map("\n".join), max_size=5)


@given(TEXTS)
def test_the_fast_parse_agrees_with_plain_loops(texts):
    rows = read(*texts)
    found = [
        (file, line, class_id, *box)
        for file, line, class_id, box in zip(
            rows.file.tolist(), rows.line.tolist(), rows.class_id.tolist(), rows.cxcywh_norm_orig.tolist(), strict=True
        )
    ]
    expected, wrong = slow_twin(texts)
    assert found == expected
    assert sorted((one.file, one.line) for one in rows.bad) == wrong
