"""Pictures in files: decoded to RGB, and refused first where decoding would take all memory or run a program."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, final

import numpy as np

from datasets.common.code import content_sha256
from datasets.common.errors import DataError
from datasets.common.files import read_whole
from datasets.common.hashing import sha256_of_file
from datasets.core.colour import as_rgb, colours_of
from datasets.core.decoder_output import listened_to
from datasets.core.imaging import halved
from datasets.core.picture_forms import (
    FORMATS,
    JpegMarkers,
    UnreadFormError,
    read_markers,
    refuse_hdr_png,
    refuse_tiff_form,
    unidentified,
)

if TYPE_CHECKING:
    from PIL import Image

    _Conversion = Callable[[Image.Image], np.ndarray]

MOST_PIXELS = 1 << 27
"""Of a picture, 134 million: what nearly all cameras make. Decoding takes up to 22 bytes a pixel, so without a limit
a file of a few kilobytes fills any memory."""

MOST_SCANS = 500
"""Of a JPEG; progressive ones have about ten."""

_JPEG = b"\xff\xd8"
_ORIENTATION_TAG = 0x0112
_TIFF_TILE = 323, 322
"""Tags of the height and width of a TIFF's tiles."""


def decode_rgb(encoded: bytes) -> np.ndarray:
    """Decode a JPEG to uint8 RGB, shape (height, width, 3), with OpenCV; orientation tags and profiles are ignored.

    :raises ValueError: where the bytes are empty, end early, are no JPEG, or one that is not decoded.
    """
    import cv2

    if not encoded:
        raise ValueError("the file is empty (0 bytes)")
    if encoded[:2] != _JPEG:  # OpenCV would try a dozen other decoders
        raise ValueError("the file is not a picture that can be decoded as JPEG")
    markers = _read_markers(encoded)
    if not markers.is_whole:
        raise ValueError(f"the JPEG is truncated: no end-of-image marker in its {len(encoded)} bytes")
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        rgb, complaint = listened_to(lambda: cv2.imdecode(np.frombuffer(encoded, np.uint8), flags))
    except cv2.error as error:
        raise ValueError(f"the {markers.form} cannot be decoded by OpenCV ({error.err})") from error
    if complaint:
        raise ValueError(f"the {markers.form} is damaged ({complaint})")
    if rgb is None:
        raise ValueError(f"the {markers.form} cannot be decoded by OpenCV")
    return np.asarray(rgb)


def decode_rgb_strictly(encoded: bytes, formats: tuple[str, ...] = FORMATS) -> np.ndarray:
    """Decode a picture of one of Pillow's formats to uint8 RGB, shape (height, width, 3), with Pillow.

    Slower than `decode_rgb`, and refuses every truncation. Alpha is laid over white, 16 bits are scaled to 8,
    grey and CMYK become RGB; orientation tags and colour profiles are ignored.

    :raises ValueError: where the bytes are empty, end early, are no picture, or one that is not decoded.
    """
    return _decoded(encoded, _as_stored, formats)


def read_picture(path: Path) -> np.ndarray:
    """Read a data set's picture as uint8 RGB, shape (height, width, 3), in the numbers that are stored.

    Orientation tags and colour profiles are ignored, as they are in the levels that it is compared with.

    :raises DataError: where the file is missing, unreadable or damaged; the text names it.
    """
    return _read(path, _as_stored)


def read_upright(path: Path, *, at_half: bool = False) -> np.ndarray:
    """A photograph as its viewer shows it, uint8 sRGB, shape (height, width, 3).

    Its orientation tag is applied, and its colours are converted to sRGB.

    :param at_half: at half the size, to which a JPEG is decoded at once, in less time.
    :raises DataError: where the file is damaged, no picture, or of a form that is not read.
    """
    return _read(path, _upright, at_half=at_half)


def notes_on(path: Path) -> tuple[str, ...]:
    """What is to be said of a photograph that `read_upright` reads: of its colours, and that it is one of several.

    :raises DataError: where it is no picture.
    """
    try:
        with opened(path) as image:
            colours = colours_of(image)
            several = getattr(image, "is_animated", False) and image.format != "MPO"  # whose others are a phone's
            notes = (
                colours.origin and f"converted to sRGB from {colours.origin}",
                colours.doubt,
                "the first of several pages or frames" if several else "",
            )
            return tuple(filter(None, notes))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as a picture: {error}.") from error


def stored_colours(path: Path) -> str:
    """What a picture's numbers are, where they are not sRGB, e.g. `its colour profile (Display P3)`; else empty.

    :raises OSError: where there is no such file.
    :raises ValueError: where it is no picture.
    """
    with opened(path) as image:
        return colours_of(image).origin


@final
@dataclass(frozen=True)
class PictureFile:
    """Gives a file's pixels when called. It travels to other processes as a path.

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
            file = f"file {sha256_of_file(self.path)} {self.how} {content_sha256(self.read)}"
            return f"{file} read by Pillow {PIL.__version__}"
        except OSError as error:
            raise DataError(f"{self.path}: {error.strerror}. Copy it again from the data set.") from error


@contextlib.contextmanager
def opened(file: Path | BinaryIO, formats: tuple[str, ...] = FORMATS) -> Iterator[Image.Image]:
    """A picture's header by Pillow; its pixels are decoded where the block asks for them.

    :raises OSError: where there is no such file.
    :raises ValueError: where it is of no such format, damaged, or not decoded for its size or form; in the block, too.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file, formats=formats) as image:
            refuse_bomb(image.height, image.width)
            if tags := getattr(image, "tag_v2", None):
                refuse_bomb(tags.get(_TIFF_TILE[0], 0), tags.get(_TIFF_TILE[1], 0))  # a tile is decoded whole
                if image.format == "TIFF":  # an MPO has such tags, too
                    refuse_tiff_form(tags)
            yield image
    except UnreadFormError:
        raise
    except UnidentifiedImageError:
        with file.open("rb") if isinstance(file, Path) else contextlib.nullcontext(file) as stream:
            raise unidentified(stream, formats) from None
    except Exception as error:  # Pillow's parsers fail on damaged files in more ways than it declares
        if isinstance(error, OSError) and error.errno is not None:  # of the file itself, not of what is in it
            raise
        raise ValueError(f"the picture cannot be decoded ({error or type(error).__name__})") from error


def refuse_bomb(height: int, width: int) -> None:
    """Refuse a picture before it is decoded.

    :raises UnreadFormError: where it has more than `MOST_PIXELS`.
    """
    if height * width > MOST_PIXELS:
        raise UnreadFormError(
            f"{width}x{height} are more than the {MOST_PIXELS / 1e6:.0f} million pixels that are decoded"
        )


def _read_markers(encoded: bytes) -> JpegMarkers:
    """A JPEG's markers, before it is decoded: every scan, however short, is a pass over the whole picture."""
    markers = read_markers(encoded, MOST_SCANS)
    refuse_bomb(markers.height, markers.width)
    if markers.bits != 8:
        raise UnreadFormError(f"{markers.form}, not supported: convert it to 8 bits")
    if markers.scans > MOST_SCANS:
        raise UnreadFormError(f"the JPEG is not decoded: it has more than {MOST_SCANS} scans")
    return markers


def _decoded(
    encoded: bytes, pixels_of: _Conversion, formats: tuple[str, ...] = FORMATS, *, at_half: bool = False
) -> np.ndarray:
    if not encoded:
        raise ValueError("the file is empty (0 bytes)")
    refuse_hdr_png(encoded)
    markers = _read_markers(encoded) if encoded[:2] == _JPEG else None
    try:
        with opened(io.BytesIO(encoded), formats) as image:
            width, height = image.size
            if at_half:
                image.draft(None, (max(1, width // 2), max(1, height // 2)))  # of a JPEG alone
            image.load()
            if markers:
                _refuse_damage(encoded, markers)
            pixels = pixels_of(image)
            return halved(pixels) if at_half and image.size == (width, height) else pixels
    except ValueError as error:
        if markers and markers.process:
            raise UnreadFormError(f"{markers.form}, not supported ({error}): convert it to baseline JPEG") from error
        raise


def _refuse_damage(encoded: bytes, markers: JpegMarkers) -> None:
    """Refuse a JPEG of which Pillow makes a picture without a word, whatever its data are."""
    import cv2

    smallest = cv2.IMREAD_REDUCED_GRAYSCALE_8  # it is read to its end, which takes a fraction of decoding it
    with contextlib.suppress(cv2.error):
        _, complaint = listened_to(lambda: cv2.imdecode(np.frombuffer(encoded, np.uint8), smallest))
        if complaint:
            raise ValueError(f"the {markers.form} is damaged ({complaint})")


def _read(path: Path, pixels_of: _Conversion, *, at_half: bool = False) -> np.ndarray:
    try:
        return _decoded(read_whole(path), pixels_of, at_half=at_half)
    except FileNotFoundError:
        raise DataError(f"{path}: no such picture. Was the set unpacked completely?") from None
    except UnreadFormError as error:
        raise DataError(f"{path}: cannot be read as a picture: {error}.") from error
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: cannot be read as a picture: {error}. Expected a whole picture; copy it again."
        ) from error


def _as_stored(image: Image.Image) -> np.ndarray:
    return as_rgb(image, to_srgb=False)


def _upright(image: Image.Image) -> np.ndarray:
    from PIL import Image, ImageOps

    pixels, exif = as_rgb(image, to_srgb=True), Image.Exif()
    with contextlib.suppress(
        Exception
    ):  # damaged tags turn nothing in viewers, nor do those of XMP, which Pillow takes
        exif.load(image.info.get("exif", b""))
    tag = exif.get(_ORIENTATION_TAG, 1)
    if tag not in range(2, 9) or image.format == "TIFF":  # which Pillow turns itself
        return pixels
    turned = Image.fromarray(pixels)
    turned.getexif()[_ORIENTATION_TAG] = tag
    return np.asarray(ImageOps.exif_transpose(turned))
