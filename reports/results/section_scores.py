"""What only its section can say of a row: how it compares with the others, and scores that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from protocols.scoring.bootstrap import ALPHA
from protocols.scoring.ceiling import ORACLE
from protocols.scoring.pairs import FEW_SOURCES, Pairs, Ranks, best_group, compare_pairs, rank, with_failures
from protocols.scoring.record import Score
from protocols.scoring.scores import SCORES
from protocols.store.record import DatasetRecord
from reports.results.ceiling import why_no_ceiling
from reports.results.grid import Grid
from reports.results.level_curves import PsnrCurves, fixed_level, partial_correlations
from reports.results.row import CeilingRow, Row

if TYPE_CHECKING:
    from reports.results.section import Section


@final
@dataclass(frozen=True)
class Comparison:
    """The rows that have predictions, compared picture by picture.

    :param predictors: names, in the section's order.
    :param errors: absolute, in levels, failed pictures counted as the worst answer there is, shape (predictors,
        pictures).
    :param pairs: None where there are fewer than two predictors or sources.
    :param best: the best and what is not separable from it, bool, shape (predictors,).
    :param ranks: None where there are fewer than three predictors.
    """

    predictors: tuple[str, ...]
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

    def pair_lines(self) -> list[dict[str, Any]]:
        """The predictors' names and the numbers of each pair, as `protocols.scoring.pairs.Pairs` names them."""
        if self.pairs is None:
            return []
        names = ("difference", "low", "high", "p", "p_holm", "separable")
        numbers = zip(*(getattr(self.pairs, name).tolist() for name in names), strict=True)
        return [
            {
                "first": self.predictors[first],
                "second": self.predictors[second],
                **dict(zip(names, values, strict=True)),
            }
            for first, second, values in zip(self.pairs.first, self.pairs.second, numbers, strict=True)
        ]

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
    return Comparison(names, grid.sources, errors, pairs, best, rank(errors))


_LEVELS, _PSNR = "level error", "PSNR at the JND"

SECTION_SCORES: list[Score] = [
    Score(
        "best_group",
        "whether the row is the best or not separable from it: paired bootstrap over sources, Holm-corrected over all "
        "pairs, 5 %; rows with failed pictures never are",
        heading="not separable from the best",
        group=_LEVELS,
        is_flag=True,
        after="mae",
    ),
    Score("mean_rank", "mean over pictures of its rank among the rows by absolute error, 1 the best, ties shared"),
    Score(
        "to_ceiling",
        f"share of the way from the constant's MAE (0) to that of {ORACLE} (1); may be negative or above 1",
        heading="way from constant to ceiling",
        unit="%",
        group=_LEVELS,
        after="best_group",
        brief="to ceil. %",
    ),
    Score("psnr_plcc_control", "the constant's psnr_plcc"),
    Score("psnr_srcc_control", "the constant's psnr_srcc"),
    Score(
        "psnr_partial_plcc",
        "Pearson correlation of the PSNRs given the picture's own PSNR at one fixed level, the rounded median of the "
        "true levels",
        heading="PSNR PLCC, partial",
        group=_PSNR,
        digits=3,
        after="psnr_srcc",
    ),
    Score(
        "psnr_partial_srcc",
        "the same of the ranks",
        heading="PSNR SRCC, partial",
        group=_PSNR,
        digits=3,
        after="psnr_partial_plcc",
        in_print=False,
    ),
]
"""Scores of a row that only its section can give."""


def columns() -> list[Score]:
    """The columns of tables for people, in order: the scores that have a heading."""
    shown = [record for record in SCORES if record.heading]
    for record in SECTION_SCORES:
        if record.heading:
            places = [place for place, before in enumerate(shown, 1) if before.name == record.after]
            shown.insert(places[0] if places else len(shown), record)
    return shown


def with_section_scores(
    rows: Sequence[Row],
    grid: Grid,
    comparison: Comparison | None,
    ceiling: Sequence[CeilingRow],
    curves: PsnrCurves | None,
) -> list[Row]:
    """The rows with the scores of `SECTION_SCORES` added.

    :param ceiling: the ceiling's rows; none where there is none.
    :param curves: of the section's pictures; None where they are not known.
    """
    control = next((row for row in rows if row.is_control and not row.has_failed), None)
    oracle = next((row for row in ceiling if row.predictor == ORACLE), None)
    members = set(comparison.best_names) if comparison else set()
    ranks: dict[str, float] = {}
    if comparison is not None and comparison.ranks is not None:
        ranks = dict(zip(comparison.predictors, comparison.ranks.mean_ranks.tolist(), strict=True))
    scored = []
    for place, row in enumerate(rows):
        beside: dict[str, float | None] = {
            "best_group": None if row.has_failed else float(row.predictor in members),
            "mean_rank": ranks.get(row.predictor),
            "to_ceiling": _way(row.scores["mae"], control, oracle),
            "psnr_plcc_control": control.scores["psnr_plcc"] if control else None,
            "psnr_srcc_control": control.scores["psnr_srcc"] if control else None,
            **partial_correlations(grid, place, curves),
        }
        scored.append(Row(row.run, {**row.scores, **beside}))
    return scored


def _way(mae: float | int | None, control: Row | None, oracle: CeilingRow | None) -> float | None:
    """How much of the way from the constant's MAE to the ceiling's: 0 at the one, 1 at the other."""
    if mae is None or control is None or oracle is None:
        return None
    start, end = float(control.scores["mae"] or 0), float(oracle.scores["mae"] or 0)
    return (start - float(mae)) / (start - end) if start > end else None


def findings(section: Section) -> list[str]:
    """Which rows differ by more than chance, what the ceiling's rows mean, and what correlations hold fixed."""
    return [*_separable(section), *_caveats(section), *_ceiling(section), *_partial(section)]


def _separable(section: Section) -> list[str]:
    comparison = section.comparison
    if comparison is None or comparison.pairs is None:
        return ["No row can be compared with another: that takes two predictors and two sources."]
    pairs, names = comparison.pairs, comparison.predictors
    how = (
        f"paired bootstrap over {section.sources} sources, Holm-corrected over {len(pairs.p)} "
        f"{'pair' if len(pairs.p) == 1 else 'pairs'}, 5 %"
    )
    if comparison.too_few_sources:
        return [
            f"{section.sources} sources cannot separate any of {len(pairs.p)} pairs, whatever their errors: by chance "
            f"all sources agree with a probability of {2.0 ** (1 - section.sources):.2g}, which counts once a pair."
        ]
    sentences = []
    best, *others = comparison.best_names or [""]
    if others:
        sentences.append(f"Not separable from the best, {best} ({how}): {', '.join(others)}.")
    elif best:
        sentences.append(f"The best, {best}, is separable from every other row ({how}).")
    if section.control is not None:
        place = names.index(section.control.predictor)
        better = [name for index, name in enumerate(names) if comparison.is_better(index, place)]
        sentences.append(f"Better than the constant by more than chance: {', '.join(better) or 'none'}.")
    return sentences


def _caveats(section: Section) -> list[str]:
    sentences = []
    if section.comparison is not None and section.comparison.pairs is not None and section.sources < FEW_SOURCES:
        sentences.append(
            f"Intervals from {section.sources} sources are too narrow: take {FEW_SOURCES} or more seriously."
        )
    partly = [row.predictor for row in section.rows if not row.is_whole and not row.has_failed]
    if partly:
        sentences.append(
            "In comparisons a failed picture counts as the worst answer there is, the level farthest from its truth, "
            f"and a run with one is never called inseparable from the best: {', '.join(partly)}."
        )
    return sentences


def _ceiling(section: Section) -> list[str]:
    if section.ceilings:
        return [f"{row.predictor}: {row.meaning}." for row in section.ceilings]
    reason = why_no_ceiling(section.identity.truth, section.pictures_table)
    return [reason] if reason else []


def _partial(section: Section) -> list[str]:
    if all(row.scores.get("psnr_partial_plcc") is None for row in section.rows):
        return []
    level = fixed_level(section.grid.true)
    return [
        f"PSNR correlations stand with the constant's behind them; the partial ones hold each picture's own PSNR at "
        f"{section.unit} {level:g} (the rounded median of the true levels) fixed."
    ]
