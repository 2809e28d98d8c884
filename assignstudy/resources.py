"""Where the configuration and the templates lie: at the top of a checkout, inside the package in an installed wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

PACKAGE = Path(__file__).resolve().parent


def resource(name: Literal["conf", "templates"], package: Path = PACKAGE) -> Path:
    """The folder of that name, absolute, as seen from the folder of the package.

    What lies inside the package wins: beside an installed package there may be a folder ``conf`` of somebody else's.

    Raises:
        FileNotFoundError: The installation is broken; says both places that were looked at.
    """
    places = package / f"_{name}", package.parent / name
    for place in places:
        if place.is_dir():
            return place
    raise FileNotFoundError(
        f"{name}: expected a folder {places[0]} (installed) or {places[1]} (checkout), found neither; "
        f"install assignstudy again, or run it from a complete checkout"
    )
