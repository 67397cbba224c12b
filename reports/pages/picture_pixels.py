"""The pixels that a picture's page shows: the data set is opened again, and what is shown is bounded in size.

Nothing is scaled: scaling hides what compression does. A picture larger than `WIDTH` x `HEIGHT` is shown as the part of
that size in which compression at the true level errs most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datasets.common.errors import UserError
from datasets.core.imaging import FLASH_LIMIT, flash_share, luma, mse, png, psnr_db, window_sums
from datasets.core.picture import Picture
from datasets.sets import open_dataset
from reports.pages.html import data_uri
from reports.results.cards import DatasetEntry

WIDTH, HEIGHT = 640, 480
"""Pixels, turned for pictures that are higher than wide: a KonJND-1k picture is shown whole."""

_STEP = 8
"""Parts begin at JPEG's blocks, so that those at the border are whole."""

ERROR_LIMIT = 32
"""Grey levels: what the error maps show as white."""

_SHADES = 16

_STILL_VALID = "The numbers below stay valid: they come from the stored runs, not from these pictures."


@dataclass(frozen=True)
class LevelView:
    """A picture at a level.

    :param image: address of its pixels.
    :param error_map: address of the absolute luma error's map, black for 0 and white for `ERROR_LIMIT` and more.
    :param psnr_db: luma PSNR of the whole picture.
    :param largest: the largest luma error of what is shown, in grey levels.
    :param flash: how much of a field of 10 degrees flashes where it alternates with the reference, 0..1.
    """

    level: int
    image: str
    error_map: str
    psnr_db: float
    largest: int
    flash: float

    @property
    def flickers(self) -> bool:
        """Whether it may alternate with the reference by itself."""
        return self.flash < FLASH_LIMIT


@dataclass(frozen=True)
class PictureView:
    """What is shown of a picture.

    :param width: of what is shown, in pixels; `height` likewise.
    :param full: width and height of the whole picture.
    :param corner: where what is shown begins in it, from the left and from the top.
    :param pixels_per_degree: viewing geometry of the study.
    :param reference: address of the reference's pixels.
    """

    width: int
    height: int
    full: tuple[int, int]
    corner: tuple[int, int]
    pixels_per_degree: float
    reference: str
    levels: tuple[LevelView, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was cut off."""
        return self.full == (self.width, self.height)


@dataclass(frozen=True)
class PixelSource:
    """A data set's pictures, or why there are none to show.

    :param pictures: by name; empty where none are shown.
    :param reason: why, one sentence; empty where they are.
    :param note: what a reader must know of the pixels; mostly empty.
    """

    pictures: dict[str, Picture]
    reason: str = ""
    note: str = ""

    def why_not(self, name: str) -> str:
        """Why a picture is not shown; empty where it can be."""
        return self.reason or ("" if name in self.pictures else "The data set no longer has this picture.")


def open_pixels(entry: DatasetEntry, *, include: bool) -> PixelSource:
    """Open a data set as its runs did.

    :param include: shows pictures that may not be passed on, too.
    """
    if not entry.redistributable and not include:
        return PixelSource(
            {},
            "The data set's terms do not allow passing on its pictures, so none are shown. "
            "For yourself, build the report with --include-pictures.",
        )
    record = entry.sections[0].rows[0].run.record
    known = record.dataset
    try:
        dataset = open_dataset(known.opening_name, known.root, known.options)
    except (UserError, OSError):
        # The error's own text names folders of this machine, which have no place in a report that is passed on.
        return PixelSource({}, f"The data set can no longer be opened where the runs found it. {_STILL_VALID}")
    if dataset.fingerprint() != record.key_parts.get("data"):
        reason = "The data set on this machine is another version than the one that the runs were made on."
        return PixelSource({}, f"{reason} {_STILL_VALID}")
    if not dataset.has_pixels:
        return PixelSource({}, "The data set's root holds labels only.")
    if lacking := dataset.codec.unavailable():
        return PixelSource({}, f"{dataset.codec.title} cannot be decoded here: {lacking}.")
    library, used = dataset.codec.library(), record.decoder
    note = f"Decoded by {library}, the runs by {used}: pixels may differ slightly." if library != used else ""
    if known.options.anchor != "source":
        note = f"The reference is the codec's best level, with which the levels were compared. {note}".strip()
    return PixelSource({picture.name: picture for picture in dataset.pictures}, note=note)


def picture_view(picture: Picture, levels: Sequence[int]) -> PictureView:
    """A picture at some levels, ready for a page.

    :param levels: the first decides which part of a large picture is shown; each is decoded once.
    :raises DataError: where a file of the data set is damaged.
    """
    reference = picture.reference
    height, width = reference.shape[:2]
    shown = _size(width, height)
    corner = (0, 0)
    if shown != (width, height):
        corner = worst_corner(picture.reference_luma, picture.ladder.luma(levels[0]), *shown)
    left, top = corner
    part = np.s_[top : top + shown[1], left : left + shown[0]]
    views = tuple(_level_view(picture, level, part, is_whole=shown == (width, height)) for level in levels)
    address = data_uri(png(reference[part]), "image/png")
    view = PictureView(*shown, (width, height), corner, picture.pixels_per_degree, address, views)
    picture.ladder.forget_pixels()
    return view


def worst_corner(reference: np.ndarray, compressed: np.ndarray, width: int, height: int) -> tuple[int, int]:
    """Where the part of a size begins, from the left and the top, whose squared luma error is largest.

    :param reference: luma, uint8, shape (rows, columns); `compressed` alike.
    """
    error = (reference.astype(np.int64) - compressed) ** 2
    coarse = window_sums(error, height, width)[::_STEP, ::_STEP]
    top, left = np.unravel_index(int(np.argmax(coarse)), coarse.shape)
    return int(left) * _STEP, int(top) * _STEP


def _size(width: int, height: int) -> tuple[int, int]:
    limit = (WIDTH, HEIGHT) if width >= height else (HEIGHT, WIDTH)
    return min(width, limit[0]), min(height, limit[1])


def _level_view(picture: Picture, level: int, part: tuple[slice, slice], *, is_whole: bool) -> LevelView:
    pixels = picture.ladder.rgb(level)
    plane = luma(pixels)
    error = np.abs(picture.reference_luma[part].astype(np.int16) - plane[part])
    encoded = picture.ladder.encoded(level) if is_whole else b""
    kind = _media_type(encoded)
    image = data_uri(encoded, kind) if kind else data_uri(png(pixels[part]), "image/png")
    shades = np.minimum(error * (_SHADES - 1) // ERROR_LIMIT, _SHADES - 1) * (255 // (_SHADES - 1))
    loss = float(psnr_db(mse(picture.reference_luma, plane)))
    error_map = data_uri(png(shades.astype(np.uint8)), "image/png")
    flash = flash_share(picture.reference[part], pixels[part], picture.pixels_per_degree)
    return LevelView(level, image, error_map, loss, int(error.max()), flash)


def _media_type(encoded: bytes) -> str:
    """Of a file that browsers show as it is; empty for others."""
    if encoded.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if encoded[:4] + encoded[8:12] == b"RIFFWEBP":
        return "image/webp"
    if encoded[4:12] == b"ftypavif":
        return "image/avif"
    return "image/png" if encoded.startswith(b"\x89PNG\r\n\x1a\n") else ""
