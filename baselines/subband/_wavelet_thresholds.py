"""The 9/7 wavelet of a luma plane, and the steps at which quantising its coefficients is just about seen.

The transform is the biorthogonal 9/7 of JPEG 2000 with the plane repeated beyond its edges, scaled as PyWavelets does
for `bior4.4` and mode `periodization`: what a threshold means hangs on that scale.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import final

import numpy as np

MOST_LEVELS = 6
"""Levels of which the paper gives the basis functions' amplitudes."""
SHORTEST_SIDE = 16
"""Pixels of the shorter side below which a plane is not split again: the filters are nine long."""
_LIFTS = (-1.586134342059924, -0.052980118572961, 0.882911075530934, 0.443506852043971)
"""What the sum of both neighbours is multiplied by before it is added, to odd places, even, odd, and even ones: the
9/7 filters taken apart (Daubechies & Sweldens 1998)."""
_SCALE = 1.149604398860241
"""Of low coefficients after all lifts; high ones have its inverse, and the other sign."""
_AMPLITUDES = (
    (0.62171, 0.67234, 0.72709, 0.67234),
    (0.34537, 0.41317, 0.49428, 0.41317),
    (0.18004, 0.22727, 0.28688, 0.22727),
    (0.091401, 0.11792, 0.15214, 0.11792),
    (0.045943, 0.059758, 0.077727, 0.059758),
    (0.023013, 0.030018, 0.039156, 0.030018),
)
"""Peaks of the basis functions by level and LL, LH, HH, HL (Watson et al. 1997 Table V)."""
_FREQUENCY_FACTORS = (1.501, 1.0, 0.534, 1.0)
_LEAST = 0.495
_STEEPNESS = 0.466
_BEST_CPD = 0.401

Bands = tuple[np.ndarray, ...]


@functools.lru_cache(maxsize=64)
def quantisation_steps(pixels_per_degree: float) -> np.ndarray:
    """Steps for luma whose largest errors, half a step, are at threshold (Watson et al. 1997 Eq 9, Y).

    :returns: of coefficients in grey levels, by level 1..6 and LL, LH, HH, HL, shape (6, 4), read-only.
    """
    level = np.arange(1, MOST_LEVELS + 1)[:, None]
    off_best = np.log10(2.0**level * _BEST_CPD * np.array(_FREQUENCY_FACTORS) / pixels_per_degree)
    steps = 2 / np.array(_AMPLITUDES) * _LEAST * 10 ** (_STEEPNESS * off_best**2)
    steps.setflags(write=False)
    return steps


def band_thresholds(pixels_per_degree: float, levels: int) -> tuple[float, ...]:
    """Half a step for each band, in the order of `wavelet_bands`."""
    half = quantisation_steps(pixels_per_degree) / 2
    detail = [float(half[level, band]) for level in range(levels) for band in (1, 2, 3)]
    return (*detail, float(half[levels - 1, 0]))


def levels_of(shape: tuple[int, ...]) -> int:
    """How often a plane is split: while its shorter side has `SHORTEST_SIDE` pixels; 1 to 6 times."""
    side, levels = -(-min(shape) // 2), 1
    while side >= SHORTEST_SIDE and levels < MOST_LEVELS:
        side, levels = -(-side // 2), levels + 1
    return levels


def pyramid_corners(shape: tuple[int, ...], levels: int) -> list[tuple[int, int, int, int]]:
    """Where each band stands in the usual drawing: the lowest at the upper left, finer ones to the right and below.

    :param shape: of the plane, (height, width).
    :returns: (top, bottom, left, right) in the order of `wavelet_bands`, in coefficients.
    """
    corners: list[tuple[int, int, int, int]] = []
    rows, columns = shape
    for _ in range(levels):
        rows, columns = (rows + 1) // 2, (columns + 1) // 2
        below, beside = (rows, 2 * rows), (columns, 2 * columns)
        corners += [(*below, 0, columns), (*below, *beside), (0, rows, *beside)]
    return [*corners, (0, rows, 0, columns)]


def pyramid(bands: Sequence[float | np.ndarray], shape: tuple[int, ...], levels: int) -> np.ndarray:
    """Bands, or one number for each, as `pyramid_corners` places them.

    What was split at an odd length has one coefficient too many, of a repeated edge: there the finer band stands.

    :returns: float32, of the plane's shape made even.
    """
    corners = pyramid_corners(shape, levels)
    drawing = np.empty((corners[1][1], corners[1][3]), dtype=np.float32)
    for (top, bottom, left, right), band in zip(corners[::-1], list(bands)[::-1], strict=True):
        drawing[top:bottom, left:right] = band
    return drawing


def wavelet_bands(plane: np.ndarray, levels: int) -> Bands:
    """One plane's coefficients, see `Wavelet.bands`."""
    return Wavelet(plane.shape, levels).bands(plane)


def split_columns(plane: np.ndarray) -> np.ndarray:
    """Low and high coefficients of every column alone, split once.

    :param plane: float32, shape (rows, columns).
    :returns: shape (2, half as many rows, columns).
    """
    halves = np.empty((3, (len(plane) + 1) // 2, plane.shape[1]), dtype=np.float32)
    _split_rows(plane, *halves)
    halves[0] *= _SCALE
    halves[1] /= -_SCALE
    return halves[:2]


@final
class Wavelet:
    """The transform of planes of one shape, with the memory that it works in: at 1080p, taking new memory for each
    plane costs as much as half the arithmetic.

    :param shape: (height, width).
    :param levels: how often the lowest band is split again.
    """

    def __init__(self, shape: tuple[int, ...], levels: int) -> None:
        self._rooms = []
        rows, columns = shape
        for _ in range(levels):
            half_rows, half_columns = (rows + 1) // 2, (columns + 1) // 2
            across = np.empty((5, rows, half_columns), dtype=np.float32)
            self._rooms.append((across, np.empty((5, half_rows, half_columns), dtype=np.float32)))
            rows, columns = half_rows, half_columns

    def bands(self, plane: np.ndarray) -> Bands:
        """The coefficients: LH, HH, HL of each level from the finest on, then LL of the last.

        A side of odd length is made even by repeating its last pixels, at every level.

        :param plane: float32.
        :returns: 3 levels + 1 arrays, which the next call overwrites; LH is low across and high down the picture.
        """
        bands: list[np.ndarray] = []
        for (even, odd, low, high, spare), (ll, lh, hl, hh, rest) in self._rooms:
            _part_columns(plane, even, odd)
            _lift(even, odd, low, high, spare, axis=1)
            _split_rows(low, ll, lh, rest)
            ll *= np.float32(_SCALE**2)
            lh *= np.float32(-1)
            _split_rows(high, hl, hh, rest)
            hl *= np.float32(-1)
            hh *= np.float32(_SCALE**-2)
            bands += [lh, hh, hl]
            plane = ll
        return (*bands, plane)


def _part_columns(plane: np.ndarray, even: np.ndarray, odd: np.ndarray) -> None:
    """The plane's columns at even and at odd places; the last one twice where their number is odd."""
    import cv2

    rows, columns = plane.shape
    if columns % 2 == 0 and plane.flags.c_contiguous:
        cv2.split(plane.reshape(rows, columns // 2, 2), [even, odd])
        return
    even[:] = plane[:, 0::2]
    odd[:, : columns // 2] = plane[:, 1::2]
    if columns % 2:
        odd[:, -1] = plane[:, -1]


def _split_rows(plane: np.ndarray, low: np.ndarray, high: np.ndarray, spare: np.ndarray) -> None:
    """Low and high half of every column, but for their scale, into memory of half as many rows."""
    odd = plane[1::2]
    if len(plane) % 2:
        odd = np.concatenate([odd, plane[-1:]])
    _lift(plane[0::2], odd, low, high, spare, axis=0)


def _lift(
    even: np.ndarray, odd: np.ndarray, low: np.ndarray, high: np.ndarray, spare: np.ndarray, *, axis: int
) -> None:
    """Low and high coefficients along an axis that repeats beyond its ends, from its even and odd places."""
    import cv2

    first, second, third, fourth = _LIFTS
    cv2.scaleAdd(_beside(even, spare, axis, ahead=True), first, odd, dst=high)
    cv2.scaleAdd(_beside(high, spare, axis, ahead=False), second, even, dst=low)
    cv2.scaleAdd(_beside(low, spare, axis, ahead=True), third, high, dst=high)
    cv2.scaleAdd(_beside(high, spare, axis, ahead=False), fourth, low, dst=low)


def _beside(places: np.ndarray, sums: np.ndarray, axis: int, *, ahead: bool) -> np.ndarray:
    """Each place and its neighbour along an axis, the next one or the one before, added up in `sums`."""
    import cv2

    length = places.shape[axis]
    lines = (slice(None),) * axis
    first, second = (*lines, slice(0, length - 1)), (*lines, slice(1, length))
    if length > 1:
        cv2.add(places[first], places[second], dst=sums[first if ahead else second])
    start, end = (*lines, slice(0, 1)), (*lines, slice(length - 1, length))
    np.add(places[start], places[end], out=sums[end if ahead else start])
    return sums
