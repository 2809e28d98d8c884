"""The whole pipeline on small hand-made sets: what tables and metrics say of each other."""

import numpy as np
import pandas as pd
import pytest
import torch

from assignstudy.assign.yolov5 import Yolov5
from assignstudy.errors import ConfigError
from assignstudy.study import Study, run
from assignstudy.transforms import Letterbox, Rect
from assignstudy.types import DataIssue, IssueKind
from tests.boxes import COCO_P5, make_dataset, make_levels


def _dataset(seed=0, boxes=200, images=20):
    random = np.random.Generator(np.random.PCG64(seed))
    wh = np.exp(random.uniform(np.log(0.002), np.log(1), (boxes, 2)))
    cxcywh = np.concatenate((random.uniform(0, 1, (boxes, 2)), wh), axis=1)
    index = np.sort(random.integers(0, images - 1, boxes))
    sizes = random.integers(100, 1000, (images, 2)).tolist()
    issues = (DataIssue("a.txt", 3, IssueKind.MALFORMED, "expected 5 values, got 4", kept=False),)
    return make_dataset(
        index.tolist(),
        cxcywh,
        sizes,
        random.integers(0, 3, boxes).tolist(),
        (np.arange(boxes) % 50 == 0).tolist(),
        issues,
        classes=4,
    )


@pytest.fixture(scope="module")
def result():
    return run(Study(_dataset(), Yolov5(), make_levels(), Letterbox(), (320, 640)))


def test_every_total_is_the_same_in_every_table(result):
    metrics, tables = result.tables.metrics, result.tables
    taking_part = tables.ground_truths[~tables.ground_truths.ignored]
    assert metrics["ground_truths"] == len(taking_part) == tables.classes.ground_truths.sum()
    assert (
        metrics["positives"]
        == taking_part.positives.sum()
        == tables.levels.positives.sum()
        == tables.classes.positives.sum()
    )
    assert metrics["unmatched"] == (taking_part.positives == 0).sum() == tables.classes.unmatched.sum()
    assert metrics["slots"] == taking_part.owned.sum() == tables.levels.slots.sum()
    assert metrics["contested_slots"] == tables.levels.contested_slots.sum()
    assert metrics["unreachable"] == taking_part.unreachable.sum() == tables.levels.unreachable.sum()
    assert metrics["anchors_per_gt"] == taking_part.anchors.mean()
    assert metrics["matched_without_slot"] == ((taking_part.positives > 0) & (taking_part.owned == 0)).sum()
    assert sum(metrics[f"unmatched_{name}"] for name in ("small", "medium", "large")) == metrics["unmatched"]
    for name in ("P3", "P4", "P5"):
        assert (
            metrics[f"positives_{name}"]
            == taking_part[f"positives_{name}"].sum()
            == tables.classes[f"positives_{name}"].sum()
        )
        assert metrics[f"positives_{name}"] == tables.levels.positives[tables.levels.level == name].sum()


def test_shares_sum_to_one(result):
    shares = [f"share_{name}" for name in ("centre", "left", "up", "right", "down")]
    assert sum(result.tables.metrics[name] for name in shares) == pytest.approx(1)
    used = result.tables.levels[result.tables.levels.positives > 0]
    assert used[shares].sum(axis=1).to_numpy() == pytest.approx(1)


def test_positive_share_counts_all_slots_of_all_images(result):
    all_slots = 20 * 3 * sum((640 // s) * (320 // s) for s in (8, 16, 32))
    assert result.tables.metrics["positive_share"] == result.tables.metrics["slots"] / all_slots


def test_mean_prior_iou_is_that_of_the_levels(result):
    levels = result.tables.levels
    weighted = (levels.mean_prior_iou * levels.positives).sum() / levels.positives.sum()
    assert result.tables.metrics["mean_prior_iou"] == pytest.approx(weighted, rel=1e-12)


def test_threshold_is_one_comparison_away(result):
    boxes = result.tables.ground_truths
    boxes = boxes[~boxes.ignored]
    assert ((boxes.critical_anchor_t < np.float32(4)) == (boxes.positives > 0)).all()


def test_ignored_boxes_have_a_row_without_counts(result):
    ignored = result.tables.ground_truths[result.tables.ground_truths.ignored]
    assert len(ignored) == result.tables.metrics["ignored"] == 4
    assert ignored.positives.isna().all()
    assert ignored.critical_anchor_t.isna().all()
    assert ignored.w_px.notna().all()


def test_rejected_counts_refused_boxes_only(result):
    assert result.tables.metrics["rejected"] == 1
    assert result.tables.data_issues.to_dict("records") == [
        {"path": "a.txt", "line": 3, "kind": "malformed row", "problem": "expected 5 values, got 4", "kept": False}
    ]


def test_classes_without_a_box_are_undefined_not_zero(result):
    empty = result.tables.classes.iloc[3]
    assert empty.ground_truths == 0
    assert np.isnan(empty.bpr)
    assert np.isnan(empty.critical_anchor_t_p95)


def test_boxes_come_in_the_frame_of_the_input():
    dataset = make_dataset([0], [(0.5, 0.5, 0.25, 0.5)], [(640, 320)])
    (row,) = run(Study(dataset, Yolov5(), make_levels(), Letterbox(), (640, 640))).tables.ground_truths.to_dict(
        "records"
    )
    assert (row["cx_px"], row["cy_px"], row["w_px"], row["h_px"]) == (320, 320, 160, 160)
    assert (row["x1_orig"], row["y1_orig"], row["x2_orig"], row["y2_orig"]) == (240, 80, 400, 240)
    assert row["size_bin"] == "large"
    assert row["best_anchor"] == "P5/1"


@pytest.mark.parametrize(("side", "expected"), [(31.9, "small"), (32, "medium"), (95.9, "medium"), (96, "large")])
def test_size_bins_and_their_borders(side, expected):
    dataset = make_dataset([0], [(0.5, 0.5, side / 1024, side / 1024)], [(1024, 1024)])
    boxes = run(Study(dataset, Yolov5(), make_levels(), Letterbox(), (1024, 1024))).tables.ground_truths
    assert boxes.size_bin.tolist() == [expected]


def test_empty_data_set_has_ordinary_tables():
    tables = run(Study(make_dataset([], [], [(64, 64)]), Yolov5(), make_levels(), Letterbox(), (64, 64))).tables
    full = run(Study(_dataset(), Yolov5(), make_levels(), Letterbox(), (64, 64))).tables
    assert list(tables.ground_truths.columns) == list(full.ground_truths.columns)
    assert list(tables.metrics) == list(full.metrics)
    assert tables.metrics["bpr"] is None
    assert tables.metrics["positives"] == 0
    assert len(tables.levels) == 9
    assert tables.levels.mean_prior_iou.isna().all()


def test_no_images_at_all():
    metrics = run(Study(make_dataset([], [], []), Yolov5(), make_levels(), Letterbox(), (64, 64))).tables.metrics
    assert metrics["positive_share"] is None


def test_levels_without_anchors_match_nothing():
    levels = make_levels(((8, []), (16, [(30, 61)])))
    tables = run(Study(_dataset(), Yolov5(), levels, Letterbox(), (64, 64))).tables
    assert tables.metrics["positives_P3"] == 0
    assert list(tables.levels.level) == ["P4"]


def test_rect_slots_follow_each_images_size():
    dataset = make_dataset([0, 1], [(0.5, 0.5, 0.1, 0.1)] * 2, [(640, 320), (320, 320)])
    tables = run(Study(dataset, Yolov5(), make_levels(((32, [(60, 60)]),)), Rect(), (640, 640))).tables
    assert tables.metrics["positive_share"] == tables.metrics["slots"] / (20 * 10 + 20 * 20)


def test_sizes_that_are_no_whole_strides_are_rounded_up_and_said():
    result = run(Study(_dataset(), Yolov5(), make_levels(), Letterbox(), (600, 641)))
    assert result.input_hw == (608, 672)
    assert result.notices == (
        "imgsz 600x641 (height x width) is not a multiple of the largest stride 32; used 608x672 instead",
    )


def test_same_study_same_tables():
    one, other = (run(Study(_dataset(), Yolov5(), make_levels(), Letterbox(), (320, 320))).tables for _ in range(2))
    assert one.metrics == other.metrics
    pd.testing.assert_frame_equal(one.ground_truths, other.ground_truths)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input_hw": (0, 64)}, "imgsz: expected sides of at least 1 px"),
        ({"device": "tpu"}, "device: expected one of cpu, cuda, got tpu"),
        ({"levels": make_levels(COCO_P5[::-1])}, "anchors.strides: expected at least one, strictly increasing"),
        ({"levels": ()}, "anchors.strides: expected at least one"),
    ],
)
def test_settings_that_cannot_be_used(change, message):
    settings = {"levels": make_levels(), "input_hw": (64, 64), **change}
    with pytest.raises(ConfigError, match=message):
        Study(dataset=_dataset(), rule=Yolov5(), transform=Letterbox(), **settings)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_cuda_without_a_device_is_refused():
    with pytest.raises(ConfigError, match="use device=cpu"):
        Study(_dataset(), Yolov5(), make_levels(), Letterbox(), (64, 64), device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_gives_the_same_tables():
    one, other = (
        run(Study(_dataset(), Yolov5(), make_levels(), Letterbox(), (320, 320), device=device)).tables
        for device in ("cpu", "cuda")
    )
    pd.testing.assert_frame_equal(one.levels, other.levels)
    pd.testing.assert_frame_equal(one.ground_truths, other.ground_truths)
