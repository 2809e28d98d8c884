"""What the slow twins of the dense rules share: every slot of the grid, and one row of the full overlap matrix."""

import numpy as np

f32 = np.float32


def grid(input_wh, stride):
    """Columns and rows, rounded up."""
    return [(side + stride - 1) // stride for side in input_wh]


def every_slot(input_wh, levels):
    """Names (level, anchor, grid_y, grid_x) of all slots in the order of their index, and their anchors' corners."""
    names, corners = [], []
    for level, (stride, anchors) in enumerate(levels):
        columns, rows = grid(input_wh, stride)
        for y in range(rows):
            for x in range(columns):
                for anchor, (w, h) in enumerate(anchors):
                    names.append((level, anchor, y, x))
                    corners.append(_corners(f32(x * stride), f32(y * stride), f32(w) / f32(2), f32(h) / f32(2)))
    return names, np.array(corners, f32).reshape(-1, 4)


def _corners(x, y, half_w, half_h):
    return x - half_w, y - half_h, x + half_w, y + half_h


def overlaps(box, anchors):
    """IoU of one box, given by its corners, with every anchor."""
    x1, y1, x2, y2 = (f32(side) for side in box)
    wide = np.minimum(x2, anchors[:, 2]) - np.maximum(x1, anchors[:, 0])
    high = np.minimum(y2, anchors[:, 3]) - np.maximum(y1, anchors[:, 1])
    inter = np.maximum(wide, f32(0)) * np.maximum(high, f32(0))
    areas = (anchors[:, 2] - anchors[:, 0]) * (anchors[:, 3] - anchors[:, 1])
    return inter / ((x2 - x1) * (y2 - y1) + areas - inter)


def by_image(boxes):
    """Indices of the boxes of each image, ascending."""
    for image in sorted({box[0] for box in boxes}):
        yield [gt for gt, box in enumerate(boxes) if box[0] == image]


def as_rows(names, owners, levels):
    """Rows per level: for each image, in the order of slots, those that a ground truth owns (None: nobody)."""
    rows = [[] for _ in levels]
    for owner in owners:
        for (level, anchor, y, x), gt in zip(names, owner, strict=True):
            if gt is not None:
                rows[level].append((gt, anchor, y, x, 0))
    return rows
