import hashlib

import pytest
import torch

from assignstudy.models.demo import DemoPyramid
from tests.boxes import COCO_P5, make_levels


def test_its_weights_are_the_same_on_every_machine():
    weights = DemoPyramid(make_levels(), 3).state_dict()
    found = hashlib.sha256(b"".join(value.numpy().tobytes() for value in weights.values())).hexdigest()
    assert found == "4e910f854b88c8023f0b1daa89de6b1ff492f6dc18445b6b1f7a236fae4902fd"


def test_another_seed_gives_other_weights():
    one, other = (DemoPyramid(make_levels(), 3, seed).state_dict()["stages.0.weight"] for seed in (0, 1))
    assert not torch.equal(one, other)


@pytest.mark.parametrize(
    "spec", [COCO_P5, ((16, [(30, 61)]),), ((1, [(4, 4)]), (4, [(9, 9), (5, 5)])), ((8, [(9, 9)]), (128, [(400, 400)]))]
)
def test_it_follows_the_levels_and_classes_of_the_run(spec):
    outputs = DemoPyramid(make_levels(spec), 4)(torch.zeros(2, 3, 128, 256))
    assert [tuple(one.shape) for one in outputs] == [(2, len(a), 128 // s, 256 // s, 9) for s, a in spec]


def test_its_heads_answer_to_the_picture():
    model = DemoPyramid(make_levels(), 1)
    dark, bright = (model(torch.full((1, 3, 64, 64), value))[2] for value in (0.0, 1.0))
    assert not torch.equal(dark, bright)
