"""The embedded data set: street scenes that the tool draws itself, so that it runs without anything to download."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from assignstudy.datasets.assemble import FoundBoxes, FoundImages, assemble, no_label_issues
from assignstudy.datasets.options import whole_number
from assignstudy.datasets.street.scene import Kind, Scene, imagine
from assignstudy.types import Dataset

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, eq=False)
class _Drawings:
    """Draws the picture of a scene when somebody wants to see it."""

    scenes: tuple[Scene, ...]

    def __call__(self, image_index: int) -> Image:
        return _painted(self.scenes[image_index]).copy()


@functools.lru_cache(maxsize=24)
def _painted(scene: Scene) -> Image:
    """A scene's picture; the same ones are shown by a page's sections and by all runs of a sweep."""
    from assignstudy.datasets.street.paint import paint

    return paint(scene)


def read(images: int = 300, seed: int = 0, *, progress: bool = False) -> Dataset:
    """Imagine street scenes; the same on every machine.

    Args:
        images: How many, at least 1. The first images of a longer data set are those of a shorter one.
        seed: Another number gives other scenes.
        progress: Whether to show a progress bar on stderr.

    Raises:
        ConfigError: An option that cannot be used.
    """
    count, seed = whole_number("images", images, 1), whole_number("seed", seed, 0)
    scenes = tuple(imagine(seed, number) for number in tqdm(range(count), desc="scenes", disable=not progress))
    paths = [f"street-{number:05}.png" for number in range(count)]
    sizes = [(scene.camera.width, scene.camera.height) for scene in scenes]
    labelled = [bool(scene.things) for scene in scenes]
    issues = no_label_issues(paths, labelled, lambda _: "expected things in the scene, found none")
    found = FoundImages(paths, sizes, _Drawings(scenes))
    return assemble("demo", [kind.value for kind in Kind], found, _boxes(scenes, paths), issues)


def _boxes(scenes: tuple[Scene, ...], paths: list[str]) -> FoundBoxes:
    rows = [(position, thing) for position, scene in enumerate(scenes) for thing in scene.things]
    image = np.array([position for position, _ in rows], np.int64)
    kinds = list(Kind)
    corners = np.array([scenes[position].label_px(thing) for position, thing in rows]).reshape(-1, 4)
    wh = np.array([(scene.camera.width, scene.camera.height) for scene in scenes], np.float64)[image]
    low, high = corners[:, :2], corners[:, 2:]
    return FoundBoxes(
        image=image,
        class_id=np.array([kinds.index(thing.kind) for _, thing in rows], np.int64),
        cxcywh_norm_orig=np.concatenate(((low + high) / 2 / wh, (high - low) / wh), axis=1),
        ignored=np.zeros(len(rows), np.bool_),
        place=lambda row: (paths[rows[row][0]], None),
        written=lambda row: str(rows[row][1].kind),
        known_classes="one of the classes drawn",
    )
