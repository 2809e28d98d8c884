"""Sets of anchors side by side, against the whole pipeline and the slow twin."""

import numpy as np
import pytest
import torch

from assignstudy.assign.yolov3 import Yolov3
from assignstudy.assign.yolov3_spp import Yolov3Spp
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.datasets import read_dataset
from assignstudy.fitting.compare import BOUNDED, CHOSEN, FINER, PUBLISHED, UNBOUNDED, bounds, compare, mean_fit
from assignstudy.fitting.fit import fit_to_dataset
from assignstudy.study import Study, run
from assignstudy.transforms import Letterbox
from tests.boxes import make_dataset
from tests.fitting.shapes import BEST_OVERLAP, OVERLAP, RATIO, aerial, everyday, settings
from tests.oracles import fitting as twin

RULES = [Yolov5(), Yolov3Spp(), Yolov3(0.5)]
every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.facts.name)


def small_boxes():
    wh = aerial(400) / 640
    return make_dataset([0] * len(wh), np.concatenate((np.full_like(wh, 0.5), wh), axis=1), [(640, 640)])


@every_rule
def test_recall_is_that_of_a_whole_study_with_the_same_anchors(rule):
    dataset = read_dataset("demo", {"images": 30})
    fitted = fit_to_dataset(dataset, rule, Letterbox(), (320, 320), settings())
    for one in compare(rule, fitted, settings()).sets:
        tables = run(Study(dataset, rule, one.levels, Letterbox(), (320, 320))).tables
        assert int((~one.matched.any(axis=1)).sum()) == tables.metrics["unmatched"], one.name
        for number, level in enumerate(one.levels):
            assert (one.matched[:, number] == (tables.ground_truths[f"positives_{level.name}"] > 0)).all()


@pytest.mark.parametrize(("least", "other"), [(1.0, UNBOUNDED), (0.0, BOUNDED)])
def test_a_finer_level_is_tried_where_a_bound_is_dear(least, other):
    order = settings(min_side_cell=least)
    found = {}
    for name, dataset in (("small", small_boxes()), ("everyday", read_dataset("demo", {"images": 40}))):
        fitted = fit_to_dataset(dataset, Yolov5(), Letterbox(), (640, 640), order)
        found[name] = {one.name: one for one in compare(Yolov5(), fitted, order).sets}
    assert list(found["small"]) == [PUBLISHED, CHOSEN, other, FINER]
    assert list(found["everyday"]) == [PUBLISHED, CHOSEN, other]
    free, bounded = (CHOSEN, other) if least == 0 else (other, CHOSEN)
    sets = found["small"]
    assert sets[free].fitness >= sets[FINER].fitness > sets[bounded].fitness > sets[PUBLISHED].fitness
    assert [level.stride for level in sets[FINER].levels] == [4, 8, 16]


@pytest.mark.parametrize("least", [1.0, 0.0])
@pytest.mark.parametrize("make", [small_boxes, lambda: read_dataset("demo", {"images": 40})])
def test_the_bounds_alone_are_those_of_the_comparison(make, least):
    order = settings(min_side_cell=least)
    fitted = fit_to_dataset(make(), Yolov5(), Letterbox(), (640, 640), order)
    sets = {one.name: one for one in compare(Yolov5(), fitted, order).sets}
    found = bounds(fitted.boxes.wh_px.numpy(), Yolov5(), fitted.plain, order)
    free, bounded = (CHOSEN, BOUNDED) if least == 0 else (UNBOUNDED, CHOSEN)
    assert (found.free, found.bounded) == (sets[free].fitness, sets[bounded].fitness)
    assert found.finer == (sets[FINER].fitness if FINER in sets else None)
    assert found.is_dear == (FINER in sets)
    assert found.finer_strides == ((4, 8, 16) if FINER in sets else ())


def test_there_is_no_finer_level_than_stride_1():
    order = settings(strides=(1, 64), n=2)
    fitted = fit_to_dataset(small_boxes(), Yolov5(), Letterbox(), (640, 640), order)
    assert FINER not in [one.name for one in compare(Yolov5(), fitted, order).sets]


def test_the_exact_fitness_equals_its_slow_twin():
    wh_px = everyday(200).astype(np.float32)
    anchors = np.array([(10, 13), (16, 30), (62, 45), (156, 198)], dtype=np.float32)
    for threshold, expected in (
        (RATIO, twin.ratio_fitness(wh_px.tolist(), anchors.tolist(), 4.0)),
        (OVERLAP, twin.overlap_fitness(wh_px.tolist(), anchors.tolist(), np.float32(0.2))),
        (BEST_OVERLAP, twin.overlap_fitness(wh_px.tolist(), anchors.tolist(), 0.0)),
    ):
        assert mean_fit(torch.from_numpy(wh_px), torch.from_numpy(anchors), threshold) == pytest.approx(expected)


def test_a_box_on_the_threshold_does_not_fit_and_no_box_has_no_fitness():
    anchor = torch.tensor([[16.0, 16.0]])
    assert mean_fit(torch.tensor([[64.0, 16.0], [4.0, 16.0]]), anchor, RATIO) == 0
    assert np.isnan(mean_fit(torch.empty(0, 2), anchor, RATIO))
