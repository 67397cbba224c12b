"""Means over pictures in standard errors, and what they would be if nothing differed: p-values are counted from these.

The wild cluster bootstrap (Cameron, Gelbach and Miller 2008, Review of Economics and Statistics 90(3)): if two
predictors are equally good, a source could as well have favoured the other one, so every source, with all its pictures,
keeps or changes its sign at random. Each draw has a standard error of its own. P-values from resampled sources are too
small where sources are few: with 20 of them a table of 20 equal predictors shows a difference in 30 % of cases, by
signs in 5 % (`docs/statistics.md`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import final

import numpy as np

from datasets.common.hashing import seed_of_text

_CELLS = 2_000_000
"""Of a block of draws times rows: 16 MB an array."""
_TINY = 1e-12
"""Sums in another order leave 1e-16 where two predictors say the same."""


@final
class SourceMeans:
    """The mean of each row over pictures, and how much it varies with the sources.

    :param values: a row is e.g. the difference of two predictors' errors, shape (rows, pictures), no NaN.
    :param sources: of each picture; two different ones or more.
    """

    def __init__(self, values: np.ndarray, sources: Sequence[str]) -> None:
        self._names, place = np.unique(np.asarray(sources, dtype=str), return_inverse=True)
        self.counts = np.bincount(place).astype(float)
        totals = np.stack([np.bincount(place, weights=row) for row in values], axis=1)
        totals[np.abs(totals) < _TINY * max(1.0, float(np.abs(values).max(initial=0.0)))] = 0.0
        self._totals = totals
        self.mean = totals.sum(axis=0) / self.counts.sum()
        n = len(self.counts)
        squares = ((totals - self.mean * self.counts[:, None]) ** 2).sum(axis=0)
        self.standard_error = np.sqrt(n / (n - 1) * squares) / self.counts.sum()
        self.statistic = _ratio(self.mean, self.standard_error)

    @property
    def least_p(self) -> float:
        """As `least_p` of these sources."""
        return least_p(len(self.counts))

    def drawn(self, draws: int) -> Iterator[np.ndarray]:
        """The statistic with random signs of the sources, the same for every row and every table of these sources.

        :returns: blocks of shape (some draws, rows), `draws` in all.
        """
        n, rows = len(self.counts), len(self.mean)
        pictures = self.counts.sum()
        squared, crossed = (self._totals**2).sum(axis=0), self._totals * self.counts[:, None]
        generator = np.random.default_rng(seed_of_text("signs\n" + "\n".join(self._names.tolist())))
        block = max(1, _CELLS // max(rows, n))
        for start in range(0, draws, block):
            signs = 2.0 * generator.integers(0, 2, size=(min(block, draws - start), n)) - 1
            mean = signs @ self._totals / pictures
            squares = squared - 2 * mean * (signs @ crossed) + mean**2 * (self.counts**2).sum()
            yield _ratio(mean, np.sqrt(np.maximum(n / (n - 1) * squares, 0.0)) / pictures)

    def p_values(self, draws: int) -> tuple[np.ndarray, np.ndarray]:
        """Two-sided p-values that each mean is 0: of each row alone, and corrected for all rows (step-down max-T).

        The correction sets each statistic beside the largest of its own and all smaller ones' in a draw.

        :returns: each of shape (rows,), in (0, 1], none below `least_p`.
        """
        observed = np.abs(self.statistic)
        order = np.argsort(-observed, kind="stable")
        alone, together = np.ones(len(order)), np.ones(len(order))
        for block in self.drawn(draws):
            rising = np.abs(block)[:, order[::-1]]
            alone[order[::-1]] += np.count_nonzero(rising >= observed[order[::-1]], axis=0)
            np.maximum.accumulate(rising, axis=1, out=rising)
            together[order[::-1]] += np.count_nonzero(rising >= observed[order[::-1]], axis=0)
        together[order] = np.maximum.accumulate(together[order])
        p = np.maximum(np.stack([alone, together]) / (1 + draws), self.least_p)
        p[:, observed == 0] = 1.0
        return p[0], p[1]


def least_p(sources: int) -> float:
    """The chance that all of so many sources agree, which random signs have by themselves."""
    return float(2.0 ** (1 - sources))


def _ratio(difference: np.ndarray, error: np.ndarray) -> np.ndarray:
    """A difference in standard errors: 0 where there is none, infinite where all sources agree on one."""
    difference = np.where(np.abs(difference) <= _TINY, 0.0, difference)
    is_certain = error <= np.sqrt(_TINY)
    certain = np.where(difference == 0, 0.0, np.copysign(np.inf, difference))
    return np.asarray(np.where(is_certain, certain, difference / np.where(is_certain, 1.0, error)))
