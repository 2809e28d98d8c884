"""Slow twin of the rule `fcos`: every point against every box, image by image."""

import math

import numpy as np

from tests.oracles.dense import as_rows, by_image, f32, grid


def assign(boxes, input_wh, levels, variant, center_sampling):
    """Rows per level, by image and slot; ``boxes`` are (image, x1, y1, x2, y2)."""
    names = [
        (level, 0, y, x)
        for level, (stride, _) in enumerate(levels)
        for y in range(grid(input_wh, stride)[1])
        for x in range(grid(input_wh, stride)[0])
    ]
    owners = []
    for members in by_image(boxes):
        owner, best = [None] * len(names), np.full(len(names), -np.inf, f32)
        for gt in members:
            wanted = _wanted([f32(side) for side in boxes[gt][1:]], names, levels, variant, center_sampling)
            worth = _worth(boxes[gt][1:], variant)
            for k in np.flatnonzero(wanted & (worth > best)):
                owner[k], best[k] = gt, worth
        owners.append(owner)
    return as_rows(names, owners, levels)


def critical(boxes, _input_wh, _levels):
    """There is none."""
    return [math.nan] * len(boxes)


def _wanted(box, names, levels, variant, center_sampling):
    """Which points a box wants."""
    x1, y1, x2, y2 = box
    stride = np.array([levels[name[0]][0] for name in names])
    x = np.array([(name[3] + 0.5) * levels[name[0]][0] for name in names], f32)
    y = np.array([(name[2] + 0.5) * levels[name[0]][0] for name in names], f32)
    sides = np.array([x - x1, y - y1, x2 - x, y2 - y])
    ends = [0 if variant == "detectron2" else -1, *(8 * level[0] for level in levels[:-1]), math.inf]
    low = np.array([ends[name[0]] for name in names], f32)
    high = np.array([ends[name[0] + 1] for name in names], f32)
    farthest = sides.max(axis=0)
    in_range = (low < farthest) & (farthest < high)
    if variant == "mmdet":
        in_range = (low <= farthest) & (farthest <= high)
    wanted = (sides.min(axis=0) > 0) & in_range
    if center_sampling:
        apart = np.maximum(abs(x - (x1 + x2) / f32(2)), abs(y - (y1 + y2) / f32(2)))
        wanted &= apart < f32(1.5) * stride.astype(f32)
    return wanted


def _worth(box, variant):
    """The larger, the sooner a point is given to the box."""
    x1, y1, x2, y2 = (f32(side) for side in box)
    area = (x2 - x1) * (y2 - y1)
    return f32(1e8) - area if variant == "detectron2" else -area
