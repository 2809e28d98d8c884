"""What is drawn fills its label, to the pixel."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image, ImageChops

from assignstudy.datasets.street.light import LIGHTS
from assignstudy.datasets.street.paint import blank, paint, paint_thing
from assignstudy.datasets.street.scene import Mood, Place, Thing, imagine
from assignstudy.datasets.street.things import PAINTERS

BACKGROUND = (255, 0, 255)
MARGIN = 20


def first_of_each():
    """One thing of every class and view."""
    found = {}
    for number in range(150):
        scene = imagine(0, number)
        for thing in scene.things:
            x1, y1, x2, y2 = thing.box_px
            if min(x2 - x1, y2 - y1) >= 12 and max(x2 - x1, y2 - y1) < 700:
                found.setdefault((thing.kind.value, thing.view), (scene, thing))
    return found


THINGS = first_of_each()


def painted_extent(scene, thing: Thing, times: int):
    """The box of the pixels that painting changes, in pixels of the image, the thing moved into view."""
    x1, y1, x2, y2 = thing.box_px
    width, height = x2 - x1, y2 - y1
    size = {"width": int(width) + 2 * MARGIN, "height": int(height) + 2 * MARGIN}
    room = replace(scene.camera, **size, horizon_px=0.0)
    canvas = blank(replace(scene, camera=room), times)
    canvas.picture.paste(BACKGROUND, (0, 0, *canvas.picture.size))
    paint_thing(canvas, replace(thing, box_px=(MARGIN, MARGIN, MARGIN + width, MARGIN + height)), times)
    changed = ImageChops.difference(canvas.picture, Image.new("RGB", canvas.picture.size, BACKGROUND)).getbbox()
    return [side / times for side in changed], (MARGIN, MARGIN, MARGIN + width, MARGIN + height)


def test_every_class_and_view_comes_up():
    assert {kind for kind, _ in THINGS} == {kind.value for kind in PAINTERS}
    assert len(THINGS) >= 24


@pytest.mark.parametrize("key", sorted(THINGS), ids=" ".join)
def test_a_thing_fills_its_box(key):
    extent, box = painted_extent(*THINGS[key], times=2)
    assert extent == pytest.approx(box, abs=0.5)


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("mood", Mood)
def test_every_place_is_painted_in_every_light(place, mood):
    scene = next(scene for scene in (imagine(0, number) for number in range(200)) if scene.place is place)
    small = replace(scene, mood=mood, camera=scene.camera.scaled(0.25), things=scene.things[:5])
    picture = paint(small)
    assert picture.size == (small.camera.width, small.camera.height)
    assert len(picture.getcolors(picture.width * picture.height)) > 100


def test_haze_and_darkness():
    noon, night = LIGHTS[Mood.NOON], LIGHTS[Mood.NIGHT]
    assert noon.seen((200, 0, 0), 0) == (200, 0, 0)
    assert sum(night.seen((200, 200, 200), 0)) < sum(noon.seen((200, 200, 200), 0))
    assert noon.seen((0, 0, 0), 1e9) == tuple(round(value * 0.82) for value in noon.haze)
