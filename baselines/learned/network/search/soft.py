"""Searches that end in a soft fit over what was asked; they differ in where they ask. `search` compares them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from baselines.learned.network.search.fit import EVIDENCE, LogisticCurve, Prior, likeness, soft_fit, weights
from baselines.learned.network.search.rules import Ask, Questions, Strategy, check_evidence, check_whole, evenly


@final
@dataclass(frozen=True)
class Full(Strategy):
    """Every level: the reference that the others are measured against.

    :param evidence: what all levels together are worth, in independent answers.
    """

    name = "full"
    evidence: float = EVIDENCE

    def __post_init__(self) -> None:
        check_evidence(self.name, self.evidence)

    def find(self, ask: Ask, count: int, prior: Prior) -> LogisticCurve:
        questions = Questions(ask, count)
        questions.put(np.arange(count))
        return soft_fit(questions.positions, questions.answers, prior, count, evidence=self.evidence)


@final
@dataclass(frozen=True)
class Grid(Strategy):
    """One batch of evenly placed levels: the only search whose levels are known before the network is asked.

    :param passes: how many, at least 2.
    :param evidence: what all levels together are worth, in independent answers.
    """

    name = "grid"
    passes: int = 20
    evidence: float = EVIDENCE

    def __post_init__(self) -> None:
        check_whole(self.name, "passes", self.passes, 2)
        check_evidence(self.name, self.evidence)

    def find(self, ask: Ask, count: int, prior: Prior) -> LogisticCurve:
        questions = Questions(ask, count)
        questions.put(evenly(self.passes, count))
        return soft_fit(questions.positions, questions.answers, prior, count, evidence=self.evidence)


@final
@dataclass(frozen=True)
class Scan(Strategy):
    """Two batches: evenly over the range, then around where a first fit lands.

    Levels far from the goal are worth asking too: where the network's errors wander slowly over the ladder, what it
    says far away is nearly independent of what it says near by. So the second batch reaches far and stands no denser
    than needed: 10 + 9 passes at most with the defaults, 18 on average. On 1000 simulated noisy classifiers (see
    `baselines.learned.network.search.DEFAULT`) 9 + 11 by 4 was 0.2 levels better on independent
    errors and 15 + 5 by 3 alike.

    :param coarse: levels of the first batch, at least 2.
    :param reach: how far the second goes to either side, in levels.
    :param step: between two levels of the second.
    :param evidence: what all levels together are worth, in independent answers.
    """

    name = "scan"
    coarse: int = 10
    reach: int = 20
    step: int = 5
    evidence: float = EVIDENCE

    def __post_init__(self) -> None:
        check_whole(self.name, "coarse", self.coarse, 2)
        check_whole(self.name, "reach", self.reach, 0)
        check_whole(self.name, "step", self.step, 1)
        check_evidence(self.name, self.evidence)

    def find(self, ask: Ask, count: int, prior: Prior) -> LogisticCurve:
        questions = Questions(ask, count)
        questions.put(evenly(self.coarse, count))
        first = soft_fit(questions.positions, questions.answers, prior, count, evidence=self.evidence)
        aside = np.arange(0, self.reach + 1, self.step)
        questions.put(round(first.position) + np.concatenate([-aside[:0:-1], aside]))
        return soft_fit(questions.positions, questions.answers, prior, count, evidence=self.evidence)


@final
@dataclass(frozen=True)
class Bayes(Strategy):
    """Asks where the places still possible disagree most about the answer, and ends in a soft fit.

    A posterior over where P falls through 1/2 starts from the prior, at the prior's scale, and takes each answer in
    by its cross-entropy, weighted as in the fit. The next level is where the probabilities that it allows have the
    largest variance, times what an answer there has that those given have not (1 - likeness to the nearest): asking
    next to an old answer repeats its error. This is Bayesian bisection but for that factor; plain medians of the
    posterior crowd around one level, which cost up to 0.35 levels of mean error on 80 simulated noisy classifiers.

    Batches of 4 find levels as good as single questions (mean |error| on 1000 simulated noisy classifiers 4.9 / 6.6 /
    6.6 levels against 4.7 / 6.7 / 6.6, see `baselines.learned.network.search.DEFAULT`).

    :param passes: levels asked, at least 2.
    :param batch: levels asked between two updates; those of one batch keep apart by their likeness.
    :param evidence: what all levels together are worth, in independent answers.
    """

    name = "bayes"
    passes: int = 20
    batch: int = 4
    evidence: float = EVIDENCE

    def __post_init__(self) -> None:
        check_whole(self.name, "passes", self.passes, 2)
        check_whole(self.name, "batch", self.batch, 1)
        check_evidence(self.name, self.evidence)

    def find(self, ask: Ask, count: int, prior: Prior) -> LogisticCurve:
        questions = Questions(ask, count)
        belief = _Belief(count, prior, self.evidence)
        passes = min(self.passes, count)
        while len(questions.positions) < passes:
            size = min(self.batch, passes - len(questions.positions))
            questions.put(belief.most_telling(questions.positions, questions.answers, size))
        return soft_fit(questions.positions, questions.answers, prior, count, evidence=self.evidence)


@final
class _Belief:
    """The posterior over places, one every level, and what it expects of every position.

    Places reach a quarter of the range beyond both ends, for pictures that nobody, or everybody, notices anywhere.
    """

    def __init__(self, count: int, prior: Prior, evidence: float) -> None:
        self._count, self._evidence = count, evidence
        places = np.arange(-(count // 4), count + count // 4, dtype=float)
        self._slope = np.subtract.outer(places, np.arange(count)) / prior.scale
        self._normaliser = np.logaddexp(0, self._slope)
        self._expected = np.exp(self._slope - self._normaliser)
        self._log_prior = -(((places - prior.position) / prior.spread) ** 2) / 2
        everywhere = np.arange(count)
        self._likeness = likeness(everywhere, everywhere, count, evidence)

    def most_telling(self, asked: np.ndarray, answers: np.ndarray, size: int) -> np.ndarray:
        """The next `size` positions, shape (size,), none of them among the asked."""
        entropy = self._normaliser[:, asked] - answers * self._slope[:, asked]
        log_belief = self._log_prior - entropy @ weights(asked, self._count, self._evidence)
        belief = np.exp(log_belief - log_belief.max())
        belief /= belief.sum()
        variance = belief @ self._expected**2 - (belief @ self._expected) ** 2
        taken = list(asked)
        for _ in range(size):
            news = 1 - self._likeness[:, taken].max(axis=1, initial=0.0)
            worth = np.maximum(variance, np.finfo(float).tiny) * news
            worth[taken] = -1.0
            taken.append(int(np.argmax(worth)))
        return np.array(taken[len(asked) :], dtype=int)
