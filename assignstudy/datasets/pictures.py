"""Picture files: their size from the header alone, and their pixels when somebody wants to see them.

Both follow the EXIF orientation, so sizes and pictures are as shown, never as stored.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike

from PIL import ExifTags, Image, ImageOps
from tqdm import tqdm

IMAGE_SUFFIXES = frozenset(
    {"avif", "bmp", "dng", "heic", "heif", "jp2", "jpeg", "jpg", "mpo", "pfm", "png", "tif", "tiff", "webp"}
)
"""Lower-case suffixes that count as pictures: those that Ultralytics' loaders accept. Pillow cannot open all."""

_TURNED = frozenset({5, 6, 7, 8})
"""EXIF orientations that swap width and height."""

# What Pillow's plugins raise on files that are broken in one way or another.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, OverflowError, Image.DecompressionBombError)

PathText = str | PathLike[str]


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


def read_sizes(paths: Sequence[PathText], *, progress: bool = False) -> list[tuple[int, int] | UnreadablePicture]:
    """Width and height in pixels, as shown, of each picture, from the headers alone.

    Args:
        paths: Files to open.
        progress: Whether to show a progress bar on stderr.
    """
    with _headers_only():
        return [_size(path) for path in tqdm(paths, desc="image sizes", unit="image", disable=not progress)]


def open_picture(path: PathText) -> Image.Image:
    """The picture as shown, in RGB.

    Raises:
        OSError: The file is missing or cannot be read.
    """
    try:
        with _quiet(), Image.open(path) as image:
            picture = ImageOps.exif_transpose(image) if _orientation(image) != 1 else image
            return picture.convert("RGB")
    except _BROKEN as error:
        raise OSError(f"{path}: expected a picture, found {_reason(error)}") from error


@dataclass(frozen=True, slots=True)
class PictureFiles:
    """Opens the picture of an image index.

    Attributes:
        files: The picture file of each image.
    """

    files: tuple[PathText, ...]

    def __call__(self, image_index: int) -> Image.Image:
        """The picture as shown, in RGB.

        Raises:
            OSError: The file is missing or cannot be read.
        """
        return open_picture(self.files[image_index])


def _size(path: PathText) -> tuple[int, int] | UnreadablePicture:
    try:
        with Image.open(path) as image:
            width, height = image.size
            return (height, width) if _orientation(image) in _TURNED else (width, height)
    except _BROKEN as error:
        return UnreadablePicture(_reason(error))


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
        return error.strerror[0].lower() + error.strerror[1:]
    if isinstance(error, Image.DecompressionBombError):
        return "more pixels than Pillow agrees to decode"
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
