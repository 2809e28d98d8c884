"""The labels that benchmarks run on: your own, or generated ones of COCO's size and crowding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from assignstudy.datasets import read_dataset
from assignstudy.types import Dataset

COCO_IMAGES = 117_266
COCO_BOXES_PER_IMAGE = 7.25


def labels(path: Path | None, images: int, boxes_per_image: float = COCO_BOXES_PER_IMAGE) -> Dataset:
    """The labels in a COCO JSON or an .npz (image_id (N,), box (N, 4) as corners, img_wh (M, 2)), else generated."""
    if path is None:
        return generated(images, boxes_per_image)
    return from_archive(path) if path.suffix == ".npz" else read_dataset("coco", {"annotations": str(path)})


def from_archive(path: Path) -> Dataset:
    """The labels in an .npz."""
    with np.load(path) as archive:
        order = np.argsort(archive["image_id"], kind="stable")
        image, xyxy, sizes = archive["image_id"][order], archive["box"][order].astype(float), archive["img_wh"]
    low, high = xyxy[:, :2], xyxy[:, 2:]
    whole = sizes[image]
    return _dataset(image, np.concatenate(((low + high) / 2 / whole, (high - low) / whole), axis=1), sizes)


def generated(images: int, boxes_per_image: float = COCO_BOXES_PER_IMAGE) -> Dataset:
    """Boxes spread over images as unevenly as in COCO, sizes over octaves; the more on an image, the smaller."""
    random = np.random.Generator(np.random.PCG64(0))
    crowd = random.gamma(0.8, 1.0, images)
    image = np.repeat(np.arange(images), random.poisson(boxes_per_image * crowd / 0.8))
    largest = min(0.9, 0.9 * (COCO_BOXES_PER_IMAGE / boxes_per_image) ** 0.5)
    wh = np.exp(random.uniform(np.log(0.01), np.log(largest), (len(image), 2))).astype(np.float32)
    centre = random.uniform(wh / 2, 1 - wh / 2).astype(np.float32)
    return _dataset(image, np.concatenate((centre, wh), axis=1), np.full((images, 2), (640, 480)))


def _dataset(image: np.ndarray, cxcywh: np.ndarray, sizes: np.ndarray) -> Dataset:
    return Dataset(
        name="benchmark",
        class_names=tuple(f"class {number}" for number in range(80)),
        image_paths=tuple(f"{number:09d}.jpg" for number in range(len(sizes))),
        image_wh_orig=torch.from_numpy(sizes.astype(np.int32)),
        image_index=torch.from_numpy(image.astype(np.int64)),
        class_id=torch.from_numpy(np.arange(len(image)) % 80),
        cxcywh_norm_orig=torch.from_numpy(cxcywh).float(),
        ignored=torch.zeros(len(image), dtype=torch.bool),
    )
