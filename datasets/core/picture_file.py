"""Pictures in files: decoded to RGB, and refused first where decoding would take all memory or run a program."""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, final

import numpy as np

from datasets.common.errors import DataError
from datasets.common.files import read_whole
from datasets.common.hashing import sha256_of_file

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 1 << 27
"""Of a picture, 134 million: what nearly all cameras make. Decoding takes up to 22 bytes a pixel, so without a limit
a file of a few kilobytes fills any memory."""

MOST_SCANS = 500
"""Of a JPEG; progressive ones have about ten."""

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF", "PPM")
"""What Pillow may take a picture for. It knows forty more, among them EPS, which it gives to a program to execute."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
"""Of photographs, as files of people's folders have them."""

_ORIENTATION_TAG = 0x0112
_TIFF_TILE = 323, 322
"""Tags of the height and width of a TIFF's tiles."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x00, 0x01, *range(0xD0, 0xD9)))
_ENDS = frozenset((0xD9, 0xDA))
"""Markers of a JPEG: of a frame header, without a length, after which there is no frame header."""


def decode_rgb(encoded: bytes) -> np.ndarray:
    """Decode a JPEG to uint8 RGB, shape (height, width, 3), with OpenCV; orientation tags are ignored.

    :raises ValueError: where the bytes are empty, end early, are no JPEG, or one of more than `MOST_PIXELS`.
    """
    import cv2

    if not encoded:
        raise ValueError("the file is empty (0 bytes)")
    if encoded[:2] != b"\xff\xd8":  # OpenCV would try a dozen other decoders
        raise ValueError("the file is not a picture that can be decoded as JPEG")
    if b"\xff\xd9" not in encoded[-1024:]:
        raise ValueError(f"the JPEG is truncated: no end-of-image marker in its {len(encoded)} bytes")
    refuse_bomb(*jpeg_size(encoded))
    refuse_scans(encoded)
    try:
        bgr = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise ValueError(f"the file is not a picture that OpenCV can decode ({error.err})") from error
    if bgr is None:
        raise ValueError("the file is not a picture that OpenCV can decode")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


def decode_rgb_strictly(encoded: bytes) -> np.ndarray:
    """Decode one of `FORMATS` to uint8 RGB, shape (height, width, 3), with Pillow.

    Slower than `decode_rgb`, and refuses every truncation. Alpha is laid over white, 16 bits are scaled to 8,
    grey and CMYK become RGB.

    :raises ValueError: where the bytes are empty, end early, are no picture, or one of more than `MOST_PIXELS`.
    """
    if not encoded:
        raise ValueError("the file is empty (0 bytes)")
    refuse_scans(encoded)
    with opened(io.BytesIO(encoded)) as image:
        image.load()
        return _as_rgb(image)


def read_picture(path: Path) -> np.ndarray:
    """Read a still picture file as uint8 RGB, shape (height, width, 3).

    :raises DataError: where the file is missing, unreadable or damaged; the text names it.
    """
    try:
        return decode_rgb_strictly(read_whole(path))
    except FileNotFoundError:
        raise DataError(f"{path}: no such picture. Was the set unpacked completely?") from None
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: cannot be read as a picture: {error}. Expected a whole PNG, BMP, WebP or JPEG; copy it again."
        ) from error


def read_upright(path: Path) -> np.ndarray:
    """A photograph as its viewer shows it, uint8 RGB, shape (height, width, 3): its orientation tag is applied.

    :raises DataError: where the file is damaged or no picture.
    """
    from PIL import Image, ImageOps

    pixels = read_picture(path)
    orientation = _orientation(path)
    if orientation == 1:
        return pixels
    upright = Image.fromarray(pixels)
    upright.getexif()[_ORIENTATION_TAG] = orientation
    return np.asarray(ImageOps.exif_transpose(upright))


@final
@dataclass(frozen=True)
class PictureFile:
    """Gives a file's pixels when called. It travels to other processes as a path.

    :param path: of the file.
    :param read: gives its pixels, uint8 RGB, shape (height, width, 3); can be sent to another process.
    :param how: what decides the pixels besides the file's bytes and the default way of reading: a crop's box, say.
    """

    path: Path
    read: Callable[[Path], np.ndarray] = read_picture
    how: str = ""

    def __call__(self) -> np.ndarray:
        return self.read(self.path)

    def fingerprint(self) -> str:
        """Names the pixels by the file's bytes and by what decodes them.

        :raises DataError: where the file cannot be read.
        """
        import PIL

        try:
            return f"file {sha256_of_file(self.path)} {self.how} read by Pillow {PIL.__version__}"
        except OSError as error:
            raise DataError(f"{self.path}: {error.strerror}. Copy it again from the data set.") from error


@contextlib.contextmanager
def opened(file: Path | BinaryIO) -> Iterator[Image.Image]:
    """A picture's header by Pillow; its pixels are decoded where the block asks for them.

    :raises OSError: where there is no such file.
    :raises ValueError: where it is none of `FORMATS`, damaged, or of more than `MOST_PIXELS`; in the block, too.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file, formats=FORMATS) as image:
            refuse_bomb(image.height, image.width)
            tags = getattr(image, "tag_v2", {})
            refuse_bomb(tags.get(_TIFF_TILE[0], 0), tags.get(_TIFF_TILE[1], 0))  # a tile is decoded whole
            yield image
    except UnidentifiedImageError:
        raise ValueError(f"the picture cannot be decoded (none of {', '.join(FORMATS)})") from None
    except Exception as error:  # Pillow's parsers fail on damaged files in more ways than it declares
        if isinstance(error, OSError) and error.errno is not None:  # of the file itself, not of what is in it
            raise
        raise ValueError(f"the picture cannot be decoded ({error or type(error).__name__})") from error


def refuse_bomb(height: int, width: int) -> None:
    """Refuse a picture before it is decoded.

    :raises ValueError: where it has more than `MOST_PIXELS`.
    """
    if height * width > MOST_PIXELS:
        raise ValueError(f"{width}x{height} are more than the {MOST_PIXELS / 1e6:.0f} million pixels that are decoded")


def refuse_scans(encoded: bytes) -> None:
    """Refuse a JPEG that would be decoded for hours: every scan, however short, is a pass over the whole picture.

    :raises ValueError: where it has more than `MOST_SCANS`.
    """
    if encoded[:2] == b"\xff\xd8" and (scans := encoded.count(b"\xff\xda")) > MOST_SCANS:
        raise ValueError(f"the JPEG is not decoded: it has {scans} scans, more than {MOST_SCANS}")


def jpeg_size(encoded: bytes) -> tuple[int, int]:
    """Height and width that a JPEG's frame header announces.

    :raises ValueError: where it has none.
    """
    at = 2
    while 0 <= at <= len(encoded) - 9:
        marker = encoded[at + 1]
        if encoded[at] != 0xFF:
            at = encoded.find(b"\xff", at)
        elif marker in _FRAMES:
            height, width = struct.unpack_from(">HH", encoded, at + 5)
            return height, width
        elif marker in _ENDS:
            break
        elif marker == 0xFF:
            at += 1
        else:
            at += 2 if marker in _ALONE else 2 + int.from_bytes(encoded[at + 2 : at + 4], "big")
    raise ValueError("the JPEG cannot be decoded: it has no frame header")


def _as_rgb(image: Image.Image) -> np.ndarray:
    from PIL import Image

    if image.mode.startswith(("I", "F")):
        grey = _as_grey(np.asarray(image), is_deep=image.mode.startswith("I;16"))
        return np.repeat(grey[:, :, None], 3, axis=2)
    if "A" in image.mode or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return np.asarray(image.convert("RGB"))


def _as_grey(values: np.ndarray, *, is_deep: bool) -> np.ndarray:
    """Grey levels of more than 8 bits as uint8, a row at a time: as floating-point numbers all take much more."""
    if not np.isfinite(values.max()):
        raise ValueError("its grey levels are not all finite numbers")
    scale = 257 if is_deep or values.max() > 255 else 1
    grey = np.empty(values.shape, dtype=np.uint8)
    for row, deep in zip(grey, values, strict=True):
        row[:] = np.clip(np.round(deep / scale), 0, 255)
    return grey


def _orientation(path: Path) -> int:
    """As the tag has it, 1..8; 1 where there is none, as viewers take it where the tag is damaged."""
    try:
        with opened(path) as image:
            tag = image.getexif().get(_ORIENTATION_TAG, 1)
            turned = image.format == "TIFF"  # by Pillow, as it reads
    except ValueError:
        return 1
    return tag if tag in range(1, 9) and not turned else 1
