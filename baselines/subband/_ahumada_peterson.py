"""Ahumada & Peterson 1992: the least visible amplitude of a DCT basis function, from display and viewing distance.

Equations 2-9 of Zhang, Lin & Xue 2005 (Signal Processing 85:795-808), where the model is restated. Log threshold is a
parabola in log frequency; its place and width follow the mean luminance, and diagonal gratings need more contrast.
"""

from __future__ import annotations

import functools

import numpy as np

from baselines.subband._dct_blocks import cycles_per_degree, normalisation, obliqueness

_GREY_LEVELS = 256
_SUMMATION = 0.25
"""s: neighbouring coefficients of one frequency add up in the eye."""
_OBLIQUE = 0.6
"""r of Zhang et al.; 1 would mean that diagonal gratings are seen as well as upright ones."""


@functools.lru_cache(maxsize=64)
def base_thresholds(
    pixels_per_degree: float, *, luminance: float = 65.0, white: float = 130.0, black: float = 0.0
) -> np.ndarray:
    """Thresholds of orthonormal coefficients on mid-grey, without any masking.

    :param luminance: mean of display and surround, cd/m2.
    :param white: the display's brightest, cd/m2.
    :param black: its darkest, cd/m2.
    :returns: grey levels, shape (8, 8), read-only.
    """
    with np.errstate(divide="ignore"):
        log_frequency = np.log10(cycles_per_degree(pixels_per_degree))  # DC's is replaced below
    dim = min(luminance / 300, 1.0)
    peak, steepness = 6.78 * dim**0.182, 3.125 * dim**0.0706
    contrast = _least_luminance(luminance) * _SUMMATION / (_OBLIQUE + (1 - _OBLIQUE) * (1 - obliqueness()))
    thresholds = contrast * 10 ** (steepness * (log_frequency - np.log10(peak)) ** 2)
    thresholds[0, 0] = min(thresholds[0, 1], thresholds[1, 0])
    thresholds *= _GREY_LEVELS / (normalisation() * (white - black))
    thresholds.setflags(write=False)
    return thresholds


def _least_luminance(luminance: float) -> float:
    """The smallest visible luminance amplitude at the best frequency, cd/m2."""
    return 0.142 * (luminance / 13.45) ** 0.649 if luminance <= 13.45 else luminance / 94.7
