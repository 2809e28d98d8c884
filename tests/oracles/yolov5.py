"""Slow twin of the rule `yolov5`: one ground truth, one anchor, one cell at a time, in float32."""

from collections.abc import Sequence

import numpy as np

f32 = np.float32
Row = tuple[int, int, int, int, int]
"""Ground truth, anchor, grid_y, grid_x, cell offset."""

OFFSETS = [(f32(0), f32(0)), (f32(1), f32(0)), (f32(0), f32(1)), (f32(-1), f32(0)), (f32(0), f32(-1))]


def assign(
    boxes: Sequence[Sequence[float]], input_wh: Sequence[int], levels: Sequence[tuple[int, list]], anchor_t: float
) -> list[list[Row]]:
    """Rows per level, in the published order: offset, then anchor, then ground truth."""
    return [_assign_level(boxes, input_wh, stride, anchors, f32(anchor_t)) for stride, anchors in levels]


def critical(
    boxes: Sequence[Sequence[float]], input_wh: Sequence[int], levels: Sequence[tuple[int, list]]
) -> list[np.float32]:
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


def _assign_level(boxes, input_wh, stride, anchors, anchor_t):
    grid = [input_wh[0] // stride, input_wh[1] // stride]
    rows = []
    for offset in range(5):
        for anchor in range(len(anchors)):
            for gt, box in enumerate(boxes):
                if not _worst_ratio(box, input_wh, stride, anchors[anchor]) < anchor_t:
                    continue
                centre = [f32(box[axis]) * f32(grid[axis]) for axis in (0, 1)]
                if not _claims(centre, grid, offset):
                    continue
                cell = [_cell(centre[axis] - OFFSETS[offset][axis] / f32(2), grid[axis]) for axis in (0, 1)]
                rows.append((gt, anchor, cell[1], cell[0], offset))
    return rows


def _claims(centre, grid, offset):
    if offset == 0:
        return True
    axis = (offset - 1) % 2
    distance = centre[axis] if offset in (1, 2) else f32(grid[axis]) - centre[axis]
    return bool(np.mod(distance, f32(1)) < f32(0.5) and distance > f32(1))


def _cell(position, cells):
    return int(min(max(np.trunc(position), f32(0)), f32(cells - 1)))
