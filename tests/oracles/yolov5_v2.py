"""Slow twin of the rule `yolov5_v2`."""

import numpy as np

from tests.oracles import ratio
from tests.oracles.ratio import critical, f32

__all__ = ["assign", "critical"]


def assign(boxes, input_wh, levels, anchor_t):
    """Rows per level: the nearer neighbour on each axis, both decided by the fraction of the centre."""

    def claims(position, cells, towards_low):
        fraction = np.mod(position, f32(1))
        if towards_low:
            return fraction < f32(0.5) and position > f32(1)
        return fraction > f32(0.5) and position < cells - f32(1)

    return ratio.assign(boxes, input_wh, levels, anchor_t, claims, step=0.5)
