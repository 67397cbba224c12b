"""What a codec is: which levels exist, which end is better, and how a picture gets to a level.

The direction lives here and nowhere else. A level is a number in the codec's own unit (JPEG quality factor, BPG
quantiser, decibels); everything that must know "better" asks the codec for its levels from worst to best. JNDs lie on
the same axis, between the levels too. The codecs themselves stand in `datasets.codecs`.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from datasets.common.errors import UserError


@dataclass(frozen=True)
class Codec(ABC):
    """A compression setting's range and direction, and the means to encode and decode where there are any."""

    name: ClassVar[str]
    """As flags, columns and files say it, e.g. `webp`."""
    title: ClassVar[str]
    """As texts say it, e.g. `WebP`."""
    unit: ClassVar[str]
    """Of a level: `QF`, `quality`, `dB`."""
    worst_level: ClassVar[int]
    best_level: ClassVar[int]
    step: ClassVar[int] = 1
    """From one level to the next, positive: where neighbours hardly differ or cost much, a ladder has every fourth."""
    is_quality: ClassVar[bool] = True
    """Whether a level is a quality out of 100, as people set it for all pictures alike."""
    default_level: ClassVar[int | None] = None
    """Of the codec's own tool, where nobody says a level; it may lie between two levels. None where it has none."""
    longest_side_px: ClassVar[int] = 65_535
    """Of a picture that can be encoded."""
    suffix: ClassVar[str]
    """Of the codec's files, with its dot."""
    has_file_sizes: ClassVar[bool]
    """Whether the shipped files are the codec's own, so that their sizes mean something."""
    can_encode: ClassVar[bool] = True
    """Whether levels can be made here; otherwise they are only read from a data set's files."""

    @property
    def label(self) -> str:
        """What stands on an axis, e.g. `WebP quality`."""
        return f"{self.title} {self.unit}"

    @property
    def sign(self) -> int:
        """+1 where a higher level is better quality, -1 where it is worse."""
        return 1 if self.best_level > self.worst_level else -1

    @property
    def levels(self) -> np.ndarray:
        """Every level from the worst to the best quality, shape (levels,), int."""
        return np.arange(self.worst_level, self.best_level + self.sign, self.sign * self.step)

    @property
    def whole_levels(self) -> np.ndarray:
        """Every whole number from the worst to the best quality, of which `levels` are some, shape (numbers,), int."""
        return np.arange(self.worst_level, self.best_level + self.sign, self.sign)

    @property
    def grain(self) -> float:
        """How far apart two neighbouring whole numbers stand as positions: people's JNDs are whole numbers."""
        return 1 / self.step

    @property
    def lowest(self) -> int:
        """The numerically smallest level."""
        return min(self.worst_level, self.best_level)

    @property
    def highest(self) -> int:
        """The numerically largest level."""
        return max(self.worst_level, self.best_level)

    def position(self, level: float | np.ndarray) -> float | np.ndarray:
        """Where a level stands on the way from worst (0) to best (levels - 1); fractions allowed."""
        return (level - self.worst_level) * self.sign / self.step

    def level_at(self, position: float | np.ndarray) -> float | np.ndarray:
        """The level at a position counted from the worst: the inverse of `position`."""
        return self.worst_level + self.sign * self.step * position

    def unavailable(self) -> str:
        """What is missing here, and the line that installs it; empty where the codec can be used."""
        return ""

    def check_available(self) -> None:
        """:raises UserError: where it is not; the text says what to do."""
        if lacking := self.unavailable():
            raise UserError(f"{self.title} cannot be used here: {lacking}")

    @abstractmethod
    def encode(self, rgb: np.ndarray, level: int) -> bytes:
        """Compress a picture: the same bytes whenever `library` says the same.

        :param rgb: uint8, shape (height, width, 3).
        :param level: one of `whole_levels`.
        :raises UserError: where no encoder is assumed for this codec, or what it needs is not installed.
        """

    def encoder(self, rgb: np.ndarray) -> Callable[[int], bytes]:
        """`encode` of one picture, for many levels: what does not depend on the level may be made once."""
        return functools.partial(self.encode, rgb)

    @abstractmethod
    def decode(self, encoded: bytes) -> np.ndarray:
        """Decode to uint8 RGB, shape (height, width, 3).

        :raises ValueError: where the bytes are not a whole picture of this codec.
        :raises UserError: where what it needs is not installed.
        """

    @abstractmethod
    def library(self) -> str:
        """All that decides bytes and pixels besides the picture: libraries with their versions, and fixed settings.

        :raises UserError: where one is not installed.
        """
