"""JPEG XL by imagecodecs' libjxl."""

from __future__ import annotations

from typing import Any, Final, final

import numpy as np

from datasets.codecs._packages import described, missing
from datasets.core.codec import Codec

_SETTINGS: Final[dict[str, Any]] = {
    "effort": 5,
    "lossless": False,
    "decodingspeed": 0,
    "photometric": "RGB",
    "bitspersample": 8,
    "planar": False,
    "usecontainer": False,
    "numthreads": 1,
}


@final
class JpegXl(Codec):
    """JPEG XL, quality 7..99 as cjxl has it, every fourth, up = better.

    libjxl itself takes a distance, which grows with the error. Quality 4 and less give larger files than 5, and 100
    would be distance 0, which is lossy here and larger than a lossless file.
    """

    name = "jxl"
    title = "JPEG XL"
    unit = "quality"
    worst_level = 7
    best_level = 99
    step = 4
    default_level = 90
    suffix = ".jxl"
    has_file_sizes = True

    def unavailable(self) -> str:
        return missing("codecs", "imagecodecs")

    def encode(self, rgb: np.ndarray, level: int) -> bytes:
        self.check_available()
        import imagecodecs

        return bytes(imagecodecs.jpegxl_encode(rgb, distance=distance_of(level), **_SETTINGS))

    def decode(self, encoded: bytes) -> np.ndarray:
        self.check_available()
        import imagecodecs

        try:
            pixels = np.asarray(imagecodecs.jpegxl_decode(encoded, numthreads=1))
        except Exception as error:  # the package has errors of its own for what is damaged
            raise ValueError(f"the JPEG XL picture cannot be decoded ({error or type(error).__name__})") from error
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ValueError(f"the JPEG XL picture is of {pixels.dtype}, shape {pixels.shape}: expected 8-bit RGB")
        return pixels

    def library(self) -> str:
        self.check_available()
        import imagecodecs

        return f"{imagecodecs.jpegxl_version()} in imagecodecs {imagecodecs.__version__}, {described(_SETTINGS)}"


def distance_of(quality: float) -> float:
    """Butteraugli distance that cjxl takes for a quality, falling from 15.5 at 10 to 0.1 at 100."""
    if quality >= 30:
        return 0.1 + 0.09 * (100 - quality)
    return 53 / 3000 * quality**2 - 23 / 20 * quality + 25
