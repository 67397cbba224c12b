"""BPG, read from decoded files."""

from __future__ import annotations

from typing import final

import numpy as np

from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.core.picture_file import decode_rgb_strictly


@final
class Bpg(Codec):
    """BPG, quantiser (QP) 1..51, up = worse. Known only from decoded files: no encoder is assumed."""

    name = "bpg"
    title = "BPG"
    unit = "QP"
    worst_level = 51
    best_level = 1
    is_quality = False
    suffix = ".bpg"
    has_file_sizes = False
    can_encode = False

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
