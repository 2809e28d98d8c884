"""Objects that are written alike: the same numbers as Python's json reads, or nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assignstudy.datasets import alike
from assignstudy.datasets.alike import read_alike

WHOLE = st.integers(-(10**15) + 1, 10**15 - 1).map(str)
DECIMAL = st.builds(
    lambda sign, whole, decimals: f"{sign}{whole}.{decimals}",
    st.sampled_from(["", "-"]),
    st.integers(0, 10**7).map(str),
    st.text("0123456789", min_size=1, max_size=7),
)
LITERAL = st.sampled_from(["true", "false", "null", '"cat"', "[]", "{}", '"ä\\n"'])
SEPARATING = st.sampled_from(['"}, {"', '"}"', '"},{"', "[{}, {}]"])
SPACE = st.sampled_from(["", " ", "\n    "])
BYTES = st.sampled_from(b'0123456789.-+eE/,:[]{}" \nnaN\xff')


@st.composite
def objects(draw, literal=LITERAL):
    """The text of some objects that are alike: a pattern, filled with numbers."""
    space, colon = draw(SPACE), draw(SPACE)
    number = f"{colon}%s"
    values = draw(st.lists(st.sampled_from([number, f"[%s,{space}%s]", '{"a": %s}']) | literal, min_size=1, max_size=5))
    fields = f",{space}".join(f'"{key}":{colon}{value}' for key, value in zip("vwxyz", values, strict=False))
    pattern = f"{{{fields}}}"
    assume("%s" in pattern)
    numbers = st.tuples(*[WHOLE | DECIMAL] * pattern.count("%s"))
    separator = draw(SPACE) + "," + draw(SPACE)
    filled = [pattern % row for row in draw(st.lists(numbers, min_size=2, max_size=9))]
    return separator.join(filled).encode()


def numbers_in(value):
    """Every number in decoded JSON, from the left to the right."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from numbers_in(part)
    elif not isinstance(value, bool | str | None):
        yield value


def rows(found):
    return [list(row) for row in zip(*(column.tolist() for column in found.columns), strict=True)]


@pytest.fixture(params=[1, 1 << 22], ids=["many parts", "one part"])
def _parts(request, monkeypatch):
    monkeypatch.setattr(alike, "_HEAD_BYTES", request.param)
    monkeypatch.setattr(alike, "_PART_BYTES", request.param)


@given(text=objects(), behind=st.binary(max_size=40))
@settings(deadline=None)
def test_numbers_are_those_of_a_parser(text, behind):
    found = read_alike(b"[" + text + b" \n" + behind, 1, len(text) + 3)
    assert rows(found) == [list(numbers_in(entry)) for entry in json.loads(b"[" + text + b"]")]


@given(text=objects(LITERAL | SEPARATING), data=st.data())
@settings(deadline=None, max_examples=500)
def test_whatever_a_change_makes_of_it_is_read_rightly_or_not_at_all(text, data):
    place = data.draw(st.integers(0, len(text) - 1))
    changed = (
        text[:place] + bytes(data.draw(st.lists(BYTES, max_size=2))) + text[place + data.draw(st.integers(0, 2)) :]
    )
    found = read_alike(changed, 0, len(changed))
    if found is not None:
        assert rows(found) == [list(numbers_in(entry)) for entry in json.loads(b"[" + changed + b"]")]


ODD = [
    "007",
    "-01",
    "00",
    "-",
    ".5",
    "5.",
    "-.5",
    "1.2.3",
    "1-2",
    "--1",
    "1/2",
    "+1",
    "1e2",
    "1E-2",
    "NaN",
    "true",
    "null",
]


@pytest.mark.parametrize("number", [*ODD, "1234567890123456", "0.1234567890123456", "9" * 300, '"1"', "[1]", ""])
def test_one_that_is_no_plain_number_leaves_it_to_a_parser(number):
    text = '{"a": 1, "b": 2}, {"a": 3, "b": %s}'
    assert rows(read_alike((text % "4").encode(), 0, len(text % "4"))) == [[1, 2], [3, 4]]
    assert read_alike((text % number).encode(), 0, len(text % number)) is None


@pytest.mark.usefixtures("_parts")
@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',  # nothing to be alike to
        '{"a": true}, {"a": true}',  # no number at all
        '{"a1": 1}, {"a2": 2}',
        '{"a": "x1"}, {"a": "x2"}',
        '{"a": 1, "a": 2}, {"a": 3, "a": 4}',
        '{"a": 1} {"a": 2}, {"a": 3}',
        '{"a": 1}, {"a": 2},',
        '{"a": 1}, {"a": 2}, 3',
        '{"a": 1}, {"b": 2}',
        '{"a": 1}, {"a":  2}',
        '{"a": 1},{"a": 2}, {"a": 3}',
        '{"a": 1, "b": 2}, {"a": ,3 "b": 4}',  # the same characters, but not at their places
        '{"a": 1}, {"a"2: }',
        '{"a": 1}, {"a": 2}, {"a"3: }',
        '{"a": 1}, {"a": 2}, {"a": }3',
        '{"a": [{"b": 1}, {"b": 2}]}',
        '{"a": 1},\f{"a": 2},\f{"a": 3}',  # white space, but not JSON's
        '{"a": 1}, {"a": 2}\v',
        '{"a": 1, "b": NaN}, {"a": 2, "b": NaN}',
        '{"a": 1, "b": Infinity}, {"a": 2, "b": Infinity}',
        "",
    ],
)
def test_what_is_not_alike_is_left_to_a_parser(text):
    assert read_alike(text.encode(), 0, len(text)) is None


@pytest.mark.usefixtures("_parts")
def test_many_objects_in_parts():
    entries = [{"id": row, "box": [row / 100, -row, 10**14 + row]} for row in range(1000)]
    text = json.dumps(entries).encode()
    found = read_alike(text, 1, len(text) - 1)
    assert found.example == {"id": 0, "box": [1, 2, 3]}
    assert rows(found) == [[entry["id"], *entry["box"]] for entry in entries]
    assert [column.dtype.name for column in found.columns] == ["int64", "float64", "int64", "int64"]


@pytest.mark.usefixtures("_parts")
@pytest.mark.parametrize("place", [0, 500, 999])
def test_a_stranger_in_any_part_leaves_it_to_a_parser(place):
    entries = [{"id": row} for row in range(1000)]
    entries[place] = {"id": True}
    text = json.dumps(entries).encode()
    assert read_alike(text, 1, len(text) - 1) is None


def test_zero_has_a_sign_only_with_a_point():
    text = b'{"a": -0, "b": 1.5}, {"a": -0, "b": -0}, {"a": 0, "b": -0.0}'
    whole, decimal = read_alike(text, 0, len(text)).columns
    assert whole.tolist() == [0, 0, 0]
    assert str(decimal.tolist()) == "[1.5, 0.0, -0.0]"


@pytest.mark.usefixtures("_parts")
def test_parts_end_between_objects_not_within_one():
    text = json.dumps([{"id": row, "more": {"a": row}, "last": row} for row in range(1000)]).encode()
    assert rows(read_alike(text, 1, len(text) - 1)) == [[row] * 3 for row in range(1000)]


@pytest.mark.parametrize("numbers", [256, 257])
def test_objects_of_more_numbers_than_pay_are_left_to_a_parser(numbers):
    written = json.dumps([{"a": [*range(numbers)]}] * 3).encode()
    assert (read_alike(written, 1, len(written) - 1) is None) == (numbers == 257)


@pytest.mark.parametrize("size", [16_000, 17_000])
def test_objects_that_are_longer_than_pays_are_left_to_a_parser(size):
    written = json.dumps([{"a": 1, "b": "x" * size}] * 3).encode()
    assert (read_alike(written, 1, len(written) - 1) is None) == (size == 17_000)


def test_a_text_that_never_ends_an_object_is_not_read_to_its_end(monkeypatch):
    sizes = []
    real = alike._with_room_behind
    monkeypatch.setattr(alike, "_with_room_behind", lambda *given: sizes.append(given[2]) or real(*given))
    text = b'{"a": 1}, {"a": 2' + b"," * 10**6 + b"}"
    assert read_alike(text, 0, len(text)) is None
    assert [part.stop < 10**5 for part in sizes] == [True]


@pytest.mark.parametrize("depth", [400, 3000])
def test_objects_may_be_nested_deeply(depth):
    text = b'{"a": %s1%s}' % (b"[" * depth, b"]" * depth)
    written = text + b", " + text
    found = read_alike(written, 0, len(written))
    assert found is None or rows(found) == [[1], [1]]  # how deep a parser goes differs


def test_whole_numbers_are_found_deeper_than_calls_can_be():
    value = 7
    for _ in range(10_000):
        value = [value]
    assert list(alike._whole_numbers(value)) == [7]


@pytest.mark.usefixtures("_parts")
def test_parts_of_a_short_text():
    text = b'{"a": 1}, {"a": 2}, {"a": 3}'
    assert rows(read_alike(text, 0, len(text))) == [[1], [2], [3]]
