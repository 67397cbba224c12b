"""Wei & Ngan 2009: DCT thresholds from a contrast sensitivity function, with block classes from Canny edges."""

from __future__ import annotations

import functools
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.pixel._canny import matlab_canny
from baselines.subband._base import THRESHOLDS_TO_LEVEL, DctPredictor, masking_by_contrast
from baselines.subband._dct_blocks import (
    HORIZONTAL,
    SIDE,
    VERTICAL,
    Blocks,
    cycles_per_degree,
    normalisation,
    obliqueness,
)
from datasets.core.reference import Reference

_NEAR = VERTICAL**2 + HORIZONTAL**2 <= 16
"""Low frequencies, to which the eye is sensitive near edges; DC among them."""
_TEXTURE_SHARE = 0.2
"""Share of edge pixels above which a block is textured. Below, plain and edge blocks are treated alike."""
_MOST = 4.0
"""Contrast masking raises no threshold further."""


@functools.lru_cache(maxsize=64)
def basic_thresholds(pixels_per_degree: float) -> np.ndarray:
    """Thresholds of orthonormal coefficients on mid-grey, grey levels, shape (8, 8), read-only."""
    frequency = cycles_per_degree(pixels_per_degree)
    sensitivity = (1.33 + 0.11 * frequency) * np.exp(-0.18 * frequency) * (0.6 + 0.4 * (1 - obliqueness()))
    thresholds = 0.25 / (sensitivity * normalisation())
    thresholds.setflags(write=False)
    return np.asarray(thresholds)


def luminance_elevation(mean_luma: np.ndarray) -> np.ndarray:
    """1 between greys 60 and 170, rising to 1.4 in black and 1.2 in white."""
    return np.asarray(1 + np.maximum(60 - mean_luma, 0) / 150 + np.maximum(mean_luma - 170, 0) / 425)


def block_elevation(blocks: Blocks, thresholds: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Contrast masking: by the kind of block, and by the coefficient's own size.

    :param thresholds: with luminance elevation.
    :param edges: bool, shape of the blocks' plane.
    :returns: 1..9, the coefficients' shape.
    """
    texture = blocks.count(edges) > _TEXTURE_SHARE * SIDE * SIDE
    elevation = np.minimum(masking_by_contrast(blocks, thresholds, 0.36), _MOST)
    for place in np.ndindex(SIDE, SIDE):
        if _NEAR[place]:
            elevation[place][~texture] = 1
        elevation[place][texture] *= 2.25 if _NEAR[place] else 1.25
    return elevation


@final
class Wei2009(DctPredictor):
    """The spatial part of Wei & Ngan's spatio-temporal profile."""

    canny_threshold: float = 0.2
    """The upper threshold of the edge detector, as a share of the largest gradient."""

    card = Card(
        name="wei2009",
        title="Wei & Ngan 2009 (spatial)",
        references=(
            Reference(
                authors=("Z. Wei", "K. N. Ngan"),
                title="Spatio-temporal just noticeable distortion profile for grey scale image/video in DCT domain",
                venue="IEEE Transactions on Circuits and Systems for Video Technology 19(3):337-346",
                year=2009,
                doi="10.1109/TCSVT.2009.2013518",
            ),
        ),
        deviations=(
            "The paper's body was not at hand: equations and constants as two public ports agree on them, without "
            "the faults of either.",
            "Edges are Canny's; the paper's thresholds are not known, here 0.2 of the largest gradient (lower: 0.4 "
            "of that).",
            "In textured blocks DC masks itself like the other coefficients, as in the ports.",
            "Still pictures: the temporal factor is 1.",
            THRESHOLDS_TO_LEVEL,
        ),
    )

    def thresholds(self, blocks: Blocks, pixels_per_degree: float) -> np.ndarray:
        base = basic_thresholds(pixels_per_degree).astype(blocks.coefficients.dtype)[:, :, None, None]
        thresholds = base * luminance_elevation(blocks.mean_luma)
        thresholds *= block_elevation(blocks, thresholds, matlab_canny(blocks.plane, self.canny_threshold))
        return thresholds
