"""The luma quantisation tables of standard JPEG: ITU-T T.81 Annex K.1, scaled to a quality factor as IJG does."""

from __future__ import annotations

import functools

import numpy as np

from datasets.common.errors import UserError

COARSEST = 255
"""The largest step of a baseline (8-bit) table."""

_AT_50 = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)


@functools.lru_cache(maxsize=128)
def luma_table(quality: int) -> np.ndarray:
    """Steps of the luma table at a quality factor.

    :param quality: QF, 1..100.
    :returns: 1..255, shape (8, 8), read-only.
    :raises UserError: outside that range.
    """
    if not 1 <= quality <= 100:
        raise UserError(f"a JPEG quality factor is 1..100, not {quality}")
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    table = np.clip((_AT_50 * percent + 50) // 100, 1, COARSEST)
    table.setflags(write=False)
    return table
