import numpy as np
import pandas as pd
import pytest

from assignstudy.models.predictions import PictureLoss
from assignstudy.statistics import model_losses
from tests.views import model_view

BOXES = pd.DataFrame({"gt_id": [0, 1, 2, 5], "class_name": list("abcd"), "positives": pd.array([3, 0, 1, 2], "Int64")})


def loss(gt_id, box, objectness):
    parts = (np.array(part, np.float64).reshape(-1, 2) for part in (box, objectness, np.zeros_like(box)))
    return PictureLoss(np.array(gt_id, np.int64), *parts, np.zeros(2), np.ones(2, np.int64), np.ones(2, np.int64))


def test_the_dearest_come_first_and_equal_ones_by_their_number():
    found = model_losses.compute(
        [loss([5], [1, 1], [0, 0]), loss([0, 1, 2], [1, 0, 0, 0, 2, 0], [1, 0, 0, 0, 4, 0])], BOXES
    )
    assert found["gt_id"].tolist() == [2, 0, 5]
    assert found["class_name"].tolist() == ["c", "a", "d"]
    assert found["loss"].tolist() == [6, 2, 2]
    assert found["share"].tolist() == pytest.approx([0.6, 0.2, 0.2])
    assert found[["box_loss", "objectness_loss", "class_loss"]].to_numpy().tolist() == [[2, 4, 0], [1, 1, 0], [2, 0, 0]]


def test_no_picture_and_no_cost_are_ordinary():
    assert model_losses.compute([], BOXES).empty
    free = model_losses.compute([loss([0], [0, 0], [0, 0])], BOXES)
    assert free["share"].isna().all()


def test_shares_of_a_real_run_sum_to_one_and_every_matched_ground_truth_is_there():
    view = model_view()
    losses = [picture.loss for picture in view.model.study().pictures]
    found = model_losses.compute(losses, view.tables.ground_truths)
    boxes = view.tables.ground_truths
    shown = boxes[boxes["image"].isin([image.path for image in view.pictures.gallery.images])]
    assert set(found["gt_id"]) == set(shown.loc[shown["positives"] > 0, "gt_id"])
    assert found["share"].sum() == pytest.approx(1)
    assert (found["loss"] > 0).all()
