"""The rows of a section against each other: pairs, the group of the best, and ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from protocols.scoring.bootstrap import ALPHA
from protocols.scoring.pairs import Pairs, best_group, compare_pairs, with_failures
from protocols.scoring.ranks import Ranks, rank
from protocols.store.record import DatasetRecord
from reports.results.grid import Grid
from reports.results.row import Row


@final
@dataclass(frozen=True)
class Comparison:
    """The rows that have predictions, compared picture by picture.

    :param predictors: names, in the section's order.
    :param pictures: names, sorted.
    :param sources: of each picture.
    :param errors: absolute, in levels, failed pictures counted as the worst answer there is, shape (predictors,
        pictures).
    :param pairs: None where there are fewer than two predictors or sources.
    :param best: the best and what is not separable from it, bool, shape (predictors,).
    :param ranks: None where there are fewer than three predictors.
    """

    predictors: tuple[str, ...]
    pictures: tuple[str, ...]
    sources: tuple[str, ...]
    errors: np.ndarray
    pairs: Pairs | None
    best: np.ndarray
    ranks: Ranks | None

    def is_better(self, first: int, second: int) -> bool:
        """Whether a predictor's error is smaller than another's by more than chance; both by index."""
        if first == second or self.pairs is None:
            return False
        means = self.errors.mean(axis=1)
        return bool(self.pairs.separable[self.pairs.at(first, second)] and means[first] < means[second])

    @property
    def too_few_sources(self) -> bool:
        """Whether no difference between predictors can be told from chance, however large: see `compare_pairs`."""
        return self.pairs is not None and len(self.pairs.p) * 2.0 ** (1 - len(set(self.sources))) >= ALPHA

    @property
    def best_names(self) -> list[str]:
        """The best predictor and those that are not separable from it, best first."""
        return [name for name, member in zip(self.predictors, self.best, strict=True) if member]


def compare_rows(rows: Sequence[Row], grid: Grid, dataset: DatasetRecord) -> Comparison | None:
    """Compare the rows of a section; None where none has a prediction."""
    places = [place for place, row in enumerate(rows) if not row.has_failed]
    if not places:
        return None
    predicted = grid.values["predicted_level"][places]
    errors = with_failures(predicted, grid.true, dataset.level_lowest, dataset.level_highest)
    pairs = compare_pairs(errors, grid.sources)
    best = best_group(errors, pairs, np.array([rows[place].is_whole for place in places]))
    names = tuple(rows[place].predictor for place in places)
    return Comparison(names, grid.pictures, grid.sources, errors, pairs, best, rank(errors))
