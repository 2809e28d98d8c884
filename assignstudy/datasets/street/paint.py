"""From a scene to its picture."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from assignstudy.datasets.street.backdrop import Canvas, glow, paint_backdrop
from assignstudy.datasets.street.brush import Brush, tint
from assignstudy.datasets.street.dice import Dice
from assignstudy.datasets.street.scene import Kind, Scene, Thing
from assignstudy.datasets.street.things import PAINTERS

_FINE_PX = 900  # images up to this side are painted three times their size, larger ones twice


def paint(scene: Scene) -> Image.Image:
    """The picture of a scene in RGB; painted larger and reduced, which smooths its edges."""
    times = 3 if max(scene.camera.width, scene.camera.height) <= _FINE_PX else 2
    canvas = blank(scene, times)
    paint_backdrop(canvas)
    for thing in scene.things:
        _shadow(canvas, thing, times)
        paint_thing(canvas, thing, times)
    if canvas.light.dark:
        for thing in scene.things:
            _shine(canvas, thing, times)
    return canvas.picture.reduce(times)


def blank(scene: Scene, times: int) -> Canvas:
    """An empty canvas, ``times`` as large as the scene's image."""
    scaled = scene.camera.scaled(times)
    return Canvas(Image.new("RGB", (scaled.width, scaled.height)), scene, scaled)


def paint_thing(canvas: Canvas, thing: Thing, times: int) -> None:
    """Paint one thing, exactly within its box."""
    x1, y1, x2, y2 = (round(value * times) for value in thing.box_px)
    layer = Image.new("RGBA", (max(1, x2 - x1), max(1, y2 - y1)))
    light = canvas.light
    brush = Brush(layer, lambda colour: light.seen(colour, thing.depth_m), light.dark)
    PAINTERS[thing.kind](brush, thing.view, Dice("thing", thing.look))
    brush.shade(0.42)
    turned = ImageOps.mirror(layer) if thing.flip else layer
    canvas.picture.paste(turned, (x1, y1), turned)


def _shadow(canvas: Canvas, thing: Thing, times: int) -> None:
    """A soft dark patch where a thing stands."""
    if thing.view == "fly":
        return
    x1, _, x2, y2 = (value * times for value in thing.box_px)
    metre = canvas.camera.focal_px / thing.depth_m
    width, centre = x2 - x1, (x1 + x2) / 2
    if thing.kind is Kind.LAMP:
        foot = 0.06 if thing.view == "arm" else 0.5
        centre = x1 + width * (1 - foot if thing.flip else foot)
        width = 0.5 * metre
    height = max(3.0, min(0.28 * metre, 0.4 * width))
    pad = round(height)
    mask = Image.new("L", (round(width) + 2 * pad, round(height) + 2 * pad))
    ImageDraw.Draw(mask).ellipse(
        (pad, pad, mask.width - pad, mask.height - pad), fill=150 if not canvas.light.dark else 110
    )
    mask = mask.filter(ImageFilter.GaussianBlur(height * 0.35))
    at = round(centre - mask.width / 2), round(y2 - mask.height / 2 - height * 0.1)
    tint(canvas.picture, (16, 18, 30), at, mask)


def _shine(canvas: Canvas, thing: Thing, times: int) -> None:
    """The glow of lamps and headlights in the dark."""
    x1, y1, x2, y2 = (value * times for value in thing.box_px)
    width, height = x2 - x1, y2 - y1
    if thing.kind is Kind.LAMP:
        tips = {"globe": (0.5,), "arm": (0.12 if thing.flip else 0.88,), "double": (0.1, 0.9)}[thing.view]
        for tip in tips:
            glow(canvas, (x1 + tip * width, y1 + height * 0.04), height * 0.2, (255, 226, 160), 0.75)
    elif thing.kind in {Kind.CAR, Kind.BUS, Kind.TRAM} and thing.view.endswith("front"):
        for share in (0.14, 0.86):
            glow(canvas, (x1 + share * width, y1 + height * 0.68), height * 0.3, (255, 244, 214), 0.6)
