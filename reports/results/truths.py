"""Truth next to truth: how the ranking of the same predictors on the same folds changes with what 'the JND' means.

Errors under different truths are not compared, only the order that each truth gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import final

import numpy as np

from reports.results.row import Row
from reports.results.section import Section

_SHOWN = 3


@final
@dataclass(frozen=True)
class TruthRanking:
    """The predictors that answered for every picture under each of several truths.

    :param sections: one a truth, two or more.
    :param predictors: names, in the order of the first truth.
    :param ranks: by MAE among them, 1 the best, ties shared, shape (truths, predictors).
    :param maes: in levels, shape (truths, predictors).
    """

    sections: tuple[Section, ...]
    predictors: tuple[str, ...]
    ranks: np.ndarray
    maes: np.ndarray

    @property
    def truths(self) -> list[str]:
        """Their names."""
        return [section.identity.truth for section in self.sections]

    @property
    def title(self) -> str:
        """Data set and folds in one line."""
        first = self.sections[0]
        limited = f"{first.limited}. " if first.limited else ""
        return f"{limited}{first.dataset.heading}: truths {', '.join(self.truths)}, {', '.join(first.facts)}"

    def is_in_best_group(self, truth: int, predictor: int) -> bool:
        """Whether a predictor is the best under a truth or not separable from it, both by index."""
        comparison = self.sections[truth].comparison
        return comparison is not None and self.predictors[predictor] in comparison.best_names

    @property
    def agreement(self) -> list[tuple[str, str, float]]:
        """Kendall's tau-b of the ranks of each pair of truths, -1 to 1; NaN where one ranks all alike."""
        from scipy.stats import kendalltau

        pairs = combinations(range(len(self.sections)), 2)
        return [
            (self.truths[first], self.truths[second], float(kendalltau(self.ranks[first], self.ranks[second])[0]))
            for first, second in pairs
        ]

    @property
    def warnings(self) -> list[str]:
        """Where the answer to 'which is better' depends on the truth; empty where it does not."""
        return [*self._other_best(), *self._turned()]

    def _other_best(self) -> Iterator[str]:
        best = [int(np.argmin(ranks)) for ranks in self.ranks]
        if len(set(best)) < 2:
            return
        named = [f"{self.predictors[index]} under {truth}" for index, truth in zip(best, self.truths, strict=True)]
        alike = all(self.is_in_best_group(truth, index) for truth in range(len(best)) for index in best)
        but = ", though no truth separates them" if alike else ""
        yield f"The best changes with the truth: {', '.join(named)}{but}."

    def _turned(self) -> Iterator[str]:
        for first, second in combinations(range(len(self.sections)), 2):
            turned = [
                f"{self.predictors[a]} before {self.predictors[b]}"
                for a, b in combinations(range(len(self.predictors)), 2)
                for a, b in ((a, b), (b, a))
                if self._better(first, a, b) and self._better(second, b, a)
            ]
            if turned:
                more = f" and {len(turned) - _SHOWN} more" if len(turned) > _SHOWN else ""
                yield (
                    f"Separable under both truths, in opposite order: {', '.join(turned[:_SHOWN])}{more} under "
                    f"{self.truths[first]}, the other way round under {self.truths[second]}."
                )

    def _better(self, truth: int, first: int, second: int) -> bool:
        comparison = self.sections[truth].comparison
        if comparison is None:
            return False
        places = [comparison.predictors.index(self.predictors[index]) for index in (first, second)]
        return comparison.is_better(*places)


def truth_rankings(sections: Sequence[Section]) -> list[TruthRanking]:
    """One for each data set, codec, folds, JND and limit with two truths and two predictors whole under them all."""
    groups: dict[tuple[object, ...], list[Section]] = {}
    for section in sections:
        identity = section.identity
        key = (identity.dataset, section.dataset.codec, identity.folds, identity.jnd, identity.limit, section.state)
        groups.setdefault(key, []).append(section)
    rankings = (_ranking(group) for group in groups.values() if len(group) > 1)
    return [ranking for ranking in rankings if ranking is not None]


def _ranking(sections: Sequence[Section]) -> TruthRanking | None:
    from scipy.stats import rankdata

    whole: list[dict[str, Row]] = [{row.predictor: row for row in s.rows if row.is_whole} for s in sections]
    names = tuple(name for name in whole[0] if all(name in rows for rows in whole))
    if len(names) < 2:
        return None
    maes = np.array([[float(rows[name].scores["mae"] or 0) for name in names] for rows in whole])
    return TruthRanking(tuple(sections), names, rankdata(np.round(maes, 9), axis=1), maes)


def truth_notes(ranking: TruthRanking) -> list[str]:
    """What stands under a table of truths, in sentences: warnings, agreement, and what is left out."""
    notes = [f"WARNING: {text}" for text in ranking.warnings]
    notes += [
        f"Kendall's tau of the ranks under {first} and {second}: {'undefined' if np.isnan(tau) else f'{tau:+.2f}'}."
        for first, second, tau in ranking.agreement
    ]
    names = {row.predictor for section in ranking.sections for row in section.rows}
    if missing := sorted(names - set(ranking.predictors)):
        notes.append(f"Not whole under every truth, so not ranked here: {', '.join(missing)}.")
    return [*notes, "*: the best under that truth, or not separable from it."]
