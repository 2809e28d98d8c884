"""Slow twin of the rule `yolov3_spp`."""

import math

from tests.oracles.ratio import cell_of, f32


def assign(boxes, input_wh, levels, iou_t):
    """Rows per level: anchor, then ground truth; overlaps strictly above the threshold, in the centre's cell."""
    result = []
    for stride, anchors in levels:
        grid = [side // stride for side in input_wh]
        rows = []
        for anchor, wh in enumerate(anchors):
            for gt, box in enumerate(boxes):
                if overlap_in_cells(box, grid, stride, wh) > f32(iou_t):
                    x, y = (cell_of(f32(box[axis]) * f32(grid[axis]), grid[axis]) for axis in (0, 1))
                    rows.append((gt, anchor, y, x, 0))
        result.append(rows)
    return result


def critical(boxes, input_wh, levels):
    """Largest overlap of each ground truth with any anchor."""
    return [
        max(
            overlap_in_cells(box, [side // stride for side in input_wh], stride, anchor)
            for stride, anchors in levels
            for anchor in anchors
        )
        for box in boxes
    ]


def overlap_in_cells(box, grid, stride, anchor):
    """IoU of the shapes of a box and an anchor, both in cells."""
    size = [f32(box[2 + axis]) * f32(grid[axis]) for axis in (0, 1)]
    return overlap(size, [f32(side) / f32(stride) for side in anchor])


def overlap(one, other):
    """IoU of two shapes that share a corner."""
    inter = min(one[0], other[0]) * min(one[1], other[1])
    return inter / (one[0] * one[1] + other[0] * other[1] - inter)


def target(box, input_wh, stride):
    """Fractions of the centre."""
    centre = [f32(box[axis]) * f32(input_wh[axis] // stride) for axis in (0, 1)]
    return [float(position - f32(math.floor(position))) for position in centre]
