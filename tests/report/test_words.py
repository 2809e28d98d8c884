"""Numbers in words, on the borders where rounding could lie."""

import pandas as pd
import pytest

from assignstudy.report import words


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.5, "50 %"),
        (0.1234, "12.3 %"),
        (0.0063, "0.63 %"),
        (0.00001, "<0.01 %"),
        (0.9946, "99.46 %"),
        (0.999999, ">99.99 %"),
        (None, "–"),
        (float("nan"), "–"),
        (pd.NA, "–"),
    ],
)
def test_percent_is_never_all_or_nothing_unless_it_is(share, expected):
    assert words.percent(share) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0.99402, "0.9940"), (1.0, "1.0000"), (0.99999, "0.9999"), (None, "–"), (13.4, "13.4000")]
)
def test_ratio(value, expected):
    assert words.ratio(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(4.0, "4"), (12.264, "12.26"), (float("inf"), "∞"), (1234.5, "1,234.5")]
)
def test_number(value, expected):
    assert words.number(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(0, "no boxes"), (1, "1 box"), (2000, "2,000 boxes")])
def test_count(value, expected):
    assert words.count(value, "box", "boxes") == expected


@pytest.mark.parametrize(
    ("items", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")]
)
def test_listing(items, expected):
    assert words.listing(list(items)) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0431234, "0.0431"), (-12.34, "−12.3"), (0, "0"), (1.5, "1.5"), (None, "–"), (float("nan"), "–")],
)
def test_a_quantity_has_three_digits_whatever_its_size(value, text):
    assert words.quantity(value) == text


def test_names_from_right_to_left_stay_by_themselves():
    assert words.name("person") == "person"
    assert words.name("消防车") == "消防车"
    assert words.name("שמש") == "\u2068שמש\u2069"
    assert words.name("7 שמש") == "\u20687 שמש\u2069"
    assert words.name("a\u202eb") == "a b", "commands to turn the text around are left out"


@pytest.mark.parametrize(
    ("value", "limit", "expected"),
    [(4.0003, 4.0, "4.0003"), (4.0, 4.0, "4"), (4.13, 4.0, "4.13"), (0.19996, 0.2, "0.19996"), (12.0, 4.0, "12")],
)
def test_a_number_beside_its_limit_does_not_read_like_it(value, limit, expected):
    assert words.number_beside(value, limit) == expected


def test_long_names_keep_their_ends_and_are_told_in_full_elsewhere():
    long = "a" * 150 + "z" * 150
    short = words.name(long)
    assert len(short) == words.NAME_LENGTH
    assert (short[0], short[-1]) == ("a", "z")
    assert words.in_full("person", long) == f"person, {long}"
    assert words.in_full("person", "a" * words.NAME_LENGTH) == ""
