"""What only its section can say of a row: how it compares with the others, and scores that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from protocols.scoring.bootstrap import ALPHA
from protocols.scoring.ceiling import ORACLE
from protocols.scoring.pairs import FEW_SOURCES
from protocols.scoring.record import Score
from protocols.scoring.scores import SCORES
from protocols.scoring.studentised import least_p
from reports.results.ceiling import why_no_ceiling
from reports.results.comparison import Comparison
from reports.results.grid import Grid
from reports.results.level_curves import PsnrCurves, fixed_level, partial_correlations
from reports.results.row import CeilingRow, Row

if TYPE_CHECKING:
    from reports.results.section import Section


_LEVELS, _PSNR = "level error", "PSNR at the JND"

SECTION_SCORES: list[Score] = [
    Score(
        "against_constant",
        "MAE minus the constant's with its 95 % interval, failed pictures counted as the worst answer there is; below "
        "0 is better",
        heading="against the constant",
        unit="levels",
        group=_LEVELS,
        digits=2,
        after="mae",
        brief="vs constant",
    ),
    Score(
        "p_constant",
        "that the row errs as the constant does: step-down max-T bootstrap over sources, corrected for all rows; below "
        "0.05 is more than chance",
        heading="p",
        group=_LEVELS,
        digits=3,
        after="against_constant",
    ),
    Score(
        "best_group",
        "whether the row is the best or not separable from it: in the 95 % model confidence set, bootstrap over "
        "sources; rows with failed pictures never are",
        heading="not separable from the best",
        group=_LEVELS,
        is_flag=True,
        after="p_constant",
    ),
    Score(
        "p_best",
        "how well the row's being the best agrees with the errors: p-value of the model confidence set; 0 for rows "
        "with failed pictures",
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
    compared = _of_comparison(comparison) if comparison else {}
    scored = []
    for place, row in enumerate(rows):
        beside: dict[str, float | None] = {
            "to_ceiling": _way(row.scores["mae"], control, oracle),
            "psnr_plcc_control": control.scores["psnr_plcc"] if control else None,
            "psnr_srcc_control": control.scores["psnr_srcc"] if control else None,
            **partial_correlations(grid, place, curves),
            **compared.get(row.predictor, dict.fromkeys(_COMPARED)),
        }
        scored.append(Row(row.run, {**row.scores, **beside}))
    return scored


_COMPARED = (
    *("best_group", "p_best", "mean_rank"),
    *("against_constant", "against_constant_low", "against_constant_high", "p_constant"),
)
"""Scores that come from the comparison of all rows."""


def _of_comparison(comparison: Comparison) -> dict[str, dict[str, float | None]]:
    """By predictor: the scores that come from the comparison of all rows."""
    family, ranks = comparison.against_constant, comparison.ranks
    scores = {}
    for place, name in enumerate(comparison.predictors):
        p_best = float(comparison.p_best[place])
        scores[name] = dict.fromkeys(_COMPARED) | {"best_group": float(p_best >= ALPHA), "p_best": p_best}
        if ranks is not None:
            scores[name]["mean_rank"] = float(ranks.mean_ranks[place])
        if family is not None and place != family.other:
            scores[name] |= {
                "against_constant": float(family.difference[place]),
                "against_constant_low": float(family.low[place]),
                "against_constant_high": float(family.high[place]),
                "p_constant": float(family.p[place]),
            }
    return scores


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
    if comparison.too_few_sources:
        return [
            f"{section.sources} sources cannot tell any two rows apart, whatever their errors: by chance all sources "
            f"agree with a probability of {least_p(section.sources):.2g}."
        ]
    how = f"bootstrap over {section.sources} sources, 5 %"
    sentences = []
    if comparison.against_constant is not None:
        better, worse = comparison.better_than_constant, comparison.worse_than_constant
        sentences.append(
            f"Better than the constant by more than chance ({how} for all rows together): "
            f"{', '.join(better) or 'none'}."
        )
        if worse:
            sentences.append(f"Worse than the constant by more than chance: {', '.join(worse)}.")
    best, *others = comparison.best_names or [""]
    if len(others) + 1 == len(comparison.predictors) > 2:
        sentences.append(f"Nothing can be told from the best, {best} (model confidence set, {how}).")
    elif others:
        sentences.append(f"Not separable from the best, {best} (model confidence set, {how}): {', '.join(others)}.")
    elif best:
        sentences.append(f"The best, {best}, is separable from every other row (model confidence set, {how}).")
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
