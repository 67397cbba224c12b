"""VVC intra, as labels alone."""

from __future__ import annotations

from typing import final

import numpy as np

from datasets.common.errors import UserError
from datasets.core.codec import Codec


@final
class Vvc(Codec):
    """VVC intra, quantiser (QP) 13..51 as VVC-JND has it, up = worse. Labels only: no encoder and no decoder."""

    name = "vvc"
    title = "VVC"
    unit = "QP"
    worst_level = 51
    best_level = 13
    is_quality = False
    suffix = ".vvc"
    has_file_sizes = False
    can_encode = False

    def encode(self, rgb: np.ndarray, level: int) -> bytes:
        raise UserError("VVC cannot be encoded here: its labels can be used, its pictures not")

    def decode(self, encoded: bytes) -> np.ndarray:
        raise ValueError("VVC cannot be decoded here")

    def library(self) -> str:
        return "none"
