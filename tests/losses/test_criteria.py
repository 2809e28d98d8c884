"""Cross entropy by hand, targets, and who owns a slot."""

import math

import pytest
import torch

from assignstudy.losses.criteria import class_target, cross_entropy, objectness_target, owning_rows

LOG_3 = math.log(3)  # a logit of log 3 is a probability of 3/4


@pytest.mark.parametrize(
    ("target", "positive_weight", "gamma", "expected"),
    [
        pytest.param(1, 1, 0, math.log(4 / 3), id="an object, said with 3/4"),
        pytest.param(0, 1, 0, math.log(4), id="no object"),
        pytest.param(0.5, 1, 0, (math.log(4 / 3) + math.log(4)) / 2, id="half an object"),
        pytest.param(0.5, 3, 0, (3 * math.log(4 / 3) + math.log(4)) / 2, id="positive part weighted"),
        pytest.param(1, 1, 2, math.log(4 / 3) * 0.25 / 16, id="focal: certain by 3/4"),
        pytest.param(0, 1, 2, math.log(4) * 0.75 * 9 / 16, id="focal: certain by 1/4"),
        pytest.param(0, 5, 2, math.log(4) * 0.75 * 9 / 16, id="negatives know no positive weight"),
        pytest.param(1, 2, 1, 2 * math.log(4 / 3) * 0.25 / 4, id="focal after the positive weight"),
    ],
)
def test_cross_entropy(target, positive_weight, gamma, expected):
    logit = torch.tensor([LOG_3], dtype=torch.float64)
    value = cross_entropy(logit, torch.full_like(logit, target), positive_weight, gamma)
    assert value.item() == pytest.approx(expected)


def test_cross_entropy_of_extreme_logits_is_finite():
    logit = torch.tensor([-200.0, 200.0])
    assert cross_entropy(logit, torch.tensor([1.0, 0.0]), 1, 0).tolist() == [200, 200]


def test_objectness_target():
    overlap = torch.tensor([-0.5, 0.0, 0.6], requires_grad=True)
    target = objectness_target(overlap, gr=0.5)
    assert target.tolist() == pytest.approx([0.5, 0.5, 0.8])
    assert not target.requires_grad


def test_class_target():
    target = class_target(torch.tensor([2, 0]), torch.zeros(2, 3), smoothing=0.5)
    assert target.tolist() == [[0.25, 0.25, 0.75], [0.75, 0.25, 0.25]]


@pytest.mark.parametrize(
    ("slot", "owners"), [([], []), ([7], [0]), ([3, 1, 3, 1, 2], [3, 4, 2]), ([5, 5, 5], [2]), ([0, 1, 2], [0, 1, 2])]
)
def test_the_last_row_owns_a_slot(slot, owners):
    assert owning_rows(torch.tensor(slot, dtype=torch.int64)).tolist() == owners
