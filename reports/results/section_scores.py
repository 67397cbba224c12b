"""Scores that only the section of a row can give, and which scores tables for people show."""

from __future__ import annotations

from collections.abc import Sequence

from protocols.scoring.ceiling import ORACLE
from protocols.scoring.record import Score
from protocols.scoring.scores import SCORES
from reports.results.comparison import Comparison
from reports.results.grid import Grid
from reports.results.psnr_curves import PsnrCurves, partial_correlations
from reports.results.row import CeilingRow, Row

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
