"""AVIF by Pillow's libavif."""

from __future__ import annotations

from typing import Any, Final, final

import numpy as np

from datasets.codecs._packages import PILLOW, described, saved, without_part
from datasets.core.codec import Codec
from datasets.core.picture_file import decode_rgb_strictly

_OLDEST = (1, 4)
"""Version of libavif: from here on quality is tied to aom's `tune=iq`, by another table."""
_SETTINGS: Final[dict[str, Any]] = {
    "codec": "aom",
    "speed": 8,
    "subsampling": "4:2:0",
    "range": "full",
    "max_threads": 1,
    "autotiling": False,
    "tile_rows": 0,
    "tile_cols": 0,
    "advanced": {"tune": "iq"},
    "exif": b"",
    "xmp": b"",
    "icc_profile": b"",
}
"""Bytes depend on the number of threads and tiles, so both are fixed."""


@final
class Avif(Codec):
    """AVIF, quality 3..99, every fourth, 4:2:0 of full range, up = better.

    AV1 has 64 quantisers, so of neighbouring qualities two or three give the same file. Quality 100 is left out: it
    jumps in size and is no copy of the picture either.
    """

    name = "avif"
    title = "AVIF"
    unit = "quality"
    worst_level = 3
    best_level = 99
    step = 4
    default_level = 75
    suffix = ".avif"
    has_file_sizes = True

    def unavailable(self) -> str:
        if lacking := without_part("avif"):
            return lacking
        from PIL import features

        version = str(features.version("avif"))
        if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
            return f"libavif {version} has another scale of quality than 1.4. Install a newer one: {PILLOW}"
        if _plugin().get_codec_version("aom") is None:
            return f"this Pillow's libavif was built without the encoder aom. Install another: {PILLOW}"
        return ""

    def encode(self, rgb: np.ndarray, level: int) -> bytes:
        self.check_available()
        return saved(rgb, "AVIF", quality=int(level), **_SETTINGS)

    def decode(self, encoded: bytes) -> np.ndarray:
        self.check_available()
        _plugin().DEFAULT_MAX_THREADS = 1  # there is no other way to say it; otherwise it takes every core
        return decode_rgb_strictly(encoded, ("AVIF",))

    def library(self) -> str:
        self.check_available()
        import PIL
        from PIL import features

        inner = [f"{name} {_plugin().get_codec_version(name)}" for name in ("aom", "dav1d")]
        libraries = f"libavif {features.version('avif')} with {', '.join(inner)} in Pillow {PIL.__version__}"
        return f"{libraries}, {described(_SETTINGS)}"


def _plugin() -> Any:
    from PIL import AvifImagePlugin

    return AvifImagePlugin
