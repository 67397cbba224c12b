"""A metric's scores of one picture's levels: from memory, from disk, or measured now."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import final

import numpy as np

from datasets.common.cache import count_as_spent, load_arrays, save_arrays
from datasets.common.hashing import key_of
from datasets.core.picture import Picture

Score = Callable[[np.ndarray], float]
"""The score of a level's pixels, uint8 RGB of shape (height, width, 3), against a reference that is held already."""

SCORES_VERSION = 1
"""To be raised where the same pixels get other scores: what is stored under an older one is not read."""


@contextlib.contextmanager
def scores_of(
    picture: Picture, begin: Callable[[np.ndarray, float], Score], made_with: Mapping[str, object]
) -> Iterator[Callable[[int], float]]:
    """Gives a function from a position, counted from the worst level, to that level's score.

    Each position is measured once, and counts each time with what that took. What is new is kept on disk when the block
    ends, also where it ends in an error.

    :param begin: holds a reference (uint8 RGB, pixels per degree) and gives the score of levels against it; called
        where something must be measured.
    :param made_with: what scores depend on besides the picture; JSON must be able to hold it.
    """
    opened: list[_Scores] = []  # pixels are not even hashed where nothing is asked

    def score(position: int) -> float:
        if not opened:
            opened.append(_Scores(picture, begin, _key(picture, made_with)))
        return opened[0].at(position)

    try:
        yield score
    finally:
        for one in opened:
            one.keep()


@final
class _Scores:
    """Those of one picture by one metric."""

    def __init__(self, picture: Picture, begin: Callable[[np.ndarray, float], Score], key: str) -> None:
        self._picture, self._begin, self._key = picture, begin, key
        self._known = picture.remember(f"scores {key}", lambda: _load(key))
        self._counted: set[int] = set()
        self._before = len(self._known)

    def at(self, position: int) -> float:
        if position not in self._known:
            start = time.perf_counter()
            level = int(self._picture.codec.level_at(position))
            score = float(self._against(self._picture.ladder.rgb(level)))
            if not np.isfinite(score):
                raise ValueError(f"the score at {self._picture.codec.unit} {level} is {score}")
            self._known[position] = score, (time.perf_counter() - start) * 1000
        elif position not in self._counted:
            count_as_spent(self._known[position][1])
        self._counted.add(position)
        return self._known[position][0]

    def keep(self) -> None:
        if len(self._known) > self._before:
            merged = sorted({**_load(self._key), **self._known}.items())  # another process may have measured meanwhile
            positions, known = zip(*merged, strict=True)
            scores, ms = np.array(known, dtype=float).T
            save_arrays(self._key, {"positions": np.array(positions), "scores": scores, "ms": ms})

    @cached_property
    def _against(self) -> Score:
        return self._begin(self._picture.reference, self._picture.pixels_per_degree)


def _key(picture: Picture, made_with: Mapping[str, object]) -> str:
    return key_of(
        {
            "version": SCORES_VERSION,
            "made_with": dict(made_with),
            "picture": picture.fingerprint(),
            "pixels_per_degree": picture.pixels_per_degree,
        }
    )


def _load(key: str) -> dict[int, tuple[float, float]]:
    """By position, the score and the milliseconds that it took."""
    found = load_arrays(key)
    if found is None:
        return {}
    known = zip(found["positions"].tolist(), found["scores"].tolist(), found["ms"].tolist(), strict=True)
    return {position: (score, ms) for position, score, ms in known}
