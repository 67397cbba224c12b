"""Non-local means with a noise level of its own for every pixel: the mean of pixels whose surroundings look alike.

Buades, Coll & Morel 2005, in the form that Wu et al. 2013 took: a search window of 21x21, patches of 7x7, the weight
exp(-d / energy) with d the mean squared difference of two patches, and the pixel itself with the largest weight of
the others. Single precision for all pixels, and double precision for those it cannot be trusted with.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import numpy as np

SEARCH = 10
"""Pixels from the centre of the search window to its edge."""
PATCH = 3
"""Pixels from the centre of a patch to its edge."""
REACH = SEARCH + PATCH
PATCH_SIZE = (2 * PATCH + 1) ** 2

_LANES = 4
"""Columns of the picture filtered side by side as OpenCV's channels: its box filter is twice as fast on four."""
_STRIP = 2**17
"""Pixels at a time: fewer cost more rows around them, and the numbers of more do not fit into the cache."""
_MIDDLE = 128
"""Grey level taken off before summing, which leaves single precision a digit more."""
_SMALLEST = -87.0
"""The smallest exponent whose exponential has full single precision; below it, arithmetic is 100 times slower."""
_TRUSTED = -69.0
"""Where the best exponent is lower, single precision loses the other weights, or all of them."""
_NEAR_HALF = 1e-3
"""Grey levels from a rounding boundary within which single precision could round to the wrong side."""
_AT_ONCE = 256
"""Pixels that double precision takes at once: the 729 neighbours of each fit into the cache."""


def nl_means(plane: np.ndarray, energy: np.ndarray) -> np.ndarray:
    """The mean of similar pixels, within 0.001 of the exact one, and far closer where that decides how it is rounded.

    The picture is mirrored beyond its edge, the edge pixel included.

    :param plane: uint8, shape (height, width).
    :param energy: of each pixel's noise, grey levels squared, positive, same shape.
    :returns: grey levels, float64, same shape.
    """
    rate = -1 / (PATCH_SIZE * energy)
    mean, best_exponent = _means_in_single(plane, rate)
    doubtful = (best_exponent < _TRUSTED) | (np.abs(mean % 1 - 0.5) < _NEAR_HALF)
    exact: np.ndarray = mean.astype(np.float64)
    rows, columns = np.nonzero(doubtful)
    for some, around in neighbourhoods(plane, rows, columns):
        places = rows[some], columns[some]
        exact[places] = _means_in_double(around, rate[places])
    return exact


def neighbourhoods(plane: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """All that the means of some pixels depend on, for a few of them after another.

    :param rows: of the pixels, shape (pixels,).
    :param columns: likewise.
    :returns: which of the pixels, and uint8 of shape (27, 27, as many), the pixel itself in the centre.
    """
    windows = np.lib.stride_tricks.sliding_window_view(_mirrored(plane), (2 * REACH + 1, 2 * REACH + 1))
    for first in range(0, len(rows), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        yield some, np.ascontiguousarray(windows[rows[some], columns[some]].transpose(1, 2, 0))


def _means_in_double(around: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Means of single pixels; weights are taken relative to the largest, so that they never all vanish."""
    distance = _distances(around)
    distance[SEARCH, SEARCH] = np.inf
    nearest = distance.min(axis=(0, 1))
    distance[SEARCH, SEARCH] = nearest
    distance -= nearest
    weight = distance * rate
    np.exp(weight, out=weight)
    values = around[PATCH:-PATCH, PATCH:-PATCH].astype(float)
    return np.asarray(np.einsum("ijk,ijk->k", weight, values) / weight.sum(axis=(0, 1)))


def _distances(around: np.ndarray) -> np.ndarray:
    """Sums of squared differences between the central patch and all others, exact, shape (21, 21, pixels)."""
    import cv2

    width, pixels = 2 * SEARCH + 1, around.shape[2]
    distances = np.zeros((width, width * pixels), np.float32)  # whole numbers below 2**24
    own, difference = np.empty((2, *distances.shape), np.uint8)
    rows = around.reshape(len(around), -1)
    for down in range(2 * PATCH + 1):
        for across in range(2 * PATCH + 1):
            own.reshape(width, width, pixels)[:] = around[SEARCH + down, SEARCH + across]
            shifted = rows[down : down + width, across * pixels : (across + width) * pixels]
            cv2.accumulateSquare(cv2.absdiff(shifted, own, dst=difference), distances)
    return distances.reshape(width, width, pixels)


def _means_in_single(plane: np.ndarray, rate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of all pixels, and the exponent of each one's largest weight; float32."""
    width = plane.shape[1]
    more = -width % _LANES
    rates = np.pad(rate.astype(np.float32), ((REACH, REACH + 1), (REACH, REACH + more)))
    mean, exponent = _Sums(_mirrored(plane, right=more, below=1), rates).means()
    return mean[:, :width], exponent[:, :width]


def _mirrored(plane: np.ndarray, right: int = 0, below: int = 0) -> np.ndarray:
    import cv2

    return np.asarray(cv2.copyMakeBorder(plane, REACH, REACH + below, REACH, REACH + right, cv2.BORDER_REFLECT))


@final
class _Sums:
    """Weights of all pixels for one shift after another, in single precision.

    A shift and its opposite have the same patch distances, so each pair of pixels is handled once, `here` and
    `there`. Planes are flat: a shift is an offset, and what it makes of the margins is never read. The plane
    is cut into `_LANES` parts side by side, each with margins of its own, interleaved pixel by pixel.

    :param padded: uint8, with `REACH` more pixels on all sides, and one more row below for what runs over.
    :param rates: what a patch distance is multiplied by to make an exponent, float32, same shape.
    """

    def __init__(self, padded: np.ndarray, rates: np.ndarray) -> None:
        self.lane = (padded.shape[1] - 2 * REACH) // _LANES
        values = self._to_lanes(padded)
        self.shape = values.shape
        self.row = values.shape[1] * _LANES
        self.values = values.astype(np.uint16).ravel()
        self.centred = values.astype(np.float32).ravel() - _MIDDLE
        self.rates = self._to_lanes(rates).ravel()
        self.total = np.zeros(values.size, np.float32)
        self.weighted = np.zeros(values.size, np.float32)
        self.nearest = np.full(values.size, np.finfo(np.float32).max)
        self.rows = max(1, min(_STRIP // self.row, self.shape[0]))
        strip = self.rows * self.row
        self.squares = np.empty(strip + 2 * PATCH * self.row, np.uint16)
        self.distances = np.empty((self.rows + 2 * PATCH, self.shape[1], _LANES), np.float32)
        self.weight = np.empty(strip, np.float32)
        self.smallest = np.full(strip, np.float32(_SMALLEST))

    def means(self) -> tuple[np.ndarray, np.ndarray]:
        """Of all pixels within the margins, and the exponent of each one's largest weight; float32."""
        self._add_all()
        exponent = self.nearest * self.rates
        best = np.exp(np.maximum(exponent, _SMALLEST))
        mean = (self.weighted + best * self.centred) / (self.total + best) + _MIDDLE
        return self._from_lanes(mean), self._from_lanes(exponent)

    def _add_all(self) -> None:
        """Every pair of pixels within the search window of one another."""
        shifts = [(down, across) for down in range(SEARCH + 1) for across in range(-SEARCH, SEARCH + 1)]
        bottom = self.shape[0] - 1 - REACH
        for top in range(PATCH, bottom, self.rows):
            for down, across in shifts[SEARCH + 1 :]:  # the others are the centre, and opposites
                first, last = max(top, REACH - down), min(top + self.rows, bottom)
                if first < last:
                    self._add(first, last - first, down * self.row + across * _LANES)

    def _add(self, first: int, rows: int, offset: int) -> None:
        import cv2

        start, size = first * self.row, rows * self.row
        here, there = slice(start, start + size), slice(start + offset, start + offset + size)
        distance = self._patch_distances(first, rows, offset)
        weight = self.weight[:size]
        for these, others in ((here, there), (there, here)):
            np.multiply(self.rates[these], distance, out=weight)
            np.maximum(weight, self.smallest[:size], out=weight)
            cv2.exp(weight, dst=weight)
            nearest = self.nearest[these]
            np.minimum(nearest, distance, out=nearest)
            cv2.accumulate(weight, self.total[these])
            cv2.accumulateProduct(weight, self.centred[others], self.weighted[these])

    def _patch_distances(self, first: int, rows: int, offset: int) -> np.ndarray:
        """Sums of squared differences between the patches around some rows and those `offset` further on."""
        import cv2

        start, high = (first - PATCH) * self.row, rows + 2 * PATCH
        size = high * self.row
        squares = self.squares[:size]
        cv2.absdiff(self.values[start : start + size], self.values[start + offset : start + offset + size], dst=squares)
        np.square(squares, out=squares)
        cv2.boxFilter(
            squares.reshape(high, -1, _LANES),
            cv2.CV_32F,
            (2 * PATCH + 1, 2 * PATCH + 1),
            dst=self.distances[:high],
            normalize=False,
            borderType=cv2.BORDER_CONSTANT,
        )
        return self.distances[PATCH : PATCH + rows].ravel()

    def _to_lanes(self, padded: np.ndarray) -> np.ndarray:
        parts = [padded[:, k * self.lane : (k + 1) * self.lane + 2 * REACH] for k in range(_LANES)]
        return np.stack(parts, axis=-1)

    def _from_lanes(self, flat: np.ndarray) -> np.ndarray:
        inner = flat.reshape(self.shape)[REACH : -REACH - 1, REACH:-REACH]
        return np.concatenate(np.moveaxis(inner, -1, 0), axis=1)
