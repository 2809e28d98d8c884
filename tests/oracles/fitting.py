"""The slow twin of the fitness of anchors: plain loops over plain numbers, from its definition."""


def ratio_fitness(boxes, anchors, anchor_t):
    """Mean over (w, h) boxes of the best ``min(r, 1/r)`` of the worst side, 0 where the ratio is not below anchor_t."""
    return sum(max(_ratio_fit(box, anchor, anchor_t) for anchor in anchors) for box in boxes) / len(boxes)


def overlap_fitness(boxes, anchors, iou_t):
    """Mean over boxes of the best shape IoU, 0 where it does not exceed iou_t."""
    return sum(max(_overlap_fit(box, anchor, iou_t) for anchor in anchors) for box in boxes) / len(boxes)


def _ratio_fit(box, anchor, anchor_t):
    worst = min(min(side / other, other / side) for side, other in zip(box, anchor, strict=True))
    return worst if 1 / worst < anchor_t else 0.0


def _overlap_fit(box, anchor, iou_t):
    inter = min(box[0], anchor[0]) * min(box[1], anchor[1])
    iou = inter / (box[0] * box[1] + anchor[0] * anchor[1] - inter)
    return iou if iou > iou_t else 0.0
