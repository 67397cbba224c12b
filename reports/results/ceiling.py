"""The ceiling as rows of a table: the scores of `protocols.scoring.ceiling`, and why there may be none."""

from __future__ import annotations

import numpy as np
import pandas as pd

from datasets.codecs import codecs
from protocols.scoring.bootstrap import mean_interval
from protocols.scoring.ceiling import ESTIMATES, FEWEST_SUBJECTS, MEANINGS, Ceiling, ceilings, has_ceiling
from protocols.scoring.correlations import CORRELATIONS
from protocols.scoring.scores import SCORES
from protocols.store.record import DatasetRecord
from reports.results.level_curves import PsnrCurves
from reports.results.row import CeilingRow

_MOST_CORRELATED = 50
"""Draws whose correlations are averaged: they hardly differ."""


def ceiling_rows(
    truth: str, pictures: pd.DataFrame | None, curves: PsnrCurves | None, dataset: DatasetRecord
) -> tuple[CeilingRow, ...]:
    """The ceiling's rows, most informed first; empty where there are none.

    :param pictures: what is known of the section's pictures, sorted by name.
    """
    codec = codecs().get(dataset.codec)
    if pictures is None or codec is None:
        return ()
    names, samples = pictures["picture"].astype(str).tolist(), list(pictures["samples"])
    sources = pictures["source"].astype(str).tolist()
    return tuple(
        CeilingRow(
            ceiling.name,
            MEANINGS[ceiling.name],
            _scores(ceiling, sources, curves),
            who="simulated" if dataset.is_simulated else "people",
        )
        for ceiling in ceilings(truth, names, samples, codec)
    )


def why_no_ceiling(truth: str, pictures: pd.DataFrame | None) -> str:
    """A sentence for people; empty where nothing stands in the way."""
    if truth not in ESTIMATES:
        return (
            f"No ceiling: the truth '{truth}' is tabulated by the data set and not computed from the observers' "
            "samples, so no half of the observers has one."
        )
    if pictures is None:
        return (
            "No ceiling and no partial correlations: these runs were stored without their observers' samples. "
            "Run the protocol again with --rerun always."
        )
    if not has_ceiling(truth, list(pictures["samples"])):
        return f"No ceiling: some pictures have fewer than {FEWEST_SUBJECTS} observers."
    return ""


def _scores(ceiling: Ceiling, sources: list[str], curves: PsnrCurves | None) -> dict[str, float | int | None]:
    """As `protocols.scoring.scores.score` gives them, each the mean over the random draws; None without a meaning."""
    errors = ceiling.errors
    sizes, few = np.abs(errors), slice(0, _MOST_CORRELATED)
    scores: dict[str, float | int | None] = {record.name: None for record in SCORES}
    scores |= {
        "n": errors.shape[1],
        "failed": 0,
        "mae": float(sizes.mean()),
        "rmse": float(np.sqrt((errors**2).mean(axis=1)).mean()),
        "bias": float(errors.mean()),
        **{f"within_{levels}": float((sizes <= levels).mean()) for levels in (3, 5, 10)},
        "plcc": _mean_correlation("pearson", ceiling.predicted[few], ceiling.true[few]),
        "srcc": _mean_correlation("spearman", ceiling.predicted[few], ceiling.true[few]),
        "overshoot": float((errors > 0).mean()),
        "undershoot": float((errors < 0).mean()),
    }
    if curves is not None:
        predicted, true = (curves.at(levels[few]) for levels in (ceiling.predicted, ceiling.true))
        scores["psnr_mae_db"] = float(np.abs(predicted - true).mean())
        scores["psnr_plcc"] = _mean_correlation("pearson", predicted, true)
        scores["psnr_srcc"] = _mean_correlation("spearman", predicted, true)
    scores["mae_low"], scores["mae_high"] = mean_interval(sizes.mean(axis=0), sources)
    return scores


def _mean_correlation(kind: str, predicted: np.ndarray, true: np.ndarray) -> float | None:
    """Over pictures, averaged over draws, of arrays of shape (draws, pictures)."""
    if predicted.shape[1] < 3 or min(np.ptp(predicted, axis=1).min(), np.ptp(true, axis=1).min()) < 1e-9:
        return None
    return float(np.mean([CORRELATIONS[kind](*levels) for levels in zip(predicted, true, strict=True)]))
