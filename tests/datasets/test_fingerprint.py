"""The fingerprint changes with what an assignment depends on, and with nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from assignstudy.datasets.fingerprint import fingerprint
from assignstudy.types import DataIssue, IssueKind
from tests.boxes import make_dataset

BOXES = [(0.5, 0.5, 0.25, 0.25), (0.5, 0.25, 0.5, 0.25)]


def small():
    return make_dataset([0, 1], BOXES, [(64, 32), (32, 32)], class_id=[0, 1])


@pytest.mark.parametrize(
    "other",
    [
        {"class_id": torch.tensor([0, 2])},
        {"cxcywh_norm_orig": torch.tensor(BOXES[::-1])},
        {"cxcywh_norm_orig": torch.nextafter(torch.tensor(BOXES), torch.tensor(1.0))},
        {"image_wh_orig": torch.tensor([[64, 33], [32, 32]], dtype=torch.int32)},
        {"image_index": torch.tensor([0, 0])},
        {"ignored": torch.tensor([False, True])},
    ],
)
def test_it_sees_every_difference_that_counts(other):
    assert fingerprint(replace(small(), **other)) != fingerprint(small())


def test_an_image_without_boxes_counts():
    one, other = (make_dataset([], [], [(8, 8)] * count) for count in (1, 2))
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "renamed"},
        {"image_paths": ("x/1.png", "x/2.png")},
        {"issues": (DataIssue("a", 1, IssueKind.NO_AREA, "p", kept=False),)},
    ],
)
def test_it_does_not_see_names_places_and_issues(other):
    assert fingerprint(replace(small(), **other)) == fingerprint(small())


def test_it_is_the_same_on_every_machine():
    assert fingerprint(small()) == "61b0ce1338f74f1bffb8adc5a9ccf4a7ba48c0651032b2b181dcdd7cebc1bb99"
