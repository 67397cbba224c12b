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
_BLOCK = 8
"""Rows that one small matrix product takes to as many coefficients."""
_REACH = 4
_LOW = (0.037828455507264, -0.023849465019557, -0.110624404418437, 0.377402855612831, 0.852698679008894)
_HIGH = (-0.064538882628697, 0.040689417609164, 0.418092273221617, -0.788485616405583)
"""The filters' left halves with their middles; the right halves mirror them."""
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
    found: list[tuple[int, int, int, int]] = []
    rows, columns = shape
    for _ in range(levels):
        rows, columns = (rows + 1) // 2, (columns + 1) // 2
        below, beside = (rows, 2 * rows), (columns, 2 * columns)
        found += [(*below, 0, columns), (*below, *beside), (0, rows, *beside)]
    return [*found, (0, rows, 0, columns)]


def pyramid(bands: Sequence[float | np.ndarray], shape: tuple[int, ...], levels: int) -> np.ndarray:
    """Bands, or one number for each, as `pyramid_corners` places them.

    What was split at an odd length has one coefficient too many, of a repeated edge: there the finer band stands.

    :returns: float32, of the plane's shape made even.
    """
    corners = pyramid_corners(shape, levels)
    found = np.empty((corners[1][1], corners[1][3]), dtype=np.float32)
    for (top, bottom, left, right), band in zip(corners[::-1], list(bands)[::-1], strict=True):
        found[top:bottom, left:right] = band
    return found


def wavelet_bands(plane: np.ndarray, levels: int) -> Bands:
    """One plane's coefficients, see `Wavelet.bands`."""
    return Wavelet(plane.shape, levels).bands(plane)


def split_columns(plane: np.ndarray) -> np.ndarray:
    """Low and high coefficients of every column alone, split once.

    :param plane: float32, shape (rows, columns).
    :returns: shape (2, half as many rows, columns).
    """
    return _split_rows(plane, _room(*plane.shape))


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
            half = (rows + 1) // 2
            self._rooms.append((_room(rows, columns), _room(columns, half), _room(columns, half)))
            rows, columns = half, (columns + 1) // 2

    def bands(self, plane: np.ndarray) -> Bands:
        """The coefficients: LH, HH, HL of each level from the finest on, then LL of the last.

        A side of odd length is made even by repeating its last pixels, at every level.

        :param plane: float32.
        :returns: 3 levels + 1 arrays, which the next call overwrites; LH is low across and high down the picture.
        """
        found: list[np.ndarray] = []
        for down, across_low, across_high in self._rooms:
            low, high = _split_rows(plane, down)
            (ll, hl), (lh, hh) = _split_rows(low.T, across_low), _split_rows(high.T, across_high)
            found += [lh.T, hh.T, hl.T]
            plane = ll.T
        return (*found, plane)


def _room(rows: int, columns: int) -> np.ndarray:
    """Memory for a plane's low and high halves: shape (2, blocks, coefficients a block, columns)."""
    return np.empty((2, -(-rows // _BLOCK), _BLOCK // 2, columns), dtype=np.float32)


def _split_rows(plane: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Low and high half of every column: blocks of rows times a small matrix of filters.

    :returns: in the room's memory, shape (2, half as many rows, columns).
    """
    rows, columns = plane.shape
    half, filters = (rows + 1) // 2, _filters()
    last = max((rows - _REACH) // _BLOCK, 1)
    if last > 1:  # blocks whose filters stay within the plane need no copy of it
        windows = np.lib.stride_tricks.sliding_window_view(plane, filters.shape[2], axis=0)[_BLOCK - _REACH :: _BLOCK]
        np.matmul(filters[:, None], windows[: last - 1].transpose(0, 2, 1), out=room[:, 1:last])
    for block in (0, *range(last, room.shape[1])):
        place = np.arange(-_REACH, _BLOCK + _REACH) + block * _BLOCK
        np.matmul(filters, plane[np.minimum(place % (2 * half), rows - 1)], out=room[:, block])
    return room.reshape(2, -1, columns)[:, :half]


@functools.cache
def _filters() -> np.ndarray:
    """Low and high filter at each place of a block: shape (2, coefficients, rows with the filters' reach)."""
    found = np.zeros((2, _BLOCK // 2, _BLOCK + 2 * _REACH), dtype=np.float32)
    for matrix, taps, middle in zip(found, (_LOW, _HIGH), (_REACH, _REACH + 1), strict=True):
        reach = len(taps) - 1
        for place, row in enumerate(matrix):
            start = 2 * place + middle - reach
            row[start : start + 2 * reach + 1] = (*taps, *taps[-2::-1])
    return found
