"""Small batches for the losses: seeded predictions, and boxes that contest slots, double themselves and lie outside."""

from dataclasses import dataclass
from typing import Any

import torch

from assignstudy import losses
from assignstudy.assign.yolov3_spp import Yolov3Spp
from assignstudy.assign.yolov5 import Yolov5
from tests.boxes import COCO_P5, make_boxes, make_levels, rows_of, seeded_boxes
from tests.oracles import losses as twin

KINDS = {"yolov5": (losses.yolov5, Yolov5), "yolov3_spp": (losses.yolov3_spp, Yolov3Spp)}


@dataclass(frozen=True, eq=False)
class Batch:
    """Everything a loss is computed from."""

    kind: str
    predictions: list[torch.Tensor]
    assignment: Any
    boxes: Any
    class_id: torch.Tensor
    spec: Any

    def loss(self, weights=None, predictions=None):
        arguments = (self.assignment, self.boxes, self.class_id, make_levels(self.spec), weights)
        return KINDS[self.kind][0](predictions or self.predictions, *arguments)

    def twin(self, weights, predictions=None, frozen=None):
        rows = [rows_of(level) for level in self.assignment.levels]
        columns = (self.boxes.image_index.tolist(), self.class_id.tolist(), self.boxes.cxcywh_norm.tolist())
        nested = [
            [level.tolist() for level in part] if part else None for part in (predictions or self.predictions, frozen)
        ]
        truth = list(zip(*columns, strict=True))
        return twin.loss(self.kind, nested[0], rows, truth, self.spec, weights, nested[1])


def make_batch(kind, boxes, spec=COCO_P5, images=3, classes=4, dtype=torch.float64, seed=0, rule=None):
    """Predictions around 0 for given boxes, assigned by the loss's own rule."""
    generator = torch.Generator().manual_seed(seed)
    width, height = boxes.input_wh_px[0].tolist()
    shapes = [(images, len(anchors), height // stride, width // stride, 5 + classes) for stride, anchors in spec]
    predictions = [torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes]
    assignment = (rule or KINDS[kind][1]()).assign(boxes, make_levels(spec))
    class_id = torch.randint(0, classes, (len(boxes),), generator=generator)
    return Batch(kind, predictions, assignment, boxes, class_id, spec)


def crowded_batch(kind, **options):
    """Many boxes on whole pixels of three small images that are not square: contested slots and self-duplicates."""
    return make_batch(kind, seeded_boxes(1, boxes=60, images=3, input_wh=(96, 64)), **options)


def hard_batch(kind, **options):
    """Few boxes: exact duplicates, both grid lines, on and beyond the border, and one that fits no anchor."""
    boxes = [
        (0.5, 0.5, 0.3, 0.4),
        (0.5, 0.5, 0.3, 0.4),
        (1.0, 1.0, 0.2, 0.2),
        (1.1, 0.4, 0.5, 0.5),
        (-0.1, 0, 0.3, 0.3),
    ]
    return make_batch(kind, make_boxes([0, 0, 0, 2, 2, 2], [*boxes, (0.3, 0.3, 0.001, 0.9)], (64, 96)), **options)
