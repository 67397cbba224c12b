"""A metric's scores of one picture's levels, and where a costly distance falls to a threshold without measuring all.

Positions count levels from the worst, starting at 0.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
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


def coarse_positions(number: int, count: int) -> np.ndarray:
    """Positions spread evenly over a ladder, both ends among them, shape (at most number,), int, rising.

    :param number: how many, at least 2.
    :param count: number of levels.
    """
    return np.unique(np.round(np.linspace(0, count - 1, min(number, count))).astype(int))


def search(
    visibility: Callable[[int], float],
    measured: Mapping[int, float],
    threshold: float,
    coarse: Sequence[int],
    count: int,
) -> tuple[float, bool]:
    """Where visibility falls to a threshold, measured exactly at the two levels around it.

    The answer lies between the last position that was measured above the threshold and the next measured one, and
    that gap is halved: at coarse positions first, then at any. So visibility is taken to fall inside a gap.

    :param visibility: measures one position.
    :param measured: what is known already; with every coarse position in it, only one gap is searched.
    :param count: number of levels.
    :returns: the position, interpolated, and whether it was clipped because visibility lies on one side.
    """
    known = dict(measured)
    while True:
        above, below = _gap(known, threshold, count)
        between = [place for place in coarse if above < place < below] or list(range(above + 1, below))
        if not between:
            break
        middle = between[len(between) // 2]
        known[middle] = visibility(middle)
    if above < 0:
        return 0.0, threshold > max(known.values())
    if below == count:
        return float(count - 1), True
    under = max(value for place, value in known.items() if place >= below)
    return above + (known[above] - threshold) / (known[above] - under), False


def interpolated(measured: Mapping[int, float], count: int) -> np.ndarray:
    """The monotone envelope at every position, shape (count,), never rising.

    Between measured positions the logarithm of the envelope follows a monotone cubic (PCHIP), for visibilities fall
    by orders of magnitude over a ladder. A visibility of zero stays zero.

    :param measured: both ends among them.
    """
    places = np.array(sorted(measured))
    envelope = np.maximum.accumulate(np.array([measured[int(place)] for place in places])[::-1])[::-1]
    if len(places) == count or not envelope.any():
        return envelope if len(places) == count else np.zeros(count)
    from scipy.interpolate import PchipInterpolator

    least = envelope[envelope > 0][-1]
    logs = PchipInterpolator(places, np.log(np.maximum(envelope, least / 10)))(np.arange(count))
    filled = np.exp(logs)
    filled[places] = envelope
    return np.minimum.accumulate(filled)


def _gap(known: Mapping[int, float], threshold: float, count: int) -> tuple[int, int]:
    """The last measured position above the threshold (-1: none) and the next measured one (count: none)."""
    above = max((place for place, value in known.items() if value > threshold), default=-1)
    return above, min((place for place in known if place > above), default=count)
