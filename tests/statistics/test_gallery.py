"""Which images the gallery shows, and where they lie on the network input."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from assignstudy.assign.atss import Atss
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.errors import ConfigError
from assignstudy.statistics import gallery
from assignstudy.statistics.gallery import Choice, Placement, Wish, choose, named
from assignstudy.study import Study, run, show
from assignstudy.transforms import Letterbox
from tests.boxes import make_dataset

FINE, WIDE = (0.5, 0.5, 0.1, 0.1), (0.5, 0.5, 0.9, 0.003)


def studied(dataset, rule=None):
    rule = rule or Yolov5()
    study = Study(dataset, rule, rule.published_levels(), Letterbox(), (640, 640))
    return study, run(study)


def chosen(dataset, images=8, rule=None, **wish):
    study, result = studied(dataset, rule)
    return choose(result.tables, study.dataset.image_paths, Wish(images, **wish))


def test_the_worst_come_first_and_say_why():
    dataset = make_dataset([0, 1, 1, 2, 3, 3], [FINE, FINE, WIDE, FINE, FINE, FINE], [(640, 640)] * 4)
    found = chosen(dataset)
    assert found[0] == Choice(1, "1 without a positive")
    assert found[1] == Choice(3, "2 in contested slots")
    assert {choice.why for choice in found[2:]} == {"typical of the data set"}
    assert sorted(choice.image_index for choice in found) == [0, 1, 2, 3]


def test_half_of_the_places_are_for_the_worst():
    dataset = make_dataset(list(range(12)), [WIDE] * 6 + [FINE] * 6, [(640, 640)] * 12)
    found = chosen(dataset)
    assert [choice.why.startswith("1 without") for choice in found] == [True] * 4 + [False] * 4


def test_an_image_without_ground_truths_is_not_chosen():
    assert [choice.image_index for choice in chosen(make_dataset([1], [FINE], [(64, 64)] * 3))] == [1]


def test_an_image_of_too_many_ground_truths_is_shown_only_by_name(monkeypatch):
    monkeypatch.setattr(gallery, "MOST_BOXES", 2)
    dataset = make_dataset([0, 0, 0, 1, 1], [FINE] * 5, [(64, 64)] * 2)
    assert [choice.image_index for choice in chosen(dataset)] == [1]
    assert [choice.image_index for choice in chosen(dataset, pick=(dataset.image_paths[0],))] == [0]


def test_no_image_where_none_has_a_ground_truth():
    assert chosen(make_dataset([], [], [(64, 64)] * 2)) == ()


def test_none_wanted_none_chosen():
    assert chosen(make_dataset([0], [FINE], [(64, 64)]), images=0) == ()


def test_picked_images_come_in_the_order_of_their_names():
    dataset = make_dataset([0], [FINE], [(64, 64)] * 3)
    found = chosen(dataset, pick=("000002.jpg", "000000.jpg"))
    assert [choice.image_index for choice in found] == [2, 0]


def test_a_rule_without_contest_or_reach_shows_the_unmatched_and_the_typical():
    dataset = make_dataset([0, 1], [FINE, (0.5, 0.5, 0.0005, 0.0005)], [(640, 640)] * 2)
    assert [choice.image_index for choice in chosen(dataset, rule=Atss())] == [1, 0]


def test_a_name_may_be_the_end_of_a_path():
    assert named("a.jpg", ["images/a.jpg", "images/aa.jpg"]) == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bb.jpg", r"report\.gallery\.pick: no such image, got bb\.jpg; did you mean one/b\.jpg\?"),
        ("other/b.jpeg", r"got other/b\.jpeg; did you mean one/b\.jpg\?"),
        ("dog.png", r"got dog\.png; the data set has 3, such as one/a\.jpg$"),
        ("a.jpg", r"expected the name of one image, got a\.jpg, which fits one/a\.jpg, two/a\.jpg"),
    ],
)
def test_a_name_that_fits_none_or_several_is_refused(name, message):
    with pytest.raises(ConfigError, match=message):
        named(name, ["one/a.jpg", "one/b.jpg", "two/a.jpg"])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("street-0003.png", "00003"), ("street-3", "00003"), ("street-203.jpg", "00203"), ("street-0", "00000")],
)
def test_a_number_with_fewer_or_more_noughts_is_the_one_meant(typed, meant):
    with pytest.raises(ConfigError, match=rf"; did you mean street-{meant}\.png\?$"):
        named(typed, [f"street-{number:05d}.png" for number in range(300)])


def test_the_way_back_to_the_original_undoes_scale_and_padding():
    place = Placement((640, 480), (320, 320), (320, 240), (0, 40))
    assert place.to_orig(np.array([[0.0, 40, 320, 280], [8, 8, 16, 16]])).tolist() == [
        [0, 0, 640, 480],
        [16, -64, 32, -48],
    ]
    assert place.grid_wh(32) == (10, 10)
    assert place.grid_wh(128) == (3, 3)


def picture_of(load):
    dataset = replace(make_dataset([0], [FINE], [(64, 48)]), load_picture=load)
    study, result = studied(dataset)
    return show(study, result, Wish(), longest_px=32).gallery.images[0]


def test_a_picture_is_scaled_down_to_what_is_needed():
    image = picture_of(lambda _: Image.new("RGB", (64, 48)))
    assert image.picture.size == (32, 24)
    assert image.problem == ""


def test_a_picture_that_cannot_be_read_is_a_notice_without_a_folder():
    def load(_):
        raise OSError("/home/somebody/000000.jpg: expected a picture, found no such file or directory")

    image = picture_of(load)
    assert image.picture is None
    assert image.problem == "000000.jpg: expected a picture, found no such file or directory"


def test_a_picture_of_another_size_than_the_labels_say_is_a_notice():
    image = picture_of(lambda _: Image.new("RGB", (48, 64)))
    assert image.problem == "000000.jpg: expected 64 × 48 px, found 48 × 64; drawn stretched"
