"""Slow twin of the rule `yolov7_aux`."""

from tests.oracles import ratio
from tests.oracles.ratio import critical, f32

__all__ = ["assign", "critical"]


def assign(boxes, input_wh, levels, anchor_t):
    """Rows per level: every neighbour a whole cell away that is more than one cell from its end of the grid."""

    def claims(position, cells, towards_low):
        return (position if towards_low else cells - position) > f32(1)

    return ratio.assign(boxes, input_wh, levels, anchor_t, claims, step=1)
