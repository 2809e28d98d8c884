"""Colours and the brush."""

import pytest
from PIL import Image

from assignstudy.datasets.street.brush import Brush, Shining, darker, lighter, mix, smooth


def test_mixing_colours():
    assert mix((0, 100, 200), (100, 200, 0), 0.5) == (50, 150, 100)
    assert lighter((10, 20, 30), 1) == (255, 255, 255)
    assert sum(darker((200, 200, 200), 0.5)) < 600


def test_what_shines_goes_on_shining():
    assert isinstance(mix(Shining(1, 2, 3), (9, 9, 9), 0.5), Shining)
    assert not isinstance(mix((9, 9, 9), Shining(1, 2, 3), 0.5), Shining)


def test_smoothing_keeps_flat_sides_where_they_are():
    corners = smooth([(0, 0), (1, 0), (1, 1), (0, 1)])
    assert min(corners) < (0.001, 1)
    assert {round(max(axis), 9) for axis in zip(*corners, strict=True)} == {1.0}
    assert len(corners) == 32


def brush(size=(40, 20)):
    return Brush(Image.new("RGBA", size), lambda colour: colour, dark=False)


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (30, 1), (40, 20)])
def test_all_shapes_fit_layers_of_any_size(size):
    one = brush(size)
    one.block(0, 0, 1, 1, (1, 2, 3), radius=0.2)
    one.area([(0, 0), (1, 0), (0.5, 1)], (4, 5, 6))
    one.disc(0.5, 0.5, 0.3, (7, 8, 9))
    one.ring(0.5, 0.5, 0.3, 0.1, (7, 8, 9))
    one.stroke([(0, 0), (1, 1)], 0.1, (7, 8, 9))
    one.shade(0.4)
    assert one.layer.size == size


def test_a_disc_is_round_on_a_wide_layer():
    one = brush((400, 100))
    one.disc(0.5, 0.5, 0.4, (255, 0, 0))
    x1, y1, x2, y2 = one.layer.getbbox()
    assert x2 - x1 == pytest.approx(y2 - y1, abs=2)


def test_shading_keeps_what_is_transparent():
    one = brush()
    one.block(0, 0, 0.5, 1, (100, 100, 100))
    one.shade(0.4)
    assert one.layer.getpixel((39, 10))[3] == 0
    assert sum(one.layer.getpixel((2, 1))[:3]) > 300 > sum(one.layer.getpixel((2, 18))[:3])
