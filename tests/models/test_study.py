import numpy as np
import pytest
import torch

from assignstudy.assign.atss import Atss
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.errors import ModelError
from assignstudy.models.study import LayerChoice, Setting, study
from assignstudy.transforms import Letterbox, Rect, Stretch, to_network_input
from tests.models.nets import INPUT_WH, Broken, dataset_with_pictures, net, picture, setting

CHOICE = LayerChoice(channels=2)


def test_every_picture_goes_through_once_and_in_the_order_asked_for():
    model = net()
    calls = []
    handle = model.register_forward_hook(lambda *_: calls.append(model.seen))
    found = study(model, setting(), [1, 0], CHOICE)
    handle.remove()
    assert calls == [(False, False, (1, 3, 64, 96))] * 2
    assert [one.path for one in found.pictures] == ["000001.jpg", "000000.jpg"]


def test_maps_stand_on_their_levels():
    maps = study(net(), setting(), [0], CHOICE).pictures[0].maps
    assert [(one.level, one.mean.shape, one.maps.shape) for one in maps] == [
        (0, (8, 12), (2, 8, 12)),
        (1, (4, 6), (2, 4, 6)),
        (2, (2, 3), (2, 2, 3)),
    ]
    assignment = Yolov5().assign(setting().boxes_of(0), setting().levels)
    cells = [len(set(zip(p.grid_y.tolist(), p.grid_x.tolist(), strict=True))) for p in assignment.levels]
    assert [one.inside.cells for one in maps] == cells
    assert [one.inside.cells + one.outside.cells for one in maps] == [96, 24, 6]


@pytest.mark.parametrize("transform", [Letterbox(), Rect(), Stretch()])
def test_each_transform_gives_the_network_its_own_input(transform):
    labels = dataset_with_pictures()
    network_input = to_network_input(labels, transform, INPUT_WH, 32)
    one = Setting(labels, network_input, Yolov5(), setting().levels, INPUT_WH[::-1])
    for image in (0, 1):
        width, height = one.input_wh(image)
        assert one.picture(image).shape == (1, 3, height, width)
        found = study(net(), one, [image], CHOICE).pictures[0]
        assert found.maps[0].mean.shape == (height // 8, width // 8)
        assert found.loss.gt_id.tolist() == [[0, 1, 2], [3]][image]


def test_a_picture_that_cannot_be_opened_is_named_and_the_others_are_shown():
    def open_picture(image_index):
        if image_index == 0:
            raise OSError("no such file")
        return picture(image_index)

    found = study(net(), setting(dataset=dataset_with_pictures(open_picture)), [0, 1], CHOICE)
    assert found.missing == ("000000.jpg",)
    assert [one.path for one in found.pictures] == ["000001.jpg"]
    nothing = study(net(), setting(dataset=dataset_with_pictures(None)), [0, 1], CHOICE)
    assert nothing.pictures == ()
    assert len(nothing.missing) == 2


def test_what_the_model_raises_names_the_image():
    with pytest.raises(ModelError, match=r"got RuntimeError: a defect of the user's own; .* \(image 000001\.jpg\)$"):
        study(net(Broken), setting(), [1, 0], CHOICE)


def test_values_that_are_not_finite_name_the_image():
    model = net()
    model.stem[0].bias.data.fill_(torch.nan)
    with pytest.raises(ModelError, match=r"expected finite activations, .* \(image 000000\.jpg\)$"):
        study(model, setting(), [0], CHOICE)


def test_losses_are_those_of_one_batch():
    both, alone = study(net(), setting(), [0, 1], CHOICE), study(net(), setting(), [0], CHOICE)
    rows = sum(one.loss.rows for one in both.pictures)
    share = both.pictures[0].loss.rows / np.maximum(rows, 1)
    np.testing.assert_allclose(both.pictures[0].loss.box, alone.pictures[0].loss.box * share)
    assert both.no_loss == ""


def test_without_outputs_that_fit_there_are_maps_and_a_sentence():
    found = study(net(outputs=3 * 9), setting(), [0, 1], CHOICE)
    assert found.no_loss.startswith("training outputs: expected (images, anchors, rows, columns, 5 + classes)")
    assert all(one.loss is None and one.maps for one in found.pictures)


def test_a_rule_without_a_loss_says_so():
    labels = dataset_with_pictures()
    network_input = to_network_input(labels, Letterbox(), (128, 128), 128)
    one = Setting(labels, network_input, Atss(), Atss().published_levels(), (128, 128))
    found = study(net(levels=5), one, [0], CHOICE)
    assert found.no_loss == "No loss is built in for ATSS."
    assert [one.level for one in found.pictures[0].maps] == [0, 1, 2, 3, 4]


def test_a_model_in_half_precision_is_given_half_precision():
    found = study(net().to(torch.bfloat16), setting(), [0], CHOICE)
    assert found.pictures[0].maps[0].mean.dtype == np.float32


def test_the_same_pictures_give_the_same_numbers():
    one, other = (study(net(), setting(), [0, 1], LayerChoice(strongest=True)) for _ in range(2))
    for picture_one, picture_other in zip(one.pictures, other.pictures, strict=True):
        for a, b in zip(picture_one.maps, picture_other.maps, strict=True):
            assert a.maps.tobytes() == b.maps.tobytes()
            assert a.inside == b.inside
        assert picture_one.loss.box.tobytes() == picture_other.loss.box.tobytes()


def test_no_channel_is_no_choice():
    with pytest.raises(ValueError, match=r"^channels: expected at least 1, got 0$"):
        LayerChoice(channels=0)
