"""Watson et al. 1997: thresholds of wavelet coefficients, by spatial frequency and orientation."""

from __future__ import annotations

from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.interface.predictor import Meter
from baselines.subband._base import SubbandPredictor
from baselines.subband._dct_blocks import Blocks
from baselines.subband._dct_error import SOURCES, ErrorSource, QuantisedErrors, error_source, kind_of_errors
from baselines.subband._dct_pooling import check_pooling, window_in_blocks
from baselines.subband._wavelet_pooling import WaveletPooling, guide_of, guided_profile, leads
from baselines.subband._wavelet_thresholds import Wavelet, band_thresholds, levels_of, wavelet_bands
from datasets.common.errors import UserError
from datasets.core.picture import Picture
from datasets.core.reference import Reference


@final
class Watson1997(SubbandPredictor):
    """Visibility of wavelet quantisation noise.

    Visibility is the Minkowski mean over pixels of a level's coefficient errors over thresholds: every coefficient
    counts once, so a band of level l has 4^-l of the weight. It is of degree 1 in the error. Quantised errors are
    those of 8x8 DCT coefficients, turned back into pixels and then into wavelet coefficients.
    """

    masking: float = 0.0
    """How far a coefficient above its threshold raises it (w), 0 (not, as published) to 1 (in proportion); not in the
    lowest band. This paper has none; Watson's DCT model of 1993 has, with 0.7."""

    stride: int = 4
    """The distance in levels between those that are measured; those between follow a histogram of DCT coefficients, see
    `_wavelet_pooling.guided_profile`. 1 measures every level. So does any stride where the guide is not known to lead:
    with decoded errors, a window or masking, in small pictures, and seen from far away."""

    card = Card(
        name="watson1997",
        title="Watson et al. 1997 (9/7 wavelet)",
        references=(
            Reference(
                authors=("A. B. Watson", "G. Y. Yang", "J. A. Solomon", "J. Villasenor"),
                title="Visibility of wavelet quantization noise",
                venue="IEEE Transactions on Image Processing 6(8):1164-1175",
                year=1997,
            ),
        ),
        deviations=(
            "The paper was not at hand: its Equation 9 and Table V as quoted in public video quality code.",
            "It gives thresholds of quantisation noise in one band; how bands and pixels are pooled (fourth powers) is "
            "ours, as in Watson's DCT model.",
            "Errors are averaged over pixels, not added up, in -as-published too, so that a threshold does not depend "
            "on the picture's size.",
            "Errors are those of JPEG, of the decoded luma or of quantised 8x8 DCT coefficients; the paper quantises "
            "wavelet coefficients.",
            "Up to 6 levels, fewer where a side would fall below 8 pixels; the lowest band counts with its threshold.",
            "Luma only; the paper has thresholds for chroma.",
        ),
    )

    def level_meter(self, picture: Picture) -> Meter:
        return self._prepared(picture)[1]

    def profile(self, picture: Picture) -> np.ndarray:
        source, visibility = self._prepared(picture)
        levels = [int(level) for level in picture.codec.levels]
        if not isinstance(source, QuantisedErrors) or not self._may_be_guided(picture):
            return np.array([visibility(level) for level in levels])
        guide = guide_of(
            source,
            levels,
            pixels_per_degree=picture.pixels_per_degree,
            depth=levels_of(picture.reference_luma.shape),
            exponent=float(self.exponent),
        )
        return guided_profile(lambda place: visibility(levels[place]), guide, self.stride)

    def remark(self, picture: Picture) -> str:
        """Which error source was used, how many wavelet levels the size allowed, and whether profiles are guided."""
        kind, depth = kind_of_errors(self.errors, picture), levels_of(picture.reference_luma.shape)
        guided = kind == "quantised" and self._may_be_guided(picture)
        return f"{SOURCES[kind]}; {depth} wavelet levels{'; most QF interpolated along a guide' if guided else ''}"

    def _prepared(self, picture: Picture) -> tuple[ErrorSource, Meter]:
        """Where errors come from, and a function that measures a level with what all levels share."""
        luma = picture.reference_luma
        pooling = self.pooling_at(picture.pixels_per_degree)
        source = error_source(self.errors, picture, Blocks.of(luma))
        thresholds = self.thresholds(luma, picture.pixels_per_degree)
        wavelet = Wavelet(luma.shape, levels_of(luma.shape))
        return source, lambda level: pooling.pool(wavelet.bands(source.plane(level)), thresholds)

    def _may_be_guided(self, picture: Picture) -> bool:
        """Where levels between measured ones have been shown to follow the guide."""
        wanted = self.stride > 1 and not self.window_degrees and not self.masking
        return wanted and leads(picture.reference_luma.shape, picture.pixels_per_degree)

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

    def pooling_at(self, pixels_per_degree: float) -> WaveletPooling:
        """How errors are added up at a viewing geometry, on which the foveal window depends.

        :raises UserError: for an unknown pooling, or a parameter out of range.
        """
        check_pooling(self.card.name, self.pooling, (self.exponent,), self.window_degrees)
        if not 0 <= self.masking <= 1:
            raise UserError(f"{self.card.name}: masking is 0 (none) to 1, not {self.masking:g}")
        if self.stride != int(self.stride) or self.stride < 1:
            raise UserError(f"{self.card.name}: stride is a whole number of levels, 1 or more, not {self.stride:g}")
        window = window_in_blocks(self.window_degrees, pixels_per_degree)
        return WaveletPooling(float(self.exponent), self.pooling == "sum", window)
