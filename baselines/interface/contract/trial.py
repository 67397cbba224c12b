"""A predictor on trial: what the checks share, so that each fit and each answer is made once."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from baselines.interface.predictor import JNDPredictor, Prediction
from baselines.interface.registry import Registered
from datasets.common.contract import require
from datasets.common.threads import one_blas_thread
from datasets.core.picture import Picture
from datasets.core.truths import find_truth

# ruff: noqa: NPY002 - numpy's global generator is what is watched here

SEED = 20250
TRUTH = "mean"
SAME = 1e-6
"""Levels, and shares of people, that differ by less are the same: sums in another order, not another answer."""

Answers = list[Prediction]


@final
@dataclass(frozen=True)
class Trial:
    """A predictor and the pictures it is tried on.

    :param pictures: rated pictures, of at least two sources.
    :param where: appended to what a check says, e.g. ` (on labels alone)`.
    """

    entry: Registered
    pictures: tuple[Picture, ...]
    where: str = ""

    @cached_property
    def levels(self) -> np.ndarray:
        """The pictures' true levels, shape (pictures,); read-only, take a copy."""
        levels = levels_of(self.pictures)
        levels.setflags(write=False)
        return levels

    @cached_property
    def made(self) -> JNDPredictor:
        """The predictor that `fitted` fits."""
        return self.entry.make()

    @cached_property
    def fitted(self) -> JNDPredictor:
        """What `fit` returns on all pictures."""
        return self.made.fit(list(self.pictures), self.levels.copy(), seed=SEED)

    @cached_property
    def answers(self) -> Answers:
        """What it answers on all pictures."""
        return answers(self.fitted, self.pictures)

    @cached_property
    def few(self) -> tuple[Picture, ...]:
        """Three pictures, for checks that must measure everything again."""
        return self.pictures[:3]

    @cached_property
    def answers_on_few(self) -> Answers:
        """What it answers on the few, fitted on them, with one thread of BLAS as in a run."""
        with one_blas_thread():
            return answers(fit(self.entry, self.few), self.few)


def levels_of(pictures: Iterable[Picture]) -> np.ndarray:
    """True levels, shape (pictures,), float."""
    return np.array([find_truth(TRUTH).level(picture) for picture in pictures])


def fit(entry: Registered, pictures: Sequence[Picture]) -> JNDPredictor:
    """A new predictor, fitted."""
    return entry.make().fit(list(pictures), levels_of(pictures), seed=SEED)


def answers(predictor: JNDPredictor, pictures: Iterable[Picture]) -> Answers:
    """The prediction for each picture, asked without samples as the protocols ask."""
    return [Prediction.of(predictor.predict(picture.without_samples())) for picture in pictures]


def forgotten(pictures: Iterable[Picture]) -> tuple[Picture, ...]:
    """The same pictures, of which nothing has been measured yet."""
    return tuple(picture.unmeasured() for picture in pictures)


def require_same(first: Answers, second: Answers, what_to_do: str) -> None:
    """Fail a check where two lists of answers differ."""
    for before, now in zip(first, second, strict=True):
        require(abs(before.level - now.level) <= SAME, f"answers {before.level:g}, then {now.level:g}: {what_to_do}")
        require((before.sur is None) == (now.sur is None), f"gives a SUR curve, then none: {what_to_do}")
        if before.sur is not None and now.sur is not None:
            require(bool(np.allclose(before.sur, now.sur, rtol=0, atol=SAME)), f"the SUR curve changes: {what_to_do}")


@contextmanager
def restored_random_states() -> Iterator[Callable[[], dict[str, object]]]:
    """Give a function that reads the states of all global generators; put the generators back at the end.

    They are Python's, numpy's, and torch's where it is loaded. No predictor may move them.
    """
    torch = sys.modules.get("torch")
    of_python, of_numpy = random.getstate(), np.random.get_state()
    of_torch = torch.get_rng_state() if torch else None
    try:
        yield _random_states
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)
        if torch:
            torch.set_rng_state(of_torch)


def seed_globally(seed: int) -> None:
    """Seed every global generator."""
    random.seed(seed)
    np.random.seed(seed)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(seed)


def _random_states() -> dict[str, object]:
    states: dict[str, object] = {"random": random.getstate(), "numpy.random": repr(np.random.get_state(legacy=False))}
    if torch := sys.modules.get("torch"):
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states
