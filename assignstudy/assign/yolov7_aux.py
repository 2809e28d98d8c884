r"""YOLOv7's rule for its auxiliary head: anchors by side ratio, all five cells around the centre.

Shape: an anchor fits iff the worst side ratio is strictly below ``anchor_t`` (default 4).

Cells. With the centre :math:`(X, Y)` in cells of a :math:`W \times H` grid and :math:`X' = W - X` in float32, a fitting
anchor is a positive in the centre's cell, and also in the cell

* left, of :math:`X - 1`, iff :math:`X > 1`; right, of :math:`X + 1`, iff :math:`X' > 1`,
* up and down likewise in :math:`Y`,

strictly, clamped to the grid. What differs from ``yolov5``: both neighbours of an axis are used, and they lie a whole
cell away. The head is trained with YOLOv5's decoder, so targets of side cells in [1.5, 2) or (-1, -0.5] cannot be
output: nearly half of the side positives are unreachable.

Source: YOLOv7 (2022), the search with five positives. Rows: offset, anchor, ground truth; the last row wins.
"""

from __future__ import annotations

from typing import final

from torch import Tensor

from assignstudy.assign.levels import levels_of
from assignstudy.assign.ratio import RatioRule, join_claims
from assignstudy.types import PyramidLevel


@final
class Yolov7Aux(RatioRule):
    """The assignment of YOLOv7's auxiliary head; the module's docstring states it."""

    name = "yolov7_aux"
    title = "YOLOv7 auxiliary head"
    source = "YOLOv7 (2022)"
    step = 1.0

    def published_levels(self) -> tuple[PyramidLevel, ...]:
        """YOLOv7's anchors for COCO."""
        return levels_of(
            {
                8: [(12, 16), (19, 36), (40, 28)],
                16: [(36, 75), (76, 55), (72, 146)],
                32: [(142, 110), (192, 243), (459, 401)],
            }
        )

    def claimed_cells(self, xy_cell: Tensor, grid_wh: Tensor) -> Tensor:
        """Every neighbour that lies inside the grid."""
        return join_claims(xy_cell > 1, grid_wh - xy_cell > 1)
