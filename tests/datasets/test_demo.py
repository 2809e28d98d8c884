"""The embedded street scenes: the same everywhere, varied, and drawn where their labels say."""

from __future__ import annotations

import pytest
import torch

from assignstudy.datasets import demo
from assignstudy.datasets.fingerprint import fingerprint
from assignstudy.errors import ConfigError
from assignstudy.types import IssueKind


@pytest.fixture(scope="module")
def dataset():
    return demo.read()


def test_it_has_what_a_demonstration_needs(dataset):
    wh = dataset.cxcywh_norm_orig[:, 2:]
    wh_px = wh * dataset.image_wh_orig[dataset.image_index]
    per_image = torch.bincount(dataset.image_index, minlength=300)
    assert len(dataset.image_paths) == 300
    assert 2800 < len(dataset.class_id) < 3400
    assert len(dataset.class_names) == 8
    assert torch.bincount(dataset.class_id, minlength=8).min() >= 50
    assert 3 <= wh_px.min() < 4
    assert wh.prod(1).max() > 0.6
    ratio = wh_px[:, 0] / wh_px[:, 1]
    assert ratio.max() > 10
    assert ratio.min() < 0.12
    assert per_image.max() > 40
    assert 3 <= (per_image == 0).sum() <= 20
    assert len({tuple(size) for size in dataset.image_wh_orig.tolist()}) >= 10


def test_labels_lie_inside_their_images(dataset):
    low = dataset.cxcywh_norm_orig[:, :2] - dataset.cxcywh_norm_orig[:, 2:] / 2
    assert low.min() > -1e-6
    assert (low + dataset.cxcywh_norm_orig[:, 2:]).max() < 1 + 1e-6


def test_empty_images_are_its_only_issues(dataset):
    empty = {path for index, path in enumerate(dataset.image_paths) if index not in dataset.image_index.tolist()}
    assert {issue.path for issue in dataset.issues} == empty
    assert {(issue.kind, issue.kept) for issue in dataset.issues} == {(IssueKind.NO_LABELS, True)}


def test_it_is_the_same_on_every_machine(dataset):
    # A change of this number is a change of every figure published about the demo: name it under *Numbers*.
    assert fingerprint(dataset) == "af4d340e498486007026febc08c647b236b971289e8f336598d7d72eeaa48e01"


def test_more_images_begin_with_the_fewer(dataset):
    few = demo.read(images=7)
    boxes = len(few.class_id)
    assert few.image_paths == dataset.image_paths[:7]
    assert torch.equal(few.cxcywh_norm_orig, dataset.cxcywh_norm_orig[:boxes])


def test_another_seed_gives_other_scenes():
    assert fingerprint(demo.read(5, seed=1)) != fingerprint(demo.read(5, seed=2))


@pytest.mark.parametrize(
    ("options", "key"), [({"images": 0}, "images"), ({"images": "many"}, "images"), ({"seed": -1}, "seed")]
)
def test_options_that_cannot_be_used(options, key):
    with pytest.raises(ConfigError, match=rf"^dataset\.{key}: expected a whole number from"):
        demo.read(**options)


def test_pictures_are_drawn_when_asked_for(dataset):
    picture = dataset.load_picture(0)
    assert (picture.mode, list(picture.size)) == ("RGB", dataset.image_wh_orig[0].tolist())
    assert picture.tobytes() == dataset.load_picture(0).tobytes()
