"""The pictures of one image: its boxes, and per level the positive cells and the anchors, on the grid and on the image.

One ground truth has one colour in all of them. There are :data:`COLOURS` colours; where an image has more ground truths
they come again, as far from each other as can be, and numbers tell them apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd

from assignstudy.figures import style
from assignstudy.figures.panel import Dots, Doubles, Mark, Panel, Pen, Photo, Rects, Strokes, Tags, grid_lines, hatching
from assignstudy.statistics.door import LevelShape
from assignstudy.statistics.gallery import ShownImage
from assignstudy.types import CellOffset

Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

COLOURS = 6
"""Colours of ground truths; :mod:`assignstudy.figures.style` says which."""

MOST_NAMES = 12
"""Where so many ground truths or fewer are numbered, their classes stand beside the numbers."""

MOST_TAGS = 60
"""Where more ground truths than this would be numbered, on a level half as many, only those without a positive are, and
none where even they are more: numbers would hide what they name."""

_HATCH_PX = 4.5
"""Least distance between the lines that hatch a cell."""


@dataclass(frozen=True, eq=False)
class Subject:
    """An image to draw, with what all its pictures share; G ground truths."""

    image: ShownImage

    @cached_property
    def boxes_orig(self) -> Doubles:
        """(G, 4) corners on the original."""
        return self.image.ground_truths[["x1_orig", "y1_orig", "x2_orig", "y2_orig"]].to_numpy(np.float64)

    @cached_property
    def boxes_px(self) -> Doubles:
        """(G, 4) corners on the network input."""
        cx, cy, width, height = self.image.ground_truths[["cx_px", "cy_px", "w_px", "h_px"]].to_numpy(np.float64).T
        return np.stack((cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2), axis=1)

    @cached_property
    def ignored(self) -> Bools:
        """(G,) kept out of the assignment."""
        return self.image.ground_truths["ignored"].to_numpy(bool)

    @cached_property
    def lost(self) -> Bools:
        """(G,) in the assignment and without a positive."""
        unmatched: Bools = self.image.ground_truths["positives"].fillna(1).to_numpy(np.int64) == 0
        return ~self.ignored & unmatched

    @cached_property
    def numbers(self) -> Texts:
        """(G,) the number of each ground truth."""
        return self.image.ground_truths["number"].astype(str).to_numpy(object)

    @cached_property
    def names(self) -> Texts:
        """(G,) class and number of each ground truth."""
        classes = self.image.ground_truths["class_name"].astype(str)
        return np.array(
            [f"{style.isolated(style.shorten(name, 14))} {n}" for name, n in zip(classes, self.numbers, strict=True)],
            object,
        )

    def has_positive(self, level: LevelShape) -> Bools:
        """(G,) with a positive on the level."""
        has = np.zeros(len(self.ignored), bool)
        has[self.image.on_level(level.name)["number"].to_numpy() - 1] = True
        return has

    @cached_property
    def colour(self) -> npt.NDArray[np.int64]:
        """(G,) the colour of each ground truth, from 0 to :data:`COLOURS` - 1.

        The first ones have one each; every further one takes the colour whose nearest owner is farthest away.
        """
        x, y = ((self.boxes_px[:, :2] + self.boxes_px[:, 2:]) / 2).T
        chosen = np.arange(len(x)) % COLOURS
        nearest = np.full((COLOURS, len(x)), np.inf)
        for number in range(len(x)):
            if number >= COLOURS:
                chosen[number] = int(nearest[:, number].argmax())
            own = nearest[chosen[number], number:]
            np.minimum(own, (x[number:] - x[number]) ** 2 + (y[number:] - y[number]) ** 2, out=own)
        return chosen


def draw(image: ShownImage, levels: tuple[LevelShape, ...]) -> tuple[tuple[Panel, ...], ...]:
    """All pictures of an image in rows, as a page shows them: grids only where there is no photo.

    Args:
        image: What to draw.
        levels: The detection scales; those on which the image has no positive are left out.
    """
    subject, used = Subject(image), used_levels(image, levels)
    draws = (cells_on_grid, anchors_on_grid, cells_on_image, anchors_on_image)
    whole = (original(subject), network_input(subject)) if image.picture else ()
    rows = [tuple(one(subject, level) for level in used) for one in (draws if image.picture else draws[:2])]
    # Levels stand below each other; a single one needs no columns.
    rows = [whole, *rows] if len(used) > 1 else [(*whole, *chain.from_iterable(rows))]
    return tuple(row for row in rows if row)


def used_levels(image: ShownImage, levels: tuple[LevelShape, ...]) -> tuple[LevelShape, ...]:
    """The levels on which an image has a positive."""
    return tuple(level for level in levels if len(image.on_level(level.name)))


def original(subject: Subject) -> Panel:
    """The original with its ground truths."""
    boxes = subject.boxes_orig
    return Panel(
        "original",
        f"Original, {_size(subject.image.placement.wh_orig)}",
        subject.image.placement.wh_orig,
        "x, px of the original",
        "y, px",
        (_photo(subject), *_ground_truths(subject, boxes), _tags(subject, boxes)),
    )


def network_input(subject: Subject) -> Panel:
    """The network input after the transform, padding included, with its ground truths."""
    place, boxes = subject.image.placement, subject.boxes_px
    (x, y), (width, height) = place.pad_px, place.resized_wh_px
    padding = Rects(np.array([[0.0, 0.0, *place.input_wh_px]]), Pen("padding", fill=1.0), "padding" if x or y else "")
    photo = Photo("photo", (x, y, x + width, y + height))
    return Panel(
        "input",
        f"Network input, {_size(place.input_wh_px)}",
        place.input_wh_px,
        "x, px of the input",
        "y, px",
        (padding, photo, *_ground_truths(subject, boxes), _tags(subject, boxes)),
    )


def cells_on_grid(subject: Subject, level: LevelShape) -> Panel:
    """The positive cells of a level on its grid, over the outlines of the ground truths."""
    boxes = subject.boxes_px / level.stride
    return _over_grid(
        subject,
        level,
        f"{level.name}-cells-grid",
        f"{level.name}: positive cells on the grid",
        (*_on_level(subject, boxes, level, on_photo=False), *cell_marks(subject, level)),
    )


def anchors_on_grid(subject: Subject, level: LevelShape) -> Panel:
    """The matched anchors, or points, of a level on its grid."""
    boxes = subject.boxes_px / level.stride
    what = "points" if _has_points(level) else "matched anchors"
    return _over_grid(
        subject,
        level,
        f"{level.name}-anchors-grid",
        f"{level.name}: {what} on the grid",
        (*_on_level(subject, boxes, level, on_photo=False), *_anchor_marks(subject, level, on_grid=True)),
    )


def _over_grid(subject: Subject, level: LevelShape, key: str, caption: str, marks: tuple[Mark, ...]) -> Panel:
    """Marks over the grid of a level, in cells."""
    columns, rows = subject.image.placement.grid_wh(level.stride)
    panel = Panel(key, caption, (columns, rows), f"column, cells of {level.stride} px", "row")
    lines = grid_lines(columns, rows, panel.scale)
    tags = _tags(subject, subject.boxes_px / level.stride, level)
    return replace(panel, marks=(lines, *marks, tags))


def cells_on_image(subject: Subject, level: LevelShape) -> Panel:
    """The positive cells of a level where they lie on the original."""
    key, caption = f"{level.name}-cells-image", f"{level.name}: positive cells on the image"
    return _over_photo(subject, level, key, caption, cell_marks(subject, level, on_image=True))


def anchors_on_image(subject: Subject, level: LevelShape) -> Panel:
    """The matched anchors of a level around their places on the original."""
    what = "points" if _has_points(level) else "matched anchors"
    key, caption = f"{level.name}-anchors-image", f"{level.name}: {what} on the image"
    return _over_photo(subject, level, key, caption, _anchor_marks(subject, level, on_grid=False))


def _over_photo(subject: Subject, level: LevelShape, key: str, caption: str, marks: tuple[Mark, ...]) -> Panel:
    boxes = subject.boxes_orig
    every = (_photo(subject), *_on_level(subject, boxes, level, on_photo=True), *marks, _tags(subject, boxes, level))
    return Panel(key, caption, subject.image.placement.wh_orig, "x, px of the original", "y, px", every)


def cell_marks(subject: Subject, level: LevelShape, *, on_image: bool = False) -> tuple[Mark, ...]:
    """The positive cells of a level: filled where the ground truth's centre lies, hatched beside it.

    Args:
        subject: Whose positives.
        level: Which level.
        on_image: In pixels of the original instead of cells of the grid.
    """
    # Rows come by offset, the centre first: a cell that is both counts as that of the centre.
    every = subject.image.on_level(level.name)
    rows = every.drop_duplicates(["number", "grid_y", "grid_x"])
    # One anchor of a cell can be contested and another not: any of them frames it.
    contested = every[every["contested"].to_numpy(bool)].drop_duplicates(["grid_y", "grid_x"])
    colour = subject.colour[rows["number"].to_numpy() - 1]
    cells, framed = _cells(rows), _cells(contested)
    if on_image:
        cells, framed = (subject.image.placement.to_orig(one * level.stride) for one in (cells, framed))
    beside = rows["cell_offset"].to_numpy() != CellOffset.CENTRE
    hatch_lines = _hatch_lines(_pixels_per_cell(subject, level, on_image))
    centre_name = "cell of the centre" if beside.any() else "positive cell"
    marks: list[Rects | Strokes] = []
    for number in range(COLOURS):
        line, own = Pen(_colour(number), 1.0), colour == number
        marks += [
            Rects(cells[own & ~beside], replace(line, fill=0.45), centre_name),
            Rects(cells[own & beside], replace(line, fill=0.1), "neighbour cell"),
            Strokes(hatching(cells[own & beside], hatch_lines), line, "neighbour cell"),
        ]
    frame = Pen("on-photo" if on_image else "ink", 1.6, on_photo=on_image)
    marks.append(Rects(framed, frame, "contested slot"))
    return tuple(mark for mark in marks if len(mark.xyxy))


def _anchor_marks(subject: Subject, level: LevelShape, *, on_grid: bool) -> tuple[Mark, ...]:
    """Each distinct matched anchor around its place, in cells or in pixels of the original."""
    rows = subject.image.on_level(level.name).drop_duplicates(["number", "anchor", "grid_y", "grid_x"])
    colour = subject.colour[rows["number"].to_numpy() - 1]
    centre = rows[["anchor_cx_px", "anchor_cy_px"]].to_numpy(np.float64)
    half = np.nan_to_num(rows[["anchor_w_px", "anchor_h_px"]].to_numpy(np.float64)) / 2
    boxes = np.concatenate((centre - half, centre + half), axis=1)
    boxes = boxes / level.stride if on_grid else subject.image.placement.to_orig(boxes)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    marks: list[Mark] = []
    for number in range(COLOURS):
        here = colour == number
        if not here.any():
            continue
        pen = Pen(_colour(number), 1.0, is_dashed=True, on_photo=not on_grid)
        dot = Pen(_colour(number), 4.0 if _has_points(level) else 2.6, on_photo=not on_grid)
        if not _has_points(level):
            marks.append(Rects(boxes[here], pen, "anchor"))
        marks.append(Dots(np.unique(middle[here], axis=0), dot, "point" if _has_points(level) else "its place"))
    return tuple(marks)


def _ground_truths(subject: Subject, boxes: Doubles) -> tuple[Mark, ...]:
    """Solid outlines, in the frame of the (G, 4) boxes; unmatched ones crossed out, ignored ones grey."""
    ignored = subject.ignored
    others = _outlines(boxes[ignored], Pen("baseline", 1.6, on_photo=True), "ignored")
    return (*others, *_coloured(subject, boxes, ~ignored, Pen("", 1.6, on_photo=True)))


def _on_level(subject: Subject, boxes: Doubles, level: LevelShape, *, on_photo: bool) -> tuple[Mark, ...]:
    """The same where a level is looked at: those without a positive on it are thin and grey."""
    here = subject.has_positive(level) | subject.lost
    others = _outlines(boxes[~here], Pen("baseline", 0.8, on_photo=False), "nothing on this level")
    return (*others, *_coloured(subject, boxes, here, Pen("", 1.2 if on_photo else 0.9, on_photo=on_photo)))


def _outlines(boxes: Doubles, pen: Pen, name: str) -> tuple[Mark, ...]:
    return (Rects(boxes, pen, name),) if len(boxes) else ()


def _coloured(subject: Subject, boxes: Doubles, which: npt.NDArray[np.bool_], pen: Pen) -> tuple[Mark, ...]:
    """Outlines of the marked boxes in their colours, those of unmatched ones crossed out."""
    colour, lost = subject.colour, subject.lost
    marks: list[Mark] = []
    for number in range(COLOURS):
        here = which & (colour == number)
        line = replace(pen, colour=_colour(number))
        marks += _outlines(boxes[here & ~lost], line, "ground truth")
        crossed = boxes[here & lost]
        if len(crossed):
            x1, y1, x2, y2 = crossed.T
            both = np.concatenate((crossed, np.stack((x1, y2, x2, y1), axis=1)))
            marks += [Rects(crossed, line, "unmatched"), Strokes(both, line, "unmatched")]
    return tuple(marks)


def _tags(subject: Subject, boxes: Doubles, level: LevelShape | None = None) -> Tags:
    """The numbers of the ground truths at their (G, 4) boxes; with a level, of those with a positive on it."""
    shown = np.ones(len(boxes), bool) if level is None else subject.has_positive(level) | subject.lost
    most = MOST_TAGS if level is None else MOST_TAGS // 2
    if shown.sum() > most:
        shown = subject.lost & (subject.lost.sum() <= most)
    colour = np.where(subject.ignored, "baseline", [_colour(number) for number in subject.colour])
    texts = subject.names if level is None and shown.sum() <= MOST_NAMES else subject.numbers
    return Tags(boxes[shown], tuple(texts[shown]), tuple(map(str, colour[shown])))


def _cells(rows: pd.DataFrame) -> Doubles:
    """(K, 4) corners of the cells in cells."""
    low = rows[["grid_x", "grid_y"]].to_numpy(np.float64)
    return np.concatenate((low, low + 1), axis=1)


def _pixels_per_cell(subject: Subject, level: LevelShape, on_image: bool) -> float:
    place = subject.image.placement
    if on_image:
        across = place.resized_wh_px[0] / level.stride
        return Panel("", "", place.wh_orig, "", "").plot_wh_px[0] / across
    return Panel("", "", place.grid_wh(level.stride), "", "").scale


def _hatch_lines(side_px: float) -> int:
    return int(np.clip(side_px / _HATCH_PX, 1, 5))


def _has_points(level: LevelShape) -> bool:
    return bool(np.isnan(level.anchor_wh_px).all())


def _photo(subject: Subject) -> Photo:
    width, height = subject.image.placement.wh_orig
    return Photo("photo", (0.0, 0.0, width, height))


def _colour(number: int) -> str:
    return f"gt-{number}"


def _size(wh: tuple[int, int]) -> str:
    return f"{wh[0]:,} × {wh[1]:,} px"
