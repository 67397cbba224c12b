"""JPEG by OpenCV."""

from __future__ import annotations

import functools
import re
from typing import final

import numpy as np

from datasets.core.codec import Codec
from datasets.core.picture_file import decode_rgb


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
        import cv2

        flags = [cv2.IMWRITE_JPEG_QUALITY, int(level)]
        done, encoded = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), flags)
        if not done:
            raise ValueError(f"OpenCV could not encode a picture of shape {rgb.shape} at QF {level}")
        return bytes(encoded.tobytes())

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
