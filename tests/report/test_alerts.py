"""Alerts: the right ones, with their number, worst first."""

import numpy as np

from assignstudy.assign.yolov3_spp import Yolov3Spp
from assignstudy.assign.yolov7_aux import Yolov7Aux
from assignstudy.report import alerts
from assignstudy.report.content import State
from tests.boxes import make_dataset
from tests.views import crowded_view, demo_view, empty_view, rule_view, view_of


def _texts(view):
    return [alert.finding for alert in alerts.find(view)]


def _boxes(wh_px, count=50, **options):
    """Boxes of one shape on a 640 px image each, away from each other."""
    cxcywh = [(0.5, 0.5, wh_px[0] / 640, wh_px[1] / 640)] * count
    return make_dataset(list(range(count)), cxcywh, [(640, 640)] * count, **options)


def test_nothing_to_worry_about():
    wh = (
        np.array([(10, 13), (16, 30), (33, 23), (30, 61), (62, 45), (59, 119), (116, 90), (156, 198), (373, 326)]) / 640
    )
    cxcywh = np.concatenate((np.full((9, 2), 0.51), wh), axis=1)
    assert _texts(view_of(make_dataset(list(range(9)), cxcywh, [(640, 640)] * 9))) == []


def test_unmatched_boxes_are_counted_and_described():
    (first, *_) = alerts.find(view_of(_boxes((600, 4))))
    assert first.state is State.ACT
    assert first.finding == ("50 ground truths (100 %) get no positive. Most often class 0 (50).")
    assert first.advice.startswith("anchors=fit (anchors for these shapes), or a larger anchor_t")


def test_unmatched_small_boxes_ask_for_a_larger_input():
    found = {alert.finding: alert for alert in alerts.find(view_of(_boxes((2, 2))))}
    (unmatched,) = [alert for text, alert in found.items() if "get no positive" in text]
    assert unmatched.advice.startswith("a larger imgsz")
    assert any("have a side below 3 px" in text for text in found)


def test_a_threshold_beyond_the_decoder_is_one_to_act_on():
    found = alerts.find(crowded_view())
    (beyond,) = [alert for alert in found if alert.finding.startswith("anchor_t 6 accepts")]
    assert beyond.state is State.ACT
    assert beyond.advice.startswith("anchor_t=4 or less")
    share = crowded_view().tables.metrics["unreachable"] / crowded_view().tables.metrics["positives"]
    assert beyond.weight == share


def test_unreachable_positives_have_the_cause_that_is_theirs():
    def alert_of(view):
        (found,) = [alert for alert in alerts.find(view) if "cannot output" in alert.finding]
        return found

    beyond = alert_of(crowded_view())
    assert "anchor_t lets boxes in that are 4 or more times an anchor's side" in beyond.finding
    assert beyond.advice.startswith("anchor_t=4")

    designed = alert_of(rule_view(Yolov7Aux()))
    assert designed.weight > 0.02, "more than what else calls for acting"
    assert designed.state is State.WATCH
    assert "so the rule was designed" in designed.finding
    assert designed.advice.startswith("nothing: no threshold changes it")

    on_a_line = alert_of(rule_view(Yolov3Spp(), make_dataset([0], [(0.5, 0.53, 0.1, 0.1)], [(640, 640)])))
    assert on_a_line.state is State.WATCH
    assert "exactly on a line of the grid" in on_a_line.finding


def test_boxes_that_lose_every_slot():
    doubled = make_dataset([0, 0], [(0.5, 0.5, 0.1, 0.1)] * 2, [(640, 640)])
    assert "1 ground truth (50 %) has positives but loses every slot to another box." in _texts(view_of(doubled))
    assert any("are claimed by more than one box" in text for text in _texts(view_of(doubled)))


def test_levels_and_anchors_that_get_nothing():
    texts = _texts(view_of(_boxes((10, 13))))
    assert "Level P5 (stride 32) gets none of the positives." in texts
    assert "Anchor P5 373×326 gets none of the positives." in texts


def test_an_anchor_smaller_than_its_cell():
    texts = _texts(view_of(_boxes((20, 20)), spec=((32, [(20, 20), (64, 64)]),)))
    assert "Anchor P5 20×20 is smaller than one cell of its level (32 px)." in texts


def test_classes_that_fall_behind_are_named():
    cxcywh = [(0.5, 0.5, 0.1, 0.1)] * 40 + [(0.5, 0.5, 0.9, 0.004)] * 10
    dataset = make_dataset(list(range(50)), cxcywh, [(640, 640)] * 50, class_id=[0] * 40 + [1] * 10)
    assert "Recall of class 1 (0 %) is far below the data set's 80 %." in _texts(view_of(dataset))


def test_worst_comes_first():
    for view in (demo_view(), crowded_view()):
        found = alerts.find(view)
        order = [(-alert.state.severity, -alert.weight) for alert in found]
        assert order == sorted(order)
        assert all(alert.advice for alert in found)


def test_no_boxes_no_alerts():
    assert alerts.find(empty_view()) == ()
