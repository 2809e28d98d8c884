"""Slow twin of the losses `yolov5` and `yolov3_spp`: one slot after the other, in Python's double precision."""

import math
from collections import defaultdict

from tests.oracles.ratio import f32


def loss(kind, predictions, assigned, truth, levels, weights, frozen=None):
    """All terms of a loss: totals, per level, per ground truth, and the background.

    Args:
        kind: `yolov5` or `yolov3_spp`.
        predictions: Per level nested lists [image][anchor][y][x][output].
        assigned: Per level the rows (ground truth, anchor, grid_y, grid_x, offset) in published order.
        truth: Per ground truth (image, class, centre and size over the input).
        levels: (stride, anchors) pairs.
        weights: Has the attributes of `LossWeights`.
        frozen: Predictions from which everything without gradient is taken; None for the same ones.
    """
    balance = weights.level_balance or [1] * len(levels)
    parts = [
        _level(kind, predictions[k], assigned[k], truth, levels[k], weights, (frozen or predictions)[k])
        for k in range(len(levels))
    ]
    scale = {"box": [weights.box] * len(levels), "class": [weights.class_] * len(levels)}
    scale["objectness"] = [weights.objectness * value for value in balance]
    result = {"background": [part["background"] * s for part, s in zip(parts, scale["objectness"], strict=True)]}
    for term in ("box", "objectness", "class"):
        shares = [[part[term].get(gt, 0) * scale[term][k] for k, part in enumerate(parts)] for gt in range(len(truth))]
        result[f"{term}_shares"] = shares
        extra = result["background"] if term == "objectness" else [0] * len(levels)
        result[term] = sum(map(sum, shares)) + sum(extra)
    total = result["box"] + result["objectness"] + result["class"]
    result["total"] = total * (len(predictions[0]) if kind == "yolov5" else 1)
    return result


def _level(kind, predictions, rows, truth, level, weights, frozen):
    stride, anchors = level
    grid_h, grid_w = len(predictions[0][0]), len(predictions[0][0][0])
    classes = len(predictions[0][0][0][0]) - 5
    box, class_, owner = defaultdict(float), defaultdict(float), {}
    for gt, anchor, y, x, _ in rows:
        image, class_id, cxcywh = truth[gt]
        target = _target(kind, cxcywh, (grid_w, grid_h), (x, y))
        anchor_wh = [side / stride for side in anchors[anchor]]
        fixed = decode(kind, frozen[image][anchor][y][x], anchor_wh)
        raw = predictions[image][anchor][y][x]
        box[gt] += (1 - overlap(kind, decode(kind, raw, anchor_wh), target, fixed)) / len(rows)
        owner[image, anchor, y, x] = gt, (1 - weights.gr) + weights.gr * max(overlap(kind, fixed, target, fixed), 0)
        if classes > 1:
            for c in range(classes):
                smooth = weights.label_smoothing / 2
                goal = 1 - smooth if c == class_id else smooth
                cost = cross_entropy(raw[5 + c], goal, weights.positive_class, weights.focal_gamma)
                class_[gt] += cost / (len(rows) * classes)
    objectness, background = defaultdict(float), 0.0
    slots = len(predictions) * len(anchors) * grid_h * grid_w
    for image in range(len(predictions)):
        for anchor in range(len(anchors)):
            for y in range(grid_h):
                for x in range(grid_w):
                    gt, goal = owner.get((image, anchor, y, x), (None, 0))
                    logit = predictions[image][anchor][y][x][4]
                    cost = cross_entropy(logit, goal, weights.positive_objectness, weights.focal_gamma) / slots
                    if gt is None:
                        background += cost
                    else:
                        objectness[gt] += cost
    return {"box": box, "class": class_, "objectness": objectness, "background": background}


def _target(kind, cxcywh, grid_wh, cell_xy):
    """Centre relative to the cell and size, in cells; float32 like the assignment, then double."""
    x, y, w, h = (f32(value) * f32(grid_wh[k % 2]) for k, value in enumerate(cxcywh))
    if kind == "yolov5":
        return [float(x - f32(cell_xy[0])), float(y - f32(cell_xy[1])), float(w), float(h)]
    return [float(x - f32(math.floor(x))), float(y - f32(math.floor(y))), float(w), float(h)]


def decode(kind, raw, anchor_wh):
    """Predicted centre and size in cells, relative to the cell."""
    if kind == "yolov5":
        centre = [2 * sigmoid(t) - 0.5 for t in raw[:2]]
        return centre + [(2 * sigmoid(t)) ** 2 * side for t, side in zip(raw[2:4], anchor_wh, strict=True)]
    centre = [sigmoid(t) for t in raw[:2]]
    return centre + [min(math.exp(t), 1e3) * side for t, side in zip(raw[2:4], anchor_wh, strict=True)]


def overlap(kind, box, target, fixed):
    """CIoU or GIoU of two boxes; CIoU's weight of the aspect is that of the box `fixed`."""
    eps = 1e-7 if kind == "yolov5" else 1e-16
    inter, hull_w, hull_h = _inter_and_hull(box, target)
    union = box[2] * box[3] + target[2] * target[3] - inter + eps
    if kind == "yolov3_spp":
        hull = hull_w * hull_h + eps
        return inter / union - (hull - union) / hull
    distance = (box[0] - target[0]) ** 2 + (box[1] - target[1]) ** 2
    return inter / union - distance / (hull_w**2 + hull_h**2 + eps) - _alpha(fixed, target) * _aspect(box, target)


def _alpha(box, target):
    inter, _, _ = _inter_and_hull(box, target)
    iou = inter / (box[2] * box[3] + target[2] * target[3] - inter + 1e-7)
    aspect = _aspect(box, target)
    return aspect / (aspect - iou + 1 + 1e-7)


def _aspect(box, target):
    return 4 / math.pi**2 * (math.atan(target[2] / target[3]) - math.atan(box[2] / box[3])) ** 2


def _inter_and_hull(one, other):
    low, high, outer_low, outer_high = [], [], [], []
    for axis in (0, 1):
        ends = [(box[axis] - box[2 + axis] / 2, box[axis] + box[2 + axis] / 2) for box in (one, other)]
        low.append(max(ends[0][0], ends[1][0]))
        high.append(min(ends[0][1], ends[1][1]))
        outer_low.append(min(ends[0][0], ends[1][0]))
        outer_high.append(max(ends[0][1], ends[1][1]))
    inter = max(high[0] - low[0], 0) * max(high[1] - low[1], 0)
    return inter, outer_high[0] - outer_low[0], outer_high[1] - outer_low[1]


def cross_entropy(logit, target, positive_weight, focal_gamma):
    """Of one element, the focal factor included where gamma is above 0."""
    p = sigmoid(logit)
    plain = -(positive_weight * target * math.log(p) + (1 - target) * math.log(1 - p))
    if not focal_gamma:
        return plain
    certainty = target * p + (1 - target) * (1 - p)
    return plain * (0.25 * target + 0.75 * (1 - target)) * (1 - certainty) ** focal_gamma


def sigmoid(t):
    """The logistic function."""
    return 1 / (1 + math.exp(-t))
