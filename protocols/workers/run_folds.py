"""One job over its folds: fit on the others, predict the pictures of each, one row a picture."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np

from baselines.interface.measurements import Measurement
from baselines.interface.predictor import JNDPredictor, Prediction
from baselines.interface.threshold import LogNormalObserver
from datasets.common.errors import UserError
from datasets.core.gev import sur_curve
from datasets.core.imaging import psnr_db
from datasets.core.picture import Picture
from protocols.plan import Job
from protocols.store.store import COLUMNS
from protocols.workers.measure import ANY_FAILURE, Visit, error_text
from protocols.workers.task import Monitor

if TYPE_CHECKING:
    import pandas as pd


Row = dict[str, Any]
"""By column, see `protocols.store.store.COLUMNS`."""


@final
@dataclass(frozen=True)
class FoldResult:
    """What some folds of a job gave.

    :param rows: by picture name: out-of-fold predictions, or why there is none.
    :param fitted: by fold the numbers that `fit` learned, see `fitted_numbers`.
    :param seconds: that all of it took.
    """

    rows: dict[str, Row]
    fitted: dict[int, dict[str, float]]
    seconds: float


@final
@dataclass(frozen=True)
class FoldTask:
    """Some folds of a job, to be run in this process or another.

    :param measured: what the predictor measured, by picture name.
    :param failures: why some of the work is not tried, by a picture's name, the fit of a fold, or empty for all.
    """

    job: Job
    folds: Sequence[int]
    measured: Mapping[str, Measurement]
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_heavy(self) -> bool:
        """Whether fitting one fold takes so long that folds are best run side by side."""
        return self.job.entry.kind == "learned" or self.job.entry.cost != "light"

    @property
    def predictor(self) -> str:
        """A name of the job's predictor that is the same for all folds."""
        return f"{self.job.entry.name} under {self.job.identity.asked}"

    def without(self, predictor: str, work: str, reason: str) -> FoldTask:
        """The same folds without some of the work, whose rows have the reason as their error."""
        if predictor != self.predictor:
            return self
        return dataclasses.replace(self, failures={**self.failures, work: reason})

    def run(self, monitor: Monitor) -> FoldResult:
        """Fit and predict each fold."""
        start = time.perf_counter()
        experiment = self.job.experiment
        key = self.job.make().measured_as
        for picture in experiment.all_pictures:
            measurement = self.measured[picture.name]
            if not measurement.error:
                picture.measurements[key] = measurement.values
        truths = {picture.name: self.job.truth.level(picture) for picture in experiment.all_pictures}
        rows: dict[str, Row] = {}
        fitted: dict[int, dict[str, float]] = {}
        fits_once = experiment.protocol.fits_once(self.job)
        for folds in [self.folds] if fits_once else [[fold] for fold in self.folds]:
            tested = [p for p in experiment.pictures if experiment.folds.fold_of[p.source] in folds]
            if tested:
                work = _Fold(self, folds[0], tested, truths, monitor)
                rows.update(work.rows())
                fitted.update(dict.fromkeys(folds, work.fitted))
        return FoldResult(rows, fitted, time.perf_counter() - start)


def fold_tasks(job: Job, visits: Mapping[str, Visit]) -> list[FoldTask]:
    """A job's work: one task a fold where fitting takes long, else one task for all folds."""
    key = job.make().measured_as
    measured = {name: visit.measured.get(key, Measurement()) for name, visit in visits.items()}
    whole = FoldTask(job, job.experiment.folds.numbers, measured)
    if not whole.is_heavy or job.experiment.protocol.fits_once(job):
        return [whole]
    return [dataclasses.replace(whole, folds=[number]) for number in whole.folds]


def fitted_numbers(predictor: JNDPredictor) -> dict[str, float]:
    """The single numbers that a fitted predictor has learned, by name: a threshold, a slope. Networks have none.

    What `fit` learns stands under names that end in an underscore; a parameter that is given was not learned. Of
    the observer that is fitted to subjects, its own two numbers count.
    """
    given = {f"{name}_" for name, value in predictor.get_params().items() if value is not None}
    own = (name for name in vars(predictor) if name.endswith("_") and not name.startswith("_") and name not in given)
    learned = {name.rstrip("_"): getattr(predictor, name) for name in own}
    observer = learned.pop("observer", None)
    if isinstance(observer, LogNormalObserver):
        learned |= vars(observer)
    numbers = {name: float(value) for name, value in learned.items() if isinstance(value, int | float)}
    return {name: value for name, value in numbers.items() if math.isfinite(value)}


def predictions_of(job: Job, rows: Mapping[str, Row]) -> pd.DataFrame:
    """A job's rows as a table: columns as `protocols.store.store.COLUMNS`, pictures in the experiment's order."""
    import pandas as pd

    return pd.DataFrame([rows[picture.name] for picture in job.experiment.pictures], columns=list(COLUMNS))


@final
class _Fold:
    def __init__(
        self, task: FoldTask, fold: int, tested: Sequence[Picture], truths: Mapping[str, float], monitor: Monitor
    ) -> None:
        self._task, self._job, self._fold, self._tested = task, task.job, fold, tested
        self._truths, self._monitor = truths, monitor
        self.fitted: dict[str, float] = {}

    def rows(self) -> dict[str, Row]:
        fold_of = self._job.experiment.folds.fold_of
        rows = {p.name: empty_row(p, fold_of[p.source], self._truths[p.name]) for p in self._tested}
        held_out = {picture.name for picture in self._tested}
        measured = self._task.measured
        others = [picture for picture in self._job.experiment.all_pictures if picture.name not in held_out]
        training = [picture for picture in others if not measured[picture.name].error]
        training = list(self._job.experiment.protocol.trained_on(self._job, training))
        try:
            predictor = self._fit(training)
        except ANY_FAILURE as error:  # recorded in every row of the fold, where the user sees it
            unmeasured = next((measured[p.name].error for p in others if measured[p.name].error), "")
            if training or not unmeasured:
                reason = f"fit failed on {len(training)} training pictures: {error_text(error)}"
            else:
                reason = f"nothing to fit on, since no training picture could be measured: {unmeasured}"
            return {name: {**row, "error": measured[name].error or reason} for name, row in rows.items()}
        self.fitted = fitted_numbers(predictor)
        for picture in self._tested:
            measurement = measured[picture.name]
            reason = measurement.error or self._task.failures.get(picture.name, "")
            rows[picture.name].update(
                {"error": reason} if reason else self._predict(predictor, picture, measurement.ms)
            )
        return rows

    def _fit(self, training: Sequence[Picture]) -> JNDPredictor:
        work, protocol = f"the fit of fold {self._fold}", self._job.experiment.protocol
        if reason := self._task.failures.get(work) or self._task.failures.get(""):
            raise UserError(reason)
        levels = np.array([self._truths[picture.name] for picture in training])
        with self._monitor.during(self._task.predictor, work):
            predictor = self._job.make().fit(training, levels, seed=protocol.seed(self._job, self._fold))
        for picture in training:
            _forget_pixels(picture)
        return predictor

    def _predict(self, predictor: JNDPredictor, picture: Picture, measure_ms: float) -> Row:
        asked = picture.without_samples()
        start = time.perf_counter()
        try:
            with self._monitor.during(self._task.predictor, picture.name):
                prediction = Prediction.of(predictor.predict(asked))
                ms = measure_ms + (time.perf_counter() - start) * 1000 + prediction.reused_ms
                level = checked_level(prediction.level, picture)
                sur = checked_sur(prediction.sur, picture)
        except ANY_FAILURE as error:  # one picture fails alone, as a row with its reason
            return {"error": error_text(error, f"predicting {picture.name}")}
        finally:
            _forget_pixels(picture)
        there = at_level(picture, level)
        return {
            "predicted_level": level,
            "predicted_psnr_db": there["psnr_db"],
            "predicted_bytes": there["bytes"],
            "clipped": bool(prediction.clipped),
            "ms": ms,
            "sur": None if sur is None else sur.tolist(),
        }


def _forget_pixels(picture: Picture) -> None:
    if picture.has_pixels:
        picture.ladder.forget_pixels()


def empty_row(picture: Picture, fold: int, true_level: float) -> Row:
    """A picture's row before it is predicted: what is known of its truth, in the columns of `protocols.store.store`."""
    at_truth = at_level(picture, true_level)
    best = at_level(picture, float(picture.codec.best_level))
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


def at_level(picture: Picture, level: float) -> dict[str, float]:
    """PSNR and size at a level between two, interpolated in squared error and in bytes; NaN where not known."""
    summary = picture.ladder.known_summary if picture.has_pixels else None
    if summary is None:
        return {"psnr_db": np.nan, "bytes": np.nan}
    position = picture.codec.position(level)
    index = np.arange(len(summary.mse))
    return {
        "psnr_db": float(psnr_db(np.interp(position, index, summary.mse))),
        "bytes": float(np.interp(position, index, summary.size_bytes)),
    }


def checked_level(level: object, picture: Picture) -> float:
    """A predicted level as a number.

    :raises ValueError: where it is none, or outside the codec's range.
    """
    codec = picture.codec
    value = float(level)  # type: ignore[arg-type]
    if not codec.lowest <= value <= codec.highest:
        raise ValueError(f"predicted {codec.unit} {value:g}, outside {codec.lowest}..{codec.highest}")
    return value


def checked_sur(sur: np.ndarray | None, picture: Picture) -> np.ndarray | None:
    """A predicted curve, shape (levels,).

    :raises ValueError: where it is no rising share of people for every level.
    """
    if sur is None:
        return None
    curve = np.asarray(sur, dtype=float)
    if curve.shape != picture.codec.levels.shape or not ((curve >= 0) & (curve <= 1)).all():
        raise ValueError(f"predicted a SUR curve of shape {curve.shape} that is not one share in [0, 1] a level")
    if (np.diff(curve) < -1e-9).any():
        raise ValueError("predicted a SUR curve that falls from a worse to a better level")
    return curve
