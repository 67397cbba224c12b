"""What only its section can say of a row: how it compares with the others, and scores that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from protocols.scoring.bootstrap import ALPHA
from protocols.scoring.ceiling import ORACLE
from protocols.scoring.record import Score
from protocols.scoring.scores import SCORES, USE
from reports.results.comparison import Comparison
from reports.results.grid import Grid
from reports.results.level_curves import Observed, PsnrCurves, partial_correlations
from reports.results.row import CeilingRow, Row

_LEVELS, _PSNR = "level error", "PSNR at the JND"

SECTION_SCORES: list[Score] = [
    Score(
        "against_constant",
        "MAE minus the constant's with the 95 % interval of that row alone, failed pictures counted as the worst "
        "possible answer; below 0 is better",
        heading="against the constant",
        unit="levels",
        group=_LEVELS,
        digits=2,
        after="mae",
        brief="vs constant",
    ),
    Score(
        "p_constant",
        "how often chance alone would make so large a difference from the constant in any row: step-down max-T "
        "bootstrap over sources, corrected for all rows; below 0.05 is more than chance",
        heading="p against the constant, corrected",
        group=_LEVELS,
        digits=3,
        is_p=True,
        after="against_constant",
        brief="p",
    ),
    Score(
        "best_group",
        "whether the row is the best or not separable from it: in the 95 % model confidence set, bootstrap over "
        "sources; rows with failed pictures never are",
        heading="not separable from the best",
        group=_LEVELS,
        is_flag=True,
        highest_is_best=True,
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
        f"how much of the way from the constant's MAE (0 %) to that of {ORACLE} (100 %) the row gets; may be below 0 % "
        "or above 100 %",
        heading="way from constant to ceiling",
        unit="%",
        group=_LEVELS,
        highest_is_best=True,
        after="best_group",
        brief="to ceil. %",
    ),
    Score(
        "truth_noise",
        "how far the MAE would move, up or down, if other observers were asked (95 %), with the range of the MAE in "
        "brackets: each picture's truth is redrawn from its own observers, and predictions stay; pairs.csv has the "
        "same of each difference",
        heading="moved by other observers [range of the MAE]",
        unit="levels",
        group=_LEVELS,
        digits=2,
        after="to_ceiling",
        in_print=False,
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
        highest_is_best=True,
        after="psnr_srcc",
    ),
    Score(
        "psnr_partial_srcc",
        "the same as PSNR PLCC, partial, of the ranks",
        heading="PSNR SRCC, partial",
        group=_PSNR,
        digits=3,
        highest_is_best=True,
        after="psnr_partial_plcc",
        in_print=False,
    ),
    Score(
        "noticing",
        "share of a picture's observers who would notice its compression at the predicted level, by their own samples; "
        "mean over pictures",
        heading="would notice",
        unit="%",
        group=USE,
        after="bytes_saved",
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
    subjects: Observed | None,
) -> list[Row]:
    """The rows with the scores of `SECTION_SCORES` added.

    :param ceiling: the ceiling's rows; none where there is none.
    :param curves: of the section's pictures; None where they are not known.
    :param subjects: who saw the section's pictures; None where that is not known.
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
            "noticing": _noticing(row, subjects),
            **compared.get(row.predictor, dict.fromkeys(_COMPARED)),
        }
        mae, noise = row.scores["mae"], beside["truth_noise"]
        if mae is not None and noise is not None:
            beside |= {"truth_noise_low": float(mae) - noise, "truth_noise_high": float(mae) + noise}
        scored.append(replace(row, scores={**row.scores, **beside}))
    return scored


_COMPARED = (
    *("best_group", "p_best", "mean_rank", "truth_noise"),
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
        if comparison.truth_noise is not None:
            scores[name]["truth_noise"] = float(comparison.truth_noise[place, place])
        if family is not None and place != family.other:
            scores[name] |= {
                "against_constant": float(family.difference[place]),
                "against_constant_low": float(family.low[place]),
                "against_constant_high": float(family.high[place]),
                "p_constant": float(family.p[place]),
            }
    return scores


def _noticing(row: Row, subjects: Observed | None) -> float | None:
    known = row.run.predictions.dropna(subset=["predicted_level"])
    if subjects is None or known.empty:
        return None
    levels = known["predicted_level"].to_numpy(float)
    return float(subjects.noticing(known["picture"].tolist(), levels).mean())


def _way(mae: float | int | None, control: Row | None, oracle: CeilingRow | None) -> float | None:
    """How much of the way from the constant's MAE to the ceiling's: 0 at the one, 1 at the other."""
    if mae is None or control is None or oracle is None:
        return None
    start, end = float(control.scores["mae"] or 0), float(oracle.scores["mae"] or 0)
    return (start - float(mae)) / (start - end) if start > end else None
