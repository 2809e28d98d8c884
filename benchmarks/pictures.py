"""How long pictures take: a gallery of eight images, and one picture with thousands of boxes.

Run it with ``python -m benchmarks.pictures``.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from assignstudy.assign.rule import Rule
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.datasets import read_dataset
from assignstudy.figures import gallery as figures
from assignstudy.figures import panel_svg
from assignstudy.report import gallery
from assignstudy.report.view import RunView
from assignstudy.statistics.gallery import Wish
from assignstudy.study import Study, StudyResult, run, show, show_images
from assignstudy.transforms import Letterbox
from assignstudy.types import Dataset

ROUNDS = 5


def main() -> None:
    """Print both."""
    study, result = _studied(read_dataset("demo", {"images": 100}))
    seconds, section = _best(lambda: _gallery(study, result))
    print(f"a gallery of 8 images × 3 levels of the built-in data set: {seconds:.2f} s, {len(section) / 1e6:.2f} MB")
    study, result = _studied(_crowd(3000))
    image = show_images(study, result, Wish()).images[0]
    for draw in (figures.original, figures.cells_on_grid, figures.anchors_on_grid):
        seconds, svg = _best(lambda draw=draw: _picture(draw, image, study))
        print(f"3,000 boxes, {draw.__name__}: {seconds:.3f} s, {len(svg) / 1e3:.0f} kB")


def _studied(dataset: Dataset, rule: Rule | None = None) -> tuple[Study, StudyResult]:
    rule = rule or Yolov5()
    study = Study(dataset, rule, rule.published_levels(), Letterbox(), (640, 640))
    return study, run(study)


def _best(measured: Callable[[], str]) -> tuple[float, str]:
    """The shortest time of some rounds, and what came out."""
    times, outcome = [], ""
    for _ in range(ROUNDS):
        start = time.perf_counter()
        outcome = measured()
        times.append(time.perf_counter() - start)
    return min(times), outcome


def _gallery(study: Study, result: StudyResult) -> str:
    shown = show(study, result, Wish(), 1280)
    view = RunView("benchmark", result.tables, study.rule.facts, result.input_hw, pictures=shown)
    content = gallery.pictures(view, "gallery", "Pictures")
    svgs = [picture.svg for plate in content.plates for row in plate.rows for picture in row]
    return "".join([*svgs, content.symbols or ""])


def _picture(draw: Callable[..., figures.Panel], image: figures.ShownImage, study: Study) -> str:
    from assignstudy.statistics.door import level_shapes

    subject = figures.Subject(image)
    panel = draw(subject) if draw is figures.original else draw(subject, level_shapes(study.levels)[0])
    return panel_svg.write(panel, {"photo": "photo"}, "alt")


def _crowd(boxes: int) -> Dataset:
    random = np.random.Generator(np.random.PCG64(0))
    cxcywh = np.concatenate((random.uniform(0.05, 0.95, (boxes, 2)), random.uniform(0.01, 0.05, (boxes, 2))), axis=1)
    return Dataset(
        name="crowd",
        class_names=("any",),
        image_paths=("crowd.jpg",),
        image_wh_orig=torch.tensor([[640, 640]], dtype=torch.int32),
        image_index=torch.zeros(boxes, dtype=torch.int64),
        class_id=torch.zeros(boxes, dtype=torch.int64),
        cxcywh_norm_orig=torch.from_numpy(cxcywh).float(),
        ignored=torch.zeros(boxes, dtype=torch.bool),
    )


if __name__ == "__main__":
    main()
