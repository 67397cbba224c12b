"""From thresholds of coefficients to a visibility per level: what all subband models share, then all 8x8-DCT models."""

from __future__ import annotations

from abc import abstractmethod
from typing import final

import numpy as np

from baselines.interface.predictor import Meter
from baselines.interface.visibility import VisibilityPredictor
from baselines.subband._dct_blocks import SIDE, Blocks
from baselines.subband._dct_error import SOURCES, ErrorSource, error_source, kind_of_errors
from baselines.subband._dct_pooling import Pooling, check_pooling, window_in_blocks
from datasets.core.picture import Picture

THRESHOLDS_TO_LEVEL = (
    "The paper gives thresholds, not a picture's level: here their Minkowski mean over blocks and frequencies with "
    "exponent 4, and a limit of 1 in -as-published."
)
"""What cards say where the pooling is ours."""


class SubbandPredictor(VisibilityPredictor):
    """A predictor that holds a level's errors against thresholds of coefficients, in any transform."""

    errors: str = "auto"
    """Where errors come from, one of `baselines.subband._dct_error.ERRORS`."""

    exponent: float = 4.0
    """The exponent of the Minkowski sums, 1..8; the larger, the more the worst errors count."""

    pooling: str = "mean"
    """How errors are added up, one of `baselines.subband._dct_pooling.POOLINGS`."""

    window_degrees: float = 0.0
    """Side of a square foveal window in degrees; where positive, the worst window alone counts, as if people looked
    there. 0 pools the whole picture."""

    published_threshold = 1.0

    @abstractmethod
    def level_meter(self, picture: Picture) -> Meter:
        """`visibility` of one picture's levels, wherever the errors come from."""

    @final
    def visibility(self, picture: Picture, level: int) -> float:
        return self.level_meter(picture)(level)

    @final
    def meter(self, picture: Picture) -> Meter | None:
        """The same thresholds for all levels; None where errors come from quantisation, not from decoded levels."""
        return self.level_meter(picture) if kind_of_errors(self.errors, picture) == "decoded" else None

    def remark(self, picture: Picture) -> str:
        return SOURCES[kind_of_errors(self.errors, picture)]


class DctPredictor(SubbandPredictor):
    """A predictor that only gives each coefficient's threshold; this class holds a level's errors against them."""

    @abstractmethod
    def thresholds(self, blocks: Blocks, pixels_per_degree: float) -> np.ndarray:
        """The largest error of each coefficient that nobody notices.

        :param blocks: of the reference's luma.
        :param pixels_per_degree: viewing geometry.
        :returns: positive and finite, a new array of the coefficients' shape and type.
        """

    def exponents(self) -> np.ndarray:
        """The exponent of the sum over blocks for each frequency, shape (8, 8)."""
        return np.full((SIDE, SIDE), float(self.exponent))

    @final
    def threshold_map(self, luma: np.ndarray, pixels_per_degree: float) -> np.ndarray:
        """Every block's thresholds, for drawing.

        :param luma: 0..255, uint8 or float, shape (height, width).
        :returns: in units of orthonormal coefficients, float32, shape (block rows, block columns, 8, 8).
        """
        thresholds = self.thresholds(Blocks.of(luma), pixels_per_degree)
        return np.ascontiguousarray(thresholds.transpose(2, 3, 0, 1))

    @final
    def level_meter(self, picture: Picture) -> Meter:
        pooling, source, weights = self._prepared(picture)
        return lambda level: pooling.pool(source.errors(level), weights)

    @final
    def profile(self, picture: Picture) -> np.ndarray:
        pooling, source, weights = self._prepared(picture)
        return pooling.pool_ladder(source, [int(level) for level in picture.codec.levels], weights)

    def _prepared(self, picture: Picture) -> tuple[Pooling, ErrorSource, np.ndarray]:
        pooling = self.pooling_at(picture.pixels_per_degree)
        blocks = Blocks.of(picture.reference_luma)
        source = error_source(self.errors, picture, blocks)
        return pooling, source, pooling.weights(self.thresholds(blocks, picture.pixels_per_degree))

    @final
    def pooling_at(self, pixels_per_degree: float) -> Pooling:
        """How errors are added up at a viewing geometry, on which the foveal window depends.

        :raises UserError: for an unknown pooling, or an exponent or window out of range.
        """
        exponents = self.exponents()
        check_pooling(self.card.name, self.pooling, (self.exponent, *np.unique(exponents)), self.window_degrees)
        window = window_in_blocks(self.window_degrees, pixels_per_degree)
        return Pooling(exponents, float(self.exponent), self.pooling == "sum", window)


def masking_by_contrast(blocks: Blocks, thresholds: np.ndarray, exponent: float) -> np.ndarray:
    """How much a coefficient's own size raises its threshold: max(1, |C|/t)^exponent.

    :param thresholds: positive, the coefficients' shape.
    :returns: 1 or more, a new array of that shape.
    """
    raised = np.abs(blocks.coefficients)
    raised /= thresholds
    np.maximum(raised, 1, out=raised)
    return np.asarray(np.power(raised, exponent, out=raised))
