"""jpegli, by pyjpegli: an encoder of JPEG files with adaptive quantisation."""

from __future__ import annotations

import importlib.metadata
from typing import final

import numpy as np

from datasets.codecs._packages import missing
from datasets.codecs.jpeg import jpeg_library
from datasets.core.codec import Codec
from datasets.core.picture_file import decode_rgb


@final
class JpegliCodec(Codec):
    """JPEG by jpegli, quality 1..100 of its own scale, 4:2:0, sequential, up = better.

    Its files are decoded as everybody's JPEG is, by OpenCV. It is no `Jpeg`: its tables are not the standard's.
    """

    name = "jpegli"
    title = "jpegli"
    unit = "quality"
    worst_level = 1
    best_level = 100
    longest_side_px = 65_500
    suffix = ".jpg"
    has_file_sizes = True

    def unavailable(self) -> str:
        return missing("codecs", "pyjpegli")

    def encode(self, rgb: np.ndarray, level: int) -> bytes:
        self.check_available()
        import pyjpegli

        height, width = rgb.shape[:2]
        return bytes(pyjpegli.encode(np.ascontiguousarray(rgb), width, height, quality=int(level)))

    def decode(self, encoded: bytes) -> np.ndarray:
        return decode_rgb(encoded)

    def library(self) -> str:
        self.check_available()
        return f"pyjpegli {importlib.metadata.version('pyjpegli')}, decoded by {jpeg_library()}"
