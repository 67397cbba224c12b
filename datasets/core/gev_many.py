"""Thousands of GEV fits at once: the likelihood, bounds and start of `datasets.core.sur.fit_gev`, vectorised.

`fit_gev` takes some 15 ms a fit, and splitting the subjects of a large data set into random halves needs thousands.
Here one Nelder-Mead simplex a row of samples moves in step with all the others; rows that have converged drop out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LEAST_SPREAD = 0.25
"""As in `datasets.core.sur`: samples that agree more closely are given a Gumbel of this standard deviation in
levels."""
_EULER = 0.5772156649
_TOLERANCE = 1e-4
_MOST_STEPS = 300


@dataclass(frozen=True)
class GevFits:
    """Fits of many sets of samples; every array has shape (sets,). Meanings as in `datasets.core.sur.GevFit`."""

    shape: np.ndarray
    location: np.ndarray
    scale: np.ndarray

    def quantile(self, share: float) -> np.ndarray:
        """The level below which this share of JNDs lies, share in (0, 1), shape (sets,)."""
        log = -np.log(share)
        flat = np.abs(self.shape) < 1e-6
        shape = np.where(flat, 1.0, self.shape)
        return self.location + self.scale * np.where(flat, -np.log(log), (log**-shape - 1) / shape)


def fit_gev_many(samples: np.ndarray) -> GevFits:
    """Fit a GEV to each row of samples by maximum likelihood.

    On halves of the subjects of MCL-JCI 50 % and 75 % points agree with those of `datasets.core.sur.fit_gev` to 0.06
    levels in 98 of 100 sets; in the others either stopped at a bound of the shape.

    :param samples: finite, in levels, shape (sets, subjects), subjects at least 1.
    """
    data = np.sort(np.asarray(samples, dtype=float), axis=1)
    spread = data.std(axis=1)
    fixed = (spread < _LEAST_SPREAD) | (data.shape[1] < 3)
    scale = np.maximum(spread, _LEAST_SPREAD) * np.sqrt(6) / np.pi
    found = np.stack([np.zeros(len(data)), data.mean(axis=1) - _EULER * scale, np.log(scale)], axis=1)
    if not fixed.all():
        found[~fixed] = _nelder_mead(data[~fixed], _l_moments(data[~fixed]))
    return GevFits(found[:, 0], found[:, 1], np.exp(found[:, 2]))


def _cost(data: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Negative log-likelihood, shape (sets,); 1e9 where there is none.

    :param data: shape (sets, subjects).
    :param parameters: shape, location and log scale, shape (sets, 3).
    """
    shape, location, log_scale = (column[:, None] for column in parameters.T)
    flat = np.abs(shape) < 1e-6
    safe = np.where(flat, 1.0, shape)
    z = (data - location) * np.exp(-log_scale)
    t = 1 + safe * z
    allowed = (
        (np.abs(parameters[:, 0]) < 0.95) & (parameters[:, 2] >= np.log(0.05)) & ((t.min(axis=1) > 0) | flat[:, 0])
    )
    y = np.where(flat, z, np.log(np.maximum(t, 1e-300)) / safe)
    sums = ((1 + shape) * y + np.exp(np.minimum(-y, 700.0))).sum(axis=1)
    return np.where(allowed, data.shape[1] * log_scale[:, 0] + sums, 1e9)


def _nelder_mead(data: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Minimise `_cost` row by row from a start of shape (sets, 3); Nelder & Mead's own coefficients."""
    steps = np.stack([np.full(len(data), 0.1), 0.3 * np.exp(start[:, 2]), np.full(len(data), 0.2)], axis=1)
    simplex = np.repeat(start[:, None, :], 4, axis=1)
    for corner in range(3):
        simplex[:, corner + 1, corner] += steps[:, corner]
    values = np.stack([_cost(data, simplex[:, corner]) for corner in range(4)], axis=1)
    best, open_rows = start.copy(), np.arange(len(data))
    for _ in range(_MOST_STEPS):
        order = np.argsort(values, axis=1, kind="stable")
        values, simplex = np.take_along_axis(values, order, 1), np.take_along_axis(simplex, order[:, :, None], 1)
        best[open_rows] = simplex[:, 0]
        going = values[:, 3] - values[:, 0] > _TOLERANCE
        if not going.any():
            break
        data, values, simplex, open_rows = data[going], values[going], simplex[going], open_rows[going]
        _step(data, values, simplex)
    return best


def _step(data: np.ndarray, values: np.ndarray, simplex: np.ndarray) -> None:
    """Move the worst corner of each simplex, in place; corners are sorted by value."""
    centre = simplex[:, :3].mean(axis=1)
    away = centre - simplex[:, 3]
    reflected = centre + away
    at = _cost(data, reflected)
    expand, contract = at < values[:, 0], at >= values[:, 2]
    # Outside where reflecting helped a little, inside where it did not.
    factor = np.where(expand, 2.0, np.where(at < values[:, 3], 0.5, -0.5))[:, None]
    second, second_at = reflected.copy(), at.copy()
    again = expand | contract
    second[again] = (centre + factor * away)[again]
    second_at[again] = _cost(data[again], second[again])
    better = second_at < at
    moved, moved_at = np.where(better[:, None], second, reflected), np.where(better, second_at, at)
    shrink = contract & (moved_at >= values[:, 3])
    simplex[~shrink, 3], values[~shrink, 3] = moved[~shrink], moved_at[~shrink]
    if shrink.any():
        simplex[shrink, 1:] = (simplex[shrink, 1:] + simplex[shrink, :1]) / 2
        for corner in (1, 2, 3):
            values[shrink, corner] = _cost(data[shrink], simplex[shrink, corner])


def _l_moments(data: np.ndarray) -> np.ndarray:
    """Hosking's L-moment estimates (Hosking, Wallis & Wood 1985) of sorted rows, shape (sets, 3)."""
    from scipy.special import gamma

    count = data.shape[1]
    place = np.arange(count)
    b0, b1 = data.mean(axis=1), data @ place / (count * (count - 1))
    b2 = data @ (place * (place - 1)) / (count * (count - 1) * (count - 2))
    l2 = 2 * b1 - b0
    c = 2 / (3 + (6 * b2 - 6 * b1 + b0) / l2) - np.log(2) / np.log(3)
    k = np.clip(7.8590 * c + 2.9554 * c**2, -0.5, 0.5)
    k = np.where(np.abs(k) > 1e-3, k, 1e-3)
    scale = l2 * k / ((1 - 2**-k) * gamma(1 + k))
    location = b0 - scale * (1 - gamma(1 + k)) / k
    spread = data.std(axis=1)
    outside = (1 - k[:, None] * (data - location[:, None]) / scale[:, None]).min(axis=1) <= 0
    gumbel = np.stack([np.zeros(len(data)), b0 - 0.5772 * spread * 0.78, np.log(spread * 0.78)], axis=1)
    return np.where(outside[:, None], gumbel, np.stack([-k, location, np.log(scale)], axis=1))
