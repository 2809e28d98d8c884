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

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from assignstudy.assign.rule import Rule, as_float32
from assignstudy.errors import ConfigError
from assignstudy.geometry import worst_side_ratio
from assignstudy.types import Assignment, InputBoxes, LevelPositives, PyramidLevel, Reach, RuleFacts, Threshold

REACH = Reach(offset_low=-0.5, offset_high=1.5, max_ratio=4.0)
"""What YOLOv5's decoder ``2 * sigmoid(t) - 0.5`` and ``(2 * sigmoid(t)) ** 2 * anchor`` can output."""

CELL_SHIFT = torch.tensor([[0.0, 0.0], [0.5, 0.0], [0.0, 0.5], [-0.5, 0.0], [0.0, -0.5]])
"""(5, 2) subtracted from the centre to reach each neighbour, in the order of :class:`assignstudy.types.CellOffset`."""


class Yolov5(Rule):
    """YOLOv5's assignment; the module's docstring states it.

    Args:
        anchor_t: Largest accepted side ratio, above 1; a ratio that equals it does not fit.

    Raises:
        ConfigError: If no box could ever fit.
    """

    threshold_name = "anchor_t"
    published_threshold = 4.0

    def __init__(self, anchor_t: float = published_threshold) -> None:
        """Check and keep the threshold as float32."""
        if not (math.isfinite(anchor_t) and anchor_t > 1):
            raise ConfigError(f"anchor_t: expected a number above 1 (a side ratio is never below 1), got {anchor_t}")
        self.anchor_t = as_float32(anchor_t)

    @property
    def facts(self) -> RuleFacts:
        """YOLOv5's threshold, reach and slots."""
        return RuleFacts(
            name="yolov5",
            title="YOLOv5",
            source="YOLOv5 since 2020-07-31",
            threshold=Threshold("anchor_t", self.anchor_t, "critical_anchor_t", matches_below=True),
            reach=REACH,
            neighbour_cells=True,
        )

    def assign(self, boxes: InputBoxes, levels: Sequence[PyramidLevel]) -> Assignment:
        """Assign whole images; the critical number is the smallest side ratio over all anchors of all levels."""
        ratios = [level_ratios(boxes, level) for level in levels]
        positives = tuple(
            self._positives(boxes, level, ratio < self.anchor_t) for level, ratio in zip(levels, ratios, strict=True)
        )
        return Assignment(positives, *best_anchor(ratios, len(boxes)))

    def _positives(self, boxes: InputBoxes, level: PyramidLevel, fits: Tensor) -> LevelPositives:
        grid_wh = boxes.input_wh_px // level.stride
        xy_cell = boxes.cxcywh_norm[:, :2] * grid_wh
        claims = claimed_cells(xy_cell, grid_wh)
        cell_offset, anchor, gt_row = (claims.T[:, None] & fits.T[None]).nonzero(as_tuple=True)
        shifted = xy_cell[gt_row] - CELL_SHIFT.to(xy_cell.device)[cell_offset]
        last_cell = (grid_wh - 1).expand(len(boxes), 2)[gt_row]
        # Clamping before the cast keeps far-away centres out of an undefined float to integer conversion.
        cell = shifted.trunc().clamp(min=0).minimum(last_cell.float()).long()
        return LevelPositives(gt_row, anchor, grid_y=cell[:, 1], grid_x=cell[:, 0], cell_offset=cell_offset)


def level_ratios(boxes: InputBoxes, level: PyramidLevel) -> Tensor:
    """(G, A) worst side ratio of each ground truth to each anchor of a level, computed in cells."""
    grid_wh = boxes.input_wh_px // level.stride
    return worst_side_ratio(boxes.cxcywh_norm[:, 2:] * grid_wh, level.anchor_wh_px / level.stride)


def claimed_cells(xy_cell: Tensor, grid_wh: Tensor) -> Tensor:
    """(G, 5) bool: which of the five cells around its centre each ground truth claims.

    Args:
        xy_cell: (G, 2) float32 centres in cells.
        grid_wh: (1, 2) or (G, 2) columns and rows of the grid.
    """
    from_end = grid_wh - xy_cell
    near_low = (xy_cell.remainder(1) < 0.5) & (xy_cell > 1)
    near_high = (from_end.remainder(1) < 0.5) & (from_end > 1)
    centre = torch.ones_like(near_low[:, :1])
    return torch.cat((centre, near_low, near_high), dim=1)


def best_anchor(ratios: Sequence[Tensor], boxes: int) -> tuple[Tensor, Tensor, Tensor]:
    """The smallest ratio of each ground truth and the anchor it belongs to; the first level and anchor win ties.

    Args:
        ratios: Per level (G, A).
        boxes: G, needed where there is no level with anchors.

    Returns:
        (G,) float32 ratio, (G,) int64 level, (G,) int64 anchor in that level.
    """
    all_ratios = torch.cat(list(ratios), dim=1)
    if not all_ratios.shape[1]:
        none = all_ratios.new_full((boxes,), -1, dtype=torch.int64)
        return all_ratios.new_full((boxes,), math.inf), none, none
    critical, column = all_ratios.min(dim=1)
    first = torch.tensor([0, *(ratio.shape[1] for ratio in ratios)], device=column.device).cumsum(0)
    level = torch.bucketize(column, first[1:], right=True)
    return critical, level, column - first[level]
