"""Watson et al. 1997: thresholds of wavelet coefficients, by spatial frequency and orientation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from baselines.predictor import Card
from baselines.visibility import VisibilityPredictor
from baselines.wavelet_thresholds import Bands, Wavelet, band_thresholds, levels_of, wavelet_bands
from datasets.errors import UserError
from datasets.picture import Picture


@final
class Watson1997(VisibilityPredictor):
    """Visibility of wavelet quantisation noise.

    Visibility is the Minkowski mean over pixels of a level's coefficient errors over thresholds: every coefficient
    counts once, so a band of level l has 4^-l of the weight. It is of degree 1 in the error.

    :param threshold: multiple of the published thresholds; None is fitted.
    :param exponent: of the Minkowski mean, 1..8; the larger, the more the worst coefficients count.
    :param masking: w: how far a coefficient above its threshold raises it, 0 (not, as published) to 1 (in
        proportion); not in the lowest band. Not of this paper: Watson's DCT model of 1993 has it, with 0.7.
    """

    published_threshold = 1.0
    card = Card(
        name="watson1997",
        title="Watson et al. 1997 (9/7 wavelet)",
        paper="A. B. Watson, G. Y. Yang, J. A. Solomon and J. Villasenor, Visibility of wavelet quantization noise, "
        "IEEE Transactions on Image Processing 6(8):1164-1175, 1997",
        year=1997,
        kind="subband",
        needs_pictures=True,
        deviations=(
            "The paper was not at hand: its Equation 9 and Table V as quoted in public video quality code.",
            "It gives thresholds of quantisation noise in one band; how bands and pixels are pooled (fourth powers) is "
            "ours, as in Watson's DCT model.",
            "Errors are averaged over pixels, not added up, in -as-published too, so that a threshold does not depend "
            "on the picture's size.",
            "Errors are those of the decoded picture's luma, not of quantised wavelet coefficients.",
            "Up to 6 levels, fewer where a side would fall below 8 pixels; the lowest band counts with its threshold.",
            "Luma only; the paper has thresholds for chroma.",
        ),
    )

    def __init__(self, *, threshold: float | None = None, exponent: float = 4.0, masking: float = 0.0) -> None:
        super().__init__(threshold=threshold)
        self.exponent = exponent
        self.masking = masking

    def visibility(self, picture: Picture, level: int) -> float:
        """One level's errors over thresholds, pooled."""
        return float(self._measured(picture, [level])[0])

    def profile(self, picture: Picture) -> np.ndarray:
        """All levels' errors over the same thresholds."""
        return self._measured(picture, [int(level) for level in picture.codec.levels])

    def remark(self, picture: Picture) -> str:
        """How many wavelet levels the picture's size allowed."""
        return f"{levels_of(picture.reference_luma.shape)} wavelet levels of the decoded lumas' errors"

    def thresholds(self, luma: np.ndarray, pixels_per_degree: float) -> tuple[float | np.ndarray, ...]:
        """The largest error of each coefficient that nobody notices.

        :param luma: of the reference, 0..255, shape (height, width).
        :param pixels_per_degree: viewing geometry.
        :returns: in the order of `wavelet_bands`: one number a band, or with masking one a coefficient.
        """
        levels = levels_of(luma.shape)
        base = band_thresholds(pixels_per_degree, levels)
        if not self.masking:
            return base
        *details, _ = wavelet_bands(luma.astype(np.float32), levels)
        raised = (t * np.maximum(np.abs(c) / t, 1) ** self.masking for t, c in zip(base, details, strict=False))
        return (*raised, base[-1])

    def _measured(self, picture: Picture, levels: Sequence[int]) -> np.ndarray:
        import cv2

        self._check()
        reference = picture.reference_luma
        thresholds = self.thresholds(reference, picture.pixels_per_degree)
        wavelet, error = Wavelet(reference.shape, levels_of(reference.shape)), np.empty(reference.shape, np.float32)
        found = []
        for level in levels:
            cv2.subtract(reference, picture.ladder.luma(level), dst=error, dtype=cv2.CV_32F)
            found.append(pooled(wavelet.bands(error), thresholds, self.exponent))
        return np.array(found)

    def _check(self) -> None:
        if not 1 <= self.exponent <= 8:
            raise UserError(f"{self.card.name}: exponent is 1..8, not {self.exponent:g}; 4 is Watson's")
        if not 0 <= self.masking <= 1:
            raise UserError(f"{self.card.name}: masking is 0 (none) to 1, not {self.masking:g}")


def pooled(errors: Bands, thresholds: Sequence[float | np.ndarray], exponent: float) -> float:
    """The Minkowski mean over pixels of errors over thresholds.

    :param errors: from `wavelet_bands`; overwritten.
    :param thresholds: positive, for each band a number or an array of its shape.
    """
    total = 0.0
    for band, threshold in zip(errors, thresholds, strict=True):
        if isinstance(threshold, np.ndarray):
            total += _sum_of_powers(np.divide(band, threshold, out=band), exponent)
        else:
            total += _sum_of_powers(band, exponent) / threshold**exponent
    return float((total / sum(band.size for band in errors)) ** (1 / exponent))


def _sum_of_powers(numbers: np.ndarray, exponent: float) -> float:
    """Of the numbers' sizes; the numbers are overwritten."""
    flat = numbers.ravel(order="K")  # no copy, however the band lies in memory
    if exponent in (2, 4):
        roots = flat if exponent == 2 else np.square(flat, out=flat)
        return float(np.vdot(roots, roots))
    np.abs(flat, out=flat)
    return float(np.power(flat, exponent, out=flat).sum())
