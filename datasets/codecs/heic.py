"""HEIC, read by pi-heif."""

from __future__ import annotations

from typing import final

import numpy as np

from datasets.codecs._packages import missing
from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.core.picture_file import refuse_bomb


@final
class Heic(Codec):
    """HEIC, quality 0..92, every fourth, up = better. Only read: people's files come from encoders in phones.

    libheif's quality is 100 - 2 CRF of x265; from 93 on all files are the same.
    """

    name = "heic"
    title = "HEIC"
    unit = "quality"
    worst_level = 0
    best_level = 92
    step = 4
    suffix = ".heic"
    has_file_sizes = True
    can_encode = False

    def unavailable(self) -> str:
        return missing("heic", "pi_heif")

    def encode(self, rgb: np.ndarray, level: int) -> bytes:
        raise UserError(
            "HEIC cannot be encoded here: phones write it by encoders of their own, whose levels no other has. "
            "Use a data set that ships its files, or AVIF."
        )

    def decode(self, encoded: bytes) -> np.ndarray:
        self.check_available()
        import pi_heif

        pi_heif.options.DECODE_THREADS = 1
        try:
            file = pi_heif.open_heif(encoded, convert_hdr_to_8bit=True)
            refuse_bomb(file.size[1], file.size[0])
            pixels = np.asarray(file.to_pillow().convert("RGB"))
        except Exception as error:  # damaged files raise OSError, EOFError, RuntimeError
            raise ValueError(f"the HEIC picture cannot be decoded ({error or type(error).__name__})") from error
        return pixels

    def library(self) -> str:
        self.check_available()
        import pi_heif

        known = pi_heif.libheif_info()
        return f"libheif {known['libheif']} ({', '.join(known['decoders'].values())}) in pi-heif {pi_heif.__version__}"
