"""What the time of day and the weather do to colours."""

from __future__ import annotations

from dataclasses import dataclass

from assignstudy.datasets.street.brush import Colour, Shining, mix
from assignstudy.datasets.street.scene import Mood

_CLEAR_M = 170.0  # distance at which half of a colour has become haze


@dataclass(frozen=True, slots=True)
class Light:
    """One mood in colours.

    Attributes:
        zenith: Sky overhead.
        low_sky: Sky at the horizon.
        haze: What far things fade into.
        tint: Share of red, green and blue that daylight leaves.
        glow: Colour around the sun or the moon.
        dark: Whether lamps and windows shine.
    """

    zenith: Colour
    low_sky: Colour
    haze: Colour
    tint: tuple[float, float, float]
    glow: Colour
    dark: bool = False

    def seen(self, colour: Colour, depth_m: float) -> Colour:
        """A colour by daylight as it looks in this light from a distance."""
        tint = (1.0, 1.0, 1.0) if isinstance(colour, Shining) else self.tint
        red, green, blue = (round(value * share) for value, share in zip(colour, tint, strict=True))
        return mix((red, green, blue), self.haze, min(0.82, depth_m / (depth_m + _CLEAR_M)))


LIGHTS: dict[Mood, Light] = {
    Mood.NOON: Light((72, 138, 208), (206, 230, 242), (196, 216, 230), (1.0, 1.0, 1.0), (255, 250, 226)),
    Mood.MORNING: Light((110, 160, 208), (255, 226, 188), (240, 218, 196), (1.0, 0.96, 0.88), (255, 236, 190)),
    Mood.OVERCAST: Light((150, 164, 178), (216, 222, 226), (204, 210, 216), (0.88, 0.91, 0.94), (232, 236, 240)),
    Mood.EVENING: Light(
        (58, 62, 116), (250, 162, 118), (196, 138, 132), (0.82, 0.68, 0.68), (255, 196, 130), dark=True
    ),
    Mood.NIGHT: Light((14, 20, 44), (54, 62, 98), (46, 52, 84), (0.46, 0.5, 0.66), (216, 222, 240), dark=True),
}
"""The light of every mood."""
