"""How the published computation of Wu et al. 2013 rounds a mean that lies exactly between two grey levels.

Where one neighbour outweighs all others by far, the mean is that of two whole grey levels, and half of the time
exactly between them: that is so for 0.2 to 0.5 % of a photograph's pixels. The published run then rounds to the side
on which its own rounding errors happen to lie. This follows it operation by operation, in its order (GNU Octave's
`filter2` runs up and to the left through the columns of a kernel, without fused products), to compare with its numbers.
"""

from __future__ import annotations

import math

import numpy as np

from baselines.pixel._masking import border_kind
from baselines.pixel._nl_means import PATCH, PATCH_SIZE, REACH, SEARCH, neighbourhoods

_TIE = 1e-8
"""Grey levels from the middle between two levels within which a mean is exactly there but for rounding errors."""
_WINDOW = 2 * SEARCH + 1


def round_half_up(mean: np.ndarray) -> np.ndarray:
    """Whole grey levels, uint8; ties go up whatever the rounding errors, so that pictures may be turned."""
    return np.floor(mean + (0.5 + _TIE)).astype(np.uint8)


def round_as_published(mean: np.ndarray, plane: np.ndarray, sensitivity: np.ndarray, border: str) -> np.ndarray:
    """Whole grey levels, uint8; ties fall as in the published run.

    :param mean: of similar pixels, grey levels, float64, shape (height, width).
    :param plane: what it was made from, uint8, same shape.
    :param sensitivity: luminance adaptation of the plane, grey levels, same shape.
    :param border: of the standard deviation.
    """
    import cv2

    rounded = round_half_up(mean)
    rows, columns = np.nonzero(np.abs(mean % 1 - 0.5) < _TIE)
    edged = cv2.copyMakeBorder(plane, PATCH, PATCH, PATCH, PATCH, border_kind(border))
    patches = np.lib.stride_tricks.sliding_window_view(edged, (2 * PATCH + 1, 2 * PATCH + 1))
    for some, around in neighbourhoods(plane, rows, columns):
        places = rows[some], columns[some]
        patch = patches[places].astype(float).transpose(1, 2, 0)
        deviation = np.sqrt(np.maximum(_patch_means(patch**2) - _patch_means(patch) ** 2, 0))
        means = _means(around.astype(float), _energy(sensitivity[places], deviation))
        rounded[places] = np.where(np.isfinite(means), np.floor(means + 0.5), rounded[places])
    return rounded


def _energy(sensitivity: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    reduced = sensitivity * np.sqrt(sensitivity / np.maximum(deviation, sensitivity))
    return np.asarray(reduced**2)


def _means(around: np.ndarray, energy: np.ndarray) -> np.ndarray:
    own = around[REACH, REACH]
    weight = _exp(-_distances(around) / energy)
    weight[SEARCH, SEARCH] = 0
    total, weighted = np.zeros((2, len(own)))
    for down in range(_WINDOW):
        for across in range(_WINDOW):
            weighted += around[PATCH + down, PATCH + across] * weight[down, across]
            total += weight[down, across]
    largest = weight.max(axis=(0, 1))
    with np.errstate(invalid="ignore"):  # 0 by 0, where all weights vanish
        return np.asarray((weighted + largest * own) / (total + largest))


def _distances(around: np.ndarray) -> np.ndarray:
    """Mean squared difference of the patches, shape (21, 21, pixels)."""
    found = np.zeros((_WINDOW, _WINDOW, around.shape[2]))
    for across in reversed(range(2 * PATCH + 1)):
        for down in reversed(range(2 * PATCH + 1)):
            shifted = around[down : down + _WINDOW, across : across + _WINDOW]
            found += (shifted - around[SEARCH + down, SEARCH + across]) ** 2 * (1 / PATCH_SIZE)
    return found


def _patch_means(planes: np.ndarray) -> np.ndarray:
    found = np.zeros(planes.shape[2])
    for across in reversed(range(2 * PATCH + 1)):
        for down in reversed(range(2 * PATCH + 1)):
            found += planes[down, across] * (1 / PATCH_SIZE)
    return found


def _exp(exponents: np.ndarray) -> np.ndarray:
    """The C library's, which rounds nearly always as the exact value would; numpy's own differs in the last bit."""
    return np.fromiter(map(math.exp, exponents.ravel()), float, exponents.size).reshape(exponents.shape)
