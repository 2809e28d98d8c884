"""How much faster COCO JSON is read than by Python's own parser, the first time and from the cache.

    python -m benchmarks.reading                                       generated, as large as COCO train2017
    python -m benchmarks.reading --annotations annotations.json

Both sides take turns. Python's parser only has to parse; ours checks every box and comes to a data set. The first time
includes writing the cache entry, which lies in a folder of its own here.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from assignstudy.datasets import read_dataset
from assignstudy.types import Dataset
from benchmarks.labels import COCO_IMAGES, generated

TURNS = 3


def main() -> None:
    """Measure and print."""
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--annotations", type=Path, help="COCO JSON; generated without it")
    cli.add_argument("--images", type=int, default=COCO_IMAGES, help="how many images to generate")
    options = cli.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        path = options.annotations or _written(generated(options.images), Path(folder) / "generated.json")
        print(f"{path}: {path.stat().st_size / 1e6:.0f} MB")
        _compare(path)


def _compare(path: Path) -> None:
    sides = {
        "Python's json": lambda: json.loads(path.read_bytes()),
        "without the cache": lambda: _read(path, cache=False),
        "the first time": lambda: (_forget(), _read(path)),
        "from the cache": lambda: _read(path),
    }
    turns = [{name: _seconds(side) for name, side in sides.items()} for _ in range(TURNS)]
    best = {name: min(turn[name] for turn in turns) for name in sides}
    reference, *_ = best.values()
    for name, seconds in best.items():
        print(f"{name}: {reference / seconds:.1f} times faster, {seconds:.2f} s")


def _read(path: Path, *, cache: bool = True) -> Dataset:
    return read_dataset("coco", {"annotations": str(path), "cache": cache})


def _forget() -> None:
    for entry in Path(os.environ["XDG_CACHE_HOME"]).rglob("*.parquet"):
        entry.unlink()


def _seconds(side: Callable[[], object]) -> float:
    start = time.perf_counter()
    side()
    return time.perf_counter() - start


def _written(dataset: Dataset, path: Path) -> Path:
    """The data set as COCO JSON with two decimals, as COCO's own."""
    sizes = dataset.image_wh_orig.tolist()
    images = [
        {"id": number, "file_name": name, "width": width, "height": height}
        for number, (name, (width, height)) in enumerate(zip(dataset.image_paths, sizes, strict=True))
    ]
    rows = zip(dataset.image_index.tolist(), dataset.class_id.tolist(), dataset.cxcywh_norm_orig.tolist(), strict=True)
    annotations = [
        {"id": row, "image_id": image, "category_id": class_id, "bbox": _bbox(box, *sizes[image]), "iscrowd": 0}
        for row, (image, class_id, box) in enumerate(rows, start=1)
    ]
    categories = [{"id": number, "name": name} for number, name in enumerate(dataset.class_names)]
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return path


def _bbox(box: list[float], width: int, height: int) -> list[float]:
    x, y, w, h = box
    corners = ((x - w / 2) * width, (y - h / 2) * height, w * width, h * height)
    return [round(value, 2) for value in corners]


if __name__ == "__main__":
    main()
