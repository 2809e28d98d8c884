r"""The first YOLOv5's rule (also ScaledYOLOv4-csp's): like :mod:`assignstudy.assign.yolov5`, without self-duplicates.

Shape: an anchor fits iff the worst side ratio is strictly below ``anchor_t`` (default 4).

Cells. With the centre :math:`(X, Y)` in cells of a :math:`W \times H` grid, a fitting anchor is a positive in the
centre's cell, and also in the cell

* left iff :math:`\{X\} < 0.5` and :math:`X > 1`, in the cell of :math:`X - 0.5`,
* right iff :math:`\{X\} > 0.5` and :math:`X < W - 1`, in the cell of :math:`X + 0.5`,
* up and down likewise in :math:`Y`.

All comparisons are strict; cells are clamped to the grid (as ScaledYOLOv4-csp does; YOLOv5 v1 and v2 did not clamp).
What differs from ``yolov5``: the right neighbour is decided by the same fraction as the left one, so a centre on a grid
line claims only its left neighbour. For centres within the image the slots are those of ``yolov5``, and the positives
are its positives without the self-duplicates.

Source: YOLOv5 v1 and v2 (June and July 2020), ScaledYOLOv4-csp. Rows: offset, anchor, ground truth; the last row wins.
"""

from __future__ import annotations

from typing import final

from torch import Tensor

from assignstudy.assign.ratio import RatioRule, fraction, join_claims


@final
class Yolov5V2(RatioRule):
    """The assignment of YOLOv5 v1 and v2; the module's docstring states it."""

    name = "yolov5_v2"
    title = "YOLOv5 v2"
    source = "YOLOv5 v1 and v2, ScaledYOLOv4-csp"
    step = 0.5

    def claimed_cells(self, xy_cell: Tensor, grid_wh: Tensor) -> Tensor:
        """The neighbour on the nearer side of each axis, both decided by the centre's fraction."""
        part = fraction(xy_cell)
        return join_claims((part < 0.5) & (xy_cell > 1), (part > 0.5) & (xy_cell < grid_wh - 1))
