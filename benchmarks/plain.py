"""YOLOv5's assignment as training code usually writes it: one tensor of targets per batch, expanded, then filtered.

It lists the positives of a batch and nothing more: what a training step needs. Written here from the rule's description
(:mod:`assignstudy.assign.yolov5`), without the detours that published versions take, so that the ratio is a fair one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from assignstudy.types import InputBoxes, PyramidLevel

BATCH_IMAGES = 16
STEPS = torch.tensor([[0.0, 0.0], [0.5, 0.0], [0.0, 0.5], [-0.5, 0.0], [0.0, -0.5]])

Batch = tuple[Tensor, Tensor]  # (T, 6): image in its batch, class, centre and size over the input; (2,) input in pixels


def batches(boxes: InputBoxes, class_id: Tensor) -> list[Batch]:
    """The ground truths as a loader hands them over, 16 images at a time; images without a box count."""
    images = int(boxes.image_index[-1]) + 1 if len(boxes) else 0
    starts = torch.searchsorted(boxes.image_index, torch.arange(0, images + BATCH_IMAGES, BATCH_IMAGES))
    image = (boxes.image_index % BATCH_IMAGES).float()[:, None]
    targets = torch.cat((image, class_id.float()[:, None], boxes.cxcywh_norm), dim=1)
    return [(part, boxes.input_wh_px[0].float()) for part in targets.tensor_split(starts[1:-1])]


def positives(
    targets: Tensor, input_wh: Tensor, levels: Sequence[PyramidLevel], anchor_t: float
) -> Iterator[tuple[Tensor, ...]]:
    """Image, anchor, cell, target box and class of every positive of one batch, level by level."""
    for level in levels:
        grid_wh = input_wh / level.stride
        anchors_cell = level.anchor_wh_px / level.stride
        scaled = torch.cat((targets[:, :2], targets[:, 2:] * grid_wh.repeat(2)), dim=1)
        anchor = torch.arange(len(anchors_cell)).float()[:, None, None].expand(-1, len(scaled), 1)
        every = torch.cat((scaled.expand(len(anchors_cell), -1, -1), anchor), dim=2)
        ratio = every[..., 4:6] / anchors_cell[:, None]
        fitting = every[torch.max(ratio, 1 / ratio).amax(dim=2) < anchor_t]
        rows, step = _with_neighbours(fitting, grid_wh)
        yield _listed(rows, step, grid_wh)


def _with_neighbours(fitting: Tensor, grid_wh: Tensor) -> tuple[Tensor, Tensor]:
    xy = fitting[:, 2:4]
    from_end = grid_wh - xy
    low = ((xy % 1 < 0.5) & (xy > 1)).T
    high = ((from_end % 1 < 0.5) & (from_end > 1)).T
    wanted = torch.cat((torch.ones_like(low[:1]), low, high))
    rows = fitting.expand(5, -1, -1)[wanted]
    return rows, STEPS[:, None].expand(-1, len(fitting), 2)[wanted]


def _listed(rows: Tensor, step: Tensor, grid_wh: Tensor) -> tuple[Tensor, ...]:
    image, class_id, anchor = rows[:, 0].long(), rows[:, 1].long(), rows[:, 6].long()
    xy, wh = rows[:, 2:4], rows[:, 4:6]
    cell = (xy - step).long()
    x, y = cell[:, 0].clamp(0, int(grid_wh[0]) - 1), cell[:, 1].clamp(0, int(grid_wh[1]) - 1)
    box = torch.cat((xy - torch.stack((x, y), dim=1), wh), dim=1)
    return image, anchor, y, x, box, class_id
