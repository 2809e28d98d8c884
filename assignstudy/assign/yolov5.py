r"""YOLOv5's rule: anchors by side ratio, three cells per anchor.

Shape. With a ground truth of size :math:`(w, h)` and an anchor :math:`(a_w, a_h)`, both in cells of the level, the
anchor fits iff :math:`\max(w/a_w,\ a_w/w,\ h/a_h,\ a_h/h) < t` with ``anchor_t`` :math:`t` (default 4). Equality does
not fit. Every level decides on its own.

Cells. With the centre :math:`(X, Y)` in cells of a :math:`W \times H` grid and :math:`X' = W - X`, a fitting anchor
is a positive in the centre's cell, and also in the cell

* left iff :math:`\{X\} < 0.5` and :math:`X > 1`, right iff :math:`\{X'\} < 0.5` and :math:`X' > 1`,
* up and down likewise in :math:`Y`,

where :math:`\{z\} = z \bmod 1`. All comparisons are strict: at :math:`\{X\} = 0.5` neither neighbour on that axis is
used. The cell is the truncated centre after a shift of half a cell, clamped to the grid. On a grid line both neighbours
are claimed and "right" is the centre's own cell again: the same ground truth twice in one slot (a self-duplicate).

Source: YOLOv5 since 2020-07-31 (clamped since 2020-11-06), also YOLOv7's search with three positives and YOLOv4-large
(which clamps to W instead). Rows come in the order offset, anchor, ground truth; where rows share a slot the last wins.
"""

from __future__ import annotations

from typing import final

from torch import Tensor

from assignstudy.assign.ratio import RatioRule, fraction, join_claims


@final
class Yolov5(RatioRule):
    """YOLOv5's assignment; the module's docstring states it."""

    name = "yolov5"
    title = "YOLOv5"
    source = "YOLOv5 since 2020-07-31"
    step = 0.5

    def claimed_cells(self, xy_cell: Tensor, grid_wh: Tensor) -> Tensor:
        """The neighbour on the nearer side of each axis, measured from both ends of the grid."""
        from_end = grid_wh - xy_cell
        near_low = (fraction(xy_cell) < 0.5) & (xy_cell > 1)
        near_high = (fraction(from_end) < 0.5) & (from_end > 1)
        return join_claims(near_low, near_high)
