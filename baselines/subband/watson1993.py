"""Watson 1993 (DCTune): DCT thresholds raised by each block's luminance and by the coefficient itself."""

from __future__ import annotations

import functools
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.subband._base import DctPredictor, masking_by_contrast
from baselines.subband._dct_blocks import MID_GREY, Blocks, cycles_per_degree, normalisation, obliqueness
from datasets.common.errors import UserError
from datasets.core.reference import Reference

_LEAST = 0.175105432
"""Threshold at the best frequency, before normalisation, grey levels."""
_BEST_CPD = 2.377169219
_STEEPNESS = 1.38387611
_OBLIQUE = 0.49218256
_LUMINANCE_EXPONENT = 0.649
"""a_T: of the block's luminance over mid-grey."""


@functools.lru_cache(maxsize=64)
def watson_table(pixels_per_degree: float) -> np.ndarray:
    """Base thresholds at a viewing distance: the parabola behind the printed 32 px/deg table, found by a fit to it.

    At 32 px/deg it meets the printed table to its rounding (0.5 %). DC has the parabola's least threshold, which the
    printed 1.40 is too; so DC does not depend on the distance.

    :returns: of orthonormal coefficients in grey levels, shape (8, 8), read-only.
    """
    frequency = cycles_per_degree(pixels_per_degree)
    frequency[0, 0] = _BEST_CPD
    parabola = _STEEPNESS * np.log10(frequency / _BEST_CPD) ** 2
    table = _LEAST * 10**parabola / (_OBLIQUE + (1 - _OBLIQUE) * (1 - obliqueness())) / normalisation()
    table.setflags(write=False)
    return table


def watson_thresholds(
    blocks: Blocks,
    table: np.ndarray,
    *,
    masking: float = 0.7,
    luminance_floor: float = 0.15,
) -> np.ndarray:
    """Thresholds with luminance and contrast masking.

    :param table: base thresholds, shape (8, 8).
    :param masking: w: how far a coefficient raises its own threshold, 0 (not) to 1 (in proportion); 0 for DC always.
    :param luminance_floor: darkest luminance over mid-grey; without it black blocks would have threshold 0.
    :returns: shape and type of the coefficients.
    """
    coefficients = blocks.coefficients
    luminance = np.maximum(coefficients[0, 0] / MID_GREY, luminance_floor) ** _LUMINANCE_EXPONENT
    thresholds = table.astype(coefficients.dtype)[:, :, None, None] * luminance
    raised = masking_by_contrast(blocks, thresholds, masking)
    raised[0, 0] = 1
    thresholds *= raised
    return thresholds


@final
class Watson1993(DctPredictor):
    """Watson's model of DCT quantisation error."""

    masking: float = 0.7
    """The exponent w of contrast masking, see `watson_thresholds`."""

    luminance_floor: float = 0.15
    """The darkest luminance over mid-grey, see `watson_thresholds`."""

    card = Card(
        name="watson1993",
        title="Watson 1993 (DCTune)",
        references=(
            Reference(
                authors=("A. B. Watson",),
                title="DCTune: A technique for visual optimization of DCT quantization matrices for individual images",
                venue="SID International Symposium Digest of Technical Papers XXIV:946-949",
                year=1993,
            ),
        ),
        deviations=(
            "The paper was not at hand: equations as restated by Zhang et al. 2005 and in public code, constants as "
            "in the widely copied table for 32 px/deg.",
            "That table is regenerated for the study's px/deg from the parabola that fits it to its rounding; its "
            "fitted constants are ours.",
            "Luminance is held against mid-grey (the display's mean), not against the picture's mean.",
            "Luminance below 0.15 of mid-grey counts as 0.15: the power law gives black blocks a threshold of 0.",
            "Blocks are averaged, not added up, in -as-published too. Added up, no ladder ever comes down to the "
            "published limit of 1 (a 512x512 photograph has about 4 even at QF 100), so that row would only say 100.",
            "Luma only; the paper has tables for chroma.",
        ),
    )

    def thresholds(self, blocks: Blocks, pixels_per_degree: float) -> np.ndarray:
        """Base, luminance and contrast masking.

        :raises UserError: where the luminance floor is not above 0.
        """
        if not 0 < self.luminance_floor <= 1:
            raise UserError(
                f"{self.card.name}: luminance_floor is a share of mid-grey above 0 and up to 1, not "
                f"{self.luminance_floor:g}; without any, black blocks would have threshold 0"
            )
        return watson_thresholds(
            blocks, watson_table(pixels_per_degree), masking=self.masking, luminance_floor=self.luminance_floor
        )
