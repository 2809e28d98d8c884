"""Slow twin of the rule `atss`: all distances and all overlaps, image by image."""

import math

import numpy as np

from tests.oracles.dense import as_rows, by_image, every_slot, f32, overlaps


def assign(boxes, input_wh, levels):
    """Rows per level, by image and slot; ``boxes`` are (image, x1, y1, x2, y2)."""
    names, anchors = every_slot(input_wh, levels)
    centres = np.array([(x * levels[level][0], y * levels[level][0]) for level, _, y, x in names], f32)
    owners = []
    for members in by_image(boxes):
        owner, owned_iou = [None] * len(names), [f32(-1)] * len(names)
        for gt in members:
            iou = overlaps(boxes[gt][1:], anchors)
            candidates = _candidates(boxes[gt][1:], names, centres, levels)
            threshold = _threshold([float(iou[k]) for k in candidates])
            for k in candidates:
                if iou[k] >= threshold and _is_inside(centres[k], boxes[gt][1:]) and iou[k] > owned_iou[k]:
                    owner[k], owned_iou[k] = gt, iou[k]
        owners.append(owner)
    return as_rows(names, owners, levels)


def critical(boxes, _input_wh, _levels):
    """There is none."""
    return [math.nan] * len(boxes)


def _candidates(box, names, centres, levels):
    x1, y1, x2, y2 = (f32(side) for side in box)
    dx, dy = centres[:, 0] - (x1 + x2) / f32(2), centres[:, 1] - (y1 + y2) / f32(2)
    distance = np.sqrt(dx * dx + dy * dy)
    result = []
    for level in range(len(levels)):
        mine = [k for k, name in enumerate(names) if name[0] == level]
        result += sorted(mine, key=lambda k: (distance[k], k))[:9]
    return result


def _threshold(values):
    mean = sum(values) / len(values)
    if len(values) == 1:
        return f32(math.nan)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    return f32(mean) + f32(deviation)


def _is_inside(centre, box):
    x1, y1, x2, y2 = (f32(side) for side in box)
    return min(centre[0] - x1, centre[1] - y1, x2 - centre[0], y2 - centre[1]) > f32(0.01)
