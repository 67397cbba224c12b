"""A metric's scores of one picture's levels: from memory, from disk, or measured now."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import final

import numpy as np

from datasets.common.cache import load_arrays, save_arrays
from datasets.common.hashing import key_of
from datasets.core.picture import Picture

Score = Callable[[np.ndarray], float]
"""A function that gives the score of a level's pixels, uint8 RGB of shape (height, width, 3), against one reference."""

SCORES_VERSION = 1
"""To be raised where the same pixels get other scores: what is stored under an older one is not read."""


@final
class PictureScores:
    """One picture's scores by one metric. Each position, counted from the worst level, is measured once.

    What is new is stored at once, so that other folds, truths, variants and later runs find it.

    :param begin: takes a reference (uint8 RGB, pixels per degree) and gives the function that scores levels against it;
        called where something must be measured.
    :param made_with: what scores depend on besides the picture; JSON must be able to hold it.
    """

    def __init__(
        self, picture: Picture, begin: Callable[[np.ndarray, float], Score], made_with: Mapping[str, object]
    ) -> None:
        self._picture, self._begin, self._made_with = picture, begin, made_with
        self.asked: list[int] = []
        """Positions that were asked for, in order."""
        self._measured_now: set[int] = set()

    def at(self, position: int) -> float:
        """The score at a position.

        :raises ValueError: where it is not finite.
        """
        self.asked.append(position)
        if position not in self._known:
            start = time.perf_counter()
            level = int(self._picture.codec.level_at(position))
            score = float(self._against(self._picture.ladder.rgb(level)))
            if not np.isfinite(score):
                raise ValueError(f"the score at {self._picture.codec.unit} {level} is {score}")
            self._known[position] = score, (time.perf_counter() - start) * 1000
            self._measured_now.add(position)
            self._save()
        return self._known[position][0]

    def ms(self, position: int) -> float:
        """What measuring a position took when it was done, in milliseconds."""
        return self._known[position][1]

    @property
    def reused_ms(self) -> float:
        """What the positions asked for once took, without those that this object measured itself."""
        return sum(self.ms(position) for position in self.asked if position not in self._measured_now)

    @cached_property
    def _key(self) -> str:
        return key_of(
            {
                "version": SCORES_VERSION,
                "made_with": dict(self._made_with),
                "picture": self._picture.fingerprint(),
                "pixels_per_degree": self._picture.pixels_per_degree,
            }
        )

    @cached_property
    def _known(self) -> dict[int, tuple[float, float]]:
        """By position, the score and the milliseconds that it took; shared by all objects of one picture and metric."""
        name = f"scores {self._key}"
        if name not in self._picture.measurements:
            self._picture.measurements[name] = _load(self._key)
        known: dict[int, tuple[float, float]] = self._picture.measurements[name]
        return known

    @cached_property
    def _against(self) -> Score:
        return self._begin(self._picture.reference, self._picture.pixels_per_degree)

    def _save(self) -> None:
        merged = sorted({**_load(self._key), **self._known}.items())  # another process may have measured meanwhile
        positions, known = zip(*merged, strict=True)
        scores, ms = np.array(known, dtype=float).T
        save_arrays(self._key, {"positions": np.array(positions), "scores": scores, "ms": ms})


def _load(key: str) -> dict[int, tuple[float, float]]:
    arrays = load_arrays(key)
    if arrays is None:
        return {}
    known = zip(arrays["positions"].tolist(), arrays["scores"].tolist(), arrays["ms"].tolist(), strict=True)
    return {position: (score, ms) for position, score, ms in known}
