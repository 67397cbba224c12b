"""The contract of a search over the ladder, and how it puts its questions to the network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, final

import numpy as np

from baselines.learned.network.search.fit import LogisticCurve, Prior
from datasets.common.errors import UserError

Ask = Callable[[np.ndarray], np.ndarray]
"""Positions of one batch, int, shape (n,) -> probabilities of noticing, shape (n,): one network pass each."""


class Strategy(ABC):
    """How to get from a network that can be asked about any level to one level. Deterministic.

    Subclasses are frozen dataclasses whose fields are their settings; `TrainingSettings` has checked what it passes on.
    """

    name: ClassVar[str]

    @abstractmethod
    def find(self, ask: Ask, count: int, prior: Prior) -> LogisticCurve:
        """Search one picture's ladder, asking no position twice.

        :param ask: the network.
        :param count: number of the codec's levels, at least 2.
        :param prior: what the training pictures say.
        :raises UserError: where the network answers with something other than probabilities.
        """


@final
class Questions:
    """Puts batches of new positions to a network and remembers its answers.

    :param ask: the network.
    :param count: number of levels.
    :raises UserError: for fewer than two levels.
    """

    def __init__(self, ask: Ask, count: int) -> None:
        if count < 2:
            raise UserError(f"A search needs a ladder of at least two levels, and this one has {count}.")
        self._ask = ask
        self.count = count
        self.positions = np.empty(0, dtype=int)
        self.answers = np.empty(0)

    def put(self, positions: np.ndarray) -> np.ndarray:
        """Ask, in the order given, those of the positions that lie within the range and were not asked before.

        :param positions: shape (n,), whole numbers.
        :returns: the new answers, shape (asked,).
        :raises UserError: where an answer is no probability.
        """
        new = np.array(list(dict.fromkeys(np.asarray(positions, dtype=int).tolist())), dtype=int)
        new = new[(new >= 0) & (new < self.count) & ~np.isin(new, self.positions)]
        if not len(new):
            return np.empty(0)
        answers = np.asarray(self._ask(new.copy()), dtype=float)
        _check_answers(new, answers)
        self.positions = np.append(self.positions, new)
        self.answers = np.append(self.answers, answers)
        return answers


def evenly(passes: int, count: int) -> np.ndarray:
    """Positions in the middles of equal stretches of the range, shape (at most passes,), rising, no two the same."""
    return np.unique(np.floor((np.arange(passes) + 0.5) * count / passes).astype(int))


def _check_answers(positions: np.ndarray, answers: np.ndarray) -> None:
    if answers.shape != positions.shape:
        raise ValueError(f"the network gave answers of shape {answers.shape} for {len(positions)} positions")
    wrong = np.flatnonzero(~((answers >= 0) & (answers <= 1)))
    if len(wrong):
        raise UserError(
            f"The network answered {answers[wrong[0]]} at position {positions[wrong[0]]}, counted from the worst "
            "level, and that is no probability. Its training diverged or its checkpoint is damaged: train it again, "
            "at a lower learning rate if that repeats itself."
        )
