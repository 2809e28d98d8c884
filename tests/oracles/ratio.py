"""What the slow twins of the rules by side ratio share; each twin states its cells."""

import numpy as np

f32 = np.float32
Row = tuple[int, int, int, int, int]
"""Ground truth, anchor, grid_y, grid_x, cell offset."""

DIRECTIONS = [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1)]


def assign(boxes, input_wh, levels, anchor_t, claims, step):
    """Rows per level, in the published order: offset, then anchor, then ground truth.

    Args:
        boxes: Centre and size over the input.
        input_wh: Width and height of the input.
        levels: (stride, anchors) pairs.
        anchor_t: A worst ratio strictly below it fits.
        claims: (position on the axis in cells, cells of the axis, whether towards the low end) -> bool.
        step: How far a neighbour cell is, in cells.
    """
    return [
        _assign_level(boxes, input_wh, stride, anchors, f32(anchor_t), claims, f32(step)) for stride, anchors in levels
    ]


def critical(boxes, input_wh, levels):
    """Smallest worst-side ratio of each ground truth over all anchors of all levels."""
    return [
        min(_worst_ratio(box, input_wh, stride, anchor) for stride, anchors in levels for anchor in anchors)
        for box in boxes
    ]


def _worst_ratio(box, input_wh, stride, anchor):
    worst = f32(0)
    for side in (0, 1):
        cells = f32(input_wh[side] // stride)
        ratio = f32(box[2 + side]) * cells / (f32(anchor[side]) / f32(stride))
        with np.errstate(over="ignore", divide="ignore"):
            worst = max(worst, ratio, f32(1) / ratio)
    return worst


def _assign_level(boxes, input_wh, stride, anchors, anchor_t, claims, step):
    grid = [input_wh[0] // stride, input_wh[1] // stride]
    rows = []
    for offset, direction in enumerate(DIRECTIONS):
        for anchor in range(len(anchors)):
            for gt, box in enumerate(boxes):
                if not _worst_ratio(box, input_wh, stride, anchors[anchor]) < anchor_t:
                    continue
                centre = [f32(box[axis]) * f32(grid[axis]) for axis in (0, 1)]
                axis = (offset - 1) % 2
                if offset and not claims(centre[axis], f32(grid[axis]), offset in (1, 2)):
                    continue
                x, y = (cell_of(centre[k] - f32(direction[k]) * step, grid[k]) for k in (0, 1))
                rows.append((gt, anchor, y, x, offset))
    return rows


def cell_of(position, cells):
    """Truncated towards zero and clamped to the grid."""
    return int(min(max(np.trunc(position), f32(0)), f32(cells - 1)))
