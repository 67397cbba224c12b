"""One job over its folds: fit on the others, predict the pictures of each, one row a picture."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from baselines.predictor import JNDPredictor
from datasets.cache import spent_before_ms
from datasets.imaging import psnr_db
from datasets.picture import Picture
from datasets.sur import sur_curve
from protocols.job import Job
from protocols.keys import seed_of
from protocols.measure import Measured, Visit, error_text
from protocols.store import COLUMNS

if TYPE_CHECKING:
    import pandas as pd


def cross_validate(job: Job, visits: Mapping[str, Visit]) -> pd.DataFrame:
    """Out-of-fold predictions of a job.

    :param visits: what was measured, by picture name, already applied to the pictures.
    :returns: columns as `protocols.store.COLUMNS`, pictures in the task's order; a picture that failed has a row
        with its error.
    """
    import pandas as pd

    truths = {picture.name: job.truth.level(picture) for picture in job.task.pictures}
    rows: dict[str, dict[str, Any]] = {}
    for fold in job.task.folds.numbers:
        tested = [p for p in job.task.pictures if job.task.folds.fold_of[p.source] == fold]
        if tested:
            rows.update(_run_fold(job, fold, tested, truths, visits))
    ordered = [rows[picture.name] for picture in job.task.pictures]
    return pd.DataFrame(ordered, columns=list(COLUMNS))


def _run_fold(
    job: Job, fold: int, tested: Sequence[Picture], truths: Mapping[str, float], visits: Mapping[str, Visit]
) -> dict[str, dict[str, Any]]:
    key = job.make().measurement_key()
    measured = {name: visit.measured.get(key, Measured(None, 0.0)) for name, visit in visits.items()}
    rows = {p.name: _empty_row(job, p, fold, truths[p.name]) for p in tested}
    held_out = {picture.name for picture in tested}
    training = [p for p in job.task.pictures if p.name not in held_out and not measured[p.name].error]
    try:
        predictor = _fit(job, fold, training, truths)
    except Exception as error:  # recorded in every row of the fold, where the user sees it
        reason = f"fit failed on {len(training)} training pictures: {error_text(error)}"
        return {name: {**row, "error": reason} for name, row in rows.items()}
    for picture in tested:
        found = measured[picture.name]
        if found.error:
            rows[picture.name]["error"] = found.error
        else:
            rows[picture.name].update(_predict(predictor, picture, found.ms))
    return rows


def _fit(job: Job, fold: int, training: Sequence[Picture], truths: Mapping[str, float]) -> JNDPredictor:
    identity = job.identity
    seed = seed_of(
        seed=job.task.seed,
        dataset=identity.dataset,
        folds=identity.folds,
        fold=fold,
        truth=identity.truth,
        jnd=identity.jnd,
        predictor=identity.predictor,
    )
    levels = np.array([truths[picture.name] for picture in training])
    predictor = job.make().fit(training, levels, seed=seed)
    for picture in training:
        _forget_pixels(picture)
    return predictor


def _predict(predictor: JNDPredictor, picture: Picture, measure_ms: float) -> dict[str, Any]:
    asked = picture.without_samples()
    start, spared = time.perf_counter(), spent_before_ms()
    try:
        level = _checked_level(predictor.predict(asked), picture)
        ms = measure_ms + (time.perf_counter() - start) * 1000 + spent_before_ms() - spared
        sur = _checked_sur(predictor.predict_sur(asked), picture)
        clipped = bool(predictor.was_clipped(asked))
    except Exception as error:  # one picture fails alone, as a row with its reason
        return {"error": error_text(error)}
    finally:
        _forget_pixels(picture)
    at_level = _at_level(picture, level)
    return {
        "predicted_level": level,
        "predicted_psnr_db": at_level["psnr_db"],
        "predicted_bytes": at_level["bytes"],
        "clipped": clipped,
        "ms": ms,
        "sur": None if sur is None else sur.tolist(),
    }


def _empty_row(job: Job, picture: Picture, fold: int, true_level: float) -> dict[str, Any]:
    at_truth = _at_level(picture, true_level)
    best = _at_level(picture, float(picture.codec.best_level))
    return {
        "picture": picture.name,
        "source": picture.source,
        "codec": picture.codec.name,
        "fold": fold,
        "true_level": true_level,
        "predicted_level": np.nan,
        "true_psnr_db": at_truth["psnr_db"],
        "predicted_psnr_db": np.nan,
        "true_bytes": at_truth["bytes"],
        "predicted_bytes": np.nan,
        "best_bytes": best["bytes"],
        "clipped": False,
        "ms": np.nan,
        "true_sur": sur_curve(picture.samples, picture.codec).tolist() if picture.samples.size else None,
        "sur": None,
        "error": "",
    }


def _at_level(picture: Picture, level: float) -> dict[str, float]:
    """PSNR and size at a level between two, interpolated in squared error and in bytes; NaN where not known."""
    summary = picture.ladder.summary_if_measured() if picture.has_pixels else None
    if summary is None:
        return {"psnr_db": np.nan, "bytes": np.nan}
    position = picture.codec.position(level)
    index = np.arange(len(summary.mse))
    return {
        "psnr_db": float(psnr_db(np.interp(position, index, summary.mse))),
        "bytes": float(np.interp(position, index, summary.size_bytes)),
    }


def _checked_level(level: object, picture: Picture) -> float:
    codec = picture.codec
    value = float(level)  # type: ignore[arg-type]
    if not codec.lowest <= value <= codec.highest:
        raise ValueError(f"predicted {codec.unit} {value:g}, outside {codec.lowest}..{codec.highest}")
    return value


def _checked_sur(sur: np.ndarray | None, picture: Picture) -> np.ndarray | None:
    if sur is None:
        return None
    curve = np.asarray(sur, dtype=float)
    if curve.shape != picture.codec.levels.shape or not ((curve >= 0) & (curve <= 1)).all():
        raise ValueError(f"predicted a SUR curve of shape {curve.shape} that is not one share in [0, 1] a level")
    if (np.diff(curve) < -1e-9).any():
        raise ValueError("predicted a SUR curve that falls from a worse to a better level")
    return curve


def _forget_pixels(picture: Picture) -> None:
    if picture.has_pixels:
        picture.ladder.forget_pixels()
