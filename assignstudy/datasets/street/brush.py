"""Colours, and a brush that paints in the unit square of a thing's box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from PIL import Image, ImageChops, ImageDraw

Colour: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]

WHITE: Colour = (255, 255, 255)


class Shining(NamedTuple):
    """The colour of something that shines by itself, which no darkness dims."""

    red: int
    green: int
    blue: int


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The first colour with a share (0–1) of the other in it; it shines if the first one does."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return Shining(red, green, blue) if isinstance(one, Shining) else (red, green, blue)


def lighter(colour: Colour, share: float) -> Colour:
    """Towards white."""
    return mix(colour, WHITE, share)


def darker(colour: Colour, share: float) -> Colour:
    """Towards black, a little blue, as shade outdoors is."""
    return mix(colour, (12, 14, 28), share)


def smooth(points: Sequence[Point], rounds: int = 3) -> list[Point]:
    """A polygon with its corners cut; edges keep their middles, so flat sides still reach the border."""
    for _ in range(rounds):
        ahead = [*points[1:], points[0]]
        points = [
            corner
            for (x1, y1), (x2, y2) in zip(points, ahead, strict=True)
            for corner in (
                (x1 * 0.75 + x2 * 0.25, y1 * 0.75 + y2 * 0.25),
                (x1 * 0.25 + x2 * 0.75, y1 * 0.25 + y2 * 0.75),
            )
        ]
    return list(points)


def tint(picture: Image.Image, colour: Colour, at: tuple[int, int], mask: Image.Image) -> None:
    """Mix a colour into an RGB picture, as strong as a mask says that lies with its upper left corner at a pixel."""
    picture.paste(Image.new("RGB", mask.size, colour), at, mask)  # thrice as fast as pasting the colour itself


@dataclass(frozen=True, eq=False)
class Brush:
    """Paints on a layer whose corners are (0, 0) and (1, 1); lengths that must stay round count in layer heights.

    Attributes:
        layer: RGBA, the size of the thing's box.
        tone: Turns a colour by daylight into what is to be seen: light and haze.
        dark: Whether windows and lamps shine.
    """

    layer: Image.Image
    tone: Callable[[Colour], Colour]
    dark: bool

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.layer.width / self.layer.height

    def area(self, points: Sequence[Point], colour: Colour, *, soft: bool = False) -> None:
        """Fill a polygon, with round corners if ``soft``."""
        corners = [self._at(x, y) for x, y in (smooth(points) if soft else points)]
        self._draw.polygon(corners, fill=self.tone(colour))

    def block(self, x1: float, y1: float, x2: float, y2: float, colour: Colour, radius: float = 0) -> None:
        """Fill a rectangle; ``radius`` of its corners in heights."""
        corners = (*self._at(x1, y1), *self._at(x2, y2))
        if corners[2] - corners[0] >= 1 and corners[3] - corners[1] >= 1:
            self._draw.rounded_rectangle(corners, radius * self.layer.height, fill=self.tone(colour))
        else:  # thinner than a pixel of the supersampled layer, where rounded rectangles fail
            self._draw.rectangle(
                (*corners[:2], max(corners[0], corners[2]), max(corners[1], corners[3])), self.tone(colour)
            )

    def oval(self, x1: float, y1: float, x2: float, y2: float, colour: Colour) -> None:
        """Fill an ellipse."""
        self._draw.ellipse((*self._at(x1, y1), *self._at(x2, y2)), fill=self.tone(colour))

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle; ``radius`` in heights."""
        across = radius / self.aspect
        self.oval(x - across, y - radius, x + across, y + radius, colour)

    def ring(self, x: float, y: float, radius: float, width: float, colour: Colour) -> None:
        """Draw a circle line that lies inside the radius; both in heights."""
        across = radius / self.aspect
        box = (*self._at(x - across, y - radius), *self._at(x + across, y + radius))
        self._draw.ellipse(box, outline=self.tone(colour), width=self._pixels(width))

    def stroke(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw a line with round ends; ``width`` in heights."""
        thick = self._pixels(width)
        corners = [self._at(x, y) for x, y in points]
        self._draw.line(corners, fill=self.tone(colour), width=thick, joint="curve")
        for x, y in (corners[0], corners[-1]):
            self._draw.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=self.tone(colour))

    def shade(self, strength: float) -> None:
        """Darken downwards and lighten the top a little, as light from the sky does."""
        width, height = self.layer.size
        slope = Image.linear_gradient("L").resize((1, height))  # one column, because all are alike
        inside = self.layer.getchannel("A")
        dark, light = (
            ImageChops.multiply(inside, slope.point(shares).resize((width, height), Image.Resampling.NEAREST))
            for shares in (
                [round(value * strength) for value in range(256)],
                [round((255 - value) * strength * 0.45) for value in range(256)],
            )
        )
        shaded = self.layer.convert("RGB")
        tint(shaded, (14, 16, 30), (0, 0), dark)
        tint(shaded, (255, 250, 240), (0, 0), light)
        shaded.putalpha(inside)
        self.layer.paste(shaded)

    @property
    def _draw(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.layer)

    def _at(self, x: float, y: float) -> Point:
        return x * (self.layer.width - 1), y * (self.layer.height - 1)

    def _pixels(self, heights: float) -> int:
        return max(1, round(heights * self.layer.height))
