"""Which differences between predictors are more than chance: a paired bootstrap over sources, Holm-corrected.

Folds share their training data, so nothing here is computed over folds: it starts from the pooled out-of-fold errors.
Pictures of one source resemble each other, so *sources* are drawn, each with all its pictures; every predictor is
averaged over the same draws, so what makes a picture difficult for all of them cancels in a difference.

**Failed pictures.** A picture without an answer counts as the worst answer there is, the level farthest from its truth
(`with_failures`), so failing never pays. And a run with a failure is never called inseparable from the best, since
a few huge errors would widen its interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from protocols.scoring.bootstrap import ALPHA, DRAWS, ENDS, resampled_means

DRAWS_PER_PAIR = 60
"""A bootstrap of B draws has no p below 2 / (B + 1); Holm multiplies the smallest by the number of pairs:
60 draws a pair leave it 0.033."""
FEW_SOURCES = 20
"""Percentile intervals of fewer sources are known to be too narrow; who prints them says so."""


@dataclass(frozen=True)
class Pairs:
    """Every pair of predictors, first < second; all arrays have shape (pairs,).

    :param first: index of one predictor.
    :param second: index of the other.
    :param difference: mean absolute error of the first minus that of the second, in levels.
    :param low: lower end of its 95 % percentile interval, from the same resamples as every interval of a mean.
    :param high: upper end.
    :param p: two-sided, uncorrected, in (0, 1].
    :param p_holm: Holm-corrected over all pairs, in (0, 1].
    :param draws: how many resamples they come from.
    """

    first: np.ndarray
    second: np.ndarray
    difference: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    p_holm: np.ndarray
    draws: int

    @property
    def separable(self) -> np.ndarray:
        """Whether each pair differs by more than chance, bool, shape (pairs,)."""
        return self.p_holm < ALPHA

    def at(self, predictor: int, other: int) -> int:
        """The index of a pair, whichever is named first."""
        return int(np.flatnonzero((self.first == min(predictor, other)) & (self.second == max(predictor, other)))[0])


def with_failures(predicted: np.ndarray, true: np.ndarray, lowest: float, highest: float) -> np.ndarray:
    """Absolute errors in which a failed picture counts as the worst answer that the codec allows.

    :param predicted: levels, NaN where failed, shape (..., pictures).
    :param true: levels, shape (pictures,).
    :param lowest: the codec's numerically smallest level; `highest` its largest.
    :returns: shape as `predicted`, no NaN.
    """
    worst = np.maximum(true - lowest, highest - true)
    errors = np.abs(predicted - true)
    return np.where(np.isnan(errors), worst, errors)


def compare_pairs(errors: np.ndarray, sources: Sequence[str]) -> Pairs | None:
    """The paired bootstrap of every pair.

    p is twice the share of resamples in which the difference is not on its side of 0, each share with one resample
    added (Davison & Hinkley 1997, section 4.2), and never below 2^(1 - sources): that all of a few sources
    agree is not evidence beyond what flipping their signs at random would give.

    :param errors: absolute errors, shape (predictors, pictures), no NaN (see `with_failures`).
    :param sources: of each picture.
    :returns: None where there are fewer than two predictors or two sources.
    """
    count = len(errors)
    distinct = len(set(sources))
    if count < 2 or distinct < 2:
        return None
    first, second = np.triu_indices(count, 1)
    draws = max(DRAWS, DRAWS_PER_PAIR * len(first))
    means = np.ascontiguousarray(resampled_means(errors, sources, draws).T)
    observed = errors.mean(axis=1)
    low, high, p = (np.empty(len(first)) for _ in range(3))
    for pair, (here, there) in enumerate(zip(first, second, strict=True)):
        differences = means[here] - means[there]
        # Sums in another order leave 1e-16 where two predictors say the same.
        differences[np.abs(differences) < 1e-12 * max(1.0, observed[here])] = 0.0
        low[pair], high[pair] = np.quantile(differences[:DRAWS], ENDS)
        tail = min(np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0))
        p[pair] = min(1.0, max(2 * (1 + tail) / (draws + 1), 2.0 ** (1 - distinct)))
    return Pairs(first, second, observed[first] - observed[second], low, high, p, holm(p), draws)


def holm(p: np.ndarray) -> np.ndarray:
    """p-values corrected for their number, step down (Holm 1979), shape as given, in [0, 1]."""
    values = np.asarray(p, dtype=float)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * (len(values) - np.arange(len(values))))
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def best_group(errors: np.ndarray, pairs: Pairs | None, whole: np.ndarray) -> np.ndarray:
    """The best predictor and those that are not separable from it.

    :param errors: as `compare_pairs` takes them.
    :param pairs: what it gave; None leaves each to itself.
    :param whole: which predictors answered for every picture, bool, shape (predictors,); only they can be members.
    :returns: bool, shape (predictors,); all false where no run is whole.
    """
    member = np.zeros(len(errors), dtype=bool)
    if not whole.any():
        return member
    means = errors.mean(axis=1)
    best = int(np.argmin(np.where(whole, means, np.inf)))
    member[best] = True
    if pairs is not None:
        member[pairs.second[(pairs.first == best) & ~pairs.separable]] = True
        member[pairs.first[(pairs.second == best) & ~pairs.separable]] = True
    return member & whole
