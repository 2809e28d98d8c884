"""Slow twin of the rule `max_iou`: the full matrix of overlaps, image by image."""

import numpy as np

from tests.oracles.dense import as_rows, by_image, every_slot, f32, overlaps

MIN_POS_IOU = {"retinanet": 0.0, "faster_rcnn": 0.3}


def assign(boxes, input_wh, levels, iou_t, variant, preset):
    """Rows per level, by image and slot; ``boxes`` are (image, x1, y1, x2, y2)."""
    names, anchors = every_slot(input_wh, levels)
    owners = []
    for members in by_image(boxes):
        matrix = [overlaps(boxes[gt][1:], anchors) for gt in members]
        best, argmax = np.full(len(anchors), -1, f32), np.zeros(len(anchors), int)
        for place, row in enumerate(matrix):
            argmax[row > best] = place
            best = np.maximum(best, row)
        given = np.where(best >= f32(iou_t), argmax, -1)
        for place, row in enumerate(matrix):
            forced = row == row.max()
            if variant == "detectron2":
                given[forced] = argmax[forced]
            elif row.max() >= f32(MIN_POS_IOU[preset]):
                given[forced] = place
        owners.append([None if place < 0 else members[place] for place in given])
    return as_rows(names, owners, levels)


def critical(boxes, input_wh, levels):
    """Largest overlap of each ground truth with any anchor."""
    _, anchors = every_slot(input_wh, levels)
    return [overlaps(box[1:], anchors).max() for box in boxes]
