"""Perspective, and what is left out because it is too small, cut off or hidden."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assignstudy.datasets.street.scene import LEAST_SIDE_PX, Camera, Kind, Place, Thing, imagine, visible

CAMERA = Camera(width=200, height=100, focal_px=100.0, centre_px=100.0, horizon_px=40.0, eye_m=2.0)


def thing(box, depth=10.0, kind=Kind.CAR):
    return Thing(kind, "side", box, depth, flip=False, look=0)


def test_the_camera_makes_pixels_of_metres():
    assert CAMERA.pixel(0, 2, 50) == (100, 40)
    assert CAMERA.pixel(1, 0, 10) == (110, 60)
    assert CAMERA.reach_m(10) == (-10, 10)
    assert CAMERA.pixel(0, 0, CAMERA.nearest_m)[1] == pytest.approx(100)


def test_a_camera_that_sees_no_ground_is_refused():
    with pytest.raises(ValueError, match="expected a horizon inside the image"):
        replace(CAMERA, horizon_px=100.0)


def test_a_larger_camera_sees_the_same():
    assert CAMERA.scaled(3).pixel(1, 0, 10) == pytest.approx((330, 180))
    assert CAMERA.scaled(3).nearest_m == pytest.approx(CAMERA.nearest_m)


@pytest.mark.parametrize(
    ("box", "kind", "kept"),
    [
        ((10, 10, 10 + LEAST_SIDE_PX, 40), Kind.BIRD, True),
        ((10, 10, 9.9 + LEAST_SIDE_PX, 40), Kind.BIRD, False),
        ((-80, 10, 20, 40), Kind.CAR, True),
        ((-81, 10, 19, 40), Kind.CAR, False),
        ((-500, 10, 700, 40), Kind.TRAM, True),  # across the whole image, whatever its share
        ((10, -1, 20, 90), Kind.LAMP, False),  # without its head
        ((10, 50, 20, 120), Kind.LAMP, True),
        ((300, 10, 350, 40), Kind.CAR, False),
    ],
)
def test_what_is_small_or_cut_off_is_left_out(box, kind, kept):
    assert bool(visible([thing(box, kind=kind)], CAMERA)) is kept


def test_what_is_hidden_is_left_out():
    far, near = thing((50, 20, 90, 60), 20), thing((40, 10, 100, 70), 10)
    assert visible([far, near], CAMERA) == (near,)
    assert visible([far, thing((40, 10, 75, 70), 10)], CAMERA) == (far, thing((40, 10, 75, 70), 10))
    lamp = thing((40, 10, 100, 70), 10, Kind.LAMP)
    assert visible([far, lamp], CAMERA) == (far, lamp)  # one looks through


def test_nothing_is_ordinary():
    assert visible([], CAMERA) == ()


def test_scenes_are_varied_and_ordered_far_to_near():
    scenes = [imagine(0, number) for number in range(60)]
    assert {scene.place for scene in scenes} == set(Place)
    for scene in scenes:
        depths = [one.depth_m for one in scene.things]
        assert depths == sorted(depths, reverse=True)
        for one in scene.things:
            x1, y1, x2, y2 = scene.label_px(one)
            assert 0 <= x1 < x2 <= scene.camera.width
            assert 0 <= y1 < y2 <= scene.camera.height


def test_a_scene_depends_on_its_seed_and_number_alone():
    assert imagine(3, 5) == imagine(3, 5)
    assert imagine(3, 5) != imagine(4, 5)
