"""mozjpeg, by libvips: an encoder of JPEG files with trellis quantisation."""

from __future__ import annotations

import importlib.metadata
from typing import Any, Final, final

import numpy as np

from datasets.codecs._packages import described, missing
from datasets.codecs.jpeg import jpeg_library
from datasets.core.codec import Codec
from datasets.core.picture_file import decode_rgb

_SETTINGS: Final[dict[str, Any]] = {
    "subsample_mode": "on",
    "quant_table": 3,
    "trellis_quant": True,
    "overshoot_deringing": True,
    "optimize_scans": True,
    "optimize_coding": True,
    "interlace": True,
    "restart_interval": 0,
    "keep": "none",
}
"""mozjpeg's own defaults; libvips' give libjpeg-turbo's pixels, and 4:4:4 from quality 90 on."""


@final
class MozJpeg(Codec):
    """JPEG by mozjpeg, quality 4..100 of its own scale, every fourth, 4:2:0, progressive, up = better.

    Its files are decoded as everybody's JPEG is, by OpenCV. It is no `Jpeg`: its tables are not the standard's.
    """

    name = "mozjpeg"
    title = "mozjpeg"
    unit = "quality"
    worst_level = 4
    best_level = 100
    step = 4
    default_level = 75
    longest_side_px = 65_500
    suffix = ".jpg"
    has_file_sizes = True

    def unavailable(self) -> str:
        """A libvips of the system's may lack mozjpeg, of which it says nothing, so only the package's is taken."""
        return missing("mozjpeg", "pyvips", "_libvips")

    def encode(self, rgb: np.ndarray, level: int) -> bytes:
        self.check_available()
        import pyvips

        pyvips.concurrency_set(1)
        picture = pyvips.Image.new_from_array(np.ascontiguousarray(rgb), interpretation="srgb")
        return bytes(picture.jpegsave_buffer(Q=int(level), **_SETTINGS))

    def decode(self, encoded: bytes) -> np.ndarray:
        return decode_rgb(encoded)

    def library(self) -> str:
        self.check_available()
        packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("pyvips-binary", "pyvips"))
        return f"mozjpeg in {packages}, {described(_SETTINGS)}, decoded by {jpeg_library()}"
