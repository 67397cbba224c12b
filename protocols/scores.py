"""Scores of a run, from its stored predictions alone.

A score is one record: a name, what it means, and a function of the pooled out-of-fold predictions. Failed pictures
are left out of the errors and counted beside them; what is undefined is None, never 0.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from datasets.sur import jnd_probabilities

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
        known = frame[[first, second, "fold"]].dropna()
        # A prediction that varies between folds alone says nothing of a picture.
        varies = (known.groupby("fold")[second].nunique() > 1).any() if len(known) > 2 else False
        if not varies or known[first].nunique() < 2:
            return None
        return _CORRELATIONS[kind](known[first].to_numpy(float), known[second].to_numpy(float))

    return compute


def _pearson(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def _spearman(x: np.ndarray, y: np.ndarray) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(x, y).statistic)


def _kendall(x: np.ndarray, y: np.ndarray) -> float:
    from scipy.stats import kendalltau

    return float(kendalltau(x, y).statistic)


_CORRELATIONS = {"pearson": _pearson, "spearman": _spearman, "kendall": _kendall}


def _curves(frame: pd.DataFrame) -> list[tuple[np.ndarray, np.ndarray]]:
    pairs = zip(frame["true_sur"], frame["sur"], strict=True)
    return [(np.asarray(t, float), np.asarray(p, float)) for t, p in pairs if t is not None and p is not None]


def _sur_mae(frame: pd.DataFrame) -> float | None:
    return _mean_or_none(np.array([np.mean(np.abs(true - given)) for true, given in _curves(frame)]))


def _bhattacharyya(frame: pd.DataFrame) -> float | None:
    return _mean_or_none(np.array([bhattacharyya(true, given) for true, given in _curves(frame)]))


def bhattacharyya(first_sur: np.ndarray, second_sur: np.ndarray) -> float:
    """Bhattacharyya distance of the JND distributions that two SUR curves imply; 0 where they agree."""
    overlap = np.sum(np.sqrt(jnd_probabilities(first_sur) * jnd_probabilities(second_sur)))
    return float(-np.log(np.clip(overlap, 1e-300, 1.0)))


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

    :param predictions: columns as `protocols.store.COLUMNS`.
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
    return generator.multinomial(len(sources), np.full(len(sources), 1 / len(sources)), size=BOOTSTRAP_DRAWS)


def mae_interval(predictions: pd.DataFrame, *, share: float = 0.95) -> tuple[float | None, float | None]:
    """Percentile bootstrap interval of the MAE, resampling sources.

    The draws depend on the sources alone, so that methods are compared on the same ones.

    :returns: low and high in levels; None where there are fewer than two sources.
    """
    errors = predictions.assign(absolute=np.abs(_error(predictions))).groupby("source")["absolute"]
    totals, counts = errors.sum(), errors.count()
    if len(totals) < 2:
        return None, None
    draws = _draws(tuple(map(str, totals.index)))
    means = (draws @ totals.to_numpy()) / (draws @ counts.to_numpy())
    low, high = np.quantile(means, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)
