"""Sky, ground, walls and trees: everything in a scene that is not labelled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

from PIL import Image, ImageDraw, ImageFilter

from assignstudy.datasets.street.brush import Colour, Point, Shining, darker, lighter, mix, tint
from assignstudy.datasets.street.dice import Dice
from assignstudy.datasets.street.light import LIGHTS, Light
from assignstudy.datasets.street.scene import ROAD_M, Camera, Kind, Place, Scene

_FARTHEST_M = 170.0
_FLOOR_M = 3.2

_PLASTERS: tuple[Colour, ...] = (
    (214, 186, 150), (196, 140, 116), (222, 210, 186), (172, 122, 104), (186, 192, 190), (230, 204, 160),
    (150, 130, 120), (204, 166, 136), (178, 160, 148), (216, 196, 190),
)  # fmt: skip
_AWNINGS: tuple[Colour, ...] = ((176, 58, 54), (54, 108, 92), (60, 92, 140), (210, 160, 70))
_LEAVES: tuple[Colour, ...] = ((86, 128, 62), (104, 142, 72), (74, 112, 66), (132, 146, 70))
_ASPHALT: Colour = (94, 96, 102)
_PAVING: Colour = (178, 172, 162)
_GRASS: Colour = (126, 156, 84)
_PAINT: Colour = (232, 230, 220)


@dataclass(frozen=True, eq=False)
class Canvas:
    """The picture of a scene while it is painted, larger than it will be.

    Attributes:
        picture: RGB.
        scene: What to paint.
        camera: The scene's camera at the size of the picture.
    """

    picture: Image.Image
    scene: Scene
    camera: Camera

    @cached_property
    def light(self) -> Light:
        """The light of the scene."""
        return LIGHTS[self.scene.mood]

    @property
    def draw(self) -> ImageDraw.ImageDraw:
        """Paints on the picture."""
        return ImageDraw.Draw(self.picture)

    def surface(self, points_m: list[tuple[float, float, float]], colour: Colour, depth_m: float) -> None:
        """Fill a polygon given in metres (x, y, z), in the haze of a distance."""
        corners = [self.camera.pixel(x, y, max(z, 0.6)) for x, y, z in points_m]
        self.draw.polygon(corners, fill=self.light.seen(colour, depth_m))

    def floor(self, x1: float, x2: float, z1: float, z2: float, colour: Colour) -> None:
        """Fill a rectangle on the ground, in strips, so that its far end fades."""
        z = max(z1, self.camera.nearest_m * 0.8)
        while z < z2:
            end = min(z * 1.18, z2)
            self.surface([(x1, 0, z), (x2, 0, z), (x2, 0, end), (x1, 0, end)], colour, z)
            z = end

    def wide_floor(self, z1: float, z2: float, colour: Colour) -> None:
        """Fill the ground between two distances."""
        left, right = self.camera.reach_m(z2)
        self.floor(left - 5, right + 5, z1, z2, colour)


def paint_backdrop(canvas: Canvas) -> None:
    """Paint everything that things stand in front of."""
    dice = Dice("backdrop", canvas.scene.look)
    _sky(canvas, dice)
    _skyline(canvas, dice)
    _GROUNDS[canvas.scene.place](canvas, dice)


def glow(canvas: Canvas, at: Point, radius: float, colour: Colour, strength: float) -> None:
    """Add light around a point, fading to nothing at the radius; pixels of the canvas."""
    side = max(2, round(radius * 2))
    falloff = Image.radial_gradient("L").point(
        [round(max(0.0, 1 - value / 180) ** 2 * 255 * strength) for value in range(256)]
    )
    tint(canvas.picture, colour, (round(at[0] - side / 2), round(at[1] - side / 2)), falloff.resize((side, side)))


# ---- sky


def _sky(canvas: Canvas, dice: Dice) -> None:
    light, camera = canvas.light, canvas.camera
    rows = max(2, round(camera.horizon_px) + 2)
    column = Image.new("RGB", (1, 64))
    column.putdata([mix(light.zenith, light.low_sky, (row / 63) ** 1.4) for row in range(64)])
    canvas.picture.paste(light.low_sky, (0, 0, camera.width, camera.height))
    sky = column.resize((1, rows), Image.Resampling.BICUBIC)
    canvas.picture.paste(sky.resize((camera.width, rows), Image.Resampling.NEAREST), (0, 0))
    if canvas.light.dark and light.zenith[0] < 30:
        _stars(canvas, dice)
    sun = dice.between(0.12, 0.88) * camera.width, dice.between(0.15, 0.7) * camera.horizon_px
    disc = max(camera.width, camera.height) * 0.018
    glow(canvas, sun, disc * 16, light.glow, 0.55)
    canvas.draw.ellipse((sun[0] - disc, sun[1] - disc, sun[0] + disc, sun[1] + disc), fill=lighter(light.glow, 0.4))
    _clouds(canvas, dice)


def _stars(canvas: Canvas, dice: Dice) -> None:
    for _ in range(70):
        x, y = dice.between(0, canvas.camera.width), dice.between(0, canvas.camera.horizon_px * 0.8)
        size = dice.between(0.4, 1.4)
        canvas.draw.ellipse(
            (x - size, y - size, x + size, y + size), fill=mix((216, 222, 240), (60, 70, 110), dice.between(0, 0.7))
        )


def _clouds(canvas: Canvas, dice: Dice) -> None:
    """Soft heaps, painted small and blurred."""
    width, height = max(2, canvas.camera.width // 4), max(2, round(canvas.camera.horizon_px / 4))
    mask = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(mask)
    for _ in range(dice.number(2, 7)):
        x, y = dice.between(0, width), dice.between(0.05, 0.75) * height
        size = dice.between(0.05, 0.13) * width * (1.1 - y / height)
        for puff in range(-3, 4):
            radius = size * dice.between(0.28, 0.6) * (1 - abs(puff) / 6)
            centre = x + puff * size * 0.42
            draw.ellipse(
                (centre - radius * 1.4, y - radius, centre + radius * 1.4, y + radius * 0.45), fill=dice.number(90, 190)
            )
    mask = mask.filter(ImageFilter.GaussianBlur(max(1.0, width / 90))).resize(
        (width * 4, height * 4), Image.Resampling.BICUBIC
    )
    tint(canvas.picture, lighter(canvas.light.low_sky, 0.1 if canvas.light.dark else 0.65), (0, 0), mask)


def _skyline(canvas: Canvas, dice: Dice) -> None:
    """Far roofs or hills on the horizon."""
    camera, light = canvas.camera, canvas.light
    unit = max(camera.width, camera.height) / 100
    for layer in range(2):
        colour = mix(light.seen((92, 104, 120), 90), light.haze, 0.62 - 0.3 * layer)
        x = -unit
        while x < camera.width:
            width = dice.between(2.5, 7) * unit
            top = camera.horizon_px - dice.between(0.8, 5.5 - 2 * layer) * unit
            if canvas.scene.place is Place.PARK:
                canvas.draw.ellipse((x - width, top, x + 2.5 * width, camera.horizon_px + 8 * unit), fill=colour)
            else:
                canvas.draw.rectangle((x, top, x + width, camera.horizon_px + unit), fill=colour)
            x += width


# ---- ground


def _street(canvas: Canvas, dice: Dice) -> None:
    scene, far = canvas.scene, _FARTHEST_M
    half, wall = scene.near_m, scene.far_m
    canvas.wide_floor(0, far, _GRASS)
    for side in (-1, 1):
        canvas.floor(side * half, side * wall, 0, far, _PAVING)
        _joints_along(canvas, side * half, side * wall)
    canvas.floor(-half, half, 0, far, _ASPHALT)
    for side in (-1, 1):
        canvas.floor(side * half, side * (half + 0.22), 0, far, lighter(_PAVING, 0.25))
        canvas.floor(side * (half - 0.34), side * (half - 0.22), 0, far, mix(_ASPHALT, _PAINT, 0.7))
    z = dice.between(2, 5)
    while z < far:
        canvas.floor(-0.09, 0.09, z, z + 3, _PAINT)
        z += 8
    for x in sorted(_tram_lanes(scene)):
        for rail in (x - 0.72, x + 0.72):
            canvas.floor(rail - 0.05, rail + 0.05, 0, far, (66, 66, 72))
    sides = [_houses_along(canvas, dice, side * wall) for side in (-1, 1)]
    for _, paint in sorted((house for side in sides for house in side), key=lambda house: -house[0]):
        paint()


def _tram_lanes(scene: Scene) -> set[float]:
    """Where trams run along the street, left or right of its middle."""
    middles = [(thing.box_px[0] + thing.box_px[2]) / 2 for thing in scene.things if thing.kind is Kind.TRAM]
    return {scene.near_m * (-0.3 if middle < scene.camera.centre_px else 0.3) for middle in middles}


def _joints_along(canvas: Canvas, x1: float, x2: float) -> None:
    """Joints between paving slabs."""
    z = canvas.camera.nearest_m
    while z < 40:
        canvas.surface([(x1, 0, z), (x2, 0, z), (x2, 0, z + 0.05), (x1, 0, z + 0.05)], darker(_PAVING, 0.16), z)
        z += 1.6


def _houses_along(canvas: Canvas, dice: Dice, x: float) -> list[tuple[float, Callable[[], None]]]:
    """The houses and trees of one side, with their distances, to be painted far to near."""
    jobs: list[tuple[float, Callable[[], None]]] = []
    z = 0.7
    while z < 150:
        length, height = dice.between(9, 18), _FLOOR_M * dice.number(3, 6) + 1.0
        look = dice.below(1_000_000)
        if dice.chance(0.88):
            jobs.append((z, partial(_house_along, canvas, x, z, length, height, look)))
        z += length
    for number in range(dice.number(0, 5)):
        at = dice.between(8, 16) + number * 17
        look = dice.below(1_000_000)
        jobs.append((at, partial(_tree, canvas, x - (0.9 if x > 0 else -0.9), at, look)))
    return jobs


def _house_along(canvas: Canvas, x: float, z: float, length: float, height: float, look: int) -> None:
    """One house, its front along the street and its gable towards us."""
    dice = Dice("house", look)
    plaster = dice.pick(_PLASTERS)
    outward = x + (14 if x > 0 else -14)
    canvas.surface([(x, 0, z), (outward, 0, z), (outward, height, z), (x, height, z)], darker(plaster, 0.34), z)
    parts = max(1, round(length / 3))
    for part in range(parts):  # in parts, so that the wall fades with distance
        z1, z2 = z + length * part / parts, z + length * (part + 1) / parts
        for low, high, colour in (
            (0, height, darker(plaster, 0.12)),
            (0, 0.7, darker(plaster, 0.35)),
            (height - 0.5, height, lighter(plaster, 0.2)),
        ):
            canvas.surface([(x, low, z1), (x, low, z2), (x, high, z2), (x, high, z1)], colour, z1)
        for floor in range(int(height // _FLOOR_M)):
            low = floor * _FLOOR_M + (0.9 if floor else 0.5)
            inset, tall = (0.27, 1.75) if floor else (0.16, 2.2)  # shops have larger windows
            _pane_along(canvas, dice, x, (z1 + inset * (z2 - z1), z2 - inset * (z2 - z1)), (low, low + tall))


def _pane_along(canvas: Canvas, dice: Dice, x: float, z: tuple[float, float], y: tuple[float, float]) -> None:
    (z1, z2), (y1, y2) = z, y
    frame, glass = (222, 216, 204), _glass(canvas, dice)
    for grow, colour in ((0.12, frame), (0.0, glass)):
        low, high, near, far = y1 - grow, y2 + grow, z1 - grow, z2 + grow
        canvas.surface([(x, low, near), (x, low, far), (x, high, far), (x, high, near)], colour, z1)


def _glass(canvas: Canvas, dice: Dice) -> Colour:
    """A window: sky by day, by night lit or not."""
    lit = dice.chance(0.5)
    blue = mix((86, 108, 128), (150, 178, 196), dice.between(0, 1))
    if not canvas.light.dark:
        return blue
    return mix(Shining(240, 178, 92), (255, 226, 160), dice.between(0, 1)) if lit else darker(blue, 0.45)


def _kerb(canvas: Canvas, dice: Dice) -> None:
    near, wall = canvas.scene.near_m, canvas.scene.far_m
    far = near + ROAD_M
    canvas.wide_floor(far, wall + 0.1, _PAVING)
    canvas.wide_floor(near, far, _ASPHALT)
    canvas.wide_floor(0, near, _PAVING)
    _tiles(canvas, canvas.camera.nearest_m, near, 1.2)
    for z, colour in (
        (near, lighter(_PAVING, 0.3)),
        (far, lighter(_PAVING, 0.3)),
        (near + 0.35, mix(_ASPHALT, _PAINT, 0.6)),
    ):
        canvas.wide_floor(z, z + 0.16, colour)
    left, right = canvas.camera.reach_m(far)
    x = left - dice.between(0, 6)
    while x < right:
        canvas.floor(x, x + 3, near + 4.1, near + 4.25, _PAINT)
        x += 7
    for depth in {thing.depth_m for thing in canvas.scene.things if thing.kind is Kind.TRAM}:
        for rail in (-0.7, 0.7):
            canvas.wide_floor(depth + rail, depth + rail + 0.1, (66, 66, 72))
    _houses_across(canvas, dice, wall, trees=far + 0.9)


def _square(canvas: Canvas, dice: Dice) -> None:
    wall = canvas.scene.far_m
    canvas.wide_floor(0, wall + 0.1, (192, 180, 162))
    _tiles(canvas, canvas.camera.nearest_m, wall, 2.4)
    _houses_across(canvas, dice, wall, trees=wall - 1.5)


def _tiles(canvas: Canvas, z1: float, z2: float, side: float) -> None:
    """A chequered pavement with joints."""
    row, z = 0, z1 - z1 % side
    while z < z2:
        left, right = canvas.camera.reach_m(min(z + side, z2))
        column = int(left // side) - 1
        while column * side < right:
            shade = (row * 7 + column * 13) % 5
            x = column * side
            end = min(z + side, z2)
            if shade < 2:
                colour = darker(_PAVING, 0.05 + 0.04 * shade)
                canvas.surface([(x, 0, z), (x + side, 0, z), (x + side, 0, end), (x, 0, end)], colour, z)
            canvas.surface([(x, 0, z), (x + 0.05, 0, z), (x + 0.05, 0, end), (x, 0, end)], darker(_PAVING, 0.14), z)
            column += 1
        canvas.surface(
            [(left - side, 0, z), (right + side, 0, z), (right + side, 0, z + 0.05), (left - side, 0, z + 0.05)],
            darker(_PAVING, 0.14),
            z,
        )
        row, z = row + 1, z + side


def _houses_across(canvas: Canvas, dice: Dice, z: float, trees: float) -> None:
    left, right = canvas.camera.reach_m(z)
    x = left - dice.between(0, 8)
    while x < right:
        width = dice.between(7, 14)
        _house_front(canvas, dice, x, min(x + width, right + 30), z)
        x += width
    for _ in range(dice.number(0, 4)):
        _tree(canvas, dice.between(left, right), trees, dice.below(1_000_000))


def _house_front(canvas: Canvas, dice: Dice, x1: float, x2: float, z: float) -> None:
    """One house seen from the front: roof, floors of windows, a shop or a door below."""
    plaster, floors = dice.pick(_PLASTERS), dice.number(3, 5)
    height = floors * _FLOOR_M + 0.9
    roof = (126, 84, 74) if dice.chance(0.6) else (92, 98, 108)

    def block(left: float, low: float, right: float, high: float, colour: Colour) -> None:
        canvas.surface([(left, low, z), (right, low, z), (right, high, z), (left, high, z)], colour, z)

    if dice.chance(0.6):
        canvas.surface(
            [(x1 - 0.2, height, z), (x1 + 1.4, height + 3, z), (x2 - 1.4, height + 3, z), (x2 + 0.2, height, z)],
            roof,
            z,
        )
        for share in (0.3, 0.7):
            middle = x1 + (x2 - x1) * share
            block(middle - 0.7, height + 0.4, middle + 0.7, height + 2.1, lighter(plaster, 0.1))
            block(middle - 0.45, height + 0.6, middle + 0.45, height + 1.8, _glass(canvas, dice))
    block(x1, 0, x2, height, plaster)
    block(x1, height - 0.35, x2, height, lighter(plaster, 0.35))
    block(x1, _FLOOR_M + 0.3, x2, _FLOOR_M + 0.5, lighter(plaster, 0.25))
    block(x1, 0, x2, 0.6, darker(plaster, 0.35))
    columns = max(2, round((x2 - x1) / 2.3))
    step = (x2 - x1) / columns
    for column in range(columns):
        middle = x1 + step * (column + 0.5)
        for floor in range(1, floors):
            low = floor * _FLOOR_M + 1.1
            block(middle - 0.66, low - 0.18, middle + 0.66, low + 1.78, lighter(plaster, 0.4))
            block(middle - 0.52, low, middle + 0.52, low + 1.65, _glass(canvas, dice))
            block(middle - 0.04, low, middle + 0.04, low + 1.65, (232, 226, 214))
            block(middle - 0.75, low - 0.24, middle + 0.75, low - 0.1, darker(plaster, 0.2))
    _ground_floor(canvas, dice, block, x1, step, columns, plaster)
    block(x1 - 0.06, 0, x1 + 0.06, height, darker(plaster, 0.3))


def _ground_floor(
    canvas: Canvas,
    dice: Dice,
    block: Callable[[float, float, float, float, Colour], None],
    x1: float,
    step: float,
    columns: int,
    plaster: Colour,
) -> None:
    door, awning = dice.below(columns), dice.pick(_AWNINGS)
    shop = dice.chance(0.7)
    for column in range(columns):
        left, right = x1 + step * column + 0.25, x1 + step * (column + 1) - 0.25
        if column == door:
            block(left + 0.2, 0, right - 0.2, 2.6, darker(plaster, 0.55))
            block(left + 0.35, 0.1, right - 0.35, 2.35, darker(awning, 0.25))
            continue
        block(left, 0.6, right, 2.75, darker(plaster, 0.5))
        block(left + 0.1, 0.7, right - 0.1, 2.65, _glass(canvas, dice))
        if shop:
            stripes = 6
            width = (right - left + 0.3) / stripes
            for stripe in range(stripes):
                at = left - 0.15 + width * stripe
                block(at, 2.35, at + width, 3.05, awning if stripe % 2 else (240, 234, 222))


def _park(canvas: Canvas, dice: Dice) -> None:
    canvas.wide_floor(0, _FARTHEST_M, _GRASS)
    for strip in range(24):
        z = 4.0 * 1.17**strip
        x = dice.between(-1, 1) * z * 0.9
        canvas.floor(x, x + z * dice.between(0.2, 0.8), z, z * 1.04, mix(_GRASS, (96, 132, 66), 0.5))
    bend = dice.between(-0.25, 0.25)
    z = canvas.camera.nearest_m * 0.8
    while z < 120:  # a path that winds towards the horizon
        end = z * 1.08
        here, there = (bend * depth * depth / 22 + 1.5 - depth * 0.05 for depth in (z, end))
        canvas.surface(
            [(here - 1.3, 0, z), (here + 1.3, 0, z), (there + 1.3, 0, end), (there - 1.3, 0, end)], (206, 190, 158), z
        )
        z = end
    spots = sorted(
        ((dice.between(12, 75), dice.between(-1, 1), dice.below(1_000_000)) for _ in range(dice.number(7, 16))),
        reverse=True,
    )
    for depth, aside, look in spots:
        left, right = canvas.camera.reach_m(depth)
        _tree(canvas, left + (right - left) * (aside + 1) / 2, depth, look)


def _tree(canvas: Canvas, x: float, z: float, look: int) -> None:
    """A trunk and a crown of leafy balls, lit from above."""
    dice = Dice("tree", look)
    height, leaf = dice.between(4.2, 7.0), dice.pick(_LEAVES)
    crown = height * dice.between(0.26, 0.36)
    canvas.surface(
        [(x - 0.2, 0, z), (x + 0.2, 0, z), (x + 0.12, height * 0.6, z), (x - 0.12, height * 0.6, z)], (92, 72, 56), z
    )
    balls = [(dice.between(-0.7, 0.7), dice.between(-0.6, 0.65), dice.between(0.3, 0.52)) for _ in range(34)]
    for aside, up, size in sorted(balls, key=lambda ball: ball[1]):
        shade = mix(darker(leaf, 0.34), lighter(leaf, 0.2), (up + 0.6) / 1.25)
        left, top = canvas.camera.pixel(x + (aside - size) * crown, height - crown + (up + size) * crown, z)
        right, bottom = canvas.camera.pixel(x + (aside + size) * crown, height - crown + (up - size) * crown, z)
        canvas.draw.ellipse((left, top, right, bottom), fill=canvas.light.seen(shade, z))


_GROUNDS: dict[Place, Callable[[Canvas, Dice], None]] = {
    Place.STREET: _street,
    Place.KERB: _kerb,
    Place.SQUARE: _square,
    Place.PARK: _park,
}
