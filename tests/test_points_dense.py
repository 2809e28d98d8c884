"""The dense rules' published figures: the first 300 images of COCO val2017 that have a box, by name, at 640."""

from pathlib import Path

import numpy as np
import pytest
import torch

from assignstudy.assign.atss import Atss
from assignstudy.assign.fcos import Fcos
from assignstudy.assign.max_iou import MaxIou
from assignstudy.study import Study, run
from assignstudy.transforms import Letterbox
from assignstudy.types import Dataset

ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "data" / "npz" / "coco2017_val.npz"
IMAGES = 300

RULES = {
    "retinanet detectron2": MaxIou("detectron2", "retinanet"),
    "retinanet mmdet": MaxIou("mmdet", "retinanet"),
    "faster_rcnn detectron2": MaxIou("detectron2", "faster_rcnn"),
    "faster_rcnn mmdet": MaxIou("mmdet", "faster_rcnn"),
    "atss": Atss(),
    "fcos mmdet": Fcos("mmdet"),
    "fcos mmdet centre sampling": Fcos("mmdet", center_sampling=True),
    "fcos detectron2": Fcos("detectron2"),
}
# Positives and unmatched, for boxes as the archive holds them and as COCO JSON writes them, with two decimals.
POINTS = {
    "retinanet detectron2": ((42739, 63), (42752, 63)),
    "retinanet mmdet": ((42739, 15), (42752, 15)),
    "faster_rcnn detectron2": ((13947, 63), (13960, 63)),
    "faster_rcnn mmdet": ((7952, 298), (7950, 298)),
    "atss": ((17539, 57), (17539, 57)),
    "fcos mmdet": ((55879, 45), (55876, 45)),
    "fcos mmdet centre sampling": ((17389, 45), (17392, 45)),
    "fcos detectron2": ((17333, 45), (17336, 45)),
}


def _dataset(decimals):
    """The first images with a box; sides and corners rounded as `decimals` says."""
    with np.load(ARCHIVE, allow_pickle=True) as archive:
        image, xyxy, sizes = archive["image_id"], archive["box"].astype(np.float64), archive["img_wh"]
        files = archive["files"].astype(str)
    with_box = np.unique(image)[np.argsort(files[np.unique(image)])][:IMAGES]
    rows = np.flatnonzero(np.isin(image, with_box))
    order = rows[np.argsort(files[image[rows]], kind="stable")]
    low, wh = xyxy[order, :2], xyxy[order, 2:] - xyxy[order, :2]
    if decimals is not None:
        low, wh = low.round(decimals), wh.round(decimals)
    whole = sizes[image[order]].astype(np.float64)
    position = np.searchsorted(files[with_box], files[image[order]])
    return Dataset(
        name="COCO val2017, 300 images",
        class_names=("any",),
        image_paths=tuple(files[with_box]),
        image_wh_orig=torch.from_numpy(sizes[with_box].astype(np.int32)),
        image_index=torch.from_numpy(position),
        class_id=torch.zeros(len(order), dtype=torch.int64),
        cxcywh_norm_orig=torch.from_numpy(np.concatenate(((low + wh / 2) / whole, wh / whole), axis=1)).float(),
        ignored=torch.zeros(len(order), dtype=torch.bool),
    )


@pytest.fixture(scope="module", params=[None, 2], ids=["as archived", "two decimals"])
def written(request):
    """The decimals that boxes are written with, and the boxes."""
    if not ARCHIVE.is_file():
        pytest.skip("local real data: ../shared/data/npz is not there")
    return request.param, _dataset(request.param)


@pytest.mark.parametrize("name", RULES)
def test_published_figures(written, name):
    decimals, dataset = written
    rule = RULES[name]
    metrics = run(Study(dataset, rule, rule.published_levels(), Letterbox(), (640, 640))).tables.metrics
    assert metrics["ground_truths"] == 2147
    assert (metrics["positives"], metrics["unmatched"]) == POINTS[name][0 if decimals is None else 1]
