"""From wavelet errors over thresholds to one number: a Minkowski sum over all coefficients, of which each counts once.

For a foveal window every coefficient's share goes to the 8x8 blocks of pixels that it stands for: a block has 16
coefficients of a finest band, and a quarter of one of the fourth level's.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from baselines.subband._dct_pooling import raise_sizes, window_sums
from baselines.subband._wavelet_thresholds import Bands

_BLOCK_LEVEL = 3
"""Level at which one coefficient stands for one 8x8 block."""

Thresholds = Sequence[float | np.ndarray]
"""Positive, for each band a number or an array of its shape."""


@final
@dataclass(frozen=True)
class WaveletPooling:
    """How errors over thresholds are added up.

    :param exponent: of the Minkowski sum.
    :param summed: add coefficients up instead of averaging them.
    :param window_blocks: side of a square window, in 8x8 blocks, of which the worst counts; 0 takes the whole picture.
    """

    exponent: float
    summed: bool = False
    window_blocks: int = 0

    def pool(self, errors: Bands, thresholds: Thresholds) -> float:
        """One level's visibility, of degree 1 in the errors.

        :param errors: from `wavelet_bands`; overwritten.
        """
        if self.window_blocks:
            return float(self._over_windows(errors, thresholds).max() ** (1 / self.exponent))
        total = 0.0
        for band, threshold in zip(errors, thresholds, strict=True):
            if isinstance(threshold, np.ndarray):
                total += _sum_of_powers(np.divide(band, threshold, out=band), self.exponent)
            else:
                total += _sum_of_powers(band, self.exponent) / threshold**self.exponent
        count = 1 if self.summed else sum(band.size for band in errors)
        return float((total / count) ** (1 / self.exponent))

    def _over_windows(self, errors: Bands, thresholds: Thresholds) -> np.ndarray:
        """Sums or means over each place of the window."""
        for band, threshold in zip(errors, thresholds, strict=True):
            np.divide(band, threshold, out=band)
            raise_sizes(band, self.exponent)
        total = window_sums(in_blocks(errors), self.window_blocks)
        if self.summed:
            return total
        return np.asarray(total / window_sums(_counts(tuple(band.shape for band in errors)), self.window_blocks))


def in_blocks(bands: Bands) -> np.ndarray:
    """What all coefficients add to each 8x8 block of pixels; nothing is lost or added.

    :param bands: from `wavelet_bands`.
    :returns: float64, shape (block rows, block columns).
    """
    rows, columns = (-(-2 * length // 2**_BLOCK_LEVEL) for length in bands[0].shape)
    total = np.zeros((rows, columns))
    for place, band in enumerate(bands):
        level = min(place // 3 + 1, len(bands) // 3)
        along = _along(band.shape[0], level, rows), _along(band.shape[1], level, columns)
        total += along[0].T @ band @ along[1]
    return total


@functools.lru_cache(maxsize=64)
def _along(coefficients: int, level: int, blocks: int) -> np.ndarray:
    """Share of each coefficient along a side in each block, shape (coefficients, blocks); rows add up to 1."""
    share = np.zeros((coefficients, blocks), dtype=np.float32)
    for place in range(coefficients):
        first = min(place * 2**level // 2**_BLOCK_LEVEL, blocks - 1)
        share[place, first : max(((place + 1) * 2**level) // 2**_BLOCK_LEVEL, first + 1)] = 1
    return np.asarray(share / share.sum(axis=1, keepdims=True))


@functools.lru_cache(maxsize=4)
def _counts(shapes: tuple[tuple[int, ...], ...]) -> np.ndarray:
    """How many coefficients a block has, by the bands' shapes."""
    return in_blocks(tuple(np.ones(shape, dtype=np.float32) for shape in shapes))


def _sum_of_powers(numbers: np.ndarray, exponent: float) -> float:
    """Of the numbers' sizes; the numbers are overwritten."""
    flat = numbers.ravel(order="K")  # no copy, however the band lies in memory
    if exponent in (2, 4):
        roots = flat if exponent == 2 else np.square(flat, out=flat)
        return float(np.vdot(roots, roots))
    np.abs(flat, out=flat)
    return float(np.power(flat, exponent, out=flat).sum())
