"""Slow twin of the rule `yolov5`."""

import numpy as np

from tests.oracles import ratio
from tests.oracles.ratio import critical, f32

__all__ = ["assign", "critical"]


def assign(boxes, input_wh, levels, anchor_t):
    """Rows per level: the nearer neighbour on each axis, measured from its own end of the grid."""

    def claims(position, cells, towards_low):
        distance = position if towards_low else cells - position
        return np.mod(distance, f32(1)) < f32(0.5) and distance > f32(1)

    return ratio.assign(boxes, input_wh, levels, anchor_t, claims, step=0.5)
