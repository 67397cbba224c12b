"""From a network's probabilities to a level: a soft logistic fit, with what training pictures say as a prior.

Positions count a codec's levels from the worst (0) to the best (count - 1), as `Codec.position` does. A probability
says that people notice the compression at a position; it falls with the position, but noisily and not monotonely.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from datasets.common.errors import UserError

EVIDENCE = 15.0
"""What the answers at all levels are worth together, in independent answers.

Neighbouring levels look alike, so a network errs alike on them: 100 answers are not 100 observations. Counted as such
they would outweigh any prior, and a search that asks few of them would lean on it far more than one that asks all.
docs/sgjnd.md says what other values do; to choose one for a network, run `Full(evidence=...)` on pictures held out of
its training.
"""

_STARTS = 25
"""Positions tried before Newton's method, at each scale: noisy answers have more than one local optimum."""

_SCALE_STARTS = (-1.5, -0.5, 0.5, 1.5)
"""Scales tried, in standard deviations of the prior's log scale."""

_LONGEST_LOG_STEP = 1.0
_MOST_STEPS = 60
_MOST_HALVINGS = 20
_SETTLED = 1e-6
"""A step in levels, and in log scale, after which the fit is done."""


@final
@dataclass(frozen=True)
class Prior:
    """What the training pictures' levels say before the network is asked.

    :param position: mean over pictures, in levels from the worst.
    :param spread: standard deviation between pictures, in levels, positive.
    :param scale: typical logistic width of the probability against the position, in levels, positive.
    :param scale_spread: standard deviation of the log of the scale, positive.
    :raises UserError: where a number is not finite, or one that must be positive is not.
    """

    position: float
    spread: float
    scale: float
    scale_spread: float = 0.5

    def __post_init__(self) -> None:
        if not math.isfinite(self.position):
            raise UserError(f"A prior's position must be a finite number, not {self.position}.")
        for name in ("spread", "scale", "scale_spread"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise UserError(
                    f"A prior's {name} must be finite and above 0, not {value}. Where all training pictures have "
                    "one level, train on more pictures or give the spread a floor of a level or two."
                )


@final
@dataclass(frozen=True)
class LogisticCurve:
    """Where a search ended.

    :param position: where the probability falls through 1/2, in levels from the worst, 0..count - 1.
    :param scale: logistic width there, in levels.
    :param asked: the positions in the order in which they were asked: one network pass each.
    :param clipped: whether the position would have lain outside the range.
    """

    position: float
    scale: float
    asked: tuple[int, ...]
    clipped: bool

    def noticeable(self, count: int) -> np.ndarray:
        """Probability of noticing at every position, shape (count,), never rising. The SUR is 1 minus it."""
        return _logistic((self.position - np.arange(count)) / self.scale)

    def position_at(self, share: float) -> float:
        """Where that share of people, above 0 and below 1, is satisfied; may lie outside the range."""
        return self.position + self.scale * math.log(share / (1 - share))

    @classmethod
    def at(cls, position: float, scale: float, asked: np.ndarray, count: int) -> LogisticCurve:
        """The end of a search at a position that may lie outside the range."""
        inside = min(max(float(position), 0.0), count - 1.0)
        return cls(inside, float(scale), tuple(map(int, asked)), bool(inside != position))


def soft_fit(
    positions: np.ndarray, probabilities: np.ndarray, prior: Prior, count: int, *, evidence: float = EVIDENCE
) -> LogisticCurve:
    """The logistic P(x) = 1 / (1 + exp((x - x0) / s)) of least penalised cross-entropy against soft answers.

    The prior enters as Gaussian penalties on x0 and log s. A fit averages the answers' noise, where a rule on hard
    decisions counts 0.51 and 0.99 alike. One overconfident wrong answer cannot dominate: cross-entropy to a soft
    answer p pulls x0 with |p - P| / s, never more than 1 / s. So answers are not clipped; a clip to 0.001 would only
    widen narrow curves, by the thousandths of their many far levels. It takes about a millisecond. Source: ours.

    :param positions: in the order asked, shape (n,), within 0..count - 1.
    :param probabilities: of noticing, 0..1, shape (n,).
    :param count: number of the codec's levels.
    :param evidence: see `EVIDENCE`; the answers' weights are `weights`.
    :returns: without positions, the prior's position and scale.
    """
    position = np.asarray(positions, dtype=float)
    cost = _Cost(position, np.asarray(probabilities, dtype=float), weights(position, count, evidence), prior)
    x0, log_scale = _descend(cost, *_start(cost))
    return LogisticCurve.at(x0, math.exp(log_scale), np.asarray(positions), count)


def weights(positions: np.ndarray, count: int, evidence: float = EVIDENCE) -> np.ndarray:
    """How many independent answers each answer counts as, shape (n,), in 0..1.

    One over the sum of its likenesses to all of them, itself included. So two answers far apart count 1 each, two at
    neighbouring levels hardly more than one between them, and all levels of a long ladder `evidence` in total. The
    weight of a stretch of levels hardly depends on how densely it was asked: a search that asks twenty levels
    near its goal leans on the prior as much as one that asks all of them.
    """
    return np.asarray(1 / likeness(positions, positions, count, evidence).sum(axis=1))


def likeness(first: np.ndarray, second: np.ndarray, count: int, evidence: float = EVIDENCE) -> np.ndarray:
    """How far answers at two positions share their error: 1 at one position, falling exponentially with distance.

    The length is such that a ladder's inner levels sum to count / evidence; zero where evidence reaches count.

    :returns: shape (first, second), in 0..1.
    """
    apart = np.abs(np.subtract.outer(np.asarray(first, dtype=float), np.asarray(second, dtype=float)))
    if evidence >= count:
        return (apart == 0).astype(float)
    return np.asarray(np.exp(-apart * 2 * math.atanh(evidence / count)))


@final
@dataclass(frozen=True, eq=False)
class _Cost:
    """Weighted cross-entropy plus penalties, as a function of x0 and the log of the scale."""

    position: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    prior: Prior

    def __call__(self, x0: np.ndarray, log_scale: np.ndarray) -> np.ndarray:
        """Of any shape, the same for both parameters."""
        slope = (x0[..., None] - self.position) / np.exp(log_scale)[..., None]
        entropy = np.logaddexp(0, slope) - self.target * slope
        aside, wider = self._penalised(x0, log_scale)
        return np.asarray(entropy @ self.weight + aside**2 / 2 + wider**2 / 2)

    def newton_step(self, x0: float, log_scale: float) -> np.ndarray:
        """By the Hessian where it is positive definite, else by Fisher's information, which always is; shape (2,)."""
        slope = (x0 - self.position) / math.exp(log_scale)
        fitted = _logistic(slope)
        excess = self.weight * (fitted - self.target)
        by_parameter = np.stack([np.full_like(slope, math.exp(-log_scale)), -slope])
        deviation = np.array([self.prior.spread, self.prior.scale_spread])
        gradient = by_parameter @ excess + np.array(self._penalised(x0, log_scale)) / deviation
        curvature = (by_parameter * (self.weight * fitted * (1 - fitted))) @ by_parameter.T + np.diag(deviation**-2)
        mixed = -float(by_parameter[0] @ excess)
        hessian = curvature + np.array([[0.0, mixed], [mixed, float(slope @ excess)]])
        if hessian[0, 0] * hessian[1, 1] > hessian[0, 1] ** 2:  # the first is positive everywhere
            curvature = hessian
        step = -np.linalg.solve(curvature, gradient)
        return np.asarray(step * min(1.0, _LONGEST_LOG_STEP / max(abs(step[1]), _SETTLED)))

    def _penalised(self, x0: np.ndarray | float, log_scale: np.ndarray | float) -> tuple:
        aside = (x0 - self.prior.position) / self.prior.spread
        return aside, (log_scale - math.log(self.prior.scale)) / self.prior.scale_spread


def _start(cost: _Cost) -> tuple[float, float]:
    reach = np.append(cost.position, cost.prior.position)
    log_scales = math.log(cost.prior.scale) + cost.prior.scale_spread * np.array(_SCALE_STARTS)
    x0, log_scale = np.meshgrid(np.linspace(reach.min(), reach.max(), _STARTS), log_scales, indexing="ij")
    best = int(np.argmin(cost(x0, log_scale)))
    return float(x0.flat[best]), float(log_scale.flat[best])


def _descend(cost: _Cost, x0: float, log_scale: float) -> tuple[float, float]:
    """Damped Newton steps until they no longer matter: a step that raises the cost is halved."""
    here, height = np.array([x0, log_scale]), float(cost(np.array(x0), np.array(log_scale)))
    for _ in range(_MOST_STEPS):
        step = cost.newton_step(here[0], here[1])
        for _ in range(_MOST_HALVINGS):
            there = here + step
            lower = float(cost(there[:1], there[1:])[0])
            if lower <= height:
                break
            step = step / 2
        else:
            break
        here, height = there, lower
        if np.abs(step).max() < _SETTLED:
            break
    return float(here[0]), float(here[1])


def _logistic(slope: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-slope)) without overflow."""
    return np.asarray((1 + np.tanh(slope / 2)) / 2)
