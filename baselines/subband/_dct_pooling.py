"""From errors over thresholds to one number: Minkowski sums over blocks, then over frequencies.

With an exponent b(f) over blocks and b over frequencies, D = (sum_f (mean_blocks |e/t|^b(f))^(b/b(f)))^(1/b). Where
both are 4 this is Watson's (mean_blocks sum_f |e/t|^4)^(1/4). It is of degree 1 in e/t.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from baselines.subband._dct_blocks import SIDE
from baselines.subband._dct_error import ErrorSource, QuantisedErrors
from datasets.codecs.jpeg import COARSEST, luma_table
from datasets.common.errors import UserError, check_name

POOLINGS = {
    "mean": "over the picture, so that a threshold does not depend on its size",
    "sum": "over the picture, probability summation as the papers write it: larger pictures show more",
}
_BINS_PER_UNIT = 16
"""Sixteenths: DC and three other frequencies of whole-numbered pixels fall on them exactly."""
_BINS = 1024 * _BINS_PER_UNIT + 1
"""A coefficient of a plane of -128..127 is at most 1024 in size."""


def check_pooling(method: str, pooling: str, exponents: Sequence[float], window_degrees: float) -> None:
    """Check what subband predictors take as parameters.

    :raises UserError: for a pooling that is none of `POOLINGS`, or an exponent or window out of range.
    """
    check_name("pooling", pooling, POOLINGS)
    for exponent in exponents:
        if not 1 <= exponent <= 8:
            raise UserError(f"{method}: exponents are 1..8, not {exponent:g}; 4 is the papers' own")
    if not 0 <= window_degrees < np.inf:
        raise UserError(f"{method}: window_degrees is 0 (the whole picture) or more, not {window_degrees:g}")


def window_in_blocks(window_degrees: float, pixels_per_degree: float) -> int:
    """Side of a foveal window in blocks of 8 pixels, 1 or more; 0 where there is no window."""
    return max(round(window_degrees * pixels_per_degree / SIDE), 1) if window_degrees else 0


def window_sums(powers: np.ndarray, side: int) -> np.ndarray:
    """Sums over each place of a square window that lies within the picture.

    :param powers: shape (block rows, block columns).
    :param side: of the window in blocks; 0, or more than there are, takes all there are.
    :returns: float64, because errors to the fourth power span many decades; shape (places down, places across).
    """
    down, across = (min(side or length, length) for length in powers.shape)
    if (down, across) == powers.shape:
        return np.asarray(powers.sum(dtype=np.float64, keepdims=True))
    import cv2

    sums = cv2.boxFilter(powers.astype(np.float64), -1, (across, down), anchor=(0, 0), normalize=False)
    return np.asarray(sums)[: powers.shape[0] - down + 1, : powers.shape[1] - across + 1]


@final
@dataclass(frozen=True, eq=False)
class Pooling:
    """How errors over thresholds are added up.

    :param exponents: over blocks, for each frequency, shape (8, 8).
    :param exponent: over frequencies.
    :param summed: add the blocks up instead of averaging them.
    :param window_blocks: side of a square window, in blocks, of which the worst counts; 0 takes the whole picture.
    """

    exponents: np.ndarray
    exponent: float
    summed: bool = False
    window_blocks: int = 0

    def weights(self, thresholds: np.ndarray) -> np.ndarray:
        """What a coefficient's error, raised to its exponent, is multiplied by; of the thresholds' shape and type.

        :param thresholds: positive, shape (8, 8, block rows, block columns); overwritten.
        """
        weights = np.reciprocal(thresholds, out=thresholds)
        for place in np.ndindex(SIDE, SIDE):
            raise_sizes(weights[place], float(self.exponents[place]))
        return weights

    def pool(self, errors: np.ndarray, weights: np.ndarray) -> float:
        """One level's visibility.

        :param errors: shape (8, 8, block rows, block columns); overwritten.
        :param weights: from `weights`.
        """
        for place in np.ndindex(SIDE, SIDE):  # one frequency at a time stays in the processor's cache
            raise_sizes(errors[place], float(self.exponents[place]))
            errors[place] *= weights[place]
        joint = self.exponents == self.exponent
        total = self._over_blocks(errors[joint].sum(axis=0))
        for own, exponent in zip(errors[~joint], self.exponents[~joint], strict=True):
            total = total + self._over_blocks(own) ** (self.exponent / exponent)
        return float(total.max() ** (1 / self.exponent))

    def pool_ladder(self, source: ErrorSource, levels: Sequence[int], weights: np.ndarray) -> np.ndarray:
        """Every level's visibility, shape (levels,)."""
        if isinstance(source, QuantisedErrors) and not self.window_blocks:
            return self._pool_quantised(source.shifted, levels, weights)
        return np.array([self.pool(source.errors(level), weights) for level in levels])

    def _over_blocks(self, powers: np.ndarray) -> np.ndarray:
        sums = window_sums(powers, self.window_blocks)
        if self.summed:
            return sums
        down, across = (length - places + 1 for length, places in zip(powers.shape, sums.shape, strict=True))
        return np.asarray(sums / (down * across))

    def _pool_quantised(self, shifted: np.ndarray, levels: Sequence[int], weights: np.ndarray) -> np.ndarray:
        """All levels at once: an error depends on its coefficient's size and step alone, so coefficients of about
        one size need not be told apart. One histogram a frequency, weighted, times a table of errors by size and step.
        """
        histograms = np.empty((SIDE, SIDE, _BINS), dtype=np.float32)
        for place in np.ndindex(SIDE, SIDE):
            size = np.abs(shifted[place])
            size *= _BINS_PER_UNIT
            index = np.rint(size, out=size).astype(np.intp).ravel()
            histograms[place] = np.bincount(index, weights[place].ravel(), minlength=_BINS)
        steps = np.stack([luma_table(level) for level in levels])
        blocks = 1 if self.summed else shifted[0, 0].size
        total = np.zeros(len(levels))
        for exponent in np.unique(self.exponents):
            alike = self.exponents == exponent
            by_step = histograms[alike].astype(np.float32) @ _error_powers(float(exponent)).T
            sums = np.take_along_axis(by_step.astype(np.float64), steps[:, alike].T - 1, axis=1) / blocks
            total += (sums ** (self.exponent / exponent)).sum(axis=0)
        return np.asarray(total ** (1 / self.exponent))


@functools.lru_cache(maxsize=4)
def _error_powers(exponent: float) -> np.ndarray:
    """|c - q round(c/q)|^exponent by step q = 1..255 and size c in sixteenths, shape (255, sizes), float32."""
    step = np.arange(1, COARSEST + 1, dtype=np.float32)[:, None]
    size = np.arange(_BINS, dtype=np.float32) / _BINS_PER_UNIT
    errors = size / step
    np.rint(errors, out=errors)
    errors *= step
    np.subtract(size, errors, out=errors)
    raise_sizes(errors, exponent)
    errors.setflags(write=False)
    return errors


def raise_sizes(numbers: np.ndarray, exponent: float) -> None:
    """The numbers' sizes to a power, in place."""
    if exponent in (2, 4):
        np.square(numbers, out=numbers)
        if exponent == 4:
            np.square(numbers, out=numbers)
        return
    np.abs(numbers, out=numbers)
    np.power(numbers, exponent, out=numbers)
