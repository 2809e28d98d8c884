"""Runs on disk, made by the real pipeline, without the command line."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from assignstudy import record
from assignstudy.assign.atss import Atss
from assignstudy.assign.fcos import Fcos
from assignstudy.assign.max_iou import MaxIou
from assignstudy.assign.rule import Rule
from assignstudy.assign.yolov3 import Yolov3
from assignstudy.assign.yolov3_spp import Yolov3Spp
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.assign.yolov7_aux import Yolov7Aux
from assignstudy.datasets.fingerprint import fingerprint
from assignstudy.study import Study, run
from assignstudy.transforms import Letterbox, Stretch
from assignstudy.types import Dataset, PyramidLevel
from tests.boxes import COCO_P5, make_dataset, make_levels

TRANSFORMS = {"letterbox": Letterbox(), "stretch": Stretch()}
RULES = {
    "yolov3": Yolov3,
    "yolov3_spp": Yolov3Spp,
    "yolov5": Yolov5,
    "yolov7_aux": Yolov7Aux,
    "atss": Atss,
    "fcos": Fcos,
    "max_iou": MaxIou,
}
ANCHORS = {
    "coco_p5": COCO_P5,
    "yolov3_tiny": ((16, [(10, 14), (23, 27), (37, 58)]), (32, [(81, 82), (135, 169), (344, 319)])),
    "coco_p6": (*COCO_P5, (64, [(436, 615), (739, 380), (925, 792)])),
}


def street(seed: int = 0, boxes: int = 400, name: str = "street") -> Dataset:
    """Boxes from 3 px to most of a 640 x 480 image, half of them small, some of them ignored."""
    random = np.random.Generator(np.random.PCG64(seed))
    images = np.sort(random.integers(0, 24, boxes))
    side = np.exp(random.uniform(np.log(3), np.log(420), (boxes, 1)))
    wh = side * np.exp(random.normal(0, 0.5, (boxes, 2))) / (640, 480)
    small = make_dataset(
        images.tolist(),
        np.concatenate((random.uniform(0.05, 0.95, (boxes, 2)), np.minimum(wh, 0.9)), axis=1),
        [(640, 480)] * 25,
        class_id=random.integers(0, 3, boxes).tolist(),
        ignored=(random.random(boxes) < 0.02).tolist(),
    )
    return replace(small, name=name)


def store(
    sweep: Path,
    dataset: Dataset | None = None,
    *,
    anchor_t: float = 4.0,
    imgsz: int | list[int] = 640,
    anchors: str = "coco_p5",
    transform: str = "letterbox",
    page: bool = True,
    overrides: tuple[str, ...] = (),
    options: dict[str, str] | None = None,
) -> Path:
    """Run one setting of YOLOv5 and leave its folder in ``sweep``, as a sweep would; ``options``: of the data set."""
    levels = make_levels(ANCHORS[anchors])
    choices = {"anchors": anchors, "assigner": "yolov5", "transform": transform}
    config = _config(levels, anchor_t, imgsz) | ({} if options is None else {"dataset": options})
    return _store(sweep, dataset, Yolov5(anchor_t), levels, config, choices, page=page, overrides=overrides)


def store_rule(sweep: Path, dataset: Dataset | None, name: str, *, imgsz: int = 640, **options: object) -> Path:
    """Run a rule as published, with its own anchors, and leave its folder in ``sweep``.

    Args:
        sweep: The sweep's folder.
        dataset: The labels; None for :func:`street`.
        name: One of :data:`RULES`.
        imgsz: Side of the network input.
        options: Of the rule, without its threshold.
    """
    rule = RULES[name](**options)
    levels = rule.published_levels()
    plain = _config(levels, 0.0, imgsz)
    thresholds = dict.fromkeys(("anchor_t", "iou_t"))
    if rule.threshold_name:
        thresholds[rule.threshold_name] = options[rule.threshold_name] = rule.published_threshold
    target = f"{type(rule).__module__}.{type(rule).__name__}"
    anchors = plain["anchors"] if rule.takes_anchors else {"strides": None, "wh_px": None}
    config = plain | thresholds | {"assigner": {"_target_": target, **options}, "anchors": anchors}
    choices = {"anchors": "default", "assigner": name, "transform": "letterbox"}
    return _store(sweep, dataset, rule, levels, config, choices)


def _store(
    sweep: Path,
    dataset: Dataset | None,
    rule: Rule,
    levels: tuple[PyramidLevel, ...],
    config: dict[str, object],
    choices: dict[str, str],
    *,
    page: bool = True,
    overrides: tuple[str, ...] = (),
) -> Path:
    dataset, imgsz = street() if dataset is None else dataset, config["imgsz"]
    height, width = imgsz if isinstance(imgsz, list) else (imgsz, imgsz)
    result = run(Study(dataset, rule, levels, TRANSFORMS[choices["transform"]], (height, width)))
    done = _record(
        choices={**choices, "dataset": "demo", "report": "full"},
        config=config,
        status="finished",
        dataset=dataset.name,
        fingerprint=fingerprint(dataset),
        input_h=result.input_hw[0],
        input_w=result.input_hw[1],
        metrics=result.tables.metrics,
        seconds=result.seconds,
        notices=list(result.notices),
        overrides=list(overrides),
    )
    folder = sweep / done.run_key
    folder.mkdir(parents=True)
    record.write_tables(folder, result.tables)
    if page:
        (folder / record.PAGE_FILE).write_text("<!doctype html><title>run</title>", encoding="utf-8")
    record.write_record(folder, done)
    return folder


def store_copies(sweep: Path, run: Path, anchor_t: list[float], imgsz: list[int]) -> Path:
    """A sweep of any size from one run: its folder under other settings, with equal tables."""
    done = record.read_record(run)
    keys = []
    for t, size in itertools.product(anchor_t, imgsz):
        config = done.config | {"anchor_t": t, "imgsz": size}
        keys.append(record.run_key(config, done.choices))
        shutil.copytree(run, sweep / keys[-1])
        record.write_record(sweep / keys[-1], done.model_copy(update={"config": config, "run_key": keys[-1]}))
    return store_manifest(sweep, *keys)


def store_failed(sweep: Path, error: str, *, anchor_t: float = 0.5, imgsz: int = 640, anchors: str = "coco_p5") -> Path:
    """Leave the folder of a run that failed before it read anything."""
    failed = _record(
        choices={"anchors": anchors, "assigner": "yolov5", "dataset": "demo", "transform": "letterbox"},
        config=_config(make_levels(ANCHORS[anchors]), anchor_t, imgsz),
        status="failed",
        error=error,
    )
    folder = sweep / failed.run_key
    folder.mkdir(parents=True)
    record.write_record(folder, failed)
    return folder


def store_manifest(sweep: Path, *runs: Path | str) -> Path:
    """Write a sweep's manifest; runs are folders or keys, in launch order."""
    keys = [run.name if isinstance(run, Path) else run for run in runs]
    record.write_manifest(sweep, record.SweepManifest(runs=keys, overrides=["anchor_t=3,4,5"]))
    return sweep


def store_sweep(sweep: Path, dataset: Dataset | None = None, *, anchor_t=(3.0, 4.0, 5.0), imgsz=(320, 640)) -> Path:
    """A whole sweep over thresholds and image sizes."""
    runs = [store(sweep, dataset, anchor_t=t, imgsz=size) for t in anchor_t for size in imgsz]
    return store_manifest(sweep, *runs)


def _config(levels: tuple[PyramidLevel, ...], anchor_t: float, imgsz: int | list[int]) -> dict[str, object]:
    wh_px = [torch.flatten(level.anchor_wh_px).tolist() for level in levels]
    return {
        "anchor_t": anchor_t,
        "iou_t": None,
        "imgsz": imgsz,
        "device": "cpu",
        "dataset": {"name": "made up", "seed": 0},
        "anchors": {"strides": [level.stride for level in levels], "wh_px": wh_px},
        "assigner": {"_target_": "assignstudy.assign.yolov5.Yolov5", "anchor_t": anchor_t},
        "transform": {"_target_": "somewhere"},
        "report": {"name": "full"},
    }


def _record(config: dict[str, object], choices: dict[str, str], **given: object) -> record.RunRecord:
    usual = {
        "error": None,
        "overrides": [],
        "dataset": None,
        "fingerprint": None,
        "input_h": None,
        "input_w": None,
        "metrics": {},
        "seconds": {},
        "peak_memory_mb": None,
        "notices": [],
        "argv": ["assignstudy"],
        "versions": {},
        "git_commit": None,
        "git_dirty": None,
        "platform": "test",
        "threads": 1,
        "started": "2026-11-20T14:05:10+00:00",
    }
    key = record.run_key(config, choices)
    return record.RunRecord(run_key=key, config=config, choices=choices, **usual | given)
