"""Zhang, Lin & Xue 2005: DCT thresholds that darkness and brightness raise, and textured blocks more than edges."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.subband._base import DctPredictor, masking_by_contrast
from baselines.subband._dct_blocks import (
    HORIZONTAL,
    MID_GREY,
    VERTICAL,
    Blocks,
    cycles_per_degree,
    normalisation,
    obliqueness,
)
from datasets.core.reference import Reference

_ORDER = VERTICAL + HORIZONTAL
_LARGER = np.maximum(VERTICAL, HORIZONTAL)
LOW = (_ORDER >= 1) & (_ORDER <= 2)
"""Low frequencies: five coefficients next to DC."""
MIDDLE = ((_LARGER == _ORDER) & (_ORDER >= 3) & (_ORDER <= 6)) | ((_ORDER >= 3) & (_LARGER <= 2))
MIDDLE[3, 3] = True
HIGH = (_ORDER > 0) & ~LOW & ~MIDDLE
"""The other 46."""

_SMOOTH, _BUSY, _BUSIEST = 125, 290, 900
"""Sums of middle and high frequencies at which blocks may be edges, are textured, and are edges more easily."""
_TEXTURE_RANGE = (290, 1800)
"""Sums over which a textured block's elevation grows from 1 to 2.25."""
_GREY_LEVELS = 256
_SUMMATION = 0.25
"""s: neighbouring coefficients of one frequency add up in the eye."""
_OBLIQUE = 0.6
"""r; 1 would mean that diagonal gratings are seen as well as upright ones."""


@functools.lru_cache(maxsize=64)
def base_thresholds(pixels_per_degree: float, *, luminance: float = 65.0, white: float = 130.0) -> np.ndarray:
    """Thresholds of orthonormal coefficients on mid-grey, without any masking (Ahumada & Peterson 1992, Eqs 2-9).

    Log threshold is a parabola in log frequency; its place and width follow the mean luminance, and diagonal gratings
    need more contrast.

    :param luminance: mean of display and surround, cd/m2.
    :param white: the display's brightest, cd/m2; its darkest is 0.
    :returns: grey levels, shape (8, 8), read-only.
    """
    with np.errstate(divide="ignore"):
        log_frequency = np.log10(cycles_per_degree(pixels_per_degree))  # DC's is replaced below
    dim = min(luminance / 300, 1.0)
    peak, steepness = 6.78 * dim**0.182, 3.125 * dim**0.0706
    contrast = _least_luminance(luminance) * _SUMMATION / (_OBLIQUE + (1 - _OBLIQUE) * (1 - obliqueness()))
    thresholds = contrast * 10 ** (steepness * (log_frequency - np.log10(peak)) ** 2)
    thresholds[0, 0] = min(thresholds[0, 1], thresholds[1, 0])
    thresholds *= _GREY_LEVELS / (normalisation() * white)
    thresholds.setflags(write=False)
    return thresholds


def _least_luminance(luminance: float) -> float:
    """The smallest visible luminance amplitude at the best frequency, cd/m2."""
    return 0.142 * (luminance / 13.45) ** 0.649 if luminance <= 13.45 else luminance / 94.7


@dataclass(frozen=True, eq=False)
class BlockClasses:
    """What kind of block each is; all arrays of shape (block rows, block columns).

    :param edge: an edge runs through it.
    :param texture: it is textured; where neither, it is plain.
    :param elevation: factor on its thresholds, 1 or more.
    """

    edge: np.ndarray
    texture: np.ndarray
    elevation: np.ndarray


def classify(blocks: Blocks) -> BlockClasses:
    """Tell plain, edge and texture blocks apart by how their energy is spread over three groups of frequencies."""
    size = np.abs(blocks.coefficients)
    low, middle, high = (size[group].sum(axis=0) for group in (LOW, MIDDLE, HIGH))
    busy = middle + high
    means = low / LOW.sum(), middle / MIDDLE.sum(), high / HIGH.sum()
    edge = (busy > _SMOOTH) & np.where(busy <= _BUSIEST, _is_edge(*means, 7, 5), _is_edge(*means, 0.7, 0.5))
    texture = (busy > _BUSY) & ~edge
    first, last = _TEXTURE_RANGE
    textured = 1 + (busy - first) / (last - first) * 1.25
    elevation = np.where(texture, textured, np.where(edge, np.where(low + middle <= 400, 1.125, 1.25), 1))
    return BlockClasses(edge, texture, elevation.astype(size.dtype))


def _is_edge(low: np.ndarray, middle: np.ndarray, high: np.ndarray, larger: float, smaller: float) -> np.ndarray:
    """Whether of (low + middle) / high and low / middle one is at least `larger` and the other `smaller`.

    Or the first is at least 16. Products stand for the quotients, whose denominators may be 0.
    """

    def upper(limit: float) -> np.ndarray:
        return np.asarray(low + middle >= limit * high)

    def lower(limit: float) -> np.ndarray:
        return np.asarray(low >= limit * middle)

    return upper(16) | (upper(larger) & lower(smaller)) | (upper(smaller) & lower(larger))


def luminance_elevation(blocks: Blocks) -> np.ndarray:
    """Eq 10: 1 at mid-grey, 3 in black, 1.8 in white, shape (block rows, block columns)."""
    above = blocks.coefficients[0, 0] / MID_GREY - 1
    return np.asarray(np.where(above <= 0, 2 * np.maximum(-above, 0) ** 3, 0.8 * above**2) + 1)


@final
class Zhang2005(DctPredictor):
    """Improved estimation for just-noticeable visual distortion."""

    low_exponent: float = 2.3
    """The exponent of the sum over blocks for DC, (0,1) and (1,0), where blocking shows."""

    luminance: float = 65.0
    """The mean luminance of display and surround, cd/m2."""

    white: float = 130.0
    """The luminance of the display's white, cd/m2; its black is 0."""

    card = Card(
        name="zhang2005",
        title="Zhang et al. 2005",
        references=(
            Reference(
                authors=("X. H. Zhang", "W. S. Lin", "P. Xue"),
                title="Improved estimation for just-noticeable visual distortion",
                venue="Signal Processing 85(4):795-808",
                year=2005,
            ),
        ),
        deviations=(
            "Follows the paper, not the circulating code (another factor of 0.3 on the thresholds, other edge tests).",
            "Which 12 coefficients are middle frequencies is known from code only.",
            "Display constants are those the circulating code uses: mean 65 cd/m2, white 130 cd/m2.",
            "DC is raised by luminance only, as in the circulating code.",
            "The elevation of textured blocks is not capped where their texture exceeds the paper's range of 1800.",
            "Blocks are averaged, not added up, in -as-published too: added up, no ladder comes down to 1.",
        ),
    )

    def exponents(self) -> np.ndarray:
        """The lower exponent for the three coefficients in which blocking shows (Eq 19)."""
        exponents = super().exponents()
        exponents[_ORDER <= 1] = self.low_exponent
        return exponents

    def thresholds(self, blocks: Blocks, pixels_per_degree: float) -> np.ndarray:
        """Base, luminance, kind of block, and contrast masking (not within the low and middle of edge blocks)."""
        coefficients = blocks.coefficients
        base = base_thresholds(pixels_per_degree, luminance=self.luminance, white=self.white)
        thresholds = base.astype(coefficients.dtype)[:, :, None, None] * luminance_elevation(blocks)
        classes = classify(blocks)
        raised = masking_by_contrast(blocks, thresholds, 0.36)
        for place in np.argwhere(LOW | MIDDLE):
            raised[tuple(place)][classes.edge] = 1
        raised *= classes.elevation
        raised[0, 0] = 1
        thresholds *= raised
        return thresholds
