"""The satisfied-user-ratio (SUR) curve of a picture, from its subjects' JND samples.

A generalised extreme value (GEV) distribution is fitted to the samples on the level axis by maximum likelihood, as
SUR-FeatNet does (Lin et al. 2020, who compared 18 families). A subject notices at every level no better than
that subject's JND, so the share of satisfied people is the share whose JND is worse than the level.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from datasets.common.errors import UserError
from datasets.core.codec import Codec

_MIN_SPREAD = 0.25
"""Standard deviation, in levels, given to samples that all agree: a quarter of the finest step people were shown."""


@dataclass(frozen=True)
class GevFit:
    """A GEV on the level axis.

    :param shape: xi; 0 is Gumbel, positive has the heavy tail towards higher levels.
    :param location: in levels.
    :param scale: in levels, positive.
    """

    shape: float
    location: float
    scale: float

    def cdf(self, level: float | np.ndarray) -> np.ndarray:
        """Share of JNDs at or below a level (numerically)."""
        from scipy.stats import genextreme

        return np.asarray(genextreme.cdf(level, -self.shape, self.location, self.scale))

    def quantile(self, share: float) -> float:
        """The level below which this share of JNDs lies, share in (0, 1)."""
        from scipy.stats import genextreme

        return float(genextreme.ppf(share, -self.shape, self.location, self.scale))


def fit_gev(samples: np.ndarray) -> GevFit:
    """Fit a GEV to JND samples by maximum likelihood, started at the L-moments.

    :param samples: shape (subjects,), in levels, at least one.
    :raises UserError: where there is no sample, or one is not finite.
    """
    values = np.asarray(samples, dtype=float)
    if values.size == 0 or not np.isfinite(values).all():
        raise UserError(f"a SUR curve needs finite JND samples, got {values.size} of which some are missing or none")
    return _fit_gev(tuple(np.sort(values).tolist()))


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
    found = min((least_squares(misfit, start, bounds=(low, high)) for start in starts), key=lambda one: float(one.cost))
    shape, location, log_scale = (float(one) for one in found.x)
    return GevFit(shape, location, float(np.exp(log_scale)))


def sur_curve(samples: np.ndarray, codec: Codec) -> np.ndarray:
    """Share of satisfied people at every level from worst to best, shape (levels,), rising, in [0, 1]."""
    below = fit_gev(samples).cdf(codec.levels)
    return below if codec.sign > 0 else 1 - below


def sur_level(samples: np.ndarray, codec: Codec, share: float) -> float:
    """The level at which `share` of the people are satisfied, clipped to the codec's range."""
    level = fit_gev(samples).quantile(share if codec.sign > 0 else 1 - share)
    return float(np.clip(level, codec.lowest, codec.highest))


def jnd_probabilities(sur: np.ndarray) -> np.ndarray:
    """The distribution of the JND that a SUR curve implies, shape (levels + 1,), non-negative, summing to one.

    Cell k holds the people whose JND lies between level k-1 and level k (from worst to best); the first and
    the last cell hold those below the worst and above the best level.
    """
    steps = np.diff(np.concatenate([[0.0], np.asarray(sur, dtype=float), [1.0]]))
    steps = np.maximum(steps, 0.0)
    return steps / steps.sum()


@functools.lru_cache(maxsize=8192)
def _fit_gev(values: tuple[float, ...]) -> GevFit:
    from scipy.optimize import minimize

    data = np.asarray(values)
    if len(data) < 3 or data.std() < _MIN_SPREAD:
        scale = max(float(data.std()), _MIN_SPREAD) * np.sqrt(6) / np.pi
        return GevFit(0.0, float(data.mean()) - 0.5772156649 * scale, scale)
    start = _l_moment_start(data)

    def cost(parameters: np.ndarray) -> float:
        return _negative_log_likelihood(data, parameters[0], parameters[1], float(np.exp(parameters[2])))

    options = {"maxiter": 2000, "maxfev": 2000, "xatol": 1e-5, "fatol": 1e-7}
    found = minimize(cost, [start.shape, start.location, np.log(start.scale)], method="Nelder-Mead", options=options)
    shape, location, log_scale = (float(p) for p in found.x)
    return GevFit(shape, location, float(np.exp(log_scale)))


def _negative_log_likelihood(data: np.ndarray, shape: float, location: float, scale: float) -> float:
    if not -0.95 < shape < 0.95 or scale < 0.05:  # outside, the likelihood of rounded data has no maximum
        return 1e9
    z = (data - location) / scale
    if abs(shape) < 1e-6:
        return float(len(data) * np.log(scale) + np.sum(z + np.exp(-z)))
    t = 1 + shape * z
    if t.min() <= 0:
        return 1e9
    return float(len(data) * np.log(scale) + np.sum((1 + 1 / shape) * np.log(t) + t ** (-1 / shape)))


def _l_moment_start(data: np.ndarray) -> GevFit:
    """Hosking's L-moment estimate of a GEV (Hosking, Wallis & Wood 1985), widened to cover every sample."""
    from scipy.special import gamma

    n = len(data)
    rank = np.arange(n)
    b0, b1 = data.mean(), np.sum(rank * data) / (n * (n - 1))
    b2 = np.sum(rank * (rank - 1) * data) / (n * (n - 1) * (n - 2))
    l2, skew = 2 * b1 - b0, (6 * b2 - 6 * b1 + b0) / (2 * b1 - b0)
    c = 2 / (3 + skew) - np.log(2) / np.log(3)
    k = float(np.clip(7.8590 * c + 2.9554 * c**2, -0.5, 0.5))
    k = k if abs(k) > 1e-3 else 1e-3
    scale = float(l2 * k / ((1 - 2**-k) * gamma(1 + k)))
    location = float(b0 - scale * (1 - gamma(1 + k)) / k)
    reach = 1 - k * (data - location) / scale
    if reach.min() <= 0:
        return GevFit(0.0, float(b0 - 0.5772 * data.std() * 0.78), float(data.std() * 0.78))
    return GevFit(-k, location, scale)
