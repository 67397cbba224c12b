"""Scores of a run, from its stored predictions alone.

A score is one record: a name, what it means, and a function of the pooled out-of-fold predictions. Failed pictures
are left out of the errors and counted beside them; what is undefined is None, never 0.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from datasets.core.gev import jnd_probabilities
from protocols.scoring.bootstrap import mean_interval
from protocols.scoring.correlations import CORRELATIONS, varies_within
from protocols.scoring.record import Compute, Score

if TYPE_CHECKING:
    import pandas as pd


def _error(frame: pd.DataFrame) -> np.ndarray:
    return (frame["predicted_level"] - frame["true_level"]).to_numpy(dtype=float)


def _within(levels: float) -> Compute:
    return lambda frame: float(np.mean(np.abs(_error(frame)) <= levels))


def _mean_or_none(values: np.ndarray | pd.Series) -> float | None:
    numbers = np.asarray(values, dtype=float)
    known = numbers[np.isfinite(numbers)]
    return float(known.mean()) if known.size else None


def _correlation(kind: str, first: str, second: str) -> Compute:
    def compute(frame: pd.DataFrame) -> float | None:
        x, y = (frame[name].to_numpy(dtype=float) for name in (first, second))
        known = np.isfinite(x) & np.isfinite(y)
        x, y, folds = x[known], y[known], frame["fold"].to_numpy()[known]
        # A prediction that varies between folds alone says nothing of a picture.
        if len(x) < 3 or not varies_within(y, folds) or (x == x[0]).all():
            return None
        return CORRELATIONS[kind](x, y)

    return compute


def _curves(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray] | None:
    """True and predicted SUR curves of the pictures that have both, each of shape (pictures, levels)."""
    pairs = [(t, p) for t, p in zip(frame["true_sur"], frame["sur"], strict=True) if t is not None and p is not None]
    if not pairs:
        return None
    true, given = (np.stack(curves).astype(float) for curves in zip(*pairs, strict=True))
    return true, given


def _sur_mae(frame: pd.DataFrame) -> float | None:
    curves = _curves(frame)
    return None if curves is None else _mean_or_none(np.abs(curves[0] - curves[1]).mean(axis=1))


def _bhattacharyya(frame: pd.DataFrame) -> float | None:
    curves = _curves(frame)
    return None if curves is None else _mean_or_none(bhattacharyya(*curves))


def bhattacharyya(first_sur: np.ndarray, second_sur: np.ndarray) -> np.ndarray:
    """Bhattacharyya distances of the JND distributions that SUR curves imply; 0 where they agree.

    :param first_sur: shape (..., levels), as `second_sur`.
    :returns: shape (...).
    """
    overlap = np.sqrt(jnd_probabilities(first_sur) * jnd_probabilities(second_sur)).sum(axis=-1)
    return -np.log(np.clip(overlap, 1e-300, 1.0))


_LEVELS, _CORRELATION, _PSNR, _SUR = ("level error", "level correlation", "PSNR at the JND", "SUR curve")
USE = "use"

_level_error = functools.partial(Score, unit="levels", group=_LEVELS, digits=2)
_share = functools.partial(Score, unit="%", group=_LEVELS)
_share_within = functools.partial(_share, highest_is_best=True)
_level_correlation = functools.partial(Score, group=_CORRELATION, digits=3, highest_is_best=True)
_of_levels = functools.partial(_correlation, first="true_level", second="predicted_level")
_psnr_correlation = functools.partial(Score, group=_PSNR, digits=3, highest_is_best=True)
_of_psnrs = functools.partial(_correlation, first="true_psnr_db", second="predicted_psnr_db")
_sur_distance = functools.partial(Score, group=_SUR, digits=3, needs_truth=False)

SCORES: list[Score] = [
    _level_error(
        "mae",
        "mean absolute error in levels",
        heading="MAE",
        brief="MAE {unit}",
        is_main=True,
        compute=lambda f: float(np.mean(np.abs(_error(f)))),
    ),
    _level_error(
        "rmse",
        "root mean squared error in levels",
        heading="RMSE",
        compute=lambda f: float(np.sqrt(np.mean(_error(f) ** 2))),
    ),
    _level_error(
        "bias",
        "mean of predicted minus true level",
        heading="bias",
        zero_is_best=True,
        brief="bias",
        compute=lambda f: float(np.mean(_error(f))),
    ),
    _share_within(
        "within_3", "share of pictures within 3 levels", heading="within 3 {unit}", compute=_within(3), in_print=False
    ),
    _share_within(
        "within_5",
        "share of pictures within 5 levels",
        heading="within 5 {unit}",
        compute=_within(5),
        brief="within 5, %",
    ),
    _share_within(
        "within_10",
        "share of pictures within 10 levels",
        heading="within 10 {unit}",
        compute=_within(10),
        in_print=False,
    ),
    _share(
        "overshoot",
        "share predicted above the true level",
        heading="above the truth",
        compute=lambda f: float(np.mean(_error(f) > 0)),
    ),
    _share(
        "undershoot",
        "share predicted below the true level",
        heading="below the truth",
        compute=lambda f: float(np.mean(_error(f) < 0)),
    ),
    _share(
        "clipped",
        "share cut off at an end of the range",
        heading="clipped",
        compute=lambda f: float(np.mean(f["clipped"].astype(bool))),
    ),
    _level_correlation("plcc", "Pearson correlation of the levels", heading="PLCC", compute=_of_levels("pearson")),
    _level_correlation(
        "srcc", "Spearman correlation of the levels", heading="SRCC", brief="SRCC", compute=_of_levels("spearman")
    ),
    _level_correlation(
        "krcc", "Kendall correlation of the levels", heading="KRCC", compute=_of_levels("kendall"), in_print=False
    ),
    Score(
        "psnr_mae_db",
        "mean |PSNR at the predicted minus at the true level| in dB",
        heading="PSNR MAE",
        unit="dB",
        group=_PSNR,
        digits=2,
        compute=lambda f: _mean_or_none(np.abs(f["predicted_psnr_db"] - f["true_psnr_db"])),
    ),
    _psnr_correlation(
        "psnr_plcc",
        "Pearson correlation of the PSNRs at those levels (content alone earns a constant a high one)",
        heading="PSNR PLCC (constant's)",
        beside="psnr_plcc_control",
        compute=_of_psnrs("pearson"),
    ),
    _psnr_correlation(
        "psnr_srcc",
        "Spearman correlation of the PSNRs at those levels",
        heading="PSNR SRCC (constant's)",
        beside="psnr_srcc_control",
        in_print=False,
        compute=_of_psnrs("spearman"),
    ),
    _sur_distance(
        "sur_mae", "mean |predicted minus true SUR| over levels", heading="SUR MAE", brief="SUR MAE", compute=_sur_mae
    ),
    _sur_distance(
        "bhattacharyya",
        "Bhattacharyya distance of the JND distributions",
        heading="Bhattach. distance",
        compute=_bhattacharyya,
    ),
    Score(
        "bytes_saved",
        "share of the best level's bytes saved at the predicted level",
        heading="bytes saved",
        unit="%",
        highest_is_best=True,
        group=USE,
        compute=lambda f: _mean_or_none(1 - f["predicted_bytes"] / f["best_bytes"]),
    ),
    Score(
        "ms_per_picture",
        "measuring and predicting one picture, in milliseconds",
        heading="ms per picture",
        unit="ms",
        group=USE,
        digits=1,
        brief="ms",
        is_time=True,
        compute=lambda f: _mean_or_none(f["ms"]),
    ),
]
"""Every score of a run, in the order of the tables. Tables, pages and files show what stands here: to add a score,
append its record."""


def score(predictions: pd.DataFrame) -> dict[str, float | int | None]:
    """All scores of a run.

    :param predictions: columns as `protocols.store.store.COLUMNS`.
    :returns: `n` (all pictures), `failed`, `mae_low`, `mae_high` (95 % bootstrap interval over sources), and every
        score by name.
    """
    good = predictions[predictions["predicted_level"].notna()]
    scores: dict[str, float | int | None] = {"n": len(predictions), "failed": len(predictions) - len(good)}
    for record in SCORES:
        scores[record.name] = record.compute(good) if record.compute and len(good) else None
    scores["mae_low"], scores["mae_high"] = mae_interval(good) if len(good) else (None, None)
    return scores


def mae_interval(predictions: pd.DataFrame) -> tuple[float | None, float | None]:
    """95 % bootstrap interval of the MAE over sources, in levels; None where there are fewer than two sources.

    :param predictions: those that did not fail.
    """
    return mean_interval(np.abs(_error(predictions)), predictions["source"].to_numpy(dtype=str))
