"""From wavelet errors over thresholds to one number: a Minkowski sum over all coefficients, of which each counts once.

For a foveal window every coefficient's share goes to the 8x8 blocks of pixels that it stands for: a block has 16
coefficients of a finest band, and a quarter of one of the fourth level's.

A profile needs few measured levels: what lies between follows a guide that costs next to nothing. How an error depends
on the quality factor is jagged, because quantisation steps are whole numbers. A histogram of DCT coefficients knows
these jags; what it does not know, how errors meet in a wavelet coefficient, changes smoothly. So the profile's ratio to
the guide is interpolated, not the profile. This holds for errors of quantised DCT coefficients only.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from baselines.subband._dct_blocks import SIDE, basis
from baselines.subband._dct_error import QuantisedErrors
from baselines.subband._dct_pooling import Pooling, raise_sizes, window_sums
from baselines.subband._wavelet_thresholds import MOST_LEVELS, Bands, band_thresholds, split_columns

_BLOCK_LEVEL = 3
"""Level at which one coefficient stands for one 8x8 block."""

Thresholds = Sequence[float | np.ndarray]
"""Positive, for each band a number or an array of its shape."""
MOST_PIXELS_PER_DEGREE = 32.0
"""Farther away the lowest bands decide, in which errors of neighbouring blocks meet: the guide does not know them."""
FEWEST_PIXELS = 768 * 512
"""In smaller pictures the ratio is too rough to be interpolated, and all levels cost little."""
_FLAT = 0.0075
"""Fall of the logarithm from one level to the next below which a small error would move a predicted level far."""
_BEND = 0.006
"""How far the logarithm of the ratio may lie off the line between its measured neighbours."""
_TINY = 1e-30
"""Stands in for a visibility of zero under a logarithm."""
_LENGTH = 1024
"""Pixels of a line that holds a basis function's coefficients at all levels, and zeros around them."""
_PLACES = 2**MOST_LEVELS // SIDE
"""Places of a block that the coarsest level tells apart."""


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


def leads(shape: tuple[int, ...], pixels_per_degree: float) -> bool:
    """Whether guided profiles have been shown to keep predicted levels, for a picture of this shape and geometry."""
    return shape[0] * shape[1] >= FEWEST_PIXELS and pixels_per_degree <= MOST_PIXELS_PER_DEGREE


def guided_profile(measure: Callable[[int], float], guide: np.ndarray, stride: int) -> np.ndarray:
    """Visibilities at all places of a ladder, most of them interpolated along the guide.

    Measured are every `stride`-th place and those next to the ends, and then wherever the guide proves too weak: where
    the profile hardly falls, and beside places that do not lie on the line between their neighbours.

    :param measure: the visibility at a place.
    :param guide: about proportional to the visibility, from the worst place to the best, shape (places,).
    :param stride: 1 measures all places, as does a guide that touches zero.
    :returns: shape of the guide.
    """
    places = np.arange(len(guide))
    if stride == 1 or not guide.min() > 0:
        return np.array([measure(int(place)) for place in places])
    profile = np.full(len(guide), np.nan)
    wanted = (places % stride == 0) | np.isin(places, (1, *(len(guide) - ends for ends in (1, 2, 3))))
    while wanted.any():
        for place in np.flatnonzero(wanted):
            profile[place] = measure(int(place))
        wanted = _doubtful(profile, guide)
    return _filled(profile, guide)


def guide_of(
    source: QuantisedErrors, levels: Sequence[int], *, pixels_per_degree: float, depth: int, exponent: float
) -> np.ndarray:
    """A profile about proportional to that of wavelet coefficients over thresholds, shape (levels,).

    Each DCT coefficient is held against one threshold, as if it were the only one with an error.

    :param depth: levels of the wavelet.
    """
    weights = frequency_weights(pixels_per_degree, depth, exponent)[:, :, None, None]
    pooling = Pooling(np.full((SIDE, SIDE), exponent), exponent)
    return pooling.pool_ladder(source, levels, np.broadcast_to(weights, source.shifted.shape))


@functools.lru_cache(maxsize=64)
def frequency_weights(pixels_per_degree: float, depth: int, exponent: float) -> np.ndarray:
    """What an error in one DCT coefficient adds to the sum of powers over wavelet thresholds.

    On average over a block's places, relative to the largest of the 64.

    :returns: in 0..1, float32, shape (8, 8), read-only.
    """
    low, high = _powers(depth, exponent)
    *details, lowest = (threshold**-exponent for threshold in band_thresholds(pixels_per_degree, depth))
    total = lowest * np.multiply.outer(low[-1], low[-1])
    for level, (lh, hh, hl) in enumerate(zip(*(iter(details),) * 3, strict=True)):
        down, across = (low[level], high[level]), (low[level], high[level])
        total += lh * np.multiply.outer(down[1], across[0])
        total += hh * np.multiply.outer(down[1], across[1])
        total += hl * np.multiply.outer(down[0], across[1])
    weights = (total / total.max()).astype(np.float32)
    weights.setflags(write=False)
    return weights


def _powers(depth: int, exponent: float) -> tuple[np.ndarray, np.ndarray]:
    """Sums of powers of each 1-D basis function's low and high coefficients, means over places, (depth, 8) each.

    A basis function of a block is the product of one down and one across, and so is each of its coefficients.
    """
    lines = np.zeros((_LENGTH, SIDE, _PLACES), dtype=np.float32)
    for place in range(_PLACES):
        start = _LENGTH // 2 + SIDE * place
        lines[start : start + SIDE, :, place] = basis().T
    plane = lines.reshape(_LENGTH, -1)
    sums = []
    for _ in range(depth):
        halves = split_columns(plane)
        sums.append((np.abs(halves).astype(np.float64) ** exponent).sum(axis=1).reshape(2, SIDE, _PLACES).mean(axis=2))
        plane = halves[0]
    low, high = np.stack(sums, axis=1)
    return low, high


def _doubtful(profile: np.ndarray, guide: np.ndarray) -> np.ndarray:
    """Which places must be measured too, bool, of the guide's shape."""
    measured = ~np.isnan(profile)
    known = np.flatnonzero(measured)
    ratio = _log_ratio(profile, guide, known)
    bent = np.zeros(len(known), dtype=bool)
    for index in range(1, len(known) - 1):
        expected = np.interp(known[index], known[[index - 1, index + 1]], ratio[[index - 1, index + 1]])
        bent[index] = abs(ratio[index] - expected) > _BEND
    doubtful = np.append(np.repeat(bent[1:] | bent[:-1], np.diff(known)), False)
    flat = -np.diff(np.log(np.maximum(_filled(profile, guide), _TINY))) < _FLAT
    doubtful |= np.append(flat, False) | np.append(False, flat)
    return np.asarray(doubtful & ~measured)


def _filled(profile: np.ndarray, guide: np.ndarray) -> np.ndarray:
    known = np.flatnonzero(~np.isnan(profile))
    ratio = np.interp(np.arange(len(guide)), known, _log_ratio(profile, guide, known))
    return np.where(np.isnan(profile), guide * np.exp(ratio), profile)


def _log_ratio(profile: np.ndarray, guide: np.ndarray, places: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(np.maximum(profile[places], _TINY) / guide[places]))
