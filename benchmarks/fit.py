"""Fitted anchors against the well-known procedure: how well they fit, and how much sooner.

    python -m benchmarks.fit                                       generated boxes
    python -m benchmarks.fit --boxes annotations.json              COCO JSON
    python -m benchmarks.fit --boxes boxes.npz                     image_id (N,), box (N, 4) as corners, img_wh (M, 2)

The procedure, written down from its description: k-means over widths and heights divided by their standard deviations,
then 1,000 generations in which all sides are mutated at once and a set that fits better survives. Only the generations
are timed, not its k-means. Both sides get the same boxes on the same machine in one go, by turns; fitness is measured
with the procedure's own definition, on all boxes. Printed are ratios, never seconds: those say more of the machine than
of the program.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from assignstudy.assign.levels import COCO_P5
from assignstudy.datasets import read_dataset
from assignstudy.fitting.fit import fit
from assignstudy.settings import FIT_METHODS, FitSettings
from assignstudy.transforms import Letterbox, to_network_input
from assignstudy.types import Threshold

Floats = npt.NDArray[np.float64]

IMGSZ, ANCHORS, ANCHOR_T = 640, 9, 4.0
GENERATIONS, KMEANS_STARTS, KMEANS_ROUNDS = 1000, 5, 30
MUTATED, SIGMA = 0.9, 0.1
"""Chance that a side is mutated, and how far: both as the procedure is usually run."""
TURNS = 3


def main() -> None:
    """Fit both ways and print fitness and ratios."""
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--boxes", type=Path, help="COCO JSON or .npz; generated boxes without it")
    wh_px = _sizes(cli.parse_args().boxes)
    print(f"{len(wh_px)} boxes at {IMGSZ}, {ANCHORS} anchors, anchor_t {ANCHOR_T:g}, {torch.get_num_threads()} threads")
    boxes, start = torch.from_numpy(wh_px).float(), _kmeans(wh_px)
    published = torch.cat([level.anchor_wh_px for level in COCO_P5])
    print(f"published anchors: fitness {_fitness(boxes, published):.4f}")
    ours = {method: _ours(method, wh_px) for method in FIT_METHODS}
    turns = [
        (_timed(lambda: _plain(boxes, start)), {m: _timed(side) for m, side in ours.items()}) for _ in range(TURNS)
    ]
    (_, plain), _ = turns[0]
    seconds = min(one for (one, _), _ in turns)
    print(f"k-means and {GENERATIONS:,} generations: fitness {_fitness(boxes, plain):.4f}")
    for method in FIT_METHODS:
        taken, (_, found) = min(side[method][0] for _, side in turns), turns[0][1][method]
        print(f"{method}: fitness {_fitness(boxes, found):.4f}, {seconds / taken:.0f} times faster")


def _ours(method: str, wh_px: Floats) -> Callable[[], torch.Tensor]:
    order = FitSettings((8, 16, 32), ANCHORS, method, min_side_cell=1.0, seed=0)
    threshold = Threshold("anchor_t", ANCHOR_T, "critical_anchor_t", matches_below=True)
    return lambda: torch.tensor([pair for level in fit(wh_px, threshold, order) for pair in level.wh_px])


def _timed(side: Callable[[], torch.Tensor]) -> tuple[float, torch.Tensor]:
    start = time.perf_counter()
    found = side()
    return time.perf_counter() - start, found


def _fitness(boxes: torch.Tensor, anchors: torch.Tensor) -> float:
    """Mean over boxes of the best anchor's worst side ratio, as a fraction; 0 where it is not above 1 / anchor_t."""
    ratio = boxes[:, None] / anchors[None]
    best = torch.minimum(ratio, 1 / ratio).amin(dim=2).amax(dim=1)
    return float((best * (best > 1 / ANCHOR_T)).mean())


def _plain(boxes: torch.Tensor, anchors: torch.Tensor) -> torch.Tensor:
    dice = np.random.Generator(np.random.PCG64(0))
    best = _fitness(boxes, anchors)
    for _ in range(GENERATIONS):
        factor = np.ones((ANCHORS, 2))
        while (factor == 1).all():
            is_mutated = dice.random((ANCHORS, 2)) < MUTATED
            factor = (is_mutated * dice.random() * dice.standard_normal((ANCHORS, 2)) * SIGMA + 1).clip(0.3, 3.0)
        child = (anchors * torch.from_numpy(factor).float()).clamp(min=2.0)
        if (reached := _fitness(boxes, child)) > best:
            best, anchors = reached, child
    return anchors


def _kmeans(wh_px: Floats) -> torch.Tensor:
    """(A, 2) centres of the tightest of several k-means over sides divided by their standard deviations."""
    scale, dice = wh_px.std(axis=0), np.random.Generator(np.random.PCG64(0))
    found = [_clustered(wh_px / scale, dice) for _ in range(KMEANS_STARTS)]
    return torch.from_numpy(min(found, key=lambda one: one[0])[1] * scale).float()


def _clustered(points: Floats, dice: np.random.Generator) -> tuple[float, Floats]:
    centres = points[dice.choice(len(points), ANCHORS, replace=False)]
    for _ in range(KMEANS_ROUNDS):
        nearest = ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        centres = np.array(
            [points[nearest == k].mean(axis=0) if (nearest == k).any() else c for k, c in enumerate(centres)]
        )
    return float(((points - centres[nearest]) ** 2).sum()), centres


def _sizes(path: Path | None) -> Floats:
    """(G, 2) widths and heights in pixels of a letterboxed input."""
    if path is None:
        dice = np.random.Generator(np.random.PCG64(0))
        return np.exp(dice.normal((3.8, 3.9), 1.0, (20_000, 2))).clip(2, IMGSZ)
    if path.suffix != ".npz":
        dataset = read_dataset("coco", {"annotations": str(path)})
        return to_network_input(dataset, Letterbox(), (IMGSZ, IMGSZ), 32).boxes.wh_px.double().numpy()
    with np.load(path) as archive:
        corners, wh_orig = archive["box"].astype(np.float64), archive["img_wh"][archive["image_id"]].astype(np.float64)
    wh_px = (corners[:, 2:] - corners[:, :2]) * (IMGSZ / wh_orig).min(axis=1, keepdims=True)
    return wh_px[(wh_px > 0).all(axis=1)]


if __name__ == "__main__":
    main()
