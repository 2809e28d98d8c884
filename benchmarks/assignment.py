"""How much faster a whole data set is assigned and counted than a training loop lists its positives.

    python -m benchmarks.assignment                                    generated boxes, as many as in COCO train2017
    python -m benchmarks.assignment --labels annotations.json          COCO JSON, or .npz as in benchmarks.labels
    python -m benchmarks.assignment --images 3000 --boxes-per-image 300         crowded, as seen from the air

Both sides begin with the boxes on the network input. The plain side (:mod:`benchmarks.plain`) lists the positives of
YOLOv5's rule in batches of 16 images, and no more. Ours comes to every metric and every table. They take turns, so that
what else the machine does hits both; printed are ratios of the medians and of the best times, by the clock and by the
processor (which does not count waiting, but adds up all threads), never seconds alone.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from assignstudy import study
from assignstudy.assign import run as assignment
from assignstudy.assign.device import chunk_workers
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.statistics import door, tally
from assignstudy.transforms import Letterbox, NetworkInput, to_network_input
from assignstudy.types import Dataset
from benchmarks import plain
from benchmarks.labels import COCO_BOXES_PER_IMAGE, COCO_IMAGES, labels

IMGSZ = 640
RULE = Yolov5()
LEVELS = RULE.published_levels()


@dataclass(frozen=True, eq=False)
class Prepared:
    """What both sides begin with."""

    setting: study.Study
    network_input: NetworkInput
    arrays: door.LabelArrays
    batches: list[plain.Batch]

    @classmethod
    def of(cls, dataset: Dataset) -> Prepared:
        """Everything before the assignment."""
        network_input = to_network_input(dataset, Letterbox(), (IMGSZ, IMGSZ), LEVELS[-1].stride)
        boxes = network_input.boxes
        setting = study.Study(dataset, RULE, LEVELS, Letterbox(), (IMGSZ, IMGSZ))
        batches = plain.batches(boxes, dataset.class_id[boxes.gt_id])
        return cls(setting, network_input, door.label_arrays(dataset, network_input), batches)


@dataclass(frozen=True)
class Took:
    """One turn of one side."""

    clock: float
    processor: float
    positives: int


def main() -> None:
    """Measure and print."""
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--labels", type=Path, help="COCO JSON or .npz; generated boxes without it")
    cli.add_argument("--images", type=int, default=COCO_IMAGES, help="how many images to generate")
    cli.add_argument("--boxes-per-image", type=float, default=COCO_BOXES_PER_IMAGE, help="how many boxes on each")
    cli.add_argument("--turns", type=int, default=3)
    options = cli.parse_args()
    prepared = Prepared.of(labels(options.labels, options.images, options.boxes_per_image))
    print(f"{len(prepared.network_input.boxes):,} boxes at {IMGSZ} px, {torch.get_num_threads()} threads")
    turns = [[_took(side, prepared) for side in SIDES.values()] for _ in range(options.turns)]
    reference = [turn[0] for turn in turns]
    for position, name in enumerate(SIDES):
        _say(name, reference, [turn[position] for turn in turns])


def _took(side: Callable[[Prepared], int], prepared: Prepared) -> Took:
    clock, processor = time.perf_counter(), time.process_time()
    positives = side(prepared)
    return Took(time.perf_counter() - clock, time.process_time() - processor, positives)


def _say(name: str, reference: Sequence[Took], turns: Sequence[Took]) -> None:
    if turns[0].positives != reference[0].positives:
        sys.exit(f"{name}: expected {reference[0].positives} positives, got {turns[0].positives}")
    clock = [one.clock / other.clock for one, other in zip(reference, turns, strict=True)]
    best = min(one.clock for one in reference) / min(one.clock for one in turns)
    processor = min(one.processor for one in reference) / min(one.processor for one in turns)
    print(
        f"{name}: {statistics.median(clock):.1f} times faster (best against best {best:.1f}, processor time "
        f"{processor:.1f}), {turns[0].positives:,} positives"
    )


def _plain(prepared: Prepared) -> int:
    with _one_thread():  # on tensors as short as a batch's a second one only slows torch down
        return sum(
            len(level[0])
            for targets, input_wh in prepared.batches
            for level in plain.positives(targets, input_wh, LEVELS, RULE.anchor_t)
        )


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _all_metrics(prepared: Prepared) -> int:
    counts = _counted(prepared)
    return int(counts.ground_truths.positives.sum())


def _all_tables(prepared: Prepared) -> int:
    setting, arrays = prepared.setting, prepared.arrays
    tables = study.tables(setting, arrays, _counted(prepared), None, ())
    return int(tables.metrics["positives"] or 0)


def _counted(prepared: Prepared) -> tally.Tally:
    return study.count(prepared.setting, prepared.network_input, prepared.arrays, None)


def _positives_alone(prepared: Prepared) -> int:
    """Positives of each ground truth, from the two masks."""
    with chunk_workers() as pool:
        parts = assignment.factored_parts(RULE, prepared.network_input.boxes, LEVELS)
        return sum(int(counts.sum()) for counts in pool.map(_per_ground_truth, parts))


def _per_ground_truth(part: assignment.FactoredPart) -> np.ndarray:
    levels = part.factors().levels
    return np.sum([tally.marks(one.fits.numpy()) * tally.marks(one.claims.numpy()) for one in levels], axis=0)


SIDES = {
    "plain, positives listed in batches of 16 images": _plain,
    "positives per ground truth alone": _positives_alone,
    "all counts": _all_metrics,
    "all metrics and tables": _all_tables,
}

if __name__ == "__main__":
    main()
