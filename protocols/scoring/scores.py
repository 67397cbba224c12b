"""Scores of a run, from its stored predictions alone.

A score is one record: a name, what it means, and a function of the pooled out-of-fold predictions. Failed pictures
are left out of the errors and counted beside them; what is undefined is None, never 0.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Compute = Callable[["pd.DataFrame"], "float | None"]
BOOTSTRAP_DRAWS = 2000


@dataclass(frozen=True)
class Score:
    """One column of the leaderboard.

    :param name: the column.
    :param meaning: for people, with its unit.
    :param compute: from the predictions that did not fail, at least one; None where undefined.
    :param needs_truth: whether the run's truth enters; SUR curves are the same under every truth.
    """

    name: str
    meaning: str
    compute: Compute
    needs_truth: bool = True


def _error(frame: pd.DataFrame) -> np.ndarray:
    return (frame["predicted_level"] - frame["true_level"]).to_numpy(dtype=float)


def _psnr_error(frame: pd.DataFrame) -> np.ndarray:
    return (frame["predicted_psnr_db"] - frame["true_psnr_db"]).to_numpy(dtype=float)


def _within(levels: float) -> Compute:
    return lambda frame: float(np.mean(np.abs(_error(frame)) <= levels))


def _mean_or_none(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None


def _correlation(kind: str, first: str, second: str) -> Compute:
    def compute(frame: pd.DataFrame) -> float | None:
        x, y = (frame[name].to_numpy(dtype=float) for name in (first, second))
        known = np.isfinite(x) & np.isfinite(y)
        x, y, folds = x[known], y[known], frame["fold"].to_numpy()[known]
        # A prediction that varies between folds alone says nothing of a picture.
        if len(x) < 3 or not varies_within(y, folds) or (x == x[0]).all():
            return None
        return _CORRELATIONS[kind](x, y)

    return compute


def varies_within(values: np.ndarray, folds: np.ndarray) -> bool:
    """Whether values differ within any fold; both of shape (pictures,)."""
    order = np.argsort(folds, kind="stable")
    steps = np.diff(values[order]) != 0
    return bool((steps & (folds[order][1:] == folds[order][:-1])).any())


def _pearson(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def _spearman(x: np.ndarray, y: np.ndarray) -> float:
    from scipy.stats import rankdata

    return _pearson(rankdata(x), rankdata(y))


def _kendall(x: np.ndarray, y: np.ndarray) -> float:
    from scipy.stats import kendalltau

    return float(kendalltau(x, y).statistic)


_CORRELATIONS = {"pearson": _pearson, "spearman": _spearman, "kendall": _kendall}


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
    return None if curves is None else _mean_or_none(_distances(*curves))


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    overlap = np.sqrt(_cells(first) * _cells(second)).sum(axis=1)
    return -np.log(np.clip(overlap, 1e-300, 1.0))


def _cells(curves: np.ndarray) -> np.ndarray:
    """`datasets.core.sur.jnd_probabilities` of many curves at once, shape (pictures, levels + 1)."""
    steps = np.maximum(np.diff(curves, axis=1, prepend=0.0, append=1.0), 0.0)
    return steps / steps.sum(axis=1, keepdims=True)


def bhattacharyya(first_sur: np.ndarray, second_sur: np.ndarray) -> float:
    """Bhattacharyya distance of the JND distributions that two SUR curves imply; 0 where they agree."""
    return float(_distances(*(np.asarray(curve, dtype=float)[None] for curve in (first_sur, second_sur)))[0])


def _bytes_saved(frame: pd.DataFrame) -> float | None:
    return _mean_or_none(1 - (frame["predicted_bytes"] / frame["best_bytes"]).to_numpy(dtype=float))


SCORES = (
    Score("mae", "mean absolute error in levels", lambda f: float(np.mean(np.abs(_error(f))))),
    Score("rmse", "root mean squared error in levels", lambda f: float(np.sqrt(np.mean(_error(f) ** 2)))),
    Score("bias", "mean of predicted minus true level", lambda f: float(np.mean(_error(f)))),
    Score("within_3", "share of pictures within 3 levels", _within(3)),
    Score("within_5", "share of pictures within 5 levels", _within(5)),
    Score("within_10", "share of pictures within 10 levels", _within(10)),
    Score("plcc", "Pearson correlation of the levels", _correlation("pearson", "true_level", "predicted_level")),
    Score("srcc", "Spearman correlation of the levels", _correlation("spearman", "true_level", "predicted_level")),
    Score("krcc", "Kendall correlation of the levels", _correlation("kendall", "true_level", "predicted_level")),
    Score(
        "psnr_mae_db",
        "mean |PSNR at the predicted minus at the true level| in dB",
        lambda f: _mean_or_none(np.abs(_psnr_error(f))),
    ),
    Score(
        "psnr_plcc",
        "Pearson correlation of the PSNRs at those levels (content alone earns a constant a high one)",
        _correlation("pearson", "true_psnr_db", "predicted_psnr_db"),
    ),
    Score(
        "psnr_srcc",
        "Spearman correlation of the PSNRs at those levels",
        _correlation("spearman", "true_psnr_db", "predicted_psnr_db"),
    ),
    Score("sur_mae", "mean |predicted minus true SUR| over levels", _sur_mae, needs_truth=False),
    Score("bhattacharyya", "Bhattacharyya distance of the JND distributions", _bhattacharyya, needs_truth=False),
    Score("bytes_saved", "share of the best level's bytes saved at the predicted level", _bytes_saved),
    Score("overshoot", "share predicted above the true level", lambda f: float(np.mean(_error(f) > 0))),
    Score("undershoot", "share predicted below the true level", lambda f: float(np.mean(_error(f) < 0))),
    Score("clipped", "share cut off at an end of the range", lambda f: float(np.mean(f["clipped"].astype(bool)))),
    Score(
        "ms_per_picture",
        "measuring and predicting one picture, in milliseconds",
        lambda f: _mean_or_none(f["ms"].to_numpy(dtype=float)),
    ),
)


def score(predictions: pd.DataFrame) -> dict[str, float | int | None]:
    """All scores of a run.

    :param predictions: columns as `protocols.store.store.COLUMNS`.
    :returns: `n` (all pictures), `failed`, `mae_low`, `mae_high` (95 % bootstrap interval over sources), and every
        score by name.
    """
    good = predictions[predictions["predicted_level"].notna()]
    found: dict[str, float | int | None] = {"n": len(predictions), "failed": len(predictions) - len(good)}
    found.update({record.name: record.compute(good) if len(good) else None for record in SCORES})
    low, high = mae_interval(good) if len(good) else (None, None)
    return {**found, "mae_low": low, "mae_high": high}


@functools.lru_cache(maxsize=4)
def _draws(sources: tuple[str, ...]) -> np.ndarray:
    """How often each source is drawn in each resample, shape (draws, sources)."""
    digest = hashlib.sha256("\n".join(sources).encode()).digest()
    generator = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    return generator.multinomial(len(sources), np.full(len(sources), 1 / len(sources)), size=BOOTSTRAP_DRAWS).astype(
        float
    )


def mae_interval(predictions: pd.DataFrame, *, share: float = 0.95) -> tuple[float | None, float | None]:
    """Percentile bootstrap interval of the MAE, resampling sources.

    The draws depend on the sources alone, so that methods are compared on the same ones.

    :returns: low and high in levels; None where there are fewer than two sources.
    """
    return source_interval(np.abs(_error(predictions)), predictions["source"].to_numpy(dtype=str), share=share)


def source_interval(
    errors: np.ndarray, sources: Sequence[str] | np.ndarray, *, share: float = 0.95
) -> tuple[float | None, float | None]:
    """Percentile bootstrap interval of a mean over pictures, resampling sources.

    :param errors: of each picture, shape (pictures,).
    :param sources: of each picture.
    :returns: low and high in the errors' unit; None where there are fewer than two sources.
    """
    names, place = np.unique(np.asarray(sources, dtype=str), return_inverse=True)
    if len(names) < 2:
        return None, None
    draws = _draws(tuple(names.tolist()))
    means = (draws @ np.bincount(place, weights=errors)) / (draws @ np.bincount(place).astype(float))
    low, high = np.quantile(means, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)
