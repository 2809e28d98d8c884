"""Rules are built from records, and only rules of this package."""

import pytest

from assignstudy import record
from assignstudy.evidence import rule_of
from tests.stored_runs import store, store_rule, street


def test_a_rule_comes_back_as_it_was_set_up(tmp_path):
    run = record.read_record(store_rule(tmp_path, street(boxes=20), "max_iou", preset="faster_rcnn"))
    rule = rule_of(run)
    assert rule is not None
    assert rule.published_threshold == 0.7
    assert rule.facts.title == "Max IoU (Faster R-CNN)"


@pytest.mark.parametrize(
    "assigner",
    [
        None,
        {},
        {"_target_": "os.system", "command": "false"},
        {"_target_": "assignstudy.assign.yolov5.Missing"},
        {"_target_": "assignstudy.assign.no_such_module.Rule"},
        {"_target_": "assignstudy.assign.yolov5.Path"},
        {"_target_": "assignstudy.assign.yolov5.Yolov5", "unknown": 1},
        {"_target_": "assignstudy.assign.yolov5.Yolov5", "anchor_t": 0.5},
    ],
)
def test_what_is_no_rule_of_this_version_is_none(tmp_path, assigner):
    run = record.read_record(store(tmp_path, street(boxes=20)))
    assert rule_of(run.model_copy(update={"config": run.config | {"assigner": assigner}})) is None
