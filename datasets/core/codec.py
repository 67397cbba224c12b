"""Codecs: which levels exist, which end is better, and how a picture gets to a level.

The direction lives here and nowhere else. A level is a number in the codec's own unit (JPEG quality factor,
BPG quantiser); everything that must know "better" asks the codec for its levels from worst to best.
"""

from __future__ import annotations

import functools
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from datasets.common.errors import UserError
from datasets.core.picture_file import decode_rgb, decode_rgb_strictly


@dataclass(frozen=True)
class Codec(ABC):
    """A compression setting's range and direction, and the means to encode and decode where there are any."""

    name: ClassVar[str]
    unit: ClassVar[str]
    worst_level: ClassVar[int]
    best_level: ClassVar[int]
    has_file_sizes: ClassVar[bool]
    """Whether the shipped files are the codec's own, so that their sizes mean something."""

    @property
    def sign(self) -> int:
        """+1 where a higher level is better quality, -1 where it is worse."""
        return 1 if self.best_level > self.worst_level else -1

    @property
    def levels(self) -> np.ndarray:
        """Every level from the worst to the best quality, shape (levels,), int."""
        return np.arange(self.worst_level, self.best_level + self.sign, self.sign)

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
        return (level - self.worst_level) * self.sign

    def level_at(self, position: float | np.ndarray) -> float | np.ndarray:
        """The level at a position counted from the worst: the inverse of `position`."""
        return self.worst_level + self.sign * position

    @abstractmethod
    def encode(self, rgb: np.ndarray, level: int) -> bytes:
        """Compress a picture.

        :param rgb: uint8, shape (height, width, 3).
        :raises UserError: where no encoder is assumed for this codec.
        """

    @abstractmethod
    def decode(self, encoded: bytes) -> np.ndarray:
        """Decode to uint8 RGB, shape (height, width, 3).

        :raises ValueError: where the bytes are not a whole picture.
        """

    @abstractmethod
    def library(self) -> str:
        """The library that decodes (and encodes), with its version: decoded pixels depend on it."""


@final
class Jpeg(Codec):
    """Baseline JPEG, quality factor (QF) 1..100, 4:2:0, up = better.

    OpenCV stands in for Pillow because it is faster and gives the same bytes and pixels where both are built on
    libjpeg-turbo; a test asserts that over all 100 QF.
    """

    name = "jpeg"
    unit = "QF"
    worst_level = 1
    best_level = 100
    has_file_sizes = True

    def encode(self, rgb: np.ndarray, level: int) -> bytes:
        import cv2

        flags = [cv2.IMWRITE_JPEG_QUALITY, int(level)]
        done, encoded = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), flags)
        if not done:
            raise ValueError(f"OpenCV could not encode a picture of shape {rgb.shape} at QF {level}")
        return bytes(encoded.tobytes())

    def decode(self, encoded: bytes) -> np.ndarray:
        return decode_rgb(encoded)

    def library(self) -> str:
        return _opencv_jpeg_library()


@final
class Bpg(Codec):
    """BPG, quantiser (QP) 1..51, up = worse. Known only from decoded files: no encoder is assumed."""

    name = "bpg"
    unit = "QP"
    worst_level = 51
    best_level = 1
    has_file_sizes = False

    def encode(self, rgb: np.ndarray, level: int) -> bytes:
        raise UserError(
            "BPG cannot be encoded here: its levels come only from a data set's decoded files, "
            "and no other codec may stand in for it. Use a data set that ships them (konjnd-1k-bpg), or JPEG."
        )

    def decode(self, encoded: bytes) -> np.ndarray:
        return decode_rgb_strictly(encoded)

    def library(self) -> str:
        import PIL

        return f"Pillow {PIL.__version__} reading decoded files"


@functools.cache
def _opencv_jpeg_library() -> str:
    import cv2

    named = re.search(r"^\s*JPEG:\s*(.+)$", cv2.getBuildInformation(), re.MULTILINE)
    return f"OpenCV {cv2.__version__}, {named.group(1).strip() if named else 'unknown JPEG library'}"
