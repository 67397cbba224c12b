"""A picture's file before it is decoded: bounded in bytes and pixels, and of a format that is no program."""

from __future__ import annotations

import contextlib
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 1 << 27
"""Of a picture, 134 million: what nearly all cameras make. Decoding takes up to 22 bytes a pixel, so without a limit
a file of a few kilobytes fills any memory."""

MOST_BYTES = 1 << 30
"""Of a file that is read whole: `MOST_PIXELS` in three uncompressed channels of 16 bits take less."""

MOST_SCANS = 500
"""Of a JPEG; progressive ones have about ten."""

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF", "PPM")
"""What Pillow may take a picture for. It knows forty more, among them EPS, which it gives to a program to execute."""

_TIFF_TILE = 323, 322
"""Tags of the height and width of a TIFF's tiles."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x00, 0x01, *range(0xD0, 0xD9)))
_ENDS = frozenset((0xD9, 0xDA))
"""Markers of a JPEG: of a frame header, without a length, after which there is no frame header."""


def read_whole(path: Path) -> bytes:
    """The bytes of a file that may be anyone's.

    :raises OSError: where it cannot be read.
    :raises ValueError: where it is a pipe or a device, which need never end, or has more than `MOST_BYTES`.
    """
    found = path.stat()
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):  # reading says what is wrong with a folder
        raise ValueError("it is a pipe or a device, not a file")
    if found.st_size > MOST_BYTES:
        raise ValueError(f"it has {found.st_size:,} bytes, more than the {MOST_BYTES:,} that are read")
    return path.read_bytes()


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
