"""JPEG 2000 by Pillow's OpenJPEG."""

from __future__ import annotations

from typing import Any, Final, final

import numpy as np

from datasets.codecs._packages import described, saved, without_part
from datasets.core.codec import Codec
from datasets.core.picture_file import decode_rgb_strictly

_SETTINGS: Final[dict[str, Any]] = {"quality_mode": "dB", "irreversible": True, "mct": 1, "no_jp2": False}
"""Without `mct` the three colours are coded apart, in twice the bytes."""


@final
class Jpeg2000(Codec):
    """JPEG 2000, 26..52 dB, 9/7 wavelet, one layer, up = better.

    A level is the PSNR that the encoder aims at, so PSNR says nearly nothing about where it is noticed.
    """

    name = "jp2"
    title = "JPEG 2000"
    unit = "dB"
    worst_level = 26
    best_level = 52
    is_quality = False
    suffix = ".jp2"
    has_file_sizes = True

    def unavailable(self) -> str:
        return without_part("jpg_2000")

    def encode(self, rgb: np.ndarray, level: int) -> bytes:
        self.check_available()
        return saved(rgb, "JPEG2000", quality_layers=[int(level)], **_SETTINGS)

    def decode(self, encoded: bytes) -> np.ndarray:
        self.check_available()
        return decode_rgb_strictly(encoded, ("JPEG2000",))

    def library(self) -> str:
        self.check_available()
        import PIL
        from PIL import features

        return f"OpenJPEG {features.version('jpg_2000')} in Pillow {PIL.__version__}, {described(_SETTINGS)}"
