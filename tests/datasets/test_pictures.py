"""Sizes from headers and pictures as shown, EXIF orientations and broken files included."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image

from assignstudy.datasets.pictures import PictureFiles, UnreadablePicture, is_image_name, open_picture, read_sizes

ORIENTATION = 0x0112


def save(path, orientation, **options):
    """A 6×4 picture whose upper left corner, as shown, is red."""
    shown = Image.new("RGB", (6, 4), (0, 0, 255))
    shown.paste((255, 0, 0), (0, 0, 2, 2))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    (shown.transpose(undo) if undo is not None else shown).save(path, exif=exif, **options)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_sizes_and_pictures_follow_the_exif_orientation(tmp_path, suffix, orientation):
    path = tmp_path / f"a.{suffix}"
    save(path, orientation, **({"quality": 100} if suffix in ("jpg", "webp") else {}))
    assert read_sizes([path]) == [(6, 4)]
    picture = open_picture(path)
    assert (picture.mode, picture.size) == ("RGB", (6, 4))
    red, _, blue = picture.getpixel((0, 0))
    assert red > 180
    assert blue < 80


def test_an_orientation_that_makes_no_sense_is_upright(tmp_path):
    save(tmp_path / "a.jpg", 77)
    assert read_sizes([tmp_path / "a.jpg"]) == [(6, 4)]


def test_broken_exif_leaves_the_picture_alone(tmp_path):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (6, 4)).save(path, exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    assert read_sizes([path]) == [(6, 4)]
    assert open_picture(path).size == (6, 4)


def test_only_the_header_is_read(tmp_path):
    path = tmp_path / "cut.png"
    Image.effect_noise((300, 200), 90).save(path)
    path.write_bytes(path.read_bytes()[:100])
    assert read_sizes([path]) == [(300, 200)]
    with pytest.raises(OSError, match=r"cut\.png: expected a picture, found "):
        open_picture(path)


def test_a_huge_picture_has_a_size_but_is_not_decoded(tmp_path, monkeypatch):
    path = tmp_path / "huge.png"
    Image.new("1", (400, 400)).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_sizes([path]) == [(400, 400)]
    assert Image.MAX_IMAGE_PIXELS == 1000
    with pytest.raises(OSError, match="found more than 64,000,000 pixels"):
        open_picture(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file or directory"),
        (b"", "no picture that Pillow can read"),
        (b"text", "no picture that Pillow can read"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no picture that Pillow can read"),
    ],
)
def test_unreadable_files_say_why_without_their_path(tmp_path, content, reason):
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    assert read_sizes([path]) == [UnreadablePicture(reason)]
    with pytest.raises(OSError, match=f"expected a picture, found {reason}"):
        open_picture(path)


def test_a_folder_is_no_picture(tmp_path):
    assert read_sizes([tmp_path]) == [UnreadablePicture("is a directory")]


def test_a_path_that_no_system_takes_is_no_picture():
    assert read_sizes(["a\0.png"]) == [UnreadablePicture("no picture that Pillow can read")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jpg", True),
        ("a.JPEG", True),
        ("a.b.WebP", True),
        ("a.txt", False),
        ("jpg", True),
        ("a.gif", False),
        ("", False),
    ],
)
def test_image_names(name, expected):
    # A name that is nothing but a suffix counts, as it does for the trainers: they look behind the last dot, if any.
    assert is_image_name(name) is expected


def test_picture_files_open_by_index(tmp_path):
    for number, size in enumerate([(3, 4), (5, 6)]):
        Image.new("L", size).save(tmp_path / f"{number}.png")
    assert PictureFiles((tmp_path / "0.png", tmp_path / "1.png"))(1).size == (5, 6)


def test_pictures_of_16_bits_are_scaled_and_not_cut_off(tmp_path):
    ramp = np.arange(0, 65536, 256, dtype=np.uint16).reshape(16, 16)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    grey = np.asarray(open_picture(str(tmp_path / "ramp.png")))[..., 0]
    assert np.array_equal(grey, ramp // 256)
