"""How the things look: one function per class, each touching all four sides of its box.

Coordinates run from the box's upper left corner (0, 0) to its lower right one (1, 1); things look to the right.
"""

from __future__ import annotations

from collections.abc import Callable

from assignstudy.datasets.street.brush import Brush, Colour, Shining, darker, lighter, mix
from assignstudy.datasets.street.dice import Dice
from assignstudy.datasets.street.scene import Kind

Painter = Callable[[Brush, str, Dice], None]

_PAINTS: tuple[Colour, ...] = (
    (186, 44, 46), (38, 86, 150), (232, 232, 228), (58, 62, 68), (150, 156, 162), (236, 178, 44), (46, 120, 98),
    (112, 44, 62), (214, 118, 58), (92, 142, 178), (240, 236, 222), (30, 36, 52),
)  # fmt: skip
_CLOTHES: tuple[Colour, ...] = (
    (196, 62, 58), (44, 84, 140), (238, 190, 72), (70, 130, 96), (228, 226, 218), (52, 54, 66), (142, 86, 140),
    (226, 128, 92), (96, 158, 186), (122, 92, 68), (186, 74, 110), (156, 176, 92),
)  # fmt: skip
_TROUSERS: tuple[Colour, ...] = (
    (46, 58, 88),
    (58, 56, 58),
    (112, 96, 76),
    (84, 96, 112),
    (36, 38, 48),
    (150, 134, 110),
)
_SKINS: tuple[Colour, ...] = ((244, 206, 176), (226, 178, 140), (190, 138, 98), (140, 94, 64), (96, 64, 46))
_HAIRS: tuple[Colour, ...] = (
    (44, 32, 28),
    (86, 58, 38),
    (152, 108, 58),
    (206, 168, 104),
    (120, 116, 114),
    (22, 20, 24),
)

_TYRE: Colour = (34, 35, 40)
_RIM: Colour = (176, 180, 186)
_STEEL: Colour = (120, 126, 134)
_LAMP_WHITE: Colour = Shining(255, 244, 206)
_LAMP_RED: Colour = Shining(196, 34, 36)
_DULL_GLASS: Colour = (112, 148, 172)
_SIGN: Colour = Shining(255, 170, 50)


def _glass(brush: Brush) -> Colour:
    """Windows mirror the sky by day and shine at night."""
    return Shining(248, 212, 140) if brush.dark else _DULL_GLASS


def _wheel(brush: Brush, x: float, radius: float) -> None:
    brush.disc(x, 1 - radius, radius, _TYRE)
    brush.disc(x, 1 - radius, radius * 0.62, _RIM)
    brush.disc(x, 1 - radius, radius * 0.44, darker(_RIM, 0.35))
    brush.disc(x, 1 - radius, radius * 0.16, _RIM)


# ---- people


def paint_person(brush: Brush, view: str, dice: Dice) -> None:
    """Standing, walking or riding."""
    coat, trousers = dice.pick(_CLOTHES), dice.pick(_TROUSERS)
    skin, hair = dice.pick(_SKINS), dice.pick(_HAIRS)
    {"stand": _stand, "walk": _walk, "ride": _ride}[view](brush, dice, (coat, trousers, skin, hair))


def _stand(brush: Brush, dice: Dice, colours: tuple[Colour, Colour, Colour, Colour]) -> None:
    coat, trousers, skin, hair = colours
    shoe = darker(trousers, 0.5)
    for side in (-1, 1):
        leg = [(0.5 + side * 0.02, 0.5), (0.5 + side * 0.29, 0.5), (0.5 + side * 0.27, 0.96), (0.5 + side * 0.09, 0.96)]
        brush.area(leg, trousers if side < 0 else darker(trousers, 0.12))
        brush.area(
            [(0.5 + side * 0.07, 0.95), (0.5 + side * 0.29, 0.95), (0.5 + side * 0.36, 1.0), (0.5 + side * 0.07, 1.0)],
            shoe,
        )
        arm = [(0.5 + side * 0.26, 0.18), (0.5 + side * 0.43, 0.22), (0.5 + side * 0.5, 0.4), (0.5 + side * 0.5, 0.5)]
        brush.area([*arm, (0.5 + side * 0.38, 0.5), (0.5 + side * 0.3, 0.3)], darker(coat, 0.18 if side > 0 else 0.08))
        brush.oval(0.5 + side * 0.43 - 0.07, 0.48, 0.5 + side * 0.43 + 0.07, 0.535, skin)
    behind = dice.chance(0.35)
    _torso(brush, dice, 0.5, coat, behind=behind)
    _head(brush, 0.5, skin, hair, behind=behind)


def _walk(brush: Brush, dice: Dice, colours: tuple[Colour, Colour, Colour, Colour]) -> None:
    coat, trousers, skin, hair = colours
    shoe = darker(trousers, 0.5)
    back, front = darker(trousers, 0.25), trousers
    brush.area([(0.34, 0.5), (0.6, 0.5), (0.42, 0.76), (0.2, 0.95), (0.06, 0.92), (0.28, 0.72)], back)
    brush.area([(0.0, 0.9), (0.08, 0.885), (0.22, 0.95), (0.16, 0.985)], shoe)
    brush.area([(0.36, 0.5), (0.66, 0.5), (0.78, 0.74), (0.88, 0.96), (0.74, 0.96), (0.6, 0.76)], front)
    brush.area([(0.72, 0.955), (0.88, 0.95), (1.0, 0.985), (1.0, 1.0), (0.72, 1.0)], shoe)
    brush.area([(0.6, 0.2), (0.74, 0.23), (0.92, 0.4), (0.86, 0.47), (0.7, 0.38)], darker(coat, 0.3))
    brush.oval(0.84, 0.41, 0.96, 0.46, skin)
    _torso(brush, dice, 0.5, coat, behind=False)
    brush.area([(0.32, 0.2), (0.46, 0.22), (0.38, 0.4), (0.2, 0.52), (0.12, 0.48), (0.28, 0.36)], darker(coat, 0.14))
    brush.oval(0.09, 0.475, 0.21, 0.525, skin)
    _head(brush, 0.53, skin, hair, behind=False)


def _torso(brush: Brush, dice: Dice, x: float, coat: Colour, *, behind: bool) -> None:
    hem = dice.pick((0.53, 0.53, 0.6, 0.68))
    flare = 0.27 + (hem - 0.53) * 0.5
    outline = [(x - 0.1, 0.165), (x + 0.1, 0.165), (x + 0.3, 0.19), (x + 0.26, 0.4), (x + flare, hem)]
    brush.area([*outline, (x - flare, hem), (x - 0.26, 0.4), (x - 0.3, 0.19)], coat)
    if behind:
        bag = dice.pick(_CLOTHES)
        brush.block(x - 0.2, 0.19, x + 0.2, 0.42, bag, 0.05)
        brush.block(x - 0.14, 0.3, x + 0.14, 0.4, darker(bag, 0.2), 0.02)
    elif dice.chance(0.5):
        brush.area([(x - 0.07, 0.165), (x + 0.07, 0.165), (x, 0.27)], lighter(coat, 0.5))


def _head(brush: Brush, x: float, skin: Colour, hair: Colour, *, behind: bool) -> None:
    brush.block(x - 0.07, 0.12, x + 0.07, 0.185, darker(skin, 0.15))
    brush.oval(x - 0.175, 0.0, x + 0.175, 0.135, hair)
    brush.oval(x - 0.15, 0.032, x + 0.15, 0.15, hair if behind else skin)
    if not behind:
        for side in (-0.055, 0.065):
            brush.oval(x + side - 0.018, 0.082, x + side + 0.018, 0.094, darker(skin, 0.75))
        brush.oval(x - 0.045, 0.118, x + 0.055, 0.127, mix(skin, (168, 60, 60), 0.55))


def _ride(brush: Brush, dice: Dice, colours: tuple[Colour, Colour, Colour, Colour]) -> None:
    coat, trousers, skin, hair = colours
    brush.area([(0.1, 0.52), (0.34, 0.5), (0.62, 0.66), (0.56, 0.74), (0.26, 0.68)], darker(trousers, 0.25))
    brush.area([(0.5, 0.64), (0.63, 0.66), (0.52, 0.96), (0.4, 0.96)], darker(trousers, 0.25))
    brush.area([(0.4, 0.95), (0.54, 0.93), (0.64, 1.0), (0.4, 1.0)], darker(trousers, 0.6))
    brush.area(
        [(0.0, 0.5), (0.0, 0.58), (0.16, 0.62), (0.36, 0.56), (0.74, 0.24), (0.68, 0.14), (0.5, 0.15), (0.16, 0.4)],
        coat,
    )
    brush.area([(0.58, 0.2), (0.72, 0.22), (0.82, 0.42), (1.0, 0.5), (1.0, 0.56), (0.78, 0.52)], darker(coat, 0.16))
    brush.area([(0.08, 0.5), (0.36, 0.5), (0.76, 0.62), (0.72, 0.7), (0.24, 0.68)], trousers)
    brush.area([(0.64, 0.62), (0.77, 0.62), (0.72, 0.88), (0.6, 0.88)], trousers)
    brush.area([(0.6, 0.87), (0.73, 0.86), (0.84, 0.92), (0.6, 0.93)], darker(trousers, 0.6))
    brush.oval(0.56, 0.0, 0.84, 0.17, dice.pick(_CLOTHES) if dice.chance(0.5) else hair)
    brush.oval(0.62, 0.05, 0.86, 0.19, skin)


# ---- bicycles


def paint_bicycle(brush: Brush, view: str, dice: Dice) -> None:
    """From the side or from the front."""
    frame = dice.pick(_PAINTS)
    if view == "front":
        brush.oval(0.4, 0.36, 0.6, 1.0, _TYRE)
        brush.stroke([(0.5, 0.08), (0.5, 0.66)], 0.05, frame)
        brush.stroke([(0.0, 0.1), (0.24, 0.04), (0.76, 0.04), (1.0, 0.1)], 0.045, _TYRE)
        brush.block(0.3, 0.0, 0.7, 0.08, _TYRE, 0.02)
        brush.disc(0.5, 0.26, 0.05, _LAMP_WHITE)
        return
    radius = 0.325
    rear, front = radius / brush.aspect, 1 - radius / brush.aspect
    hub, pedal, seat, head = 1 - radius, (0.46, 0.72), (0.36, 0.24), (0.7, 0.26)
    for x in (rear, front):
        brush.ring(x, hub, radius, 0.055, _TYRE)
        brush.disc(x, hub, 0.04, _STEEL)
    for line in ([(rear, hub), pedal, seat, (rear, hub)], [pedal, head, (0.38, 0.32)], [head, (front, hub)]):
        brush.stroke(line, 0.05, frame)
    brush.stroke([head, (0.68, 0.05), (0.78, 0.03)], 0.04, _STEEL)
    brush.block(0.64, 0.0, 0.82, 0.06, _TYRE, 0.02)
    brush.block(0.27, 0.19, 0.44, 0.25, _TYRE, 0.03)
    brush.disc(*pedal, 0.07, darker(_STEEL, 0.3))


# ---- cars

_Outline = list[tuple[float, float]]

# Outline of the body above the wheels, from the rear lamp down and round to the boot.
_CAR_BODIES: dict[str, _Outline] = {
    "saloon": [
        (0.0, 0.52), (0.0, 0.84), (1.0, 0.84), (1.0, 0.56), (0.97, 0.48), (0.76, 0.4), (0.62, 0.0), (0.34, 0.0),
        (0.17, 0.36), (0.03, 0.4),
    ],
    "hatchback": [
        (0.0, 0.4), (0.0, 0.84), (1.0, 0.84), (1.0, 0.58), (0.97, 0.5), (0.78, 0.42), (0.6, 0.0), (0.2, 0.0),
        (0.06, 0.34),
    ],
    "estate": [
        (0.0, 0.3), (0.0, 0.84), (1.0, 0.84), (1.0, 0.5), (0.97, 0.44), (0.78, 0.36), (0.64, 0.0), (0.12, 0.0),
        (0.03, 0.1),
    ],
    "van": [
        (0.0, 0.06), (0.0, 0.86), (1.0, 0.86), (1.0, 0.55), (0.97, 0.46), (0.9, 0.4), (0.76, 0.0), (0.06, 0.0),
    ],
}  # fmt: skip

# Windows, rear to front, each from its lower rear corner upwards and round.
_CAR_WINDOWS: dict[str, list[_Outline]] = {
    "saloon": [
        [(0.24, 0.38), (0.36, 0.09), (0.475, 0.09), (0.475, 0.38)],
        [(0.5, 0.38), (0.5, 0.09), (0.6, 0.09), (0.71, 0.38)],
    ],
    "hatchback": [
        [(0.13, 0.38), (0.23, 0.09), (0.4, 0.09), (0.4, 0.38)],
        [(0.43, 0.38), (0.43, 0.09), (0.58, 0.09), (0.72, 0.38)],
    ],
    "estate": [
        [(0.07, 0.35), (0.13, 0.09), (0.28, 0.09), (0.28, 0.35)],
        [(0.305, 0.35), (0.305, 0.09), (0.46, 0.09), (0.46, 0.35)],
        [(0.485, 0.35), (0.485, 0.09), (0.615, 0.09), (0.72, 0.35)],
    ],
    "van": [[(0.68, 0.4), (0.68, 0.1), (0.76, 0.1), (0.86, 0.4)]],
}


def paint_car(brush: Brush, view: str, dice: Dice) -> None:
    """A car or a van, from the side, from ahead or from behind."""
    body, _, seen = view.partition(" ")
    paint = dice.pick(_PAINTS)
    if seen == "side":
        _car_side(brush, body, paint)
    else:
        _car_end(brush, body, paint, rear=seen == "rear")


def _car_side(brush: Brush, body: str, paint: Colour) -> None:
    radius, trim = (0.16, 0.52) if body == "van" else (0.215, 0.47)
    brush.block(0.06, 0.7, 0.94, 0.93, darker(_TYRE, 0.3))
    brush.area(_CAR_BODIES[body], paint, soft=True)
    brush.area([(0.01, 0.66), (0.99, 0.66), (0.985, 0.8), (0.015, 0.8)], darker(paint, 0.22))
    brush.block(0.02, trim, 0.97, trim + 0.02, lighter(paint, 0.28))
    for window in _CAR_WINDOWS[body]:
        brush.area(window, _glass(brush))
        (x1, y1), (x2, y2), *_ = window
        brush.area([(x1, y1), (x2, y2), (x2 + 0.03, y2), (x1 + 0.04, y1)], lighter(_glass(brush), 0.35))
    for x in (0.4, 0.62):
        brush.block(x, 0.4, x + 0.006, 0.76, darker(paint, 0.4))
        brush.block(x - 0.05, 0.53, x - 0.015, 0.55, darker(paint, 0.5))
    brush.block(0.945, 0.55, 1.0, 0.63, _LAMP_WHITE, 0.03)
    brush.block(0.0, 0.5, 0.025, 0.62, _LAMP_RED, 0.02)
    for x in (0.19, 0.8):
        brush.disc(x, 1 - radius, radius * 1.16, darker(paint, 0.55))
        _wheel(brush, x, radius)


def _car_end(brush: Brush, body: str, paint: Colour, *, rear: bool) -> None:
    tall = body == "van"
    for x in (0.05, 0.77):
        brush.block(x, 0.75, x + 0.18, 1.0, _TYRE, 0.04)
    roof, belt = (0.14, 0.5) if tall else (0.2, 0.42)
    brush.area(
        [
            (roof, 0.0),
            (1 - roof, 0.0),
            (0.93, belt),
            (1.0, belt + 0.1),
            (1.0, 0.86),
            (0.0, 0.86),
            (0.0, belt + 0.1),
            (0.07, belt),
        ],
        paint,
        soft=True,
    )
    brush.area(
        [(roof + 0.02, 0.07), (0.98 - roof, 0.07), (0.88, belt), (0.12, belt)],
        darker(_glass(brush), 0.3) if rear else _glass(brush),
    )
    brush.area([(roof + 0.06, 0.07), (roof + 0.2, 0.07), (0.3, belt), (0.16, belt)], lighter(_glass(brush), 0.35))
    brush.block(0.0, 0.7, 1.0, 0.86, darker(paint, 0.3), 0.06)
    lamp = _LAMP_RED if rear else _LAMP_WHITE
    for x in (0.03, 0.77):
        brush.block(x, belt + 0.12, x + 0.2, belt + 0.23, lamp, 0.05)
    if rear:
        brush.block(0.3, belt + 0.06, 0.7, belt + 0.09, lighter(paint, 0.3))
    else:
        brush.block(0.27, belt + 0.12, 0.73, belt + 0.24, darker(paint, 0.65), 0.03)
    brush.block(0.36, 0.72, 0.64, 0.81, (238, 236, 220), 0.01)
    brush.block(0.4, 0.755, 0.6, 0.775, (60, 62, 70))


# ---- buses and trams


def paint_bus(brush: Brush, view: str, dice: Dice) -> None:
    """From the side, from ahead or from behind."""
    paint = dice.pick(((196, 40, 44), (238, 184, 52), (44, 110, 160), (226, 226, 220), (62, 140, 94)))
    if view == "side":
        _bus_side(brush, paint)
    else:
        _coach_end(brush, paint, rear=view == "rear")


def _bus_side(brush: Brush, paint: Colour) -> None:
    brush.block(0.02, 0.8, 0.98, 0.94, darker(_TYRE, 0.2))
    brush.block(0.0, 0.0, 1.0, 0.9, paint, 0.09)
    brush.block(0.03, 0.0, 0.97, 0.035, lighter(paint, 0.35), 0.02)
    brush.block(0.0, 0.58, 1.0, 0.64, lighter(paint, 0.55))
    brush.block(0.0, 0.82, 1.0, 0.9, darker(paint, 0.35), 0.03)
    brush.block(0.02, 0.14, 0.985, 0.52, darker(_DULL_GLASS, 0.62), 0.03)
    for number in range(8):
        x = 0.028 + number * 0.119
        brush.block(x, 0.16, x + 0.108, 0.5, _glass(brush), 0.02)
        brush.area([(x + 0.02, 0.5), (x + 0.06, 0.16), (x + 0.08, 0.16), (x + 0.04, 0.5)], lighter(_glass(brush), 0.22))
    for x in (0.31, 0.575, 0.9):
        brush.block(x, 0.14, x + 0.085, 0.86, darker(paint, 0.5), 0.02)
        for leaf in (x + 0.006, x + 0.046):
            brush.block(leaf, 0.18, leaf + 0.033, 0.82, _glass(brush), 0.02)
    brush.block(0.62, 0.04, 0.8, 0.115, (24, 24, 28), 0.01)
    for number in range(9):
        brush.block(0.635 + number * 0.017, 0.06, 0.645 + number * 0.017, 0.095, _SIGN)
    brush.block(0.985, 0.68, 1.0, 0.76, _LAMP_WHITE, 0.01)
    brush.block(0.0, 0.66, 0.008, 0.78, _LAMP_RED)
    for x in (0.2, 0.78):
        brush.disc(x, 0.84, 0.185, darker(paint, 0.6))
        _wheel(brush, x, 0.155)


def _coach_end(brush: Brush, paint: Colour, *, rear: bool) -> None:
    for x in (0.08, 0.76):
        brush.block(x, 0.85, x + 0.16, 1.0, _TYRE, 0.02)
    brush.block(0.0, 0.0, 1.0, 0.93, paint, 0.09)
    glass = _glass(brush) if not rear else darker(_glass(brush), 0.25)
    brush.block(0.06, 0.18, 0.94, 0.56, darker(glass, 0.5), 0.05)
    brush.block(0.08, 0.2, 0.92, 0.54, glass, 0.04)
    brush.area([(0.2, 0.54), (0.36, 0.2), (0.5, 0.2), (0.34, 0.54)], lighter(glass, 0.3))
    brush.block(0.16, 0.05, 0.84, 0.145, (24, 24, 28), 0.02)
    for number in range(7):
        brush.block(0.24 + number * 0.08, 0.075, 0.285 + number * 0.08, 0.12, _SIGN)
    brush.block(0.0, 0.6, 1.0, 0.65, lighter(paint, 0.55))
    lamp = _LAMP_RED if rear else _LAMP_WHITE
    for x in (0.07, 0.77):
        brush.block(x, 0.72, x + 0.16, 0.79, lamp, 0.03)
    brush.block(0.0, 0.84, 1.0, 0.93, darker(paint, 0.4), 0.03)
    brush.block(0.38, 0.75, 0.62, 0.81, (238, 236, 220), 0.01)


def paint_tram(brush: Brush, view: str, dice: Dice) -> None:
    """Low-floor, in five parts, its collector on the roof."""
    paint = dice.pick(((200, 48, 48), (240, 200, 70), (48, 122, 110), (70, 110, 170)))
    if view == "side":
        _tram_side(brush, paint)
    else:
        _tram_end(brush, paint, rear=view == "rear")


def _tram_side(brush: Brush, paint: Colour) -> None:
    cream = (240, 234, 218)
    brush.block(0.02, 0.86, 0.98, 1.0, darker(_TYRE, 0.2), 0.02)
    for number in range(10):  # roof boxes all along, so that any part of the tram is as tall as the whole
        brush.block(
            0.02 + number * 0.097, 0.0, 0.107 + number * 0.097, 0.12, darker(cream, 0.42 + 0.1 * (number % 3)), 0.02
        )
    brush.area(
        [
            (0.0, 0.64),
            (0.006, 0.46),
            (0.028, 0.08),
            (0.972, 0.08),
            (0.994, 0.46),
            (1.0, 0.64),
            (1.0, 0.92),
            (0.0, 0.92),
        ],
        cream,
    )
    brush.area([(0.0, 0.6), (1.0, 0.6), (1.0, 0.92), (0.0, 0.92)], paint)
    brush.block(0.025, 0.08, 0.975, 0.14, paint)
    brush.area([(0.014, 0.54), (0.032, 0.2), (0.968, 0.2), (0.986, 0.54)], darker(_DULL_GLASS, 0.62))
    for part in range(5):
        _tram_part(brush, 0.2 * part, paint, ends=(part == 0, part == 4))
    brush.block(0.99, 0.7, 1.0, 0.76, _LAMP_WHITE)
    brush.block(0.0, 0.7, 0.006, 0.76, _LAMP_RED)


def _tram_part(brush: Brush, x: float, paint: Colour, ends: tuple[bool, bool]) -> None:
    first, last = ends
    for number in range(4):
        left = x + 0.012 + number * 0.046 + (0.028 if first and number == 0 else 0)
        right = x + 0.052 + number * 0.046 - (0.022 if last and number == 3 else 0)
        brush.block(left, 0.22, right, 0.52, _glass(brush), 0.02)
        if right - left < 0.03:
            continue
        slant = [(left + 0.008, 0.52), (left + 0.018, 0.22), (left + 0.024, 0.22), (left + 0.014, 0.52)]
        brush.area(slant, lighter(_glass(brush), 0.25))
    brush.block(x + 0.085, 0.2, x + 0.118, 0.88, darker(paint, 0.4), 0.01)
    for leaf in (x + 0.0875, x + 0.1025):
        brush.block(leaf, 0.24, leaf + 0.013, 0.85, _glass(brush), 0.01)
    if not last:
        brush.block(x + 0.196, 0.1, x + 0.204, 0.9, (70, 72, 78))
    for wheel in (0.04, 0.16):
        brush.disc(x + wheel, 0.93, 0.068, _TYRE)
        brush.disc(x + wheel, 0.93, 0.035, _STEEL)


def _tram_end(brush: Brush, paint: Colour, *, rear: bool) -> None:
    brush.stroke([(0.5, 0.16), (0.38, 0.08), (0.5, 0.02)], 0.016, _STEEL)
    brush.block(0.22, 0.0, 0.78, 0.02, _TYRE)
    brush.block(0.1, 0.9, 0.9, 1.0, darker(_TYRE, 0.2), 0.02)
    brush.block(0.0, 0.14, 1.0, 0.95, (240, 234, 218), 0.1)
    brush.block(0.0, 0.62, 1.0, 0.95, paint, 0.06)
    brush.block(0.0, 0.62, 1.0, 0.75, paint)
    brush.block(0.08, 0.28, 0.92, 0.6, darker(_glass(brush), 0.3), 0.06)
    brush.block(0.1, 0.3, 0.9, 0.58, _glass(brush), 0.05)
    brush.area([(0.22, 0.58), (0.38, 0.3), (0.5, 0.3), (0.34, 0.58)], lighter(_glass(brush), 0.3))
    brush.block(0.24, 0.185, 0.76, 0.25, (24, 24, 28), 0.02)
    brush.block(0.32, 0.2, 0.68, 0.235, _SIGN)
    lamp = _LAMP_RED if rear else _LAMP_WHITE
    for x in (0.16, 0.84):
        brush.disc(x, 0.78, 0.035, lamp)
    brush.block(0.3, 0.86, 0.7, 0.9, darker(paint, 0.5), 0.01)


# ---- street furniture and birds


def paint_lamp(brush: Brush, view: str, dice: Dice) -> None:
    """A lamp on an arm, on two, or a globe."""
    iron = dice.pick(((58, 66, 70), (46, 74, 64), (92, 96, 100)))
    shine: Colour = Shining(255, 232, 160) if brush.dark else (236, 238, 232)
    if view == "globe":
        brush.area([(0.43, 0.12), (0.57, 0.12), (0.6, 0.86), (0.4, 0.86)], iron)
        brush.area([(0.36, 0.86), (0.64, 0.86), (0.78, 1.0), (0.22, 1.0)], iron)
        brush.block(0.3, 0.105, 0.7, 0.125, darker(iron, 0.3))
        brush.oval(0.0, 0.0, 1.0, 0.11, shine)
        brush.oval(0.18, 0.012, 0.5, 0.05, lighter(shine, 0.6))
        return
    foot = 0.06 if view == "arm" else 0.5
    half = 0.035 if view == "arm" else 0.022
    brush.area([(foot - half * 0.6, 0.03), (foot + half * 0.6, 0.03), (foot + half, 1.0), (foot - half, 1.0)], iron)
    brush.block(foot - half * 1.7, 0.9, foot + half * 1.7, 1.0, darker(iron, 0.2))
    for side in (1,) if view == "arm" else (-1, 1):
        tip = 1.0 if side > 0 else 0.0
        brush.stroke([(foot, 0.07), (foot + (tip - foot) * 0.25, 0.025), (tip - side * 0.1, 0.014)], 0.01, iron)
        inner = tip - side * 0.3 if view == "arm" else tip - side * 0.2
        brush.area([(inner, 0.0), (tip, 0.006), (tip, 0.022), (inner, 0.024)], darker(iron, 0.2))
        brush.area(
            [
                (inner + side * 0.02, 0.02),
                (tip - side * 0.03, 0.02),
                (tip - side * 0.06, 0.034),
                (inner + side * 0.06, 0.034),
            ],
            shine,
        )


def paint_barrier(brush: Brush, view: str, dice: Dice) -> None:
    """Striped boards, steel rails or concrete, as long as the box is wide."""
    {"boards": _boards, "rails": _rails, "concrete": _concrete}[view](brush, dice)


def _boards(brush: Brush, dice: Dice) -> None:
    red, white = dice.pick(((208, 52, 42), (224, 112, 40))), (240, 238, 230)
    posts = max(2, round(brush.aspect / 2.2) + 1)
    for number in range(posts):
        x = number / (posts - 1) * (1 - 0.12 / brush.aspect)
        brush.block(x, 0.0, x + 0.12 / brush.aspect, 1.0, (96, 98, 104))
    stripes = max(4, round(brush.aspect * 2.5))
    for top in (0.06, 0.5):
        brush.block(0.0, top, 1.0, top + 0.26, white)
        for number in range(stripes):
            x, step = number / stripes, 0.5 / stripes
            brush.area([(x, top + 0.26), (x + step * 0.7, top), (x + step * 1.7, top), (x + step, top + 0.26)], red)
    feet = 0.3 / brush.aspect
    for number in range(posts):
        x = number / (posts - 1) * (1 - feet)
        brush.block(x, 0.92, x + feet, 1.0, (60, 62, 68))


def _rails(brush: Brush, dice: Dice) -> None:
    steel = dice.pick(((150, 156, 164), (120, 132, 128)))
    panels = max(1, round(brush.aspect / 2.3))
    for panel in range(panels):
        left, right = panel / panels, (panel + 0.96) / panels if panel < panels - 1 else 1.0
        thin = 0.05 / brush.aspect
        bars = max(3, round(9 * min(1.0, brush.aspect / panels / 2.2)))
        for bar in range(1, bars):
            x = left + (right - left) * bar / bars
            brush.block(x - thin * 0.25, 0.05, x + thin * 0.25, 0.74, steel)
        for x in (left, right - thin):
            brush.block(x, 0.0, x + thin, 1.0, darker(steel, 0.12))
        brush.block(left, 0.0, right, 0.06, lighter(steel, 0.2), 0.02)
        brush.block(left, 0.72, right, 0.77, steel)
        foot = 0.16 / brush.aspect
        for x in (left, right - foot):
            brush.block(x, 0.94, x + foot, 1.0, darker(steel, 0.25))


def _concrete(brush: Brush, dice: Dice) -> None:
    fresh, weathered = (172, 170, 164), dice.pick(((150, 148, 144), (158, 152, 140)))
    panels = max(1, round(brush.aspect / 2.6))
    for panel in range(panels):
        left, right = panel / panels, (panel + 1) / panels
        edge = 0.02 / brush.aspect
        grey = weathered if panel % 2 else fresh
        brush.area(
            [(left, 1.0), (left, 0.72), (left + edge, 0.0), (right - edge, 0.0), (right, 0.72), (right, 1.0)], grey
        )
        brush.block(left + edge, 0.0, right - edge, 0.1, lighter(grey, 0.25))
        brush.block(left, 0.72, right, 1.0, darker(grey, 0.18))
        brush.block(left, 0.9, left + 0.5 / brush.aspect, 1.0, darker(grey, 0.5))
        brush.block(right - edge, 0.0, right, 1.0, darker(grey, 0.45))


def paint_bird(brush: Brush, view: str, dice: Dice) -> None:
    """On the wing, or a pigeon on the ground."""
    if view == "fly":
        plumage = dice.pick(((52, 54, 62), (70, 66, 64), (236, 238, 240)))
        brush.area([(0.0, 0.12), (0.04, 0.0), (0.3, 0.22), (0.48, 0.62), (0.42, 0.86), (0.26, 0.44)], plumage)
        brush.area(
            [(1.0, 0.12), (0.96, 0.0), (0.7, 0.22), (0.52, 0.62), (0.58, 0.86), (0.74, 0.44)], darker(plumage, 0.15)
        )
        brush.oval(0.34, 0.5, 0.68, 1.0, darker(plumage, 0.1))
        brush.oval(0.6, 0.46, 0.76, 0.74, plumage)
        brush.area([(0.74, 0.55), (0.83, 0.61), (0.74, 0.66)], (232, 170, 60))
        return
    grey = dice.pick(((128, 134, 148), (98, 102, 114), (176, 170, 164)))
    for x in (0.42, 0.54):
        brush.block(x, 0.78, x + 0.035, 1.0, (196, 96, 80))
    brush.area([(0.0, 0.66), (0.04, 0.58), (0.34, 0.36), (0.3, 0.68)], darker(grey, 0.3))
    brush.oval(0.18, 0.32, 0.82, 0.86, grey)
    brush.area([(0.6, 0.5), (0.66, 0.14), (0.86, 0.14), (0.82, 0.6)], mix(grey, (70, 120, 110), 0.45))
    brush.oval(0.64, 0.0, 0.9, 0.28, darker(grey, 0.1))
    brush.area([(0.88, 0.1), (1.0, 0.15), (0.88, 0.2)], (220, 170, 90))
    brush.oval(0.2, 0.4, 0.62, 0.72, darker(grey, 0.2))


PAINTERS: dict[Kind, Painter] = {
    Kind.PERSON: paint_person,
    Kind.BICYCLE: paint_bicycle,
    Kind.CAR: paint_car,
    Kind.BUS: paint_bus,
    Kind.TRAM: paint_tram,
    Kind.LAMP: paint_lamp,
    Kind.BARRIER: paint_barrier,
    Kind.BIRD: paint_bird,
}
"""The painter of every class: brush, view, and dice for colours and details."""
