"""One ground truth cut out of its photo, with some of what is around it."""

from __future__ import annotations

import numpy as np

from assignstudy.figures.gallery import Subject
from assignstudy.figures.panel import Doubles, Panel, Pen, Photo, Rects

AROUND = 0.6
"""What is shown on each side, in longer sides of the box."""

LEAST_PX = 16.0
"""What is shown on each side at least, in pixels of the original."""


def draw(subject: Subject, number: int, caption: str) -> Panel:
    """The surroundings of a ground truth, in pixels of the original from their upper left corner; no axes.

    Args:
        subject: The image; its photo has the key ``photo``.
        number: Which of its ground truths, counting from 1.
        caption: What it shows.
    """
    box = subject.boxes_orig[number - 1]
    left, top, right, bottom = _window(box, subject.image.placement.wh_orig)
    width, height = subject.image.placement.wh_orig
    photo = Photo("photo", (-left, -top, width - left, height - top))
    pen = Pen(f"gt-{subject.colour[number - 1]}", 1.8, on_photo=True)
    outline = Rects(box[None] - np.array([left, top, left, top]), pen)
    return Panel(f"crop-{number}", caption, (right - left, bottom - top), "", "", (photo, outline))


def _window(box: Doubles, wh_orig: tuple[int, int]) -> tuple[float, float, float, float]:
    """A square around a box, moved into the image; what it has beyond a smaller image stays empty."""
    x1, y1, x2, y2 = box.tolist()
    around = 2 * max(AROUND * max(x2 - x1, y2 - y1), LEAST_PX)
    side = max(x2 - x1, y2 - y1) + around
    left = _moved_inside((x1 + x2 - side) / 2, side, wh_orig[0])
    top = _moved_inside((y1 + y2 - side) / 2, side, wh_orig[1])
    return left, top, left + side, top + side


def _moved_inside(start: float, side: float, whole: float) -> float:
    """Where a stretch begins that is moved into 0 to ``whole``, or centred on it where it is longer."""
    return (whole - side) / 2 if side > whole else min(max(start, 0.0), whole - side)
