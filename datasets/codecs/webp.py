"""WebP by Pillow's libwebp."""

from __future__ import annotations

from typing import Any, Final, final

import numpy as np

from datasets.codecs._packages import described, saved, without_part
from datasets.core.codec import Codec
from datasets.core.picture_file import decode_rgb_strictly

_SETTINGS: Final[dict[str, Any]] = {"lossless": False, "method": 4, "exact": False, "exif": b"", "icc_profile": b""}


@final
class WebP(Codec):
    """Lossy WebP, quality 0..100, every fourth, 4:2:0 of video range, up = better.

    Its best level is no copy of the picture: luma PSNR ends near 48 dB.
    """

    name = "webp"
    title = "WebP"
    unit = "quality"
    worst_level = 0
    best_level = 100
    step = 4
    default_level = 80
    longest_side_px = 16_383
    suffix = ".webp"
    has_file_sizes = True

    def unavailable(self) -> str:
        return without_part("webp")

    def encode(self, rgb: np.ndarray, level: int) -> bytes:
        self.check_available()
        return saved(rgb, "WEBP", quality=int(level), **_SETTINGS)

    def decode(self, encoded: bytes) -> np.ndarray:
        self.check_available()
        return decode_rgb_strictly(encoded, ("WEBP",))

    def library(self) -> str:
        self.check_available()
        import PIL
        from PIL import features

        return f"libwebp {features.version('webp')} in Pillow {PIL.__version__}, {described(_SETTINGS)}"
