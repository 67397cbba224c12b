"""Jia, Lin & Kassim 2006: DCT thresholds from the sensitivity of an eye that drifts; the part for still pictures."""

from __future__ import annotations

import functools
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.subband._base import THRESHOLDS_TO_LEVEL, DctPredictor, masking_by_contrast
from baselines.subband._dct_blocks import Blocks, cycles_per_degree, normalisation, obliqueness
from baselines.subband.zhang2005 import LOW, MIDDLE, classify, luminance_elevation
from datasets.core.reference import Reference

_DRIFT = 0.15
"""Degrees a second: the speed of a still picture on the retina, for eyes drift."""
_C0, _C1, _C2 = 1.14, 0.67, 1.7
"""Daly's factors on Kelly's function: of the amplitude, the frequency and the speed."""
_AMPLITUDE, _WIDTH = 3.677, 1.186
"""Factors on c0 and 1 / c1 that bring the function to Ahumada & Peterson's thresholds of DCT coefficients."""
_OBLIQUE = 0.6
"""r; 1 would mean that diagonal gratings are seen as well as upright ones."""
_GREY_LEVELS, _WHITE = 256, 130.0
"""The display's grey levels, and the luminance of its white in cd/m2; its black is 0."""


def sensitivity(frequency: np.ndarray, width: float = 1.0) -> np.ndarray:
    """Kelly's and Daly's contrast sensitivity at the speed of drifting eyes.

    :param frequency: cycles per degree.
    :param width: stretches its fall towards high frequencies.
    """
    speed, angular = _C2 * _DRIFT, 2 * np.pi * _C1 * frequency
    gain = _C0 * speed * (6.1 + 7.3 * abs(np.log10(speed / 3)) ** 3)
    return np.asarray(gain * angular**2 * np.exp(-2 * angular * (speed + 2) / (45.9 * width)))


@functools.lru_cache(maxsize=64)
def base_thresholds(pixels_per_degree: float) -> np.ndarray:
    """Thresholds of orthonormal coefficients on mid-grey, without any masking.

    The contrast that is just seen is taken relative to the highest sensitivity; DC's threshold is its neighbours' lower
    one.

    :returns: grey levels, shape (8, 8), read-only.
    """
    best_cpd = 45.9 / (_C2 * _DRIFT + 2) / (2 * np.pi * _C1)
    with np.errstate(divide="ignore"):  # DC's is replaced below
        seen = _AMPLITUDE * sensitivity(cycles_per_degree(pixels_per_degree), _WIDTH)
        luminance = sensitivity(np.array(best_cpd)) / seen
    upright = _OBLIQUE + (1 - _OBLIQUE) * (1 - obliqueness())
    thresholds = luminance * _GREY_LEVELS / (upright * normalisation() * _WHITE)
    thresholds[0, 0] = min(thresholds[0, 1], thresholds[1, 0])
    thresholds.setflags(write=False)
    return np.asarray(thresholds)


@final
class Jia2006(DctPredictor):
    """Sensitivity at zero motion; luminance and kinds of block as in Zhang et al. 2005, of two of the same authors."""

    card = Card(
        name="jia2006",
        title="Jia et al. 2006 (spatial)",
        references=(
            Reference(
                authors=("Y. Jia", "W. Lin", "A. A. Kassim"),
                title="Estimating just-noticeable distortion for video",
                venue="IEEE Transactions on Circuits and Systems for Video Technology 16(7):820-829",
                year=2006,
                doi="10.1109/TCSVT.2006.877397",
            ),
        ),
        deviations=(
            "Still pictures: nothing moves but the eyes, which drift by 0.15 degrees a second.",
            "Equations and constants of the sensitivity are those of one public code (OpenJND). The two constants "
            "that it adds to Daly's are what a fit of the logarithms to Ahumada & Peterson's thresholds gives, to 2 %.",
            "That code multiplies all thresholds by 0.4, which takes them away from those thresholds: left out here. "
            "A fitted threshold is not touched by it.",
            "Blocks are classified, and textured ones raised, by the limits of Zhang et al. 2005, not by that code's.",
            THRESHOLDS_TO_LEVEL,
        ),
    )

    def thresholds(self, blocks: Blocks, pixels_per_degree: float) -> np.ndarray:
        """Base, luminance, kind of block, and contrast masking (of low and middle frequencies in texture only)."""
        dtype = blocks.coefficients.dtype
        base = base_thresholds(pixels_per_degree).astype(dtype)[:, :, None, None]
        thresholds = base * luminance_elevation(blocks)
        classes = classify(blocks)
        raised = masking_by_contrast(blocks, thresholds, 0.36)
        for place in np.argwhere(LOW | MIDDLE):
            raised[tuple(place)][~classes.texture] = 1
        raised *= classes.elevation
        raised[0, 0] = 1
        thresholds *= raised
        return thresholds
