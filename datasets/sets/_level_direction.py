"""Which way a data set's file index runs: found out from the files, never assumed.

`up`: a higher index is better quality; `down`: worse. Where that is also the codec's own direction the index is the
level; otherwise the levels are counted from the other end.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from datasets.common.errors import DataError
from datasets.core.codec import Codec
from datasets.core.imaging import luma, mse, psnr_db
from datasets.core.picture_file import opened, read_picture

Item = TypeVar("Item")
Number = TypeVar("Number", int, float)
Quality = TypeVar("Quality", float, tuple[int, int])


@dataclass(frozen=True)
class IndexedFiles:
    """A picture's files by index.

    :param files: index to file; the lowest and the highest index are examined.
    """

    name: str
    files: Mapping[int, Path]
    source: Path | None = None

    @property
    def first(self) -> Path:
        """The file of the lowest index."""
        return self.files[min(self.files)]

    @property
    def last(self) -> Path:
        """The file of the highest index."""
        return self.files[max(self.files)]


@dataclass(frozen=True)
class FoundDirection:
    """What the files say.

    :param direction: `up` or `down`.
    :param evidence: what was compared, as a phrase.
    """

    direction: str
    evidence: str


def level_of_index(index: Number, codec: Codec, direction: str) -> Number:
    """The level that a file index stands for; fractions stay."""
    return index if _runs_with(codec, direction) else codec.lowest + codec.highest - index


def rule(codec: Codec, direction: str) -> str:
    """The same in words, e.g. `QF = 101 - index`."""
    turned = "" if _runs_with(codec, direction) else f"{codec.lowest + codec.highest} - "
    return f"{codec.unit} = {turned}index"


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """Up to `count` of the items, evenly spread from the first to the last."""
    step = (len(items) - 1) / max(count - 1, 1)
    return [items[index] for index in sorted({round(turn * step) for turn in range(count)})] if items else []


def direction_by_tables(pictures: Sequence[IndexedFiles]) -> FoundDirection:
    """Compare the JPEG quantisation tables of each picture's first and last index (their sizes where the tables agree).

    :raises DataError: where a file is no JPEG, both ends are the same, or the pictures disagree.
    """
    return _agreed(pictures, "quantisation tables", lambda files: (_fineness(files.first), _fineness(files.last)))


def direction_by_pixels(pictures: Sequence[IndexedFiles]) -> FoundDirection:
    """Compare the PSNR of each picture's first and last index against its source.

    :raises DataError: where a file cannot be decoded, both ends are the same, or the pictures disagree.
    """
    return _agreed(pictures, "PSNR against the source", _psnr_of_ends)


def has_standard_tables(files: Mapping[int, Path], codec: Codec) -> bool:
    """Whether JPEG files carry the very quantisation tables that the codec here writes at their levels.

    :param files: level to file.
    :raises DataError: where a file is no JPEG.
    """
    grey = np.full((16, 16, 3), 128, dtype=np.uint8)
    return all(_tables(path) == _tables(io.BytesIO(codec.encode(grey, level))) for level, path in files.items())


def _agreed(
    pictures: Sequence[IndexedFiles], what: str, quality: Callable[[IndexedFiles], tuple[Quality, Quality]]
) -> FoundDirection:
    says: dict[str, list[str]] = {"up": [], "down": []}
    for picture in pictures:
        first, last = quality(picture)
        if first == last:
            raise DataError(
                f"{picture.last}: has the same quality as {picture.first.name} ({what}), so the level direction cannot "
                "be seen. Copy both again, or say it with --level-direction up or down."
            )
        says["up" if last > first else "down"].append(picture.name)
    if says["up"] and says["down"]:
        raise DataError(
            f"{pictures[0].first.parent}: the level direction is up in {', '.join(says['up'])} but down in "
            f"{', '.join(says['down'])} ({what} of the first and last index). The folder mixes two versions of the "
            "set: unpack one, or say which holds with --level-direction up or down."
        )
    names = ", ".join(picture.name for picture in pictures)
    return FoundDirection("up" if says["up"] else "down", f"{what} of the first and last index of {names}")


def _fineness(path: Path) -> tuple[int, int]:
    return -sum(sum(table) for table in _tables(path).values()), path.stat().st_size


def _tables(file: Path | io.BytesIO) -> dict[int, list[int]]:
    try:
        with opened(file) as image:
            return {number: list(table) for number, table in image.quantization.items()}  # type: ignore[attr-defined]
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: is no readable JPEG ({error}). Copy it again from the data set.") from error


def _psnr_of_ends(picture: IndexedFiles) -> tuple[float, float]:
    if picture.source is None:
        raise DataError(
            f"{picture.first.parent}: without the source pictures the level direction cannot be seen. "
            "Unpack them too, or say it with --level-direction up or down."
        )
    source, first, last = (luma(read_picture(path)) for path in (picture.source, picture.first, picture.last))
    if not source.shape == first.shape == last.shape:
        raise DataError(
            f"{picture.first}: it or {picture.last.name} is not of the size of {picture.source}. "
            "All three must be the same picture: copy them again."
        )
    return float(psnr_db(mse(source, first))), float(psnr_db(mse(source, last)))


def _runs_with(codec: Codec, direction: str) -> bool:
    return {"up": 1, "down": -1}[direction] == codec.sign
