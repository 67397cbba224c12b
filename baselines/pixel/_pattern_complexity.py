"""How many orientations meet around a pixel: the pattern complexity of Wu et al. 2017, free of rounding ties.

Orientations come from whole Prewitt sums, of which there are few enough to keep every pair's bin in a table. So a
pair falls into the same bin on every machine, and no arctangent is taken per pixel.
"""

from __future__ import annotations

import functools

import numpy as np

from baselines.pixel._masking import border_kind, pointwise

LARGEST_SUM = 3 * 255
"""Of a 3x3 Prewitt operator on grey levels 0..255."""
SMOOTH_SUM = 3 * 5
"""A pixel counts as smooth where its Prewitt sums are shorter than this: 5 grey levels."""
BIN_DEGREES = 12
_RADIX = 4 * 9 + 1
"""Four counts of at most 9 are less than this, so sums over sides and corners fit into one number."""
SMOOTH_BIN = 16
"""The bin of smooth pixels; orientations have 0..15."""


def prewitt(plane: np.ndarray, *, border: str) -> tuple[np.ndarray, np.ndarray]:
    """Prewitt sums across and down, int16, same shape; 3 to a grey level. Planes are rounded to whole grey levels.

    :param border: see `baselines.pixel._masking.border_kind`.
    """
    import cv2

    whole = plane if plane.dtype == np.uint8 else np.rint(plane).astype(np.float32)
    step, mean, kind = np.array([-1.0, 0, 1]), np.ones(3), border_kind(border)
    across = cv2.sepFilter2D(whole, cv2.CV_16S, step, mean, borderType=kind)
    down = cv2.sepFilter2D(whole, cv2.CV_16S, mean, step, borderType=kind)
    return np.asarray(across), np.asarray(down)


def count_orientations(across: np.ndarray, down: np.ndarray, *, smooth_apart: bool, border: str) -> np.ndarray:
    """Number of different orientation bins in each pixel's 3x3 neighbourhood (Eqs 4-6).

    :param across: Prewitt sums, as `prewitt` gives them.
    :param down: the same, downwards.
    :param smooth_apart: whether smooth pixels have a bin of their own, and count 1 where they are the centre, as in
        the authors' code; where not, a pixel without gradient has orientation 0.
    :param border: beyond the edge stands `reflect` the picture, `zero` nothing; with `zero` the outermost pixels
        count 1, as in the code.
    :returns: 1..9, uint8, same shape.
    """
    import cv2

    table = _orientation_bits(smooth_apart)
    bits = pointwise(lambda down, across: table.take(_place(down, across)), down, across, dtype=np.int32)
    bits = np.asarray(cv2.copyMakeBorder(bits, 1, 1, 1, 1, border_kind(border), value=0))
    rows = bits[:-2] | bits[1:-1]
    rows |= bits[2:]
    met = rows[:, :-2] | rows[:, 1:-1]
    met |= rows[:, 2:]
    count = pointwise(_bit_counts().take, met, dtype=np.uint8)
    if smooth_apart:
        np.copyto(count, 1, where=bits[1:-1, 1:-1] == 1 << SMOOTH_BIN)
    if border == "zero":
        count[[0, -1]] = count[:, [0, -1]] = 1
    return count


def blurred_counts() -> np.ndarray:
    """Every value that a count can have after the code's 3x3 Gaussian of sigma 1, float, 0..9; see below for which."""
    import cv2

    side, centre, _ = cv2.getGaussianKernel(3, 1).ravel()[[0, 1, 2]]
    middle, rest = np.divmod(np.arange(10 * _RADIX**2), _RADIX**2)
    sides, corners = np.divmod(rest, _RADIX)
    return centre**2 * middle + centre * side * sides + side**2 * corners


def which_blurred_count(count: np.ndarray, *, border: str) -> np.ndarray:
    """Each pixel's place in `blurred_counts`, int16: powers of the masking are then taken of thousands, not millions.

    :param count: as `count_orientations` gives it.
    """
    import cv2

    kernel = np.array([[1, _RADIX, 1], [_RADIX, _RADIX**2, _RADIX], [1, _RADIX, 1]], dtype=float)
    return np.asarray(cv2.filter2D(count, cv2.CV_16S, kernel, borderType=border_kind(border)))


def _place(down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Where a pair of Prewitt sums stands in `_orientation_bits`."""
    place = down.astype(np.intp)
    place += LARGEST_SUM
    place *= 2 * LARGEST_SUM + 1
    place += across
    place += LARGEST_SUM
    return place


@functools.cache
def _orientation_bits(smooth_apart: bool) -> np.ndarray:
    """One bit, that of the orientation's bin, for every pair (down, across) of Prewitt sums, rows first; int32."""
    sums = np.arange(-LARGEST_SUM, LARGEST_SUM + 1)
    across, down = sums[None, :], sums[:, None]
    degrees = np.degrees(np.arctan2(across, -down))  # along the edge, not across it
    whole = _round_half_away(degrees)
    whole[whole < 0] += 180
    bins = _round_half_away(whole / BIN_DEGREES).astype(np.int32)
    if smooth_apart:
        bins[across**2 + down**2 < SMOOTH_SUM**2] = SMOOTH_BIN
    return np.left_shift(1, bins, dtype=np.int32).ravel()


@functools.cache
def _bit_counts() -> np.ndarray:
    """How many bits are set in each number of `SMOOTH_BIN` + 1 bits, uint8."""
    counts = np.zeros(1, dtype=np.uint8)
    for _ in range(SMOOTH_BIN + 1):
        counts = np.concatenate([counts, counts + 1])
    return counts


def _round_half_away(values: np.ndarray) -> np.ndarray:
    return np.copysign(np.floor(np.abs(values) + 0.5), values)
