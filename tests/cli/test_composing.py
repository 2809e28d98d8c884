"""What the configuration makes of every choice: anchors, rules, transforms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from assignstudy import record
from tests.cli.commands import REPOSITORY, SMALL, last_record


def test_every_choice_of_anchors_is_the_published_set():
    def sizes(name: str) -> object:
        path = REPOSITORY / "conf" / "anchors" / f"{name}.yaml"
        content = OmegaConf.to_container(OmegaConf.load(path))
        return json.loads(json.dumps(content))

    assert sizes("coco_p5") == {
        "strides": [8, 16, 32],
        "wh_px": [[10, 13, 16, 30, 33, 23], [30, 61, 62, 45, 59, 119], [116, 90, 156, 198, 373, 326]],
    }
    assert sizes("coco_p6") == {
        "strides": [8, 16, 32, 64],
        "wh_px": [
            [19, 27, 44, 40, 38, 94],
            [96, 68, 86, 152, 180, 137],
            [140, 301, 303, 264, 238, 542],
            [436, 615, 739, 380, 925, 792],
        ],
    }
    assert sizes("yolov3_tiny") == {
        "strides": [16, 32],
        "wh_px": [[10, 14, 23, 27, 37, 58], [81, 82, 135, 169, 344, 319]],
    }
    assert sizes("yolov4") == {
        "strides": [8, 16, 32],
        "wh_px": [[12, 16, 19, 36, 40, 28], [36, 75, 76, 55, 72, 146], [142, 110, 192, 243, 459, 401]],
    }


@pytest.mark.parametrize("assigner", sorted(path.stem for path in (REPOSITORY / "conf" / "assigner").glob("*.yaml")))
def test_every_rule_runs_as_it_is_and_is_named_as_its_file(command, tmp_path, assigner):
    assert command(*SMALL, f"assigner={assigner}").code == 0
    found = last_record(tmp_path)
    assert found.choices["assigner"] == assigner == found.config["assigner"]["_target_"].split(".")[2]
    assert found.choices["anchors"] == "default"
    assert found.metrics["positives"] > 0


def test_the_publication_of_a_rule_fills_in_what_is_left_out(command):
    command("-m", *SMALL, "assigner=yolov5,fcos", "hydra.sweep.dir=out")
    command("-m", *SMALL, "assigner=max_iou", "assigner.preset=retinanet,faster_rcnn", "hydra.sweep.dir=out")
    found = {
        (one.choices["assigner"], one.config["assigner"].get("preset")): one.config
        for one in map(record.read_record, (path.parent for path in Path("out").glob("*/run.json")))
    }
    assert found["yolov5", None]["anchor_t"] == 4.0
    assert found["yolov5", None]["anchors"]["strides"] == [8, 16, 32]
    assert found["yolov5", None]["anchors"]["wh_px"][0] == [10, 13, 16, 30, 33, 23]
    assert found["fcos", None]["anchors"] == {"strides": None, "wh_px": None}
    assert (found["fcos", None]["anchor_t"], found["fcos", None]["iou_t"]) == (None, None)
    assert found["max_iou", "retinanet"]["iou_t"] == 0.5
    assert found["max_iou", "faster_rcnn"]["iou_t"] == 0.7


@pytest.mark.parametrize("transform", ["letterbox", "stretch", "rect"])
def test_every_transform_runs(command, tmp_path, transform):
    assert command(*SMALL, f"transform={transform}").code == 0
    assert last_record(tmp_path).choices["transform"] == transform
