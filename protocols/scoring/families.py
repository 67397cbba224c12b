"""The two questions that readers ask of a table: what differs from the constant, and what may be the best.

With 45 predictors there are 990 pairs, and a correction over all of them calls nearly nothing different. Each question
is a family of its own, far smaller:

* `against`: every predictor against one of them, by the step-down max-T bootstrap (Romano and Wolf 2005, Econometrica
  73(4)). The chance that any of the differences that it calls real is none stays at 5 %.
* `confidence_set`: the model confidence set (Hansen, Lunde and Nason 2011, Econometrica 79(2)) by its range statistic:
  while the widest difference of any two is more than chance, the worse one goes. It holds the best predictor with a
  probability of 95 %. It takes into account that the one with the smallest mean was chosen by these very errors;
  comparing all others with that one does not.

Both draw signs of sources (`protocols.scoring.studentised`). How often they are wrong where predictors are equal, and
what they find where they are not, stands in `docs/statistics.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from protocols.scoring.bootstrap import ALPHA, DRAWS, ENDS, resampled_means
from protocols.scoring.studentised import SourceMeans

SET_DRAWS = 2000
"""Of the confidence set, which holds them for all pairs at once: 8 MB for 45 predictors."""
_POWER_Z = 1.959964 + 0.841621
"""Normal quantiles of 5 % two-sided and of 80 % power."""


@final
@dataclass(frozen=True)
class Against:
    """Every predictor against one of them; arrays have shape (predictors,), and 0, 0, 0 and 1 at that one.

    :param difference: mean absolute error minus the other's, in levels: below 0 is better.
    :param low: lower end of the 95 % percentile interval of each difference alone; `high` the upper.
    :param p: two-sided, corrected for all predictors, in (0, 1].
    """

    other: int
    difference: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray

    @property
    def better(self) -> np.ndarray:
        """Which predictors err less than the other by more than chance, bool, shape (predictors,)."""
        return (self.p < ALPHA) & (self.difference < 0)

    @property
    def worse(self) -> np.ndarray:
        """Which predictors err more than the other by more than chance, bool, shape (predictors,)."""
        return (self.p < ALPHA) & (self.difference > 0)


def against(errors: np.ndarray, sources: Sequence[str], other: int) -> Against | None:
    """Compare every predictor with one of them.

    :param errors: absolute errors, shape (predictors, pictures), no NaN (see `protocols.scoring.pairs.with_failures`).
    :param other: index of the one.
    :returns: None where there are fewer than two predictors or two sources.
    """
    if len(errors) < 2 or len(set(sources)) < 2:
        return None
    differences = errors - errors[other]
    means = SourceMeans(differences, sources)
    low, high = np.quantile(resampled_means(differences, sources), ENDS, axis=0)
    return Against(other, means.mean, low, high, means.p_values(DRAWS)[1])


def confidence_set(errors: np.ndarray, sources: Sequence[str], whole: np.ndarray) -> np.ndarray:
    """How well each predictor's being the best agrees with the errors: the p-values of a model confidence set.

    :param errors: as `against` takes them.
    :param whole: which predictors answered for every picture, bool, shape (predictors,); only they can be the best.
    :returns: shape (predictors,), in [0, 1]; 1 for the smallest mean, 0 where a predictor is not whole. Those of 0.05
        and more form the set.
    """
    p = np.zeros(len(errors))
    p[whole] = 1.0
    remaining = np.array(whole)
    count = len(errors)
    if np.count_nonzero(remaining) < 2 or len(set(sources)) < 2:
        return p
    first, second = np.triu_indices(count, 1)
    means = SourceMeans(errors[first] - errors[second], sources)
    drawn = np.concatenate([np.abs(block).astype(np.float32) for block in means.drawn(SET_DRAWS)])
    worse_by = np.full((count, count), -np.inf)
    worse_by[first, second], worse_by[second, first] = means.statistic, -means.statistic
    reached = means.least_p
    while np.count_nonzero(remaining) > 1:
        pairs = remaining[first] & remaining[second]
        widest = np.abs(means.statistic[pairs]).max()
        as_wide = np.count_nonzero(drawn[:, pairs].max(axis=1) >= np.float32(widest))
        reached = max(reached, (1 + as_wide) / (1 + SET_DRAWS) if widest > 0 else 1.0)
        among = np.where(remaining[:, None] & remaining[None, :], worse_by, -np.inf)
        worst = int(among.max(axis=1).argmax())
        p[worst], remaining[worst] = reached, False
    p[remaining] = 1.0
    return p


def sources_needed(errors: np.ndarray, sources: Sequence[str], first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How many sources like these would tell two predictors apart, in four studies of five (5 %, two-sided).

    The normal approximation, for one pair that was chosen before: n ((1.96 + 0.84) se / difference)^2.

    :param first: indices of predictors, shape (pairs,); `second` likewise.
    :returns: shape (pairs,); infinite where the difference is zero.
    """
    means = SourceMeans(errors[first] - errors[second], sources)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = len(means.counts) * (_POWER_Z * means.standard_error / means.mean) ** 2
    return np.where(means.mean == 0, np.inf, np.ceil(needed))
