"""How much faster the dense rules are than the plain matrix of all anchors × all boxes, image by image.

    python -m benchmarks.dense                                     generated boxes
    python -m benchmarks.dense --boxes annotations.json            COCO JSON
    python -m benchmarks.dense --boxes boxes.npz                   an archive as in benchmarks.labels

Both sides get the same boxes on the same machine in one go, each in a process of its own that has warmed up; both must
find the same number of positives. Printed are the ratio of their best times of three and how far each raised the peak
memory of its process (0 MB: not above what importing had taken before), never seconds: those say more of the machine
than of the program.
"""

from __future__ import annotations

import argparse
import functools
import math
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from assignstudy.assign.atss import Atss
from assignstudy.assign.fcos import Fcos
from assignstudy.assign.max_iou import MaxIou
from assignstudy.assign.rule import Rule
from assignstudy.assign.run import run
from assignstudy.transforms import Letterbox, to_network_input
from assignstudy.types import InputBoxes, PyramidLevel
from benchmarks.labels import labels

IMGSZ = 640
REPEATS = 3


class Sides(NamedTuple):
    """One rule of ours, and the same rule written down plainly for one image's boxes."""

    rule: Rule
    plain: Callable[[Tensor, tuple[PyramidLevel, ...]], int]


class Measured(NamedTuple):
    """What one side took."""

    seconds: float
    memory_mb: float
    positives: int


def main() -> None:
    """Measure every rule and print one line each."""
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--boxes", type=Path, help="COCO JSON or .npz; generated boxes without it")
    cli.add_argument("--images", type=int, default=100, help="how many images to take")
    options = cli.parse_args()
    boxes = _boxes(options.boxes, options.images)
    images = len(boxes.image_index.unique())
    print(f"{len(boxes)} boxes on {images} images at {IMGSZ}, {torch.get_num_threads()} threads")
    for name in SIDES:
        ours, plain = _compare(name, options.boxes, options.images)
        if ours.positives != plain.positives:
            sys.exit(f"{name}: expected {plain.positives} positives as in the plain matrix, got {ours.positives}")
        print(
            f"{name}: {plain.seconds / ours.seconds:.0f} times faster, {ours.memory_mb:.0f} MB against "
            f"{plain.memory_mb:.0f} MB, {ours.positives} positives on both sides"
        )


def _compare(name: str, path: Path | None, images: int) -> tuple[Measured, Measured]:
    """Both sides by turns, so that what else the machine does hits both."""
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(1) as one, spawn.Pool(1) as other:
        turns = [
            (one.apply(_measure, (_ours, name, path, images)), other.apply(_measure, (_plain, name, path, images)))
            for _ in range(REPEATS)
        ]
    ours, plain = (_best(side) for side in zip(*turns, strict=True))
    return ours, plain


def _best(turns: Sequence[Measured]) -> Measured:
    return Measured(min(t.seconds for t in turns), max(t.memory_mb for t in turns), turns[0].positives)


def _measure(side: Callable[[str, InputBoxes], int], name: str, path: Path | None, images: int) -> Measured:
    boxes = _boxes(path, images)
    side(name, boxes.rows(0, 1))
    before, start = _peak_mb(), time.perf_counter()
    positives = side(name, boxes)
    return Measured(time.perf_counter() - start, _peak_mb() - before, positives)


def _peak_mb() -> float:
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _ours(name: str, boxes: InputBoxes) -> int:
    rule = SIDES[name].rule
    return sum(len(level) for chunk in run(rule, boxes, rule.published_levels()) for level in chunk.assignment.levels)


def _plain(name: str, boxes: InputBoxes) -> int:
    rule, plain = SIDES[name]
    images = torch.unique_consecutive(boxes.image_index, return_counts=True)[1].tolist()
    return sum(plain(corners, rule.published_levels()) for corners in boxes.xyxy_px.split(images))


def _every_anchor(level: PyramidLevel) -> Tensor:
    """(cells · A, 4) corners of all anchors of a level."""
    steps = torch.arange(-(-IMGSZ // level.stride)) * float(level.stride)
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    centre, half = torch.stack((x, y), dim=-1).view(-1, 1, 2), level.anchor_wh_px / 2
    return torch.cat((centre - half, centre + half), dim=-1).view(-1, 4)


def _every_iou(gt: Tensor, anchors: Tensor) -> Tensor:
    """(G, N) overlaps."""
    low = torch.maximum(gt[:, None, :2], anchors[:, :2])
    high = torch.minimum(gt[:, None, 2:], anchors[:, 2:])
    inter = (high - low).clamp(min=0).prod(dim=-1)
    gt_area, area = ((box[:, 2:] - box[:, :2]).prod(dim=-1) for box in (gt, anchors))
    return inter / (gt_area[:, None] + area - inter)


def _plain_max_iou(rule: MaxIou) -> Callable[[Tensor, tuple[PyramidLevel, ...]], int]:
    def positives(gt: Tensor, levels: tuple[PyramidLevel, ...]) -> int:
        iou = _every_iou(gt, torch.cat([_every_anchor(level) for level in levels]))
        forced = (iou == iou.amax(dim=1, keepdim=True)).any(dim=0)
        return int(((iou.amax(dim=0) >= rule.iou_t) | forced).sum())

    return positives


def _plain_atss(gt: Tensor, levels: tuple[PyramidLevel, ...]) -> int:
    near = [_nearest_nine(gt, _every_anchor(level)) for level in levels]
    iou = torch.cat([part for _, part, _ in near]).double()
    threshold = iou.mean(dim=0).float() + iou.std(dim=0).float()
    taken = [index[(part >= threshold) & inside].unique() for index, part, inside in near]
    return sum(map(len, taken))


def _nearest_nine(gt: Tensor, anchors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(9, G) index, overlap, and whether the centre is inside, of the anchors nearest to each box."""
    centre, gt_centre = ((box[:, :2] + box[:, 2:]) / 2 for box in (anchors, gt))
    distance = (centre[:, None] - gt_centre).pow(2).sum(dim=-1).sqrt()
    index = distance.argsort(dim=0, stable=True)[:9]
    sides = torch.cat((centre[index] - gt[:, :2], gt[:, 2:] - centre[index]), dim=-1)
    return index, _every_iou(gt, anchors).T.gather(0, index), sides.amin(dim=-1) > 0.01


def _plain_fcos(gt: Tensor, levels: tuple[PyramidLevel, ...]) -> int:
    bounds = [-1.0, *(8.0 * level.stride for level in levels[:-1]), math.inf]
    total = 0
    for number, level in enumerate(levels):
        steps = (torch.arange(-(-IMGSZ // level.stride)) + 0.5) * level.stride
        y, x = torch.meshgrid(steps, steps, indexing="ij")
        point = torch.stack((x, y), dim=-1).view(-1, 1, 2)
        sides = torch.cat((point - gt[:, :2], gt[:, 2:] - point), dim=-1)
        farthest = sides.amax(dim=-1)
        wanted = (sides.amin(dim=-1) > 0) & (farthest >= bounds[number]) & (farthest <= bounds[number + 1])
        total += int(wanted.any(dim=1).sum())
    return total


@functools.cache
def _boxes(path: Path | None, images: int) -> InputBoxes:
    dataset = labels(path, images)
    boxes = to_network_input(dataset, Letterbox(), (IMGSZ, IMGSZ), 32).boxes
    return boxes.rows(0, int(torch.searchsorted(boxes.image_index, images)))


RETINANET, FASTER_RCNN = MaxIou(), MaxIou(preset="faster_rcnn")
SIDES = {
    "max_iou, RetinaNet": Sides(RETINANET, _plain_max_iou(RETINANET)),
    "max_iou, Faster R-CNN": Sides(FASTER_RCNN, _plain_max_iou(FASTER_RCNN)),
    "atss": Sides(Atss(), _plain_atss),
    "fcos": Sides(Fcos(), _plain_fcos),
}

if __name__ == "__main__":
    main()
