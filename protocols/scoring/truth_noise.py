"""How far scores move when other people are asked: each picture's truth redrawn from its own subjects.

A truth is an estimate from some n subjects. Redrawn from them it is another, and so is the MAE, though no method has
changed. Who judged several pictures is mostly unknown, so people are redrawn within each picture, pictures
independently. Then the variance of a mean over pictures is the sum of the pictures' own variances, for which few
redraws of each will do, and its interval is that of a normal distribution.

Redraws have n - 1 subjects, so that the variance of a mean is unbiased however few they are (Rao & Wu 1988).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from datasets.common.hashing import seed_of_text
from datasets.core.codec import Codec
from protocols.scoring.bootstrap import ALPHA
from protocols.scoring.ceiling import ESTIMATES, by_count, has_ceiling, splits_of

_MOST_DRAWS = 200


def truth_noise(
    truth: str, names: Sequence[str], samples: Sequence[np.ndarray], codec: Codec, predicted: np.ndarray
) -> np.ndarray | None:
    """How far MAEs and their differences move when the truth is redrawn: half the width of their 95 % intervals.

    Predictions stay as they are; those that failed are left out. The same names and samples give the same.

    :param truth: by name; one that a data set tabulates cannot be redrawn.
    :param names: of the pictures, and `samples` each picture's subjects' JNDs in levels.
    :param predicted: levels, shape (rows, pictures), NaN where a picture failed.
    :returns: levels, shape (rows, rows): of a row's MAE on the diagonal, of the difference of two rows' MAEs beside it;
        None where the truth does not follow from samples, or a picture has too few.
    """
    if not has_ceiling(truth, samples):
        return None
    truths = redrawn_truths(truth, names, samples, codec)
    known = np.isfinite(predicted)
    errors = np.abs(np.where(known, predicted, 0.0)[:, None] - truths)
    centred = np.where(known[:, None], errors - errors.mean(axis=1, keepdims=True), 0.0)
    shares = centred.reshape(len(predicted), -1) / np.maximum(known.sum(axis=1), 1)[:, None]
    covariance = shares @ shares.T / (len(truths) - 1)
    own = np.diag(covariance)
    variance = np.where(np.eye(len(own), dtype=bool), own, own[:, None] + own - 2 * covariance)
    return NormalDist().inv_cdf(1 - ALPHA / 2) * np.sqrt(np.maximum(variance, 0.0))


def redrawn_truths(truth: str, names: Sequence[str], samples: Sequence[np.ndarray], codec: Codec) -> np.ndarray:
    """Each picture's truth by people drawn anew from its own, shape (draws, pictures), in levels.

    :param truth: one of `protocols.scoring.ceiling.ESTIMATES`.
    """
    draws = min(splits_of(truth, len(names)), _MOST_DRAWS)
    generator = np.random.default_rng(seed_of_text("\n".join(["redrawn", truth, *names])))
    truths = np.empty((draws, len(names)))
    for places, rows in by_count(samples):
        pictures, subjects = rows.shape
        drawn = generator.integers(0, subjects, (draws, pictures, subjects - 1))
        people = rows[np.arange(pictures)[:, None], drawn].reshape(-1, subjects - 1)
        truths[:, places] = ESTIMATES[truth](people, codec).reshape(draws, pictures)
    return truths
