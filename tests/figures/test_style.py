"""The few rules all figures share."""

import pytest

from assignstudy.figures import style
from assignstudy.figures.gallery import COLOURS


def test_labels_are_spread_without_changing_their_order():
    placed = style.spread([0.5, 0.5, 0.1], gap=0.1, low=0, high=1)
    assert placed == pytest.approx([0.5, 0.6, 0.1])
    assert style.spread([0.95, 1.0], gap=0.1, low=0, high=1) == pytest.approx([0.9, 1.0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("short", "short"), ("line\nbreak\ttab", "line break tab"), ("x" * 30, "x" * 11 + "…" + "x" * 10), ("", "")],
)
def test_long_names_lose_their_middle(name, expected):
    assert style.shorten(name) == expected


@pytest.mark.parametrize(("value", "expected"), [(12000, "12,000"), (0.5, "0.5"), (-0.001, "0"), (2.25, "2.25")])
def test_thousands(value, expected):
    assert style.thousands(value) == expected


def test_every_level_and_size_has_its_own_colour():
    levels = [style.level_colour(f"P{k}") for k in range(2, 8)]
    assert len(set(levels)) == 6


def _luminance(code):
    parts = [int(code[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", ["ink", "soft", "accent", "fine", "watch", "act"])
@pytest.mark.parametrize("ground", ["paper", "panel"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_of_aa(name, ground, scheme):
    one, other = (_luminance(getattr(style.COLOURS[key], scheme)) for key in (name, ground))
    assert (max(one, other) + 0.05) / (min(one, other) + 0.05) >= 4.5


@pytest.mark.parametrize("name", [f"gt-{number}" for number in range(COLOURS)] + ["baseline", "padding"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_numbers_on_the_colours_of_ground_truths_can_be_read(name, scheme):
    one, other = _luminance(getattr(style.COLOURS[name], scheme)), _luminance(style.text_on(name))
    assert (max(one, other) + 0.05) / (min(one, other) + 0.05) >= 4.5


@pytest.mark.parametrize(
    ("share", "decimals", "expected"),
    [
        (0, 1, "0 %"),
        (0.0004, 1, "<0.1 %"),
        (0.0006, 1, "0.1 %"),
        (0.5, 1, "50 %"),
        (0.1234, 2, "12.34 %"),
        (0.00004, 2, "<0.01 %"),
        (0.9999, 1, ">99.9 %"),
        (0.004, 0, "<1 %"),
        (0.996, 0, ">99 %"),
        (1, 0, "100 %"),
    ],
)
def test_rounded_shares_are_all_or_nothing_only_if_they_are(share, decimals, expected):
    assert style.rounded_percent(share, decimals) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (0.00001, "<0.0001"),
        (0.0001, "0.0001"),
        (0.01234, "0.0123"),
        (2.768, "2.77"),
        (44.55, "44.5"),
        (1234.5, "1,234"),
    ],
)
def test_significant(value, expected):
    assert style.significant(value) == expected
