"""The rows of a section compared picture by picture: with each other, with the constant, with the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from datasets.codecs import codecs
from protocols.scoring.bootstrap import ALPHA
from protocols.scoring.families import Against, against, confidence_set, sources_needed
from protocols.scoring.pairs import Pairs, Ranks, compare_pairs, rank, with_failures
from protocols.scoring.studentised import least_p
from protocols.scoring.truth_noise import truth_noise
from protocols.store.record import DatasetRecord
from reports.results.grid import Grid
from reports.results.row import Row


@final
@dataclass(frozen=True)
class Comparison:
    """The rows that have predictions, compared picture by picture.

    :param predictors: names, in the section's order.
    :param errors: absolute, in levels, failed pictures counted as the worst answer there is, shape (predictors,
        pictures).
    :param pairs: None where there are fewer than two predictors or sources.
    :param against_constant: None where the constant did not run, or `pairs` is None.
    :param p_best: how well each one's being the best agrees with the errors, in [0, 1], shape (predictors,): see
        `protocols.scoring.families.confidence_set`.
    :param ranks: None where there are fewer than three predictors.
    :param truth_noise: shape (predictors, predictors), see `protocols.scoring.truth_noise`; None where it is unknown.
    """

    predictors: tuple[str, ...]
    sources: tuple[str, ...]
    errors: np.ndarray
    pairs: Pairs | None
    against_constant: Against | None
    p_best: np.ndarray
    ranks: Ranks | None
    truth_noise: np.ndarray | None

    def is_better(self, first: int, second: int) -> bool:
        """Whether a predictor's error is smaller than another's by more than chance; both by index."""
        if first == second or self.pairs is None:
            return False
        means = self.errors.mean(axis=1)
        return bool(self.pairs.separable[self.pairs.at(first, second)] and means[first] < means[second])

    def pair_lines(self) -> list[dict[str, Any]]:
        """The predictors' names and the numbers of each pair, as `protocols.scoring.pairs.Pairs` names them.

        With `sources_needed` (`protocols.scoring.families`; None for no difference), and in pairs of the constant with
        `p_against_constant`. `truth_noise` is half the width of the interval in which other people would move the
        difference.
        """
        if self.pairs is None:
            return []
        names = ("difference", "low", "high", "p", "p_corrected", "separable")
        numbers = zip(*(getattr(self.pairs, name).tolist() for name in names), strict=True)
        needed = sources_needed(self.errors, self.sources, self.pairs.first, self.pairs.second).tolist()
        return [
            {
                "first": self.predictors[first],
                "second": self.predictors[second],
                **dict(zip(names, values, strict=True)),
                "p_against_constant": self._p_against_constant(int(first), int(second)),
                "sources_needed": int(count) if np.isfinite(count) else None,
                "truth_noise": None if self.truth_noise is None else float(self.truth_noise[first, second]),
            }
            for first, second, values, count in zip(self.pairs.first, self.pairs.second, numbers, needed, strict=True)
        ]

    def _p_against_constant(self, first: int, second: int) -> float | None:
        family = self.against_constant
        if family is None or family.other not in (first, second):
            return None
        return float(family.p[second if family.other == first else first])

    @property
    def too_few_sources(self) -> bool:
        """Whether no difference between predictors can be told from chance, however large."""
        return least_p(len(set(self.sources))) >= ALPHA

    @property
    def best_names(self) -> list[str]:
        """The best predictor and those that are not separable from it, best first."""
        return self._named(self.p_best >= ALPHA)

    @property
    def better_than_constant(self) -> list[str]:
        """Those that err less than the constant by more than chance, best first."""
        return self._named(self.against_constant.better) if self.against_constant else []

    @property
    def worse_than_constant(self) -> list[str]:
        """Those that err more than the constant by more than chance, best first."""
        return self._named(self.against_constant.worse) if self.against_constant else []

    def _named(self, chosen: np.ndarray) -> list[str]:
        return [name for name, is_chosen in zip(self.predictors, chosen, strict=True) if is_chosen]


def compare_rows(
    rows: Sequence[Row], grid: Grid, dataset: DatasetRecord, pictures: pd.DataFrame | None
) -> Comparison | None:
    """Compare the rows of a section; None where none has a prediction.

    :param pictures: what is known of the section's pictures, sorted by name.
    """
    places = [place for place, row in enumerate(rows) if not row.has_failed]
    if not places:
        return None
    predicted = grid.values["predicted_level"][places]
    errors = with_failures(predicted, grid.true, dataset.level_lowest, dataset.level_highest)
    pairs = compare_pairs(errors, grid.sources)
    names = tuple(rows[place].predictor for place in places)
    control = [number for number, place in enumerate(places) if rows[place].is_control]
    constant = against(errors, grid.sources, control[0]) if control else None
    p_best = confidence_set(errors, grid.sources, np.array([rows[place].is_whole for place in places]))
    codec, noise = codecs().get(dataset.codec), None
    if pictures is not None and codec is not None:
        noise = truth_noise(rows[0].run.identity.truth, grid.pictures, list(pictures["samples"]), codec, predicted)
    return Comparison(names, grid.sources, errors, pairs, constant, p_best, rank(errors), noise)
