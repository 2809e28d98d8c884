"""Picture files: their size from the header alone, and their pixels when somebody wants to see them.

Both follow the EXIF orientation, so sizes and pictures are as shown, never as stored.
"""

from __future__ import annotations

import errno
import functools
import logging
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageOps
from tqdm import tqdm

from assignstudy.untrusted import PathText, open_plain

IMAGE_SUFFIXES = frozenset(
    {"avif", "bmp", "dng", "heic", "heif", "jp2", "jpeg", "jpg", "mpo", "pfm", "png", "tif", "tiff", "webp"}
)
"""Lower-case suffixes that count as pictures: those that Ultralytics' loaders accept. Pillow cannot open all."""

_TURNED = frozenset({5, 6, 7, 8})
"""EXIF orientations that swap width and height."""

# What Pillow's plugins raise on files that are broken in one way or another.
_BROKEN = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError),
    *(struct.error, zlib.error, MemoryError, Image.DecompressionBombError),
)

_FORMATS = ("AVIF", "BMP", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP")
"""Those of :data:`IMAGE_SUFFIXES`: Pillow reads forty more, and some of them run other programs or take their time."""

MOST_PIXELS = 64_000_000
"""Of a picture that is decoded: four bytes for each, and again to turn it. Ten megabytes of PNG can say billions."""

logging.getLogger("PIL").addHandler(logging.NullHandler())  # its errors are ours to tell, in *Data issues*


@dataclass(frozen=True, slots=True)
class UnreadablePicture:
    """Why a file gave no size.

    Attributes:
        reason: Half a sentence without the path: ``no such file``.
    """

    reason: str


def is_image_name(name: str) -> bool:
    """Whether a file name ends like a picture's, in any case."""
    return name.rpartition(".")[2].lower() in IMAGE_SUFFIXES


def read_sizes(
    paths: Sequence[PathText | None], *, progress: bool = False
) -> list[tuple[int, int] | UnreadablePicture]:
    """Width and height in pixels, as shown, of each picture, from the headers alone.

    Args:
        paths: Files to open; None for one that must not be opened.
        progress: Whether to show a progress bar on stderr.
    """
    with _headers_only():
        return [_size(path) for path in tqdm(paths, desc="image sizes", unit="image", disable=not progress)]


def open_picture(path: PathText | None) -> Image.Image:
    """The picture as shown, in RGB.

    Raises:
        OSError: The file is missing, must not be opened or cannot be read, or has more than :data:`MOST_PIXELS`, as
            WebP more than half of them, because its decoder holds them twice.
    """
    try:
        with _quiet(), _opened(path) as image:
            most = MOST_PIXELS // 2 if image.format == "WEBP" else MOST_PIXELS
            if image.width * image.height > most:
                raise OSError(errno.EFBIG, f"more than {most:,} pixels")
            picture = ImageOps.exif_transpose(image) if _orientation(image) != 1 else image
            return _eight_bits(picture).convert("RGB")
    except _BROKEN as error:
        raise OSError(f"{path}: expected a picture, found {_reason(error)}") from error


def _eight_bits(picture: Image.Image) -> Image.Image:
    """The picture with 8 bits per channel: Pillow itself cuts off what is brighter in 16 bits instead of scaling."""
    if not picture.mode.startswith("I"):
        return picture
    return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")


@dataclass(frozen=True, slots=True)
class PictureFiles:
    """Opens the picture of an image index.

    Attributes:
        files: The picture file of each image; None for one that must not be opened.
    """

    files: tuple[PathText | None, ...]

    def __call__(self, image_index: int) -> Image.Image:
        """The picture as shown, in RGB.

        Raises:
            OSError: The file is missing or cannot be read.
        """
        return open_picture(self.files[image_index])


def _size(path: PathText | None) -> tuple[int, int] | UnreadablePicture:
    try:
        with _opened(path) as image:
            width, height = image.size
            return (height, width) if _orientation(image) in _TURNED else (width, height)
    except _BROKEN as error:
        return UnreadablePicture(_reason(error))


@contextmanager
def _opened(path: PathText | None) -> Iterator[Image.Image]:
    """The picture in a plain file of a known format, its pixels not read yet."""
    if path is None:
        raise OSError(errno.EACCES, "a path that leads out of the data set")
    with open_plain(path) as file, Image.open(file, formats=_known_formats()) as image:
        yield image


@functools.cache
def _known_formats() -> tuple[str, ...]:
    """Those of the formats that this Pillow can read."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation that Pillow leaves to its caller; 1 (upright) where there is none or it cannot be read."""
    # Pillow turns TIFF itself, size included. A PNG without EXIF before its pixels would be decoded to look behind.
    if image.format == "TIFF" or (image.format == "PNG" and "exif" not in image.info):
        return 1
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _BROKEN:
        return 1
    return value if isinstance(value, int) else 1


def _reason(error: BaseException) -> str:
    """Half a sentence without the path, which may be absolute."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    if isinstance(error, Image.DecompressionBombError):
        return f"more than {MOST_PIXELS:,} pixels"
    return "no picture that Pillow can read"


@contextmanager
def _headers_only() -> Iterator[None]:
    """Lift Pillow's guard against huge pictures, which protects decoding."""
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with _quiet():
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Pillow's remarks on broken metadata and on size, which would tear progress bars."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
