"""Searches on hard decisions: a level is noticeable where the probability is above 1/2. Neither uses the prior's
position, and both take their scale from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from baselines.learned.network.search.fit import LogisticCurve, Prior
from baselines.learned.network.search.rules import Ask, Questions, Strategy, check_whole, evenly
from datasets.common.errors import UserError


@final
@dataclass(frozen=True)
class Window(Strategy):
    """A window slid over the decisions at all levels, from the best down, as Liu et al. (2020) and SG-JND do.

    Their details are not verified: length, count, and the place returned are ours. The first window in which at
    least `needed` of its `length` levels are noticeable marks the JND. It stands `needed` levels above the window's
    worst end, less 1/2: with decisions that are noticeable up to a level and nowhere beyond, that is half-way between
    this level and the next, where P falls through 1/2, whatever the window. Beyond the best level nothing counts as
    noticeable and below the worst everything does, so the same holds at both ends.

    :param length: levels in the window, at least 1.
    :param needed: of them noticeable, 1..length. On simulated noisy classifiers wide windows that need little more than
        half do best (20 levels, 11 noticeable: mean |error| 3.9 / 8.1 / 8.4 levels for errors independent / mixed /
        smooth, against 6.1 / 8.9 / 8.6 for 6 and 5); the defaults keep to a narrow one, as the rule was meant.
    :raises UserError: for other numbers.
    """

    name = "window"
    length: int = 6
    needed: int = 5

    def __post_init__(self) -> None:
        check_whole(self.name, "length", self.length, 1)
        check_whole(self.name, "needed", self.needed, 1)
        if self.needed > self.length:
            raise UserError(
                f"A window of {self.length} levels never has {self.needed} noticeable ones: lower 'needed' or raise "
                "'length'."
            )

    def find(self, ask: Ask, count: int, prior: Prior) -> LogisticCurve:
        questions = Questions(ask, count)
        noticeable = questions.put(np.arange(count)) > 0.5
        padded = np.concatenate([np.ones(self.needed), noticeable, np.zeros(self.length - self.needed)])
        inside = np.convolve(padded, np.ones(self.length), mode="valid")
        lowest = int(np.flatnonzero(inside >= self.needed - 0.5).max()) - self.needed
        return LogisticCurve.at(lowest + self.needed - 0.5, prior.scale, questions.positions, count)


@final
@dataclass(frozen=True)
class Bisect(Strategy):
    """Halves the range by one decision at a time: right for a metric that is monotone, and the cheapest of all.

    On a noisy network one wrong early decision cannot be put right.
    """

    name = "bisect"

    def find(self, ask: Ask, count: int, prior: Prior) -> LogisticCurve:
        questions = Questions(ask, count)
        noticeable, unnoticeable = -1, count
        while unnoticeable - noticeable > 1:
            middle = (noticeable + unnoticeable) // 2
            if questions.put(np.array([middle]))[0] > 0.5:
                noticeable = middle
            else:
                unnoticeable = middle
        return LogisticCurve.at((noticeable + unnoticeable) / 2, prior.scale, questions.positions, count)


@final
@dataclass(frozen=True)
class Blocks(Strategy):
    """Halves the range by the decision of a whole block of levels at a time, then counts within the last two blocks.

    A block decides by the mean probability of a few of its levels, so that one wrong answer turns nothing; where the
    halving ends, the levels on both sides are asked and the noticeable ones counted. Searching blocks by halves is
    VP-JND's (2025); lengths and the end are ours.

    :param length: levels of a block, at least 1.
    :param asked: of them asked for the block's decision, at least 1.
    """

    name = "blocks"
    length: int = 8
    asked: int = 3

    def __post_init__(self) -> None:
        check_whole(self.name, "length", self.length, 1)
        check_whole(self.name, "asked", self.asked, 1)

    def find(self, ask: Ask, count: int, prior: Prior) -> LogisticCurve:
        questions = Questions(ask, count)
        noticeable, unnoticeable = -1, -(-count // self.length)
        while unnoticeable - noticeable > 1:
            middle = (noticeable + unnoticeable) // 2
            if self._decision(questions, middle):
                noticeable = middle
            else:
                unnoticeable = middle
        first = max(noticeable, 0) * self.length
        around = np.arange(first, min((unnoticeable + 1) * self.length, count))
        questions.put(around)
        answers = dict(zip(questions.positions.tolist(), questions.answers.tolist(), strict=True))
        noticeable_around = sum(answers[position] > 0.5 for position in around.tolist())
        return LogisticCurve.at(first + noticeable_around - 0.5, prior.scale, questions.positions, count)

    def _decision(self, questions: Questions, block: int) -> bool:
        first = block * self.length
        levels = first + evenly(self.asked, min(self.length, questions.count - first))
        questions.put(levels)
        return bool(np.mean(questions.answers[np.isin(questions.positions, levels)]) > 0.5)
