"""How far a picture's truths are known: intervals over people, and how two halves of the people agree.

The mean has the interval of Student's t: a percentile bootstrap covers .88 of 10 people's means and .92 of 20 to 30
people's. Median, `sur50` and `sur75` have that bootstrap over people, with a GEV fitted to every draw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datasets.common.hashing import seed_of
from datasets.core.codec import Codec
from datasets.core.gev import fit_gev_many

DRAWS = 400
"""Of a bootstrap: the ends of a 95 % interval then move by a tenth of its width between seeds."""

LEAST_SAMPLES = 3
"""For a bootstrap; a mean's interval needs two."""

_AT_ONCE = 8000
"""Draws whose GEVs are fitted in step."""

_HALVINGS = 200
_SHARES = {"sur50": 0.5, "sur75": 0.75}


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval, in levels; NaN where the samples do not tell."""

    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class PictureTruths:
    """What a picture's samples say, and how surely.

    :param samples: how many.
    """

    samples: int
    mean: Estimate
    median: Estimate
    sur50: Estimate
    sur75: Estimate


@dataclass(frozen=True)
class SplitHalf:
    """How the pictures' means by one half of the people go with those by the other, over many random halvings.

    :param correlation: Pearson's r, mean over the halvings; NaN where it is not defined.
    :param difference: mean absolute difference, in levels.
    """

    correlation: float
    difference: float


def truths_of(samples: Sequence[np.ndarray], codec: Codec, *, seed: int = 0, draws: int = DRAWS) -> list[PictureTruths]:
    """Truths with intervals of many pictures at once.

    :param samples: each picture's, in levels, shape (n,), n at least 1.
    :param draws: of the bootstrap; 0 leaves its intervals out.
    """
    estimates: list[dict[str, Estimate] | None] = [None] * len(samples)
    for count in sorted({len(values) for values in samples}):
        rows = [index for index, values in enumerate(samples) if len(values) == count]
        data = np.array([np.sort(samples[index]) for index in rows], dtype=float)
        for index, of_picture in zip(rows, _estimates(data, codec, seed, draws), strict=True):
            estimates[index] = of_picture
    return [PictureTruths(len(values), **(known or {})) for values, known in zip(samples, estimates, strict=True)]


def split_half(jnds: np.ndarray, *, seed: int = 0) -> SplitHalf:
    """Halve the people at random and compare the pictures' means.

    :param jnds: in levels, NaN where there is no answer, shape (R, P).
    """
    rng = np.random.default_rng(seed_of(what="split half", seed=seed))
    given, answers = ~np.isnan(jnds), np.nan_to_num(jnds)
    correlations, differences = [], []
    for _ in range(_HALVINGS if len(jnds) > 1 else 0):
        first = np.isin(np.arange(len(jnds)), rng.permutation(len(jnds))[: len(jnds) // 2])
        counts = np.stack([given[half].sum(axis=0) for half in (first, ~first)])
        both = (counts > 0).all(axis=0)
        means = np.stack([answers[half].sum(axis=0) for half in (first, ~first)])[:, both] / counts[:, both]
        if both.sum() > 2 and (np.ptp(means, axis=1) > 0).all():
            correlations.append(np.corrcoef(means)[0, 1])
            differences.append(np.abs(means[0] - means[1]).mean())
    if not correlations:
        return SplitHalf(math.nan, math.nan)
    return SplitHalf(float(np.mean(correlations)), float(np.mean(differences)))


def _estimates(data: np.ndarray, codec: Codec, seed: int, draws: int) -> list[dict[str, Estimate]]:
    """Of pictures with equally many samples, sorted, shape (pictures, n)."""
    values = {"median": np.median(data, axis=1), **_sur_levels(data, codec)}
    ends = {name: np.full((len(data), 2), np.nan) for name in values}
    if data.shape[1] >= LEAST_SAMPLES and draws:
        rng = np.random.default_rng(seed_of(what="intervals over people", seed=seed, n=data.shape[1]))
        people = rng.integers(0, data.shape[1], (draws, data.shape[1]))
        step = max(_AT_ONCE // draws, 1)
        for first in range(0, len(data), step):  # many fits at once are fast, and all at once would fill the memory
            drawn = data[first : first + step][:, people].reshape(-1, data.shape[1])
            for name, of_draws in {"median": np.median(drawn, axis=1), **_sur_levels(drawn, codec)}.items():
                ends[name][first : first + step] = np.quantile(of_draws.reshape(-1, draws), [0.025, 0.975], axis=1).T
    return [
        {"mean": _mean(picture)}
        | {name: Estimate(float(values[name][row]), *map(float, ends[name][row])) for name in values}
        for row, picture in enumerate(data)
    ]


def _mean(samples: np.ndarray) -> Estimate:
    from scipy.stats import t

    value = float(samples.mean())
    if len(samples) < 2:
        return Estimate(value)
    half = float(t.ppf(0.975, len(samples) - 1) * samples.std(ddof=1) / math.sqrt(len(samples)))
    return Estimate(value, value - half, value + half)


def _sur_levels(data: np.ndarray, codec: Codec) -> dict[str, np.ndarray]:
    fits = fit_gev_many(data)
    levels = {name: fits.quantile(share if codec.sign > 0 else 1 - share) for name, share in _SHARES.items()}
    return {name: np.clip(level, codec.lowest, codec.highest) for name, level in levels.items()}
