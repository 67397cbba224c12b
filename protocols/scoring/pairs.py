"""Every pair of predictors: a paired bootstrap over sources, corrected for all pairs.

With many predictors this correction leaves little; `protocols.scoring.families` answers what readers ask.

Folds share their training data, so nothing here is computed over folds: it starts from the pooled out-of-fold errors.
Every predictor is averaged over the same draws of sources, so what makes a picture difficult for all of them cancels.

**Failed pictures.** A picture without an answer counts as the worst answer there is, the level farthest from its truth,
so failing never pays; and a run with a failure is never called inseparable from the best, since a few huge errors would
widen its interval.

**Ranks.** Mean ranks take *pictures* as blocks, and whoever shows them says so: Friedman's test takes blocks for
independent, which several crops of one source are not. Then Nemenyi's critical difference (Demsar 2006) is too small,
and the paired bootstrap over sources is what counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from protocols.scoring.bootstrap import ALPHA, DRAWS, ENDS, resampled_means
from protocols.scoring.studentised import SourceMeans

FEW_SOURCES = 20
"""Percentile intervals of fewer sources are known to be too narrow; who prints them says so."""


@dataclass(frozen=True)
class Pairs:
    """Every pair of predictors, first < second; all arrays have shape (pairs,).

    :param difference: mean absolute error of the first minus that of the second, in levels.
    :param low: lower end of its 95 % percentile interval, from the same resamples as every interval of a mean.
    :param high: upper end.
    :param p: two-sided, uncorrected, in (0, 1].
    :param p_corrected: corrected for all pairs by the step-down max-T bootstrap, in (0, 1].
    """

    first: np.ndarray
    second: np.ndarray
    difference: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    p_corrected: np.ndarray

    @property
    def separable(self) -> np.ndarray:
        """Whether each pair differs by more than chance, bool, shape (pairs,)."""
        return self.p_corrected < ALPHA

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

    :param errors: absolute errors, shape (predictors, pictures), no NaN (see `with_failures`).
    :returns: None where there are fewer than two predictors or two sources.
    """
    count = len(errors)
    if count < 2 or len(set(sources)) < 2:
        return None
    first, second = np.triu_indices(count, 1)
    means = np.ascontiguousarray(resampled_means(errors, sources).T)
    low, high = np.empty((2, len(first)))
    for pair, (here, there) in enumerate(zip(first, second, strict=True)):
        low[pair], high[pair] = np.quantile(means[here] - means[there], ENDS)
    differences = SourceMeans(errors[first] - errors[second], sources)
    same = (differences.statistic == 0) & (differences.standard_error == 0)
    low[same] = high[same] = 0.0
    return Pairs(first, second, differences.mean, low, high, *differences.p_values(DRAWS))


def holm(p: np.ndarray) -> np.ndarray:
    """p-values corrected for their number, step down (Holm 1979), shape as given, in [0, 1]."""
    values = np.asarray(p, dtype=float)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * (len(values) - np.arange(len(values))))
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


@dataclass(frozen=True)
class Ranks:
    """What a critical-difference diagram shows.

    :param mean_ranks: of each predictor over the pictures, 1 the best, ties shared, shape (predictors,).
    :param critical_difference: mean ranks that differ by less are not told apart at 5 % (Nemenyi).
    :param cliques: predictors joined by a bar, indices in order of mean rank; two or more each, none within another.
    :param p_values: Nemenyi's, of each pair, shape (predictors, predictors), 1 on the diagonal.
    :param friedman: chi-squared statistic, corrected for ties.
    :param friedman_p: that all predictors rank alike.
    """

    mean_ranks: np.ndarray
    critical_difference: float
    cliques: tuple[tuple[int, ...], ...]
    p_values: np.ndarray
    friedman: float
    friedman_p: float
    blocks: int


def rank(errors: np.ndarray) -> Ranks | None:
    """Rank predictors within each picture by their absolute error.

    :param errors: shape (predictors, pictures), no NaN; a failed picture has the worst error there is
        (`protocols.scoring.pairs.with_failures`) and so the last rank.
    :returns: None where there are fewer than three predictors or two pictures.
    """
    from scipy.stats import chi2, rankdata, studentized_range

    count, blocks = errors.shape
    if count < 3 or blocks < 2:
        return None
    # Errors that differ by rounding alone are the same error.
    ranks = rankdata(np.round(errors, 9), axis=0)
    mean = ranks.mean(axis=1)
    spread = np.sum((ranks - (count + 1) / 2) ** 2)
    between = blocks * np.sum((mean - (count + 1) / 2) ** 2)
    statistic = float((count - 1) * blocks * between / spread) if spread > 0 else 0.0
    error_of_difference = np.sqrt(count * (count + 1) / (6 * blocks))
    apart = np.abs(mean[:, None] - mean[None, :]) / error_of_difference
    # Nemenyi: a difference of mean ranks is a studentised range with infinitely many degrees of freedom.
    upper = np.triu_indices(count, 1)
    p = np.ones((count, count))
    p[upper] = np.clip(studentized_range.sf(apart[upper] * np.sqrt(2), count, np.inf), 0, 1)
    p.T[upper] = p[upper]
    critical = float(studentized_range.ppf(1 - ALPHA, count, np.inf) / np.sqrt(2) * error_of_difference)
    return Ranks(mean, critical, _cliques(mean, critical), p, statistic, float(chi2.sf(statistic, count - 1)), blocks)


def _cliques(mean_ranks: np.ndarray, critical_difference: float) -> tuple[tuple[int, ...], ...]:
    order = np.argsort(mean_ranks, kind="stable")
    cliques: list[tuple[int, ...]] = []
    reached = -1
    for start in range(len(order)):
        within = mean_ranks[order] - mean_ranks[order[start]] < critical_difference
        end = int(np.flatnonzero(within).max())
        if end > start and end > reached:
            cliques.append(tuple(int(index) for index in order[start : end + 1]))
        reached = max(reached, end)
    return tuple(cliques)
