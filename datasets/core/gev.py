"""The satisfied-user-ratio (SUR) curve of a picture, and the generalised extreme value (GEV) distribution behind it.

A GEV is fitted to the subjects' JNDs on the level axis by maximum likelihood, as SUR-FeatNet does (Lin et al. 2020, who
compared 18 families). A subject notices at every level no better than that subject's JND, so the share of satisfied
people is the share whose JND is worse than the level.

`fit_gev` takes some 15 ms; in `fit_gev_many`, for thousands of fits, one Nelder-Mead simplex for each row moves in step
with all others, and rows that have converged drop out.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from datasets.common.errors import UserError
from datasets.core.codec import Codec

_MIN_SPREAD = 0.25
"""Standard deviation, in levels, given to samples that all agree: a quarter of the finest step people were shown. Such
samples, and fewer than three, get a Gumbel distribution."""

_MOST_SHAPE, _MIN_SCALE = 0.95, 0.05
"""Bounds of a fit: outside, the likelihood of rounded data has no maximum."""

_FLAT = 1e-6
"""A shape nearer to zero than this is Gumbel's."""

_NO_LIKELIHOOD = 1e9
_EULER = 0.5772156649
_TOLERANCE = 1e-4
_MOST_STEPS = 300


@dataclass(frozen=True)
class GevFit:
    """A GEV on the level axis, or many: then every field has shape (sets,).

    :param shape: xi; 0 is Gumbel, positive has the heavy tail towards higher levels.
    :param location: in levels.
    :param scale: in levels, positive.
    """

    shape: float | np.ndarray
    location: float | np.ndarray
    scale: float | np.ndarray

    def cdf(self, level: float | np.ndarray) -> np.ndarray:
        """Share of JNDs at or below a level (numerically)."""
        from scipy.stats import genextreme

        return np.asarray(genextreme.cdf(level, -self.shape, self.location, self.scale))

    def quantile(self, share: float) -> np.ndarray:
        """The level below which this share of JNDs lies, share in (0, 1), shape as the fields'."""
        from scipy.stats import genextreme

        return np.asarray(genextreme.ppf(share, -self.shape, self.location, self.scale))


def fit_gev(samples: np.ndarray) -> GevFit:
    """Fit a GEV to JND samples, started at the L-moments.

    :param samples: shape (subjects,), in levels, at least one.
    :raises UserError: where there is no sample, or one is not finite.
    """
    values = np.asarray(samples, dtype=float)
    if values.size == 0 or not np.isfinite(values).all():
        raise UserError(f"a SUR curve needs finite JND samples, got {values.size} of which some are missing or none")
    return _fit_gev(tuple(np.sort(values).tolist()))


def fit_gev_many(samples: np.ndarray) -> GevFit:
    """Fit a GEV to each row of samples.

    On halves of the subjects of MCL-JCI 50 % and 75 % points agree with those of `fit_gev` to 0.06 levels in 98 of 100
    sets; in the others either stopped at a bound of the shape.

    :param samples: finite, in levels, shape (sets, subjects), subjects at least 1.
    """
    data = np.sort(np.asarray(samples, dtype=float), axis=1)
    parameters = _gumbel(data)
    fitted = (data.std(axis=1) >= _MIN_SPREAD) & (data.shape[1] >= 3)
    if fitted.any():
        parameters[fitted] = _nelder_mead(data[fitted], _l_moments(data[fitted]))
    return GevFit(parameters[:, 0], parameters[:, 1], np.exp(parameters[:, 2]))


def gev_through(levels: np.ndarray, below: np.ndarray) -> GevFit:
    """The GEV whose distribution function lies nearest to given shares, by least squares (Lin et al. 2020).

    :param levels: where the shares are known, shape (n,), n at least 3.
    :param below: share of JNDs at or below each level (numerically), within [0, 1], shape (n,).
    :raises UserError: where there are fewer than three shares, one is not finite, or all are of one level.
    """
    from scipy.optimize import least_squares
    from scipy.stats import genextreme

    at, shares = np.asarray(levels, dtype=float), np.asarray(below, dtype=float)
    if at.size < 3 or not (np.isfinite(at).all() and np.isfinite(shares).all()):
        raise UserError(f"a GEV through shares needs three or more finite ones, got {at.size}")
    width = float(np.ptp(at))
    if not width:
        raise UserError(f"a GEV through shares needs shares at different levels, got all at {at[0]:g}")
    middle = float(at[np.argmin(np.abs(shares - 0.5))])

    def misfit(parameters: np.ndarray) -> np.ndarray:
        shape, location, log_scale = parameters
        return np.asarray(genextreme.cdf(at, -shape, location, np.exp(log_scale)) - shares)

    low = [-0.9, at.min() - width, np.log(_MIN_SPREAD)]
    high = [0.9, at.max() + width, np.log(max(2 * width, 4 * _MIN_SPREAD))]
    starts = [[0.01, middle, np.log(max(width * part, 2 * _MIN_SPREAD))] for part in (0.04, 0.2)]
    fits = [least_squares(misfit, start, bounds=(low, high)) for start in starts]
    return _as_fit(min(fits, key=lambda fit: float(fit.cost)).x)


@functools.lru_cache(maxsize=8192)
def _fit_gev(values: tuple[float, ...]) -> GevFit:
    from scipy.optimize import minimize

    data = np.asarray(values)
    if len(data) < 3 or data.std() < _MIN_SPREAD:
        return _as_fit(_gumbel(data[None])[0])

    def cost(parameters: np.ndarray) -> float:
        shape, location, log_scale = parameters
        scale = float(np.exp(log_scale))
        if not -_MOST_SHAPE < shape < _MOST_SHAPE or scale < _MIN_SCALE:
            return _NO_LIKELIHOOD
        z = (data - location) / scale
        if abs(shape) >= _FLAT:
            inside = 1 + shape * z
            if inside.min() <= 0:
                return _NO_LIKELIHOOD
            z = np.log(inside) / shape
        return float(_negative_log_likelihood(z, shape, np.log(scale)))

    options = {"maxiter": 2000, "maxfev": 2000, "xatol": 1e-5, "fatol": 1e-7}
    return _as_fit(minimize(cost, _l_moments(data[None])[0], method="Nelder-Mead", options=options).x)


def _as_fit(parameters: np.ndarray) -> GevFit:
    shape, location, log_scale = (float(value) for value in parameters)
    return GevFit(shape, location, float(np.exp(log_scale)))


def _negative_log_likelihood(reduced: np.ndarray, shape: np.ndarray, log_scale: np.ndarray) -> np.ndarray:
    """Of samples reduced to a standard Gumbel's, y = log(1 + shape z) / shape with z = (x - location) / scale."""
    sums = ((1 + shape) * reduced + np.exp(np.minimum(-reduced, 700.0))).sum(axis=-1)
    return np.asarray(reduced.shape[-1] * log_scale + sums)


def _costs(data: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Negative log-likelihoods of samples, shape (sets, subjects), under shape, location and log scale, (sets, 3)."""
    shape, location, log_scale = (column[:, None] for column in parameters.T)
    flat = np.abs(shape) < _FLAT
    safe = np.where(flat, 1.0, shape)
    z = (data - location) * np.exp(-log_scale)
    inside = 1 + safe * z
    allowed = (np.abs(shape[:, 0]) < _MOST_SHAPE) & (log_scale[:, 0] >= np.log(_MIN_SCALE))
    allowed &= (inside.min(axis=1) > 0) | flat[:, 0]
    reduced = np.where(flat, z, np.log(np.maximum(inside, 1e-300)) / safe)
    return np.where(allowed, _negative_log_likelihood(reduced, shape, log_scale[:, 0]), _NO_LIKELIHOOD)


def _nelder_mead(data: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Minimise `_costs` row by row from a start of shape (sets, 3); Nelder & Mead's own coefficients."""
    steps = np.stack([np.full(len(data), 0.1), 0.3 * np.exp(start[:, 2]), np.full(len(data), 0.2)], axis=1)
    simplex = np.repeat(start[:, None, :], 4, axis=1)
    for corner in range(3):
        simplex[:, corner + 1, corner] += steps[:, corner]
    values = np.stack([_costs(data, simplex[:, corner]) for corner in range(4)], axis=1)
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
    at = _costs(data, reflected)
    expand, contract = at < values[:, 0], at >= values[:, 2]
    # Outside where reflecting helped a little, inside where it did not.
    factor = np.where(expand, 2.0, np.where(at < values[:, 3], 0.5, -0.5))[:, None]
    second, second_at = reflected.copy(), at.copy()
    again = expand | contract
    second[again] = (centre + factor * away)[again]
    second_at[again] = _costs(data[again], second[again])
    better = second_at < at
    moved, moved_at = np.where(better[:, None], second, reflected), np.where(better, second_at, at)
    shrink = contract & (moved_at >= values[:, 3])
    simplex[~shrink, 3], values[~shrink, 3] = moved[~shrink], moved_at[~shrink]
    if shrink.any():
        simplex[shrink, 1:] = (simplex[shrink, 1:] + simplex[shrink, :1]) / 2
        for corner in (1, 2, 3):
            values[shrink, corner] = _costs(data[shrink], simplex[shrink, corner])


def _gumbel(data: np.ndarray) -> np.ndarray:
    """Gumbel distributions of the samples' mean and spread, but at least `_MIN_SPREAD`, shape (sets, 3)."""
    scale = np.maximum(data.std(axis=1), _MIN_SPREAD) * np.sqrt(6) / np.pi
    return np.stack([np.zeros(len(data)), data.mean(axis=1) - _EULER * scale, np.log(scale)], axis=1)


def _l_moments(data: np.ndarray) -> np.ndarray:
    """Hosking's L-moment estimates (Hosking, Wallis & Wood 1985) of sorted rows, widened to cover every sample.

    :returns: shape, location and log scale, shape (sets, 3).
    """
    from scipy.special import gamma

    count = data.shape[1]
    rank = np.arange(count)
    b0, b1 = data.mean(axis=1), (rank * data).sum(axis=1) / (count * (count - 1))
    b2 = (rank * (rank - 1) * data).sum(axis=1) / (count * (count - 1) * (count - 2))
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


def sur_curve(samples: np.ndarray, codec: Codec) -> np.ndarray:
    """Share of satisfied people at every level from worst to best, shape (levels,), rising, in [0, 1]."""
    below = fit_gev(samples).cdf(codec.levels)
    return below if codec.sign > 0 else 1 - below


def sur_level(samples: np.ndarray, codec: Codec, share: float) -> float:
    """The level at which `share` of the people are satisfied, clipped to the codec's range."""
    level = fit_gev(samples).quantile(share if codec.sign > 0 else 1 - share)
    return float(np.clip(level, codec.lowest, codec.highest))


def jnd_probabilities(sur: np.ndarray) -> np.ndarray:
    """The distribution of the JND that a SUR curve implies, non-negative, summing to one.

    :param sur: one curve or many, shape (..., levels).
    :returns: shape (..., levels + 1): people whose JND is worse than each level and no worse than the one before, and
        last those above the best level.
    """
    steps = np.maximum(np.diff(np.asarray(sur, dtype=float), prepend=0.0, append=1.0), 0.0)
    return np.asarray(steps / steps.sum(axis=-1, keepdims=True))
