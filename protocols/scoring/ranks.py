"""Mean ranks with pictures as blocks, and which of them Nemenyi's test cannot tell apart (Demsar 2006).

The blocks are *pictures*, and whoever shows this says so: Friedman's test takes them for independent, which several
crops of one source are not. Then the critical difference is too small, and the paired bootstrap over sources
(`protocols.scoring.pairs`) is what counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from protocols.scoring.bootstrap import ALPHA


@dataclass(frozen=True)
class Ranks:
    """What a critical-difference diagram shows.

    :param mean_ranks: of each predictor over the pictures, 1 the best, ties shared, shape (predictors,).
    :param critical_difference: mean ranks that differ by less are not told apart at 5 % (Nemenyi).
    :param cliques: predictors joined by a bar, indices in order of mean rank; two or more each, none within another.
    :param p_values: Nemenyi's, of each pair, shape (predictors, predictors), 1 on the diagonal.
    :param friedman: chi-squared statistic, corrected for ties.
    :param friedman_p: that all predictors rank alike.
    :param blocks: how many pictures.
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
