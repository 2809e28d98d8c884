"""What pictures cost: those of a run page with a gallery of eight images, and one picture with thousands of boxes.

Run it with ``python -m benchmarks.pictures``, for your own labels and photos with ``--data data.yaml``. Times are the
process's own (user time, all threads added up), so that whatever else the machine does changes them little.
"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from PIL import Image

from assignstudy.assign.rule import Rule
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.datasets import read_dataset
from assignstudy.figures import gallery as figures
from assignstudy.figures import panel_svg
from assignstudy.report.render import render
from assignstudy.report.sections import SECTIONS
from assignstudy.report.view import RunView
from assignstudy.statistics.gallery import Wish
from assignstudy.study import Study, StudyResult, run, show, show_images
from assignstudy.transforms import Letterbox
from assignstudy.types import Dataset

ROUNDS = 5
PICTURED = ("positions", "worst", "gallery")
"""Sections of a page that show single images and boxes."""


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="a data.yaml in the YOLO layout; without one the built-in data set")
    data = parser.parse_args().data
    dataset = read_dataset("yolo", {"data": data}) if data else read_dataset("demo", {"images": 100})
    study, result = _studied(dataset)
    seconds, sections = _best(lambda: _sections(study, result))
    print(f"8 images × 3 levels of {dataset.name}: {seconds:.2f} s, {len(sections) / 1e6:.2f} MB")
    study, result = _studied(replace(dataset, load_picture=_blank))
    seconds, _ = _best(lambda: _sections(study, result))
    print(f"the same without opening or painting photos: {seconds:.2f} s")
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
    """The shortest user time of some rounds, and what came out."""
    times, outcome = [], ""
    for _ in range(ROUNDS):
        start = os.times().user
        outcome = measured()
        times.append(os.times().user - start)
    return min(times), outcome


@functools.cache
def _blank(_image_index: int) -> Image.Image:
    return Image.new("RGB", (640, 480))


def _sections(study: Study, result: StudyResult) -> str:
    """All that ``report.gallery.images=0`` would leave out of the page."""
    shown = show(study, result, Wish(), 1280)
    view = RunView("benchmark", result.tables, study.rule.facts, result.input_hw, pictures=shown)
    drawn = [one.build(view, one.key, one.title) for one in SECTIONS if one.key in PICTURED]
    return render("run.html.j2", title="", view=view, sections=drawn, glossary=())


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
