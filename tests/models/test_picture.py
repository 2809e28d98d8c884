import numpy as np
import torch
from PIL import Image

from assignstudy.models.picture import PADDING, as_tensor, network_picture


def test_the_picture_lies_where_its_boxes_do_and_grey_lies_around_it():
    white = Image.new("RGB", (50, 25), "white")
    found = np.asarray(network_picture(white, (100.0, 50.0), (0.0, 25.0), (100, 100)))
    assert found.shape == (100, 100, 3)
    assert (found[25:75] == 255).all()
    assert (found[:25] == PADDING).all()
    assert (found[75:] == PADDING).all()


def test_half_a_pixel_of_padding_goes_below():
    found = np.asarray(network_picture(Image.new("RGB", (10, 5), "white"), (10.0, 5.0), (0.0, 2.5), (10, 10)))
    assert np.flatnonzero((found == 255).all(axis=(1, 2))).tolist() == [2, 3, 4, 5, 6]


def test_a_stretched_picture_fills_the_input():
    found = np.asarray(network_picture(Image.new("RGB", (7, 90), "white"), (32.0, 64.0), (0.0, 0.0), (32, 64)))
    assert (found == 255).all()


def test_the_network_is_given_red_green_blue_from_0_to_1():
    tensor = as_tensor(Image.new("RGB", (4, 2), (255, 114, 0)))
    assert tensor.shape == (1, 3, 2, 4)
    assert tensor.dtype == torch.float32
    assert tensor[0, :, 1, 3].tolist() == [1.0, np.float32(114 / 255), 0.0]
