"""The order of one person's trials, drawn beforehand: ratings, those that come again, those whose answer is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCK = 8
"""One picture in so many comes again later; one trial with a slider in so many is a catch."""

QUESTIONS = 8
"""Adaptive yes/no questions on a picture."""

TOGETHER = 4
"""Pictures whose questions alternate."""

_PLAIN_TOO = 0.25
"""Of pictures about which a yes/no study asks an identical pair: the share that gets a plain pair too."""


@dataclass(frozen=True)
class Slot:
    """The place of a trial.

    :param kind: `main`, `repeat` or `catch`.
    :param run: the rating that it is a part of, counted from 0; of a repeat, the main run that is done again. A catch
        with a slider has none.
    :param plain: of a yes/no catch: whether the pair plainly differs.
    """

    kind: str
    run: int | None
    plain: bool = False


def plan(trial: str, pictures: int, seed: int) -> list[Slot]:
    """All of a person's trials but practice; the same for the same arguments.

    :param trial: `slider` or `yes-no`.
    :param pictures: that the person rates.
    """
    rng = np.random.default_rng(seed)
    ratings = _with_repeats(pictures, rng)
    return _with_catches(ratings, rng) if trial == "slider" else _questions(ratings, rng)


def _with_repeats(pictures: int, rng: np.random.Generator) -> list[Slot]:
    """Of every block, one of the first four pictures comes again up to four trials after the block."""
    ratings, due = [], {}
    for run in range(pictures):
        ratings.append(Slot("main", run))
        if (run + 1) % BLOCK == 0:
            again = run + 1 - BLOCK + int(rng.integers(0, BLOCK // 2))
            due[run + int(rng.integers(0, BLOCK // 2 + 1))] = again
        if run in due:
            ratings.append(Slot("repeat", due.pop(run)))
    return [*ratings, *(Slot("repeat", again) for again in due.values())]


def _with_catches(ratings: list[Slot], rng: np.random.Generator) -> list[Slot]:
    """One in every `BLOCK` trials, somewhere in it; never the first of all."""
    slots: list[Slot] = []
    for first in range(0, len(ratings), BLOCK - 1):
        block = ratings[first : first + BLOCK - 1]
        if len(block) > (BLOCK - 1) // 2:
            block.insert(int(rng.integers(1, len(block) + 1)), Slot("catch", None))
        slots += block
    return slots


def _questions(ratings: list[Slot], rng: np.random.Generator) -> list[Slot]:
    slots: list[Slot] = []
    for first in range(0, len(ratings), TOGETHER):
        asked: list[Slot] = []
        for rating in ratings[first : first + TOGETHER]:
            asked += [rating] * QUESTIONS
            if rating.kind == "main":
                asked.append(Slot("catch", rating.run))
                asked += [Slot("catch", rating.run, plain=True)] * int(rng.random() < _PLAIN_TOO)
        slots += [asked[index] for index in rng.permutation(len(asked))]
    return slots
