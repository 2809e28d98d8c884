"""A crop around one ground truth: its box, and the best anchor around the box's centre."""

from __future__ import annotations

import numpy as np

from assignstudy.figures.panel import Mark, Panel, Pen, Photo, Rects
from assignstudy.statistics.worst_boxes import WorstBox


def draw(box: WorstBox, photo_key: str = "photo") -> Panel:
    """The crop in pixels of the original, from its own upper left corner; without a picture the marks alone.

    Args:
        box: What to draw.
        photo_key: Key of the crop among the photos.
    """
    left, top, right, bottom = box.window_orig
    size, row = (right - left, bottom - top), box.row
    shift = np.array([left, top, left, top])
    corners = np.array([[row.x1_orig, row.y1_orig, row.x2_orig, row.y2_orig]], float) - shift
    marks: list[Mark] = [Photo(photo_key, (0.0, 0.0, *size))] if box.picture else []
    if box.anchor_wh_px is not None and np.isfinite(box.anchor_wh_px).all():
        half = np.array(box.anchor_wh_px) / 2
        centre = np.array([row.cx_px, row.cy_px], float)
        anchor = box.place.to_orig(np.concatenate((centre - half, centre + half))[None]) - shift
        marks.append(Rects(anchor, Pen("gt-5", 1.4, is_dashed=True, on_photo=True), "anchor"))
    marks.append(Rects(corners, Pen("gt-0", 2.0, on_photo=True), "ground truth"))
    return Panel(f"gt-{row.gt_id}", str(row.class_name), size, "x, px of the original", "y, px", tuple(marks))
