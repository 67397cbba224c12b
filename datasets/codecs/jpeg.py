"""JPEG by OpenCV."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import final

import numpy as np

from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.core.picture_file import decode_rgb

COARSEST = 255
"""The largest step of a baseline (8-bit) table."""
_AT_50 = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
"""The luma table of standard JPEG at quality factor 50 (ITU-T T.81 Annex K.1)."""


@final
class Jpeg(Codec):
    """Baseline JPEG, quality factor (QF) 1..100, 4:2:0, up = better.

    OpenCV stands in for Pillow because it is faster and gives the same bytes and pixels where both are built on
    libjpeg-turbo; a test asserts that over all 100 QF.
    """

    name = "jpeg"
    title = "JPEG"
    unit = "QF"
    worst_level = 1
    best_level = 100
    longest_side_px = 65_500
    suffix = ".jpg"
    has_file_sizes = True

    def encode(self, rgb: np.ndarray, level: int) -> bytes:
        return self.encoder(rgb)(level)

    def encoder(self, rgb: np.ndarray) -> Callable[[int], bytes]:
        import cv2

        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)

        def encode(level: int) -> bytes:
            done, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, int(level)])
            if not done:
                raise ValueError(f"OpenCV could not encode a picture of shape {rgb.shape} at QF {level}")
            return bytes(encoded.tobytes())

        return encode

    def decode(self, encoded: bytes) -> np.ndarray:
        return decode_rgb(encoded)

    def library(self) -> str:
        return jpeg_library()


@functools.cache
def jpeg_library() -> str:
    """What decodes JPEG files here, with its version."""
    import cv2

    named = re.search(r"^\s*JPEG:\s*(.+)$", cv2.getBuildInformation(), re.MULTILINE)
    return f"OpenCV {cv2.__version__}, {named.group(1).strip() if named else 'unknown JPEG library'}"


@functools.lru_cache(maxsize=128)
def luma_table(quality: int) -> np.ndarray:
    """Steps of the luma quantisation table of standard JPEG, scaled to a quality factor as IJG does.

    :param quality: QF, 1..100.
    :returns: 1..255, shape (8, 8), read-only.
    :raises UserError: outside that range.
    """
    if not 1 <= quality <= 100:
        raise UserError(f"a JPEG quality factor is 1..100, not {quality}")
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    table = np.clip((_AT_50 * percent + 50) // 100, 1, COARSEST)
    table.setflags(write=False)
    return table


def nearest_quality(table: np.ndarray) -> int:
    """The quality factor, 1..100, whose luma table has the steps nearest to a file's, by their ratios.

    Encoders that scale the standard's table, as libjpeg does, are told exactly; of others it is an estimate.

    :param table: steps, shape (8, 8).
    """
    ratios = [np.abs(np.log(luma_table(quality) / np.maximum(table, 1))).sum() for quality in range(1, 101)]
    return int(np.argmin(ratios)) + 1
