"""Slow twin of the rule `yolov3`."""

from tests.oracles.ratio import cell_of, f32
from tests.oracles.yolov3_spp import overlap


def assign(boxes, input_wh, levels, iou_t):
    """Rows per level, by ground truth: the best anchor of all levels first, then those above the threshold."""
    result = [[] for _ in levels]
    names = [(level, anchor) for level, (_, anchors) in enumerate(levels) for anchor in range(len(anchors))]
    for gt, box in enumerate(boxes):
        if not _is_kept(box, input_wh):
            continue
        overlaps = _overlaps(box, input_wh, levels)
        best = 0
        largest = f32(0)
        for k, value in enumerate(overlaps):
            if value > largest:
                best, largest = k, value
        others = [k for k, value in enumerate(overlaps) if k != best and f32(iou_t) < f32(1) and value > f32(iou_t)]
        for k in [best, *others]:
            level, anchor = names[k]
            grid = [side // levels[level][0] for side in input_wh]
            x, y = (cell_of(f32(box[axis]) * f32(grid[axis]), grid[axis]) for axis in (0, 1))
            result[level].append((gt, anchor, y, x, 0))
    return result


def critical(boxes, input_wh, levels):
    """Largest overlap of each ground truth with any anchor, dropped ones too."""
    return [max(_overlaps(box, input_wh, levels)) for box in boxes]


def _is_kept(box, input_wh):
    inside = all(f32(0) < f32(box[axis]) <= f32(1) for axis in (0, 1))
    return inside and all(f32(box[2 + axis]) >= f32(1) / f32(input_wh[axis]) for axis in (0, 1))


def _overlaps(box, input_wh, levels):
    size = [min(f32(box[2 + axis]), f32(1)) for axis in (0, 1)]
    return [
        overlap(size, [f32(anchor[axis]) / f32(input_wh[axis]) for axis in (0, 1)])
        for _, anchors in levels
        for anchor in anchors
    ]
