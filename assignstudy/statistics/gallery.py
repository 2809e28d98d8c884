"""What the gallery shows: which images, all positives of these images with everything that is known of each."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice, zip_longest
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.assign import run as assignment
from assignstudy.assign.rule import Rule
from assignstudy.errors import ConfigError
from assignstudy.statistics import door
from assignstudy.statistics.entered import entered
from assignstudy.statistics.tables import RunTables
from assignstudy.transforms import NetworkInput
from assignstudy.types import Dataset, PyramidLevel

if TYPE_CHECKING:
    from PIL.Image import Image

Doubles = npt.NDArray[np.float64]

PICKED = "picked by name"
"""Why an image is shown that somebody named."""

MOST_BOXES = 5000
"""Ground truths of an image that is chosen to be shown: more hide each other, and their drawing takes minutes."""

_ROUNDING_ORIG = 0.5
"""In pixels of the original: letterboxes round the resized sides, so borders never meet exactly."""

_ALIKE = 0.75
"""From which similarity on a file name may be a slip of the fingers; numbered files are alike without being meant."""

_SLOT = ["level", "anchor", "grid_y", "grid_x"]


@dataclass(frozen=True)
class Wish:
    """Which images somebody wants to see.

    Attributes:
        images: How many, where none are named; 0 for none.
        pick: Paths or file names of the images to show instead, in this order.
    """

    images: int = 8
    pick: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """An image to show, and why: half a sentence that follows the number of its ground truths."""

    image_index: int
    why: str


@dataclass(frozen=True, eq=False)
class Placement:
    """Where an original image lies on the network input.

    Attributes:
        wh_orig: Width and height of the original.
        input_wh_px: Width and height of the network input.
        resized_wh_px: Width and height of the original on the input.
        pad_px: Padding on its left and above it.
    """

    wh_orig: tuple[int, int]
    input_wh_px: tuple[int, int]
    resized_wh_px: tuple[float, float]
    pad_px: tuple[float, float]

    def to_orig(self, xyxy_px: Doubles) -> Doubles:
        """(K, 4) corners on the input as (K, 4) corners on the original; those in the padding lie outside of it."""
        factor = np.divide(self.wh_orig, self.resized_wh_px)
        moved: Doubles = (xyxy_px - np.tile(self.pad_px, 2)) * np.tile(factor, 2)
        return moved

    def grid_wh(self, stride: int) -> tuple[int, int]:
        """Columns and rows of a level's grid."""
        width, height = self.input_wh_px
        return -(-width // stride), -(-height // stride)


@dataclass(frozen=True, eq=False)
class ShownImage:
    """One image with its ground truths and their positives.

    Attributes:
        path: As in the data set.
        why: Why it is shown, half a sentence.
        placement: Where it lies on the network input.
        ground_truths: Its rows of the table of ground truths, and ``number``, counting from 1.
        positives: One row per positive, by level and then as published: ``gt_id``, ``number``, ``level``, ``stride``,
            ``anchor``, ``grid_y``, ``grid_x``, ``cell_offset``, ``unreachable``, ``prior_iou``, whether the slot is
            ``contested`` and whether the ground truth has ``owned`` it in the end, and the anchor in pixels of the
            input: ``anchor_cx_px``, ``anchor_cy_px``, ``anchor_w_px``, ``anchor_h_px`` (the size missing for points).
        picture: The original; None where there is none.
        problem: Why there is no picture, or empty.
        failing: By ``gt_id``, which test of the rule those without a positive fail; nothing where a threshold says so.
    """

    path: str
    why: str
    placement: Placement
    ground_truths: pd.DataFrame
    positives: pd.DataFrame
    picture: Image | None
    problem: str
    failing: Mapping[int, door.Failing] = field(default_factory=dict)

    def on_level(self, level: str) -> pd.DataFrame:
        """The positives of one level."""
        return self._by_level.get(level, self.positives.head(0))

    @cached_property
    def _by_level(self) -> dict[str, pd.DataFrame]:
        return {str(level): rows for level, rows in self.positives.groupby("level", sort=False)}


@dataclass(frozen=True, eq=False)
class Gallery:
    """The images shown, and the levels of all of them."""

    images: tuple[ShownImage, ...]
    levels: tuple[door.LevelShape, ...]


def choose(tables: RunTables, image_paths: Sequence[str], wish: Wish) -> tuple[Choice, ...]:
    """The images to show: the named ones, or the worst and then the typical.

    Half of them are the worst: by turns the one with most unmatched, most contested and most unreachable ground truths.
    The rest have the number of ground truths and of positives per ground truth nearest to the middle of all. Images of
    more than :data:`MOST_BOXES` ground truths are shown only if they are named.

    Raises:
        ConfigError: If a name fits no image, or several.
    """
    if wish.pick:
        indices = dict.fromkeys(named(name, image_paths) for name in wish.pick)
        return tuple(Choice(index, PICKED) for index in indices)
    images = _per_image(tables)
    worst = list(islice(_worst(images), wish.images - wish.images // 2))
    seen = {choice.image_index for choice in worst}
    rest = (choice for choice in _typical(images) if choice.image_index not in seen)
    return tuple(islice(chain(worst, rest), wish.images))


def named(name: str, image_paths: Sequence[str], key: str = "report.gallery.pick") -> int:
    """The image of a path, or of the end of one: ``000009.jpg`` for ``images/000009.jpg``, or the other way round.

    Args:
        name: What somebody typed.
        image_paths: Paths as the data set has them.
        key: The setting that it was typed for.

    Raises:
        ConfigError: If there is no such image, or several.
    """
    if name in image_paths:
        return image_paths.index(name)
    posix = name.replace("\\", "/")
    found = [
        number for number, path in enumerate(image_paths) if path.endswith(f"/{posix}") or posix.endswith(f"/{path}")
    ]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(image_paths[number] for number in found[:3])
        raise ConfigError(f"{key}: expected the name of one image, got {name}, which fits {several}")
    raise ConfigError(f"{key}: no such image, got {name}; {_nearest(posix, image_paths)}")


def _nearest(name: str, image_paths: Sequence[str]) -> str:
    """The path whose file name is most like the one typed; one for example where none is like it."""
    if not image_paths:
        return "the data set has none"
    meant = _unpadded(name)
    if same := next((path for path in image_paths if _unpadded(path) == meant), None):
        return f"did you mean {same}?"
    by_name = {PurePosixPath(path).name: path for path in reversed(image_paths)}
    near = difflib.get_close_matches(PurePosixPath(name).name, by_name, n=1, cutoff=_ALIKE)
    if near:
        return f"did you mean {by_name[near[0]]}?"
    return f"the data set has {len(image_paths):,}, such as {image_paths[0]}"


def _unpadded(path: str) -> str:
    """The file name without ending and with plain numbers: of thousands of numbered files all are alike in letters."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", PurePosixPath(path).stem)


def _per_image(tables: RunTables) -> pd.DataFrame:
    """Counts per image with one to :data:`MOST_BOXES` ground truths, ascending ``image_index``."""
    boxes = entered(tables)
    counts = pd.DataFrame(
        {
            "image_index": boxes["image_index"].to_numpy(np.int64),
            "ground_truths": 1,
            "positives": boxes["positives"].to_numpy(np.int64),
            "unmatched": boxes["positives"].to_numpy(np.int64) == 0,
            "contested": boxes["contested"].to_numpy(np.int64) > 0,
            "unreachable": boxes["unreachable"].fillna(0).to_numpy(np.int64) > 0,
        }
    )
    images = counts.groupby("image_index").sum().reset_index()
    return images[images["ground_truths"] <= MOST_BOXES].reset_index(drop=True)


def _worst(images: pd.DataFrame) -> Iterator[Choice]:
    """The worst images, by turns in each respect; no image twice."""
    ranked = (_most(images, respect) for respect in ("unmatched", "contested", "unreachable"))
    seen = set()
    for choice in chain.from_iterable(zip_longest(*ranked)):
        if choice is not None and choice.image_index not in seen:
            seen.add(choice.image_index)
            yield choice


def _most(images: pd.DataFrame, respect: str) -> list[Choice]:
    words = {"unmatched": "without a positive", "contested": "in contested slots", "unreachable": "beyond the reach"}
    some = images[images[respect] > 0].sort_values(respect, ascending=False, kind="stable")
    counts = zip(some["image_index"], some[respect], strict=True)
    return [Choice(int(image), f"{count:,} {words[respect]}") for image, count in counts]


def _typical(images: pd.DataFrame) -> list[Choice]:
    """All images, the most ordinary first; ties by the order of the data set."""
    each = images["positives"] / images["ground_truths"]
    from_middle = sum((column.rank(pct=True) - 0.5).abs() for column in (images["ground_truths"], each))
    order = np.argsort(np.asarray(from_middle, float), kind="stable")
    return [Choice(int(image), "typical of the data set") for image in images["image_index"].to_numpy()[order]]


def compute(
    dataset: Dataset,
    network_input: NetworkInput,
    rule: Rule,
    levels: tuple[PyramidLevel, ...],
    tables: RunTables,
    chosen: Sequence[Choice],
    longest_px: int | None = None,
) -> Gallery:
    """Everything that the gallery draws and says.

    Args:
        dataset: The labels.
        network_input: The same after the transform.
        rule: The assignment rule.
        levels: The detection scales.
        tables: What the run found.
        chosen: Which images to show, from :func:`choose`.
        longest_px: Pictures with a longer side are scaled down to it; None keeps them as they are.
    """
    labels = door.label_arrays(dataset, network_input)
    images = []
    for choice in chosen:
        index = choice.image_index
        boxes = _numbered(tables.ground_truths, index)
        positives = _positives(rule, levels, network_input, labels, index)
        positives["number"] = boxes.set_index("gt_id")["number"].reindex(positives["gt_id"]).to_numpy(np.int64)
        picture, problem = load_picture(dataset, index, longest_px)
        place = placement(dataset, network_input, index)
        lost = boxes.loc[(boxes["positives"].fillna(1) == 0).to_numpy(bool), "gt_id"].tolist()
        failing = door.failing(rule, network_input.boxes, levels, lost)
        path = dataset.image_paths[index]
        images.append(ShownImage(path, choice.why, place, boxes, positives, picture, problem, failing))
    return Gallery(tuple(images), door.level_shapes(levels))


def beyond_border(image: ShownImage) -> dict[str, int]:
    """How many distinct positive cells, anchors and ground truths reach over the border of the original."""
    place, rows = image.placement, image.positives
    cells = rows[["grid_x", "grid_y", "stride"]].drop_duplicates().to_numpy(np.float64)
    low, stride = cells[:, :2] * cells[:, 2:], cells[:, 2:]
    anchors = rows[["anchor_cx_px", "anchor_cy_px", "anchor_w_px", "anchor_h_px"]].dropna().drop_duplicates()
    centre, size = np.split(anchors.to_numpy(np.float64), 2, axis=1)
    boxes = image.ground_truths[["x1_orig", "y1_orig", "x2_orig", "y2_orig"]].to_numpy(np.float64)
    on_original = {
        "positive cell": place.to_orig(np.concatenate((low, low + stride), axis=1)),
        "anchor": place.to_orig(np.concatenate((centre - size / 2, centre + size / 2), axis=1)),
        "ground truth": boxes,
    }
    return {name: _reaching_over(xyxy_orig, place.wh_orig) for name, xyxy_orig in on_original.items()}


def _reaching_over(xyxy_orig: Doubles, wh_orig: tuple[int, int]) -> int:
    low, high = xyxy_orig[:, :2] + _ROUNDING_ORIG, xyxy_orig[:, 2:] - _ROUNDING_ORIG
    return int(((low < 0) | (high > np.array(wh_orig))).any(axis=1).sum())


def _numbered(ground_truths: pd.DataFrame, image_index: int) -> pd.DataFrame:
    boxes = ground_truths[(ground_truths["image_index"] == image_index).to_numpy(bool)].reset_index(drop=True)
    return boxes.assign(number=np.arange(1, len(boxes) + 1))


def placement(dataset: Dataset, network_input: NetworkInput, image_index: int) -> Placement:
    """Where an image lies on the network input."""

    def pair(sides: npt.ArrayLike) -> tuple[float, float]:
        rows = np.asarray(sides, float)
        width, height = rows[image_index if len(rows) > 1 else 0].tolist()
        return width, height

    def whole(sides: npt.ArrayLike) -> tuple[int, int]:
        width, height = pair(sides)
        return int(width), int(height)

    return Placement(
        wh_orig=whole(dataset.image_wh_orig),
        input_wh_px=whole(network_input.image_wh_px),
        resized_wh_px=pair(network_input.resized_wh_px),
        pad_px=pair(network_input.pad_px),
    )


def _positives(
    rule: Rule,
    levels: tuple[PyramidLevel, ...],
    network_input: NetworkInput,
    labels: door.LabelArrays,
    image_index: int,
) -> pd.DataFrame:
    """Assign one image again, and keep every row."""
    start, stop = np.searchsorted(labels.image_index[labels.assigned], (image_index, image_index + 1))
    chunks = assignment.run(rule, network_input.boxes.rows(int(start), int(stop)), levels)
    found = [
        _rows(shape, rows, labels.assigned[start:stop], rule.anchor_centre)
        for chunk in map(door.chunk_arrays, chunks)
        for shape, rows in zip(door.level_shapes(levels), chunk.levels, strict=True)
    ]
    none = door.no_positives()
    shape = door.level_shapes(levels)[0]
    table = pd.concat([_rows(shape, none, labels.assigned, rule.anchor_centre), *found], ignore_index=True)
    claims = table.groupby(_SLOT, sort=False)["gt_id"]
    return table.assign(
        contested=(claims.transform("nunique") > 1).to_numpy(bool),
        owned=(claims.transform("last") == table["gt_id"]).to_numpy(bool),
    )


def _rows(level: door.LevelShape, positives: door.LevelArrays, gt_id: door.Ints, anchor_centre: float) -> pd.DataFrame:
    anchor_wh = level.anchor_wh_px[positives.anchor]
    return pd.DataFrame(
        {
            "gt_id": gt_id[positives.gt_row],
            "level": pd.Series([level.name] * len(positives.gt_row), dtype="str"),
            "stride": level.stride,
            "anchor": positives.anchor,
            "grid_y": positives.grid_y,
            "grid_x": positives.grid_x,
            "cell_offset": positives.cell_offset,
            "unreachable": positives.unreachable,
            "prior_iou": positives.prior_iou,
            "anchor_cx_px": (positives.grid_x + anchor_centre) * level.stride,
            "anchor_cy_px": (positives.grid_y + anchor_centre) * level.stride,
            "anchor_w_px": anchor_wh[:, 0],
            "anchor_h_px": anchor_wh[:, 1],
        }
    )


def load_picture(dataset: Dataset, image_index: int, longest_px: int | None) -> tuple[Image | None, str]:
    """The picture of an image, scaled down to a longest side, and what is wrong with it."""
    path = dataset.image_paths[image_index]
    if dataset.load_picture is None:
        return None, f"{path}: the data set was read without picture files"
    try:
        picture = dataset.load_picture(image_index)
    except OSError as error:
        return None, f"{path}: expected a picture, found {str(error).rpartition('found ')[2]}"
    width, height = dataset.image_wh_orig[image_index].tolist()
    problem = ""
    if picture.size != (width, height):
        problem = f"{path}: expected {width} × {height} px, found {picture.width} × {picture.height}; drawn stretched"
    if longest_px is not None:
        picture.thumbnail((longest_px, longest_px))
    return picture, problem
