"""Raters and pictures taken apart: jnd_ij = picture_i + bias_j + noise_ij, where biases are drawn from a normal.

The noise has a standard deviation of its own for each person, shrunk to that of all. Missing answers are allowed;
random biases are what makes sparse tables work, where each person rated some of the pictures (a person's fixed bias is
uncertain there, and would move the pictures). A satisfied-user-ratio curve is the spread of people, so biases judge
people and are never taken out of samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_PSEUDO_COUNT = 4.0
"""Answers' worth of everybody's noise in each person's."""

_LEAST_VARIANCE = 0.0625
"""Of noise and of biases, in squared levels: a quarter of the finest step people are shown, as for a GEV."""

_MOST_STEPS = 500
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Variances:
    """What makes JNDs differ, in squared levels; NaN where the answers do not tell.

    :param picture: between pictures.
    :param person: between people, the same on all pictures.
    :param rest: what is left: a person's own view of a picture, and noise.
    """

    picture: float
    person: float
    rest: float

    def icc(self, raters: int = 1) -> float:
        """Intraclass correlation of the mean of so many people, absolute agreement, in [0, 1]."""
        return self.picture / (self.picture + (self.person + self.rest) / raters)

    def standard_error(self, raters: int) -> float:
        """Of a picture's mean over so many people, in levels."""
        return math.sqrt((self.person + self.rest) / raters)

    def raters_for(self, standard_error: float) -> int:
        """The number of people at which a picture's mean has this standard error, in levels."""
        return math.ceil((self.person + self.rest) / standard_error**2 - 1e-9)


@dataclass(frozen=True, eq=False)
class BiasModel:
    """A fitted model.

    :param pictures: each picture's JND with people's biases taken out, in levels, shape (P,).
    :param biases: by which each person's JNDs lie above the others', shrunk to 0, in levels, shape (R,).
    :param noise_sd: of each person, shrunk to that of all, in levels, shape (R,).
    """

    pictures: np.ndarray
    biases: np.ndarray
    noise_sd: np.ndarray
    variances: Variances

    def agreement(self, jnds: np.ndarray, rater: int) -> tuple[float, int]:
        """How a person's JNDs go with the others', whose biases are taken out and who count by their precision.

        :param jnds: shape (R, P), those the model was fitted to.
        :returns: Pearson's r over the pictures that others rated too, NaN where it is not defined, and their number;
            someone who answers the same everywhere agrees with nobody: 0.
        """
        weights = ~np.isnan(jnds) / self.noise_sd[:, None] ** 2
        weights[rater] = 0.0
        total = weights.sum(axis=0)
        shared = (total > 0) & ~np.isnan(jnds[rater])
        count = int(shared.sum())
        if count < 3:
            return math.nan, count
        sums = (weights * np.nan_to_num(jnds - self.biases[:, None])).sum(axis=0)
        own, others = jnds[rater, shared], sums[shared] / total[shared]
        if np.ptp(own) == 0 or np.ptp(others) == 0:
            return (0.0 if np.ptp(others) else math.nan), count
        return float(np.corrcoef(own, others)[0, 1]), count


def fit_bias_model(jnds: np.ndarray) -> BiasModel:
    """Fit by expectation-maximisation, biases as what is hidden.

    :param jnds: in levels, NaN where there is no answer, at least one a row and a column, shape (R, P).
    """
    given = ~np.isnan(jnds)
    answers, counts = np.nan_to_num(jnds), given.sum(axis=1)
    pictures = answers.sum(axis=0) / given.sum(axis=0)
    noise = np.full(len(jnds), max(float((given * (answers - pictures) ** 2).sum() / given.sum()), _LEAST_VARIANCE))
    between, biases = float(noise[0]), np.zeros(len(jnds))
    # Each picture's mean is fitted to the answers: what is left of them is too small by that.
    shrunk = given.sum() / max(given.sum() - len(pictures), 1)
    for _ in range(_MOST_STEPS):
        before = np.append(pictures, between)
        weights = given / noise[:, None]
        uncertain = 1 / (1 / between + weights.sum(axis=1))
        biases = uncertain * (weights * (answers - pictures)).sum(axis=1)
        pictures = (weights * (answers - biases[:, None])).sum(axis=0) / weights.sum(axis=0)
        between = max(float((biases**2 + uncertain).mean()), _LEAST_VARIANCE)
        left = given * ((answers - pictures - biases[:, None]) ** 2 + uncertain[:, None])
        squares = shrunk * left.sum(axis=1)
        pool = squares.sum() / counts.sum()
        noise = np.maximum((squares + _PSEUDO_COUNT * pool) / (counts + _PSEUDO_COUNT), _LEAST_VARIANCE)
        if np.abs(np.append(pictures, between) - before).max() < _TOLERANCE:
            break
    weights = given / noise[:, None]
    variances = _variances(pictures, float((1 / weights.sum(axis=0)).mean()), between, float(pool), len(jnds))
    enough = min(jnds.shape) > 1 and bool((given.sum(axis=0) > 1).any())
    nothing = Variances(math.nan, math.nan, math.nan)
    return BiasModel(pictures, biases, np.sqrt(noise), variances if enough else nothing)


def _variances(pictures: np.ndarray, uncertain: float, between: float, rest: float, raters: int) -> Variances:
    spread = float(pictures.var(ddof=1)) if len(pictures) > 1 else math.nan
    # Biases are counted from their own mean, so their variance is too small by one of them.
    return Variances(max(spread - uncertain, 0.0), between * raters / max(raters - 1, 1), rest)
