"""Loss at the start on the run page: the published losses' numbers, what stands in for what, when it is left out."""

import re

import pytest
import torch

from assignstudy import losses
from assignstudy.assign.yolov3_spp import Yolov3Spp
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.assign.yolov5_v2 import Yolov5V2
from assignstudy.assign.yolov7_aux import Yolov7Aux
from assignstudy.datasets import read_dataset
from assignstudy.losses.start import class_logit, objectness_logit
from assignstudy.report.sections import build
from assignstudy.statistics import loss_at_start
from assignstudy.study import Study, run
from assignstudy.transforms import Letterbox, to_network_input
from tests.boxes import COCO_P5, make_dataset, make_levels
from tests.views import demo_view, empty_view, fcos_view, rule_view, view_of, yolov3_view

SIDE = 320
PUBLISHED = {Yolov5: losses.yolov5, Yolov3Spp: losses.yolov3_spp}


def _section(view):
    return next((content for content in build(view) if content.key == "loss"), None)


def _real_loss(rule, dataset, init):
    """The published loss on the whole prediction tensor of a head without weights."""
    levels, boxes = make_levels(), to_network_input(dataset, Letterbox(), (SIDE, SIDE), 32).boxes
    classes, images = len(dataset.class_names), len(dataset.image_paths)
    predictions = [torch.zeros(images, 3, SIDE // s.stride, SIDE // s.stride, 5 + classes) for s in levels]
    for level, raw in zip(levels, predictions, strict=True):
        raw[..., 4] = objectness_logit(init, level.stride)
        raw[..., 5:] = class_logit(init, classes)
    return PUBLISHED[type(rule)](predictions, rule.assign(boxes, levels), boxes, dataset.class_id[boxes.gt_id], levels)


@pytest.mark.parametrize("rule", [Yolov5(), Yolov5(2.0), Yolov3Spp()], ids=["yolov5", "yolov5 at 2", "yolov3_spp"])
def test_the_tables_are_the_published_losses(rule):
    dataset = read_dataset("demo", {"images": 8})
    start = run(Study(dataset, rule, make_levels(), Letterbox(), (SIDE, SIDE))).tables.loss_at_start
    by_level, by_size = (loss_at_start.by_term(start.shares, part) for part in ("level", "size_bin"))
    for column, init in loss_at_start.INITIALISATIONS.items():
        real = _real_loss(rule, dataset, init)
        for term in loss_at_start.TERMS:
            levels = getattr(real.per_level, f"{term}_" if term == "class" else term)
            found = by_level[by_level["term"] == term]
            assert found["part"].tolist() == ["P3", "P4", "P5"]
            assert found[column].tolist() == pytest.approx(levels.tolist(), rel=1e-4), (term, init)
            assert by_size[by_size["term"] == term][column].sum() == pytest.approx(levels.sum().item(), rel=1e-4)


def test_another_threshold_is_another_balance():
    sentences = {_section(demo_view(anchor_t)).finding.sentence for anchor_t in (2.0, 4.0, 8.0)}
    assert len(sentences) == 3
    tables = [loss_at_start.by_term(demo_view(t).tables.loss_at_start.shares, "level") for t in (2.0, 4.0, 8.0)]
    boxes = [table[table["term"] == "box"]["zero"].sum() for table in tables]
    assert boxes == sorted(boxes), "worse fitting anchors overlap less"


def test_the_sentence_says_the_shares_of_the_table():
    terms = loss_at_start.by_term(demo_view().tables.loss_at_start.shares, "level").groupby("term")[["published"]].sum()
    share = 100 * terms.loc["objectness", "published"] / terms["published"].sum()
    assert f"{share:.1f} % objectness" in _section(demo_view()).finding.sentence


@pytest.mark.parametrize(
    ("rule", "loss", "biases"),
    [
        (
            Yolov5(),
            r"^YOLOv5's\. Weights: box 0\.05, objectness 1 \(times 4 on P3, .* 0\.4 on P5\), class",
            "YOLOv5's.",
        ),
        (Yolov5V2(), rf"^YOLOv5's, which stands in for that of {re.escape(Yolov5V2().facts.title)}\.", "YOLOv5's."),
        (Yolov7Aux(), rf"^YOLOv5's, which stands in for that of {re.escape(Yolov7Aux().facts.title)}\.", "YOLOv5's."),
        (
            Yolov3Spp(),
            r"^YOLOv3-SPP's\. Weights: box 3\.54, objectness 64\.3, class",
            "YOLOv5's, used for YOLOv3-SPP as",
        ),
    ],
    ids=lambda value: getattr(getattr(value, "facts", None), "name", ""),
)
def test_it_is_said_what_stands_in_for_what(rule, loss, biases):
    facts = {fact.label: fact.value for fact in _section(rule_view(rule)).facts}
    assert re.search(loss, facts["Loss"])
    assert biases in facts["Biases"]
    assert "one batch" in facts["Batch"]


@pytest.mark.parametrize("make", [yolov3_view, fcos_view])
def test_rules_without_a_known_loss_have_no_such_section(make):
    assert _section(make()) is None
    assert make().notices == ()


def test_levels_without_published_weights_are_a_notice():
    spec = tuple((stride, COCO_P5[0][1]) for stride in (4, 8, 16, 32, 64, 128))
    view = view_of(make_dataset([0], [(0.5, 0.5, 0.1, 0.1)], [(640, 640)]), spec=spec)
    assert _section(view) is None
    assert view.notices == (
        "the loss at the start is left out; levels: expected at most 5, for which YOLOv5 publishes a balance, got 6;"
        " from Python, pass weights of your own",
    )


def test_without_a_box_the_background_pays_alone():
    assert _section(empty_view()).finding.sentence.startswith("There is no positive: all of the loss is")


def test_without_an_image_there_is_no_loss():
    view = view_of(make_dataset([], [], []))
    assert _section(view).finding.sentence == "There is no image, so there is no loss."


def test_a_single_class_has_no_class_loss():
    view = view_of(make_dataset([0], [(0.5, 0.5, 0.1, 0.1)], [(640, 640)], classes=1))
    assert re.search(r"starts as [\d.]+ % box and [\d.]+ % objectness;", _section(view).finding.sentence)


def test_a_level_without_anchors_pays_nothing():
    view = view_of(make_dataset([0], [(0.5, 0.5, 0.1, 0.1)], [(640, 640)]), spec=((8, []), (16, [(30, 61)])))
    assert "P4 pays the most" in _section(view).finding.sentence
