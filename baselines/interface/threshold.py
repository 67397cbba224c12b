"""The arithmetic of one threshold over falling envelopes. Positions count levels from the worst, starting at 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datasets.common.errors import UserError
from datasets.core.picture import Picture

_TINY = 1e-9
"""Stands in for a visibility of zero under a logarithm."""

_SAME_ERROR = 1e-9
"""Errors summed over all pictures, in levels, that differ by less are the same: a million times rounding."""

_NARROWEST = 1e-4
"""Width in log visibility given to a sample on a plateau: without any it would say nothing about the threshold."""

_STRIDE = 64
"""Knots between two points of the coarse grid."""


def calibrate(
    envelopes: np.ndarray, pictures: Sequence[Picture], levels: np.ndarray
) -> tuple[float, LogNormalObserver | None]:
    """The threshold of least mean absolute error on training pictures, and the observer that fits their subjects best.

    :param envelopes: of the pictures, shape (pictures, levels), never rising along a row.
    :param levels: their true levels, shape (pictures,).
    :raises UserError: where there are none, or one is no number.
    """
    levels = np.asarray(levels, dtype=float)
    if not (levels.size and np.isfinite(levels).all()):
        known = f"{np.isfinite(levels).sum()} of {levels.size} have one"
        raise UserError(f"a threshold needs training pictures, each with a true level that is a number, and {known}")
    codec = pictures[0].codec
    threshold = best_threshold(envelopes, np.asarray(codec.position(levels)))
    samples = [np.asarray(codec.position(picture.samples)) for picture in pictures]
    return threshold, fit_observer(envelopes, samples, codec.grain)


def crossing(envelope: np.ndarray, threshold: float) -> tuple[float, bool]:
    """The first position from the worst where the envelope is at or below the threshold, interpolated.

    :param envelope: never rising, shape (levels,).
    :returns: the position, and whether it was clipped because the envelope lies on one side of the threshold.
    """
    position, clipped = crossings(envelope, np.array([threshold]))
    return float(position[0]), bool(clipped[0])


def crossings(envelope: np.ndarray, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`crossing` for many thresholds at once.

    :param thresholds: shape (thresholds,).
    :returns: positions and clipped flags, each of shape (thresholds,).
    """
    rising = envelope[::-1]
    last = len(envelope) - 1
    first = last + 1 - np.searchsorted(rising, thresholds, side="right")
    above = envelope[np.clip(first - 1, 0, last)]
    below = envelope[np.clip(first, 0, last)]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (above - thresholds) / (above - below)
    inside = (first > 0) & (first <= last)
    position = np.where(inside, first - 1 + np.where(inside, share, 0.0), np.minimum(first, last))
    clipped = (thresholds > envelope[0]) | (thresholds < envelope[-1])
    return position.astype(float), clipped


def best_threshold(envelopes: np.ndarray, positions: np.ndarray) -> float:
    """The threshold of least mean absolute error; where an interval of thresholds is best, its midpoint.

    The error is piecewise linear in the threshold, so its least value stands at a knot of an envelope or where
    one picture's error is zero. Just below a plateau the crossing jumps from its worst to its best end, so the
    next number below a plateau is a knot too.

    :param envelopes: shape (pictures, levels), never rising along a row.
    :param positions: the true positions, shape (pictures,).
    """
    index = np.arange(envelopes.shape[1])
    exact = [np.interp(position, index, envelope) for envelope, position in zip(envelopes, positions, strict=True)]
    plateaus = envelopes[:, 1:][envelopes[:, 1:] == envelopes[:, :-1]]
    knots = np.unique(np.concatenate([envelopes.ravel(), exact, np.nextafter(plateaus, -np.inf)]))
    contenders = _contenders(envelopes, positions, knots)
    pairs = zip(envelopes, positions, strict=True)
    error = sum(np.abs(crossings(envelope, knots[contenders])[0] - position) for envelope, position in pairs)
    best = contenders[error <= error.min() + _SAME_ERROR]
    run_end = best[int(np.argmax(np.append(np.diff(best) != 1, True)))]
    return float((knots[best[0]] + knots[run_end]) / 2)


def _contenders(envelopes: np.ndarray, positions: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Indices of the knots that can be best, ascending: a tenth of the work of trying them all.

    A crossing falls as the threshold rises. So between two knots of a coarse grid it stays between its values at
    both, which bounds the error from below; stretches whose bound lies above the grid's least error are left out.
    """
    grid = np.append(np.arange(0, len(knots) - 1, _STRIDE), len(knots) - 1)
    error, bound = np.zeros(len(grid)), np.zeros(len(grid) - 1)
    for envelope, position in zip(envelopes, positions, strict=True):
        crossed, _ = crossings(envelope, knots[grid])
        error += np.abs(crossed - position)
        bound += np.maximum(0, np.maximum(crossed[1:] - position, position - crossed[:-1]))
    within = bound <= error.min() + _SAME_ERROR
    stretch = np.minimum(np.arange(len(knots)) // _STRIDE, len(within) - 1)
    return np.flatnonzero(within[stretch]) if len(within) else np.arange(len(knots))


@dataclass(frozen=True)
class LogNormalObserver:
    """People's thresholds on a visibility are log-normal.

    :param log_median: of the median person's threshold.
    :param log_sigma: spread between people, positive.
    """

    log_median: float
    log_sigma: float

    def satisfied(self, envelope: np.ndarray) -> np.ndarray:
        """Share of people whose threshold lies above the visibility, shape (levels,), rising from worst to best."""
        from scipy.special import ndtr

        return np.asarray(ndtr((self.log_median - np.log(np.maximum(envelope, _TINY))) / self.log_sigma))


def fit_observer(
    envelopes: np.ndarray, sample_positions: Sequence[np.ndarray], grain: float = 1.0
) -> LogNormalObserver | None:
    """Maximum likelihood over all subjects' samples.

    A subject whose JND stands at a position notices there and no longer at the next better number, so that subject's
    threshold lies between the two visibilities: the likelihood is of intervals.

    :param envelopes: shape (pictures, levels).
    :param sample_positions: one array of positions a picture; may be empty.
    :param grain: how far apart the numbers stand that samples may have, in positions.
    :returns: None where there is no sample at all.
    """
    if sum(len(positions) for positions in sample_positions) == 0:
        return None
    index = np.arange(envelopes.shape[1])
    logs = np.log(np.maximum(envelopes, _TINY))
    pairs = list(zip(logs, sample_positions, strict=True))
    upper = np.concatenate([np.interp(positions, index, log) for log, positions in pairs])
    lower = np.concatenate([np.interp(positions + grain, index, log, right=-np.inf) for log, positions in pairs])
    return _fit_intervals(np.minimum(lower, upper - _NARROWEST), upper)


def _fit_intervals(lower: np.ndarray, upper: np.ndarray) -> LogNormalObserver:
    from scipy.optimize import minimize
    from scipy.special import ndtr

    bounds, count = np.unique(np.stack([lower, upper]), axis=1, return_counts=True)
    middle = np.where(np.isfinite(lower), (lower + upper) / 2, upper)
    spread = float(np.subtract(*np.percentile(middle, [75, 25]))) / 1.349
    start = [float(np.median(middle)), np.log(max(spread, 0.05))]

    def cost(parameters: np.ndarray) -> float:
        share = np.diff(ndtr((bounds - parameters[0]) / np.exp(parameters[1])), axis=0)[0]
        return -float(np.sum(count * np.log(np.maximum(share, _TINY))))

    fit = minimize(cost, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-6, "maxiter": 1000})
    return LogNormalObserver(float(fit.x[0]), float(np.exp(np.clip(fit.x[1], -6, 3))))
