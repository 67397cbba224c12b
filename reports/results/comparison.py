"""What the rows of a section say of each other: pairs, the group of the best, ranks, the way to the ceiling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from protocols.scoring.ceiling import ORACLE
from protocols.scoring.pairs import Pairs, best_group, compare_pairs, with_failures
from protocols.scoring.ranks import Ranks, rank
from protocols.scoring.record import Score
from protocols.store.record import DatasetRecord
from reports.results.grid import Grid
from reports.results.picture_psnr import PsnrCurves, partial_correlations
from reports.results.rows import CeilingRow, Row

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
    Score(
        "mean_rank",
        "mean over pictures of its rank among the rows by absolute error, 1 the best, ties shared",
    ),
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

    @property
    def best_names(self) -> list[str]:
        """The best predictor and those that are not separable from it, best first."""
        return [name for name, member in zip(self.predictors, self.best, strict=True) if member]


def compare(rows: Sequence[Row], grid: Grid, dataset: DatasetRecord) -> Comparison | None:
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
    told = []
    for place, row in enumerate(rows):
        beside: dict[str, float | None] = {
            "best_group": None if row.has_failed else float(row.predictor in members),
            "mean_rank": ranks.get(row.predictor),
            "to_ceiling": _way(row.scores["mae"], control, oracle),
            "psnr_plcc_control": control.scores["psnr_plcc"] if control else None,
            "psnr_srcc_control": control.scores["psnr_srcc"] if control else None,
            **partial_correlations(grid, place, curves),
        }
        told.append(Row(row.run, {**row.scores, **beside}))
    return told


def _way(mae: float | int | None, control: Row | None, oracle: CeilingRow | None) -> float | None:
    """How much of the way from the constant's MAE to the ceiling's: 0 at the one, 1 at the other."""
    if mae is None or control is None or oracle is None:
        return None
    start, end = float(control.scores["mae"] or 0), float(oracle.scores["mae"] or 0)
    return (start - float(mae)) / (start - end) if start > end else None
