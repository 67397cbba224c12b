"""Answers at given levels: "is there a difference?", yes or no, and what they tell of JNDs.

Levels count as *strength* here: 0 at the codec's best level, one more for each worse. Someone notices at a level
exactly when it is no better than their JND, so the step lies half a level past the JND.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets.core.codec import Codec

GUESS, LAPSE = 0.03, 0.03
"""Share of answers "yes" where nothing is to be seen, and "no" where all is, of one person."""

MOST_GUESS = 0.1
"""Of the population's guesses and lapses, which are fitted."""

ANSWERS_FOR_A_JND = 6
"""By one person on one picture: at 4, that person's JND has a root mean square error of 4.8 QF, at 6, of 3.4."""

_SLOPES = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
"""Of one person, in hundredths of the codec's levels, all equally likely beforehand."""

_ROUNDS = 30


@dataclass(frozen=True)
class Answer:
    """One answer of one person.

    :param level: shown, of the codec.
    :param noticed: whether the person saw a difference.
    """

    rater: str
    picture: str
    level: float
    noticed: bool


@dataclass(frozen=True)
class PersonalJnd:
    """What one person's answers tell of one picture.

    :param level: mean of the posterior, within the codec's range.
    :param sd: of the posterior, in levels.
    :param censored: whether the person noticed nothing, whatever was shown.
    """

    level: float
    sd: float
    answers: int
    censored: bool


@dataclass(frozen=True)
class PopulationCurve:
    """P(yes) = g + (1 - g - l) Phi((strength - mu_i - b_j) / s) of picture i and person j, fitted to all answers.

    :param half_of: level at which half of the people notice, by picture.
    :param biases: by which a person needs more strength than others, shrunk to 0, by rater.
    :param slope: s, in levels.
    :param person_sd: of the biases.
    :param guess: g.
    :param lapse: l.
    """

    half_of: dict[str, float]
    biases: dict[str, float]
    slope: float
    person_sd: float
    guess: float
    lapse: float

    def satisfied_level(self, picture: str, share: float, codec: Codec) -> float:
        """The level at which this share of people see no difference, within the codec's range.

        Guesses and lapses are taken out: they say nothing of what people see.
        """
        from scipy.stats import norm

        spread = math.hypot(self.slope, self.person_sd)
        level = self.half_of[picture] - codec.sign * float(norm.ppf(1 - share)) * spread
        return float(np.clip(level, codec.lowest, codec.highest))


def personal_jnds(answers: Iterable[Answer], codec: Codec) -> dict[tuple[str, str], PersonalJnd]:
    """The posterior over threshold and slope of every person on every picture, by (rater, picture).

    Thresholds are equally likely beforehand, from "notices at no level" to "at all but the best".
    """
    levels = len(codec.levels)
    groups: dict[tuple[str, str], list[Answer]] = {}
    for answer in answers:
        groups.setdefault((answer.rater, answer.picture), []).append(answer)
    jnd_strengths = np.arange(1.0, levels + 1)
    jnds: dict[tuple[str, str], PersonalJnd] = {}
    for key, group in groups.items():
        strengths = np.array([_strength(answer.level, codec) for answer in group])
        noticed = np.array([answer.noticed for answer in group])
        posterior = posterior_of(yes_probabilities(strengths, levels), noticed).sum(axis=1)
        mean = float(posterior @ jnd_strengths)
        sd = math.sqrt(max(float(posterior @ (jnd_strengths - mean) ** 2), 0.0))
        level = float(codec.best_level - codec.sign * min(mean, levels - 1))
        jnds[key] = PersonalJnd(level, sd, len(group), not noticed.any())
    return jnds


def yes_probabilities(strengths: np.ndarray, levels: int) -> np.ndarray:
    """P(yes) by strength shown, threshold and slope, shape (n, levels, slopes).

    Thresholds are the strengths 1 to `levels`; the last stands for "notices nothing".

    :param strengths: shape (n,).
    :param levels: how many the codec has.
    """
    thresholds, slopes = np.arange(1.0, levels + 1), _SLOPES * levels / 100
    return GUESS + (1 - GUESS - LAPSE) * _phi((strengths[:, None, None] - thresholds[:, None] + 0.5) / slopes)


def posterior_of(yes: np.ndarray, noticed: np.ndarray) -> np.ndarray:
    """Of threshold and slope, all equally likely beforehand, shape (levels, slopes).

    :param yes: of `yes_probabilities`, shape (n, levels, slopes).
    :param noticed: the answers, bool, shape (n,).
    """
    fit = np.log(np.where(noticed[:, None, None], yes, 1 - yes)).sum(axis=0)
    posterior = np.exp(fit - fit.max())
    return np.asarray(posterior / posterior.sum())


def fit_population(answers: Iterable[Answer], codec: Codec) -> PopulationCurve:
    """Fit the population's curve by likelihood; biases are normal, and their spread is fitted with them.

    A picture that everybody notices everywhere, or nobody, has its point at the end of the codec's range.
    """
    listed = list(answers)
    raters = sorted({answer.rater for answer in listed})
    pictures = sorted({answer.picture for answer in listed})
    picture = np.searchsorted(pictures, [answer.picture for answer in listed])
    rater = np.searchsorted(raters, [answer.rater for answer in listed])
    strength = np.array([_strength(answer.level, codec) for answer in listed])
    noticed = np.array([answer.noticed for answer in listed])
    most = len(codec.levels) - 1.0
    fit = _Likelihood(picture, rater, strength, noticed, len(pictures), len(raters))
    parameters = np.concatenate(
        [np.full(len(pictures), strength.mean()), np.zeros(len(raters)), [math.log(most / 10), 0.02, 0.02]]
    )
    bounds = [(0.0, most)] * len(pictures) + [(-most, most)] * len(raters)
    bounds += [(math.log(most / 200), math.log(most)), (1e-4, MOST_GUESS), (1e-4, MOST_GUESS)]
    person_sd = most / 10
    for _ in range(_ROUNDS):
        parameters = fit.maximum(parameters, bounds, person_sd)
        biases = parameters[len(pictures) : -3]
        before, person_sd = person_sd, math.sqrt(float((biases**2 + fit.uncertain(parameters, person_sd)).mean()))
        if abs(person_sd - before) < 0.01 * before or person_sd < most / 1000:
            break
    halves = codec.best_level - codec.sign * (parameters[: len(pictures)] + float(biases.mean()))
    return PopulationCurve(
        dict(zip(pictures, np.clip(halves, codec.lowest, codec.highest).tolist(), strict=True)),
        dict(zip(raters, (biases - biases.mean()).tolist(), strict=True)),
        math.exp(parameters[-3]),
        person_sd,
        float(parameters[-2]),
        float(parameters[-1]),
    )


@dataclass(frozen=True, eq=False)
class _Likelihood:
    """Of all answers; each array has shape (answers,)."""

    picture: np.ndarray
    rater: np.ndarray
    strength: np.ndarray
    noticed: np.ndarray
    pictures: int
    raters: int

    def maximum(self, start: np.ndarray, bounds: list[tuple[float, float]], person_sd: float) -> np.ndarray:
        from scipy.optimize import minimize

        best: Any = minimize(self._cost, start, args=(person_sd,), jac=True, bounds=bounds, method="L-BFGS-B")
        return np.asarray(best.x)

    def uncertain(self, parameters: np.ndarray, person_sd: float) -> np.ndarray:
        """Variance of each bias around its estimate, the other parameters held, shape (raters,)."""
        _, yes, slope_of_yes = self._probabilities(parameters)
        information = np.bincount(self.rater, slope_of_yes**2 / (yes * (1 - yes)), self.raters)
        return np.asarray(1 / (1 / person_sd**2 + information))

    def _probabilities(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """z, P(yes), and its derivative by strength."""
        slope, (guess, lapse) = math.exp(parameters[-3]), parameters[-2:]
        middle = parameters[: self.pictures][self.picture] + parameters[self.pictures : -3][self.rater]
        z = (self.strength - middle) / slope
        yes = np.clip(guess + (1 - guess - lapse) * _phi(z), 1e-9, 1 - 1e-9)
        return z, yes, (1 - guess - lapse) * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) / slope

    def _cost(self, parameters: np.ndarray, person_sd: float) -> tuple[float, np.ndarray]:
        """Negative log-likelihood with the biases' prior, and its gradient."""
        z, yes, by_strength = self._probabilities(parameters)
        biases, slope = parameters[self.pictures : -3], math.exp(parameters[-3])
        cost = -np.log(np.where(self.noticed, yes, 1 - yes)).sum() + (biases**2).sum() / (2 * person_sd**2)
        by_yes = np.where(self.noticed, -1 / yes, 1 / (1 - yes))
        by_middle, share = -by_yes * by_strength, _phi(z)
        gradient: list[np.ndarray] = [
            np.bincount(self.picture, by_middle, self.pictures),
            np.bincount(self.rater, by_middle, self.raters) + biases / person_sd**2,
            np.array(
                [-(by_yes * by_strength * z * slope).sum(), (by_yes * (1 - share)).sum(), -(by_yes * share).sum()]
            ),
        ]
        return float(cost), np.concatenate(gradient)


def _strength(level: float, codec: Codec) -> float:
    return (codec.best_level - level) * codec.sign


def _phi(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return np.asarray(ndtr(z))
