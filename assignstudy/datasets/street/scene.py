"""What stands where in a drawn street: a camera, a backdrop and things on the ground, in metres and in pixels.

Positions are in metres: ``x`` to the right of the camera, ``z`` ahead of it. A pinhole camera makes pixels of them, so
sizes in the picture follow from distance, as in photographs: a bird of three pixels and a tram across the whole image
are the same rules at work. Every thing is seen flat, from the side, the front or behind, and fills its box exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from assignstudy.datasets.street.dice import Dice

LEAST_SIDE_PX = 3.0
"""Things smaller than this on either side are neither drawn nor labelled."""

ROAD_M = 8.4
"""Width of a road that is looked across."""

LEAST_VISIBLE = 0.2
"""Things of which less is to be seen, because of the border or of something nearer, are neither drawn nor labelled."""


class Kind(StrEnum):
    """The classes, in the order of their ids."""

    PERSON = "person"
    BICYCLE = "bicycle"
    CAR = "car"
    BUS = "bus"
    TRAM = "tram"
    LAMP = "lamp post"
    BARRIER = "barrier"
    BIRD = "bird"


class Place(StrEnum):
    """Where a scene plays, which decides the backdrop."""

    STREET = "street"  # looking along it
    KERB = "kerb"  # looking across it
    SQUARE = "square"  # from a first-floor window
    PARK = "park"


class Mood(StrEnum):
    """Time of day and weather."""

    NOON = "noon"
    MORNING = "morning"
    OVERCAST = "overcast"
    EVENING = "evening"
    NIGHT = "night"


@dataclass(frozen=True, slots=True)
class Camera:
    """A level pinhole camera.

    Attributes:
        width: Of the image in pixels.
        height: Of the image in pixels.
        focal_px: Pixels that one metre spans at one metre.
        centre_px: Column straight ahead.
        horizon_px: Row of the horizon.
        eye_m: Height above the ground.
    """

    width: int
    height: int
    focal_px: float
    centre_px: float
    horizon_px: float
    eye_m: float

    def __post_init__(self) -> None:
        """Refuse a camera that sees no ground: nothing could stand anywhere."""
        if not (0 <= self.horizon_px < self.height and self.eye_m > 0 and self.focal_px > 0):
            raise ValueError(f"camera: expected a horizon inside the image and an eye above the ground, got {self}")

    def scaled(self, times: float) -> Camera:
        """The same view in an image ``times`` as large."""
        return Camera(
            width=round(self.width * times),
            height=round(self.height * times),
            focal_px=self.focal_px * times,
            centre_px=self.centre_px * times,
            horizon_px=self.horizon_px * times,
            eye_m=self.eye_m,
        )

    def pixel(self, x_m: float, y_m: float, z_m: float) -> tuple[float, float]:
        """Column and row of a point ``y_m`` above the ground, ``z_m`` above 0."""
        scale = self.focal_px / z_m
        return self.centre_px + x_m * scale, self.horizon_px + (self.eye_m - y_m) * scale

    def reach_m(self, z_m: float) -> tuple[float, float]:
        """The leftmost and rightmost ``x`` in view at a distance."""
        return -self.centre_px * z_m / self.focal_px, (self.width - self.centre_px) * z_m / self.focal_px

    @property
    def nearest_m(self) -> float:
        """Distance at which the ground comes into view."""
        return self.eye_m * self.focal_px / (self.height - self.horizon_px)


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing to draw and label.

    Attributes:
        kind: Its class.
        view: How it is seen: ``side``, ``front``, ``rear`` or a pose.
        box_px: x1, y1, x2, y2, as drawn; may reach beyond the image.
        depth_m: Distance; nearer things are drawn over farther ones.
        flip: Whether it looks to the left.
        look: Seed of its colours and details.
    """

    kind: Kind
    view: str
    box_px: tuple[float, float, float, float]
    depth_m: float
    flip: bool
    look: int


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture, before it is drawn.

    Attributes:
        place: Which backdrop.
        mood: Which light.
        camera: How it is seen.
        near_m: Where the road begins: half its width along a street, its near edge across one.
        far_m: Where the walls stand: sideways along a street, ahead otherwise.
        things: Everything drawn and labelled, far to near.
        look: Seed of the backdrop's details.
    """

    place: Place
    mood: Mood
    camera: Camera
    near_m: float
    far_m: float
    things: tuple[Thing, ...]
    look: str

    def label_px(self, thing: Thing) -> tuple[float, float, float, float]:
        """The thing's box as labelled: what of it lies in the image."""
        x1, y1, x2, y2 = thing.box_px
        return max(x1, 0.0), max(y1, 0.0), min(x2, float(self.camera.width)), min(y2, float(self.camera.height))


def imagine(seed: int, number: int) -> Scene:
    """The scene of a number; the same for the same seed, however many others there are."""
    dice = Dice("street", seed, number)
    width, height = dice.pick(_SIZES)
    stage_of = dice.pick(_STAGES)
    return stage_of(_Stage(dice, f"{seed}/{number}"), width, height)


# Phone pictures, upright and lying, video frames, squares, and the odd sizes of the web.
_SIZES = (
    (640, 480), (640, 480), (800, 600), (1280, 720), (1280, 720), (480, 640), (600, 800), (500, 375), (375, 500),
    (640, 427), (427, 640), (1024, 1024), (1600, 680), (960, 540), (512, 512),
)  # fmt: skip

_MOODS = (Mood.NOON, Mood.NOON, Mood.NOON, Mood.MORNING, Mood.MORNING, Mood.OVERCAST, Mood.EVENING, Mood.NIGHT)

# Metres, width and height: of the thing as seen, which fills its box.
_WALKER_M, _CHILD_M = (0.62, 1.74), (0.46, 1.18)
_BICYCLE_SIDE_M, _BICYCLE_FRONT_M = (1.75, 1.06), (0.56, 1.06)
_CARS_SIDE_M = {"saloon": (4.5, 1.45), "hatchback": (3.9, 1.52), "estate": (4.6, 1.72), "van": (5.3, 2.25)}
_CAR_FRONT_M, _VAN_FRONT_M = (1.85, 1.5), (2.0, 2.25)
_BUS_SIDE_M, _BUS_FRONT_M = (11.8, 3.1), (2.6, 3.1)
_TRAM_SIDE_M, _TRAM_FRONT_M = (27.0, 3.5), (2.5, 3.9)
_LAMPS_M = {"arm": (1.7, 8.0), "double": (2.8, 8.4), "globe": (0.46, 4.2)}

# Distances whose sizes in the picture shrink evenly.
_FAR_STEPS_M = (9.0, 11.0, 14.0, 18.0, 23.0, 30.0, 38.0, 50.0, 65.0, 85.0, 110.0, 140.0)


class _Stage:
    """Collects the things of one scene while it is thought out."""

    def __init__(self, dice: Dice, look: str) -> None:
        self.dice = dice
        self.look = look
        self.things: list[Thing] = []

    def camera(self, width: int, height: int, horizon: tuple[float, float], eye_m: tuple[float, float]) -> Camera:
        """A camera whose horizon lies between two shares of the height, at a height between two others."""
        dice = self.dice
        focal = max(width, height) * dice.between(0.8, 1.0)
        centre = width * dice.between(0.42, 0.58)
        return Camera(width, height, focal, centre, height * dice.between(*horizon), dice.between(*eye_m))

    def put(
        self,
        camera: Camera,
        kind: Kind,
        view: str,
        at: tuple[float, float],
        size_m: tuple[float, float],
        lift_m: float = 0,
    ) -> None:
        """Stand a thing on the ground, or hang it above, centred at ``at`` = (x, z)."""
        (x, z), (width, height) = at, size_m
        x1, y1 = camera.pixel(x - width / 2, lift_m + height, z)
        x2, y2 = camera.pixel(x + width / 2, lift_m, z)
        look = self.dice.below(1_000_000)
        self.things.append(Thing(kind, view, (x1, y1, x2, y2), z, self.dice.chance(0.5), look))

    def scene(self, place: Place, camera: Camera, near_m: float, far_m: float) -> Scene:
        """The scene with all things that are to be seen."""
        mood = self.dice.pick(_MOODS)
        things = sorted(self.things, key=lambda thing: -thing.depth_m)
        return Scene(place, mood, camera, near_m, far_m, visible(things, camera), self.look)


def _street(stage: _Stage, width: int, height: int) -> Scene:
    """Along a street: cars from behind and ahead, people on both pavements, rows of lamps."""
    dice = stage.dice
    camera = stage.camera(width, height, (0.4, 0.52), (1.5, 2.3))
    half_road, pavement = dice.between(4.2, 7.0), dice.between(2.6, 4.5)
    _traffic_along(stage, camera, half_road)
    for side in (-1, 1):
        _people_along(stage, camera, side * half_road, side * (half_road + pavement), dice.number(0, 3))
        if dice.chance(0.5):
            _lamps_along(stage, camera, side * (half_road + 0.6))
    if dice.chance(0.35):
        _crossing(stage, camera, half_road, dice.between(8, 16))
    if dice.chance(0.3):
        z = dice.between(14, 40)
        stage.put(camera, Kind.BARRIER, "boards", (dice.between(-1, 1) * half_road, z), (dice.between(2, 6), 1.05))
    _birds(stage, camera, dice.number(0, 2))
    return stage.scene(Place.STREET, camera, half_road, half_road + pavement)


def _traffic_along(stage: _Stage, camera: Camera, half_road: float) -> None:
    dice = stage.dice
    lanes = [(-half_road * 0.5, "front"), (half_road * 0.5, "rear")]
    lanes += [(side * (half_road - 1.05), dice.pick(("front", "rear"))) for side in (-1, 1) if half_road > 5.4]
    for x, view in lanes:
        step = dice.number(0, 3)
        while step < len(_FAR_STEPS_M) and dice.chance(0.78):
            z = _FAR_STEPS_M[step] * dice.between(0.95, 1.08)
            _vehicle_along(stage, camera, view, x + dice.between(-0.25, 0.25), z)
            step += dice.number(1, 4)


def _vehicle_along(stage: _Stage, camera: Camera, view: str, x: float, z: float) -> None:
    chosen = stage.dice.pick(("car",) * 9 + ("van", "van", "bus", "tram", "bicycle"))
    if chosen == "bus":
        stage.put(camera, Kind.BUS, view, (x, z), _BUS_FRONT_M)
    elif chosen == "tram":
        stage.put(camera, Kind.TRAM, view, (x * 0.6, z), _TRAM_FRONT_M)
    elif chosen == "bicycle":
        _cyclist(stage, camera, view, x, z)
    else:
        size = _VAN_FRONT_M if chosen == "van" else _CAR_FRONT_M
        stage.put(camera, Kind.CAR, f"{chosen} {view}", (x, z), size)


def _people_along(stage: _Stage, camera: Camera, inner: float, outer: float, count: int) -> None:
    dice = stage.dice
    for _ in range(count):
        z = dice.pick(_FAR_STEPS_M[:9]) * dice.between(0.5, 1.1)
        _walker(stage, camera, dice.between(inner, outer), max(z, 3.2))


def _walker(stage: _Stage, camera: Camera, x: float, z: float) -> None:
    dice = stage.dice
    width, height = _CHILD_M if dice.chance(0.12) else _WALKER_M
    view, breadth = dice.pick((("walk", 1.1), ("walk", 1.1), ("stand", 0.86)))
    tall = dice.between(0.92, 1.07)
    stage.put(camera, Kind.PERSON, view, (x, z), (width * breadth, height * tall))


def _cyclist(stage: _Stage, camera: Camera, view: str, x: float, z: float) -> None:
    """A bicycle and its rider, who is a person of his own."""
    if view == "side":
        stage.put(camera, Kind.BICYCLE, "side", (x, z), _BICYCLE_SIDE_M)
        bicycle = stage.things[-1]
        shift = -0.08 if not bicycle.flip else 0.08
        stage.put(camera, Kind.PERSON, "ride", (x + shift, z - 0.01), (1.0, 1.42), 0.3)
        rider = stage.things.pop()
        # The rider looks where the bicycle goes.
        stage.things.append(Thing(rider.kind, rider.view, rider.box_px, rider.depth_m, bicycle.flip, rider.look))
    else:
        stage.put(camera, Kind.BICYCLE, "front", (x, z), _BICYCLE_FRONT_M)
        stage.put(camera, Kind.PERSON, "stand", (x, z - 0.01), (0.5, 1.4), 0.34)


def _lamps_along(stage: _Stage, camera: Camera, x: float) -> None:
    dice = stage.dice
    view = dice.pick(("arm", "double", "globe"))
    z, spacing = dice.between(7, 14), dice.between(22, 32)
    width, height = _LAMPS_M[view]
    for _ in range(dice.number(1, 3)):
        stage.put(camera, Kind.LAMP, view, (x, z), (width, height))
        thing = stage.things.pop()
        # All lamps of a row lean over the road.
        stage.things.append(Thing(thing.kind, view, thing.box_px, thing.depth_m, x > 0, thing.look))
        z += spacing


def _crossing(stage: _Stage, camera: Camera, half_road: float, z: float) -> None:
    dice = stage.dice
    for _ in range(dice.number(1, 5)):
        at = dice.between(-half_road, half_road), z + dice.between(-1.2, 1.2)
        if dice.chance(0.2):
            _cyclist(stage, camera, "side", *at)
        else:
            _walker(stage, camera, *at)


def _birds(stage: _Stage, camera: Camera, count: int) -> None:
    """Birds in the air; far ones are the smallest things there are."""
    dice = stage.dice
    for _ in range(count):
        z = dice.between(14, 60)
        left, right = camera.reach_m(z)
        top = camera.eye_m + camera.horizon_px * z / camera.focal_px
        size = dice.between(0.7, 1.15), dice.between(0.32, 0.55)
        stage.put(camera, Kind.BIRD, "fly", (dice.between(left, right), z), size, dice.between(camera.eye_m + 4, top))


def _kerb(stage: _Stage, width: int, height: int) -> Scene:
    """Across a street: traffic from the side, which may fill the image, and people in front of it and behind."""
    dice = stage.dice
    camera = stage.camera(width, height, (0.42, 0.56), (1.5, 2.4))
    near = dice.between(4.4, 11.0)
    lanes = (near + 2.2, near + 5.8)
    far = near + ROAD_M
    wall = far + dice.between(3.0, 6.0)
    for z in lanes:
        _traffic_across(stage, camera, z)
    _people_across(stage, camera, far + 0.4, wall - 0.6, dice.number(0, 4))
    _people_across(stage, camera, max(camera.nearest_m, 2.8), near - 0.4, dice.number(0, 2))
    if dice.chance(0.15):  # somebody in front of the lens
        _walker(stage, camera, dice.between(-0.4, 0.4), dice.between(1.5, 2.2))
    _lamps_across(stage, camera, dice.pick((near - 0.5, far + 0.4)))
    if dice.chance(0.35):
        _barrier_across(stage, camera, dice.pick((near - 0.3, far + 0.3)))
    if dice.chance(0.3):
        left, right = camera.reach_m(far)
        for _ in range(dice.number(1, 4)):
            stage.put(camera, Kind.BICYCLE, "side", (dice.between(left, right), wall - 0.8), _BICYCLE_SIDE_M)
    _birds(stage, camera, dice.number(0, 2))
    return stage.scene(Place.KERB, camera, near, wall)


def _traffic_across(stage: _Stage, camera: Camera, z: float) -> None:
    dice = stage.dice
    left, right = camera.reach_m(z)
    x = left + dice.between(-3, 4)
    while x < right + 1:
        chosen = dice.pick(
            ("saloon", "hatchback", "hatchback", "estate", "van", "bus", "tram", "cyclist", "gap", "gap")
        )
        length = _vehicle_across(stage, camera, chosen, x, z)
        x += length + dice.between(1.2, 6.0)


def _vehicle_across(stage: _Stage, camera: Camera, chosen: str, x: float, z: float) -> float:
    """Put a vehicle whose left end is at ``x``; its length."""
    if chosen == "gap":
        return 5.0
    if chosen == "cyclist":
        _cyclist(stage, camera, "side", x + 0.9, z)
        return 1.8
    kind, size = {"bus": (Kind.BUS, _BUS_SIDE_M), "tram": (Kind.TRAM, _TRAM_SIDE_M)}.get(
        chosen, (Kind.CAR, _CARS_SIDE_M.get(chosen, (0.0, 0.0)))
    )
    stage.put(camera, kind, f"{chosen} side" if kind is Kind.CAR else "side", (x + size[0] / 2, z), size)
    return size[0]


def _people_across(stage: _Stage, camera: Camera, near: float, far: float, count: int) -> None:
    dice = stage.dice
    for _ in range(count):
        z = dice.between(near, far)
        left, right = camera.reach_m(z)
        _walker(stage, camera, dice.between(left, right), z)


def _lamps_across(stage: _Stage, camera: Camera, z: float) -> None:
    dice = stage.dice
    view = dice.pick(("arm", "double", "globe"))
    left, right = camera.reach_m(z)
    x = dice.between(left, right)
    for _ in range(dice.number(0, 2)):
        stage.put(camera, Kind.LAMP, view, (x, z), _LAMPS_M[view])
        x = dice.between(left, right)


def _barrier_across(stage: _Stage, camera: Camera, z: float) -> None:
    dice = stage.dice
    left, right = camera.reach_m(z)
    length = dice.between(0.25, 0.95) * (right - left)
    view = dice.pick(("boards", "rails", "concrete"))
    stage.put(camera, Kind.BARRIER, view, (dice.between(left + length / 2, right - length / 2), z), (length, 0.95))


def _square(stage: _Stage, width: int, height: int) -> Scene:
    """Down onto a square: people, near ones and a crowd of far ones, pigeons, barriers, a tram behind."""
    dice = stage.dice
    camera = stage.camera(width, height, (0.14, 0.26), (5.0, 8.5))
    wall = dice.between(34, 60)
    for _ in range(dice.pick((3, 6, 10, 16, 28))):
        z = camera.nearest_m + 1 + (wall - 3 - camera.nearest_m) * dice.between(0, 1)
        left, right = camera.reach_m(z)
        _walker(stage, camera, dice.between(left, right), z)
    for _ in range(dice.number(0, 3)):
        z = dice.between(camera.nearest_m + 3, wall - 4)
        left, right = camera.reach_m(z)
        _cyclist(stage, camera, "side", dice.between(left, right), z)
    if dice.chance(0.5):
        _barrier_across(stage, camera, dice.between(camera.nearest_m + 6, wall - 6))
    if dice.chance(0.45):
        _traffic_across(stage, camera, wall - 4)
    for _ in range(dice.number(0, 4)):
        z = dice.between(camera.nearest_m + 4, wall - 2)
        left, right = camera.reach_m(z)
        stage.put(camera, Kind.LAMP, "globe", (dice.between(left, right), z), _LAMPS_M["globe"])
    for _ in range(dice.number(0, 4)):
        z = camera.nearest_m * dice.between(1.1, 1.6)
        left, right = camera.reach_m(z)
        stage.put(camera, Kind.BIRD, "stand", (dice.between(left, right), z), (0.36, 0.3))
    return stage.scene(Place.SQUARE, camera, camera.nearest_m, wall)


def _park(stage: _Stage, width: int, height: int) -> Scene:
    """Out in the green: a few birds and walkers, often nobody at all."""
    dice = stage.dice
    camera = stage.camera(width, height, (0.45, 0.6), (1.5, 2.2))
    if dice.chance(0.6):
        _birds(stage, camera, dice.number(2, 6))
        _people_across(stage, camera, 5, 40, dice.number(0, 4))
    return stage.scene(Place.PARK, camera, 0.0, 60.0)


_STAGES: tuple[Callable[[_Stage, int, int], Scene], ...] = (_street,) * 7 + (_kerb,) * 8 + (_square,) * 4 + (_park,)

_SOLID = frozenset({Kind.PERSON, Kind.CAR, Kind.BUS, Kind.TRAM})
_PROBES = (np.arange(6) + 0.5) / 6


def visible(things: list[Thing], camera: Camera) -> tuple[Thing, ...]:
    """The things, far to near, of which enough is to be seen."""
    if not things:
        return ()
    box = np.array([thing.box_px for thing in things])
    inside = np.clip(box, 0, [camera.width, camera.height, camera.width, camera.height])
    wh, whole = inside[:, 2:] - inside[:, :2], box[:, 2:] - box[:, :2]
    share = wh.prod(axis=1) / whole.prod(axis=1)
    solid = np.array([thing.kind in _SOLID for thing in things])
    # What fills the image may be cut by it: a tram across the whole width is to be seen, whatever its share.
    good = (wh >= LEAST_SIDE_PX).all(axis=1) & ((share >= LEAST_VISIBLE) | (wh[:, 0] > 0.5 * camera.width))
    good &= _uncovered(inside, solid) >= LEAST_VISIBLE
    # A lamp whose head or arm is cut off would leave a bare pole in a wide box.
    lamp = np.array([thing.kind is Kind.LAMP for thing in things])
    good &= ~lamp | (inside[:, :3] == box[:, :3]).all(axis=1)
    return tuple(thing for thing, keep in zip(things, good, strict=True) if keep)


def _uncovered(box: npt.NDArray[np.float64], solid: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Share of each box that no nearer solid one covers, on a raster of 6×6 points; boxes come far to near."""
    x = box[:, None, 0] + (box[:, None, 2] - box[:, None, 0]) * np.tile(_PROBES, 6)
    y = box[:, None, 1] + (box[:, None, 3] - box[:, None, 1]) * np.repeat(_PROBES, 6)
    covers = (
        (x[..., None] > box[:, 0])
        & (x[..., None] < box[:, 2])
        & (y[..., None] > box[:, 1])
        & (y[..., None] < box[:, 3])
    )
    nearer = np.arange(len(box))[:, None] < np.arange(len(box))
    hidden = (covers & (nearer & solid)[:, None, :]).any(axis=2)
    shown: npt.NDArray[np.float64] = 1 - hidden.mean(axis=1)
    return shown
