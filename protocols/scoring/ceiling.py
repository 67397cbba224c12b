"""How well people themselves predict a truth: what no predictor can be expected to beat.

A truth is an estimate from some n subjects; asked again, other people would give another. `MEANINGS` has three answers:

* `ceiling-oracle` is scored against the truth of *all*, as every predictor is, and its half is wanted among them: for a
  mean, the error has variance sigma^2 / n, which is what someone who knew the truth of infinitely many people would
  score against these n. For medians and fitted points it is the delete-half jackknife, which estimates that variance
  without any correction factor (Shao & Wu 1989). So this row is *the* ceiling.
* `ceiling-halves`: both halves are noisy and neither is the table's truth, so its error is about twice the oracle's.
* `ceiling-one-subject`: one subject's JND, scored against the truth of all the others.

No answer is shrunk towards the mean of the pictures. A predictor trained on the same panel may learn what its
subjects have in common, so an error below the ceiling is possible. A tabulated truth (`sqf`) is not computed from the
samples, so no half of the subjects has one: it has no ceiling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from datasets.common.hashing import seed_of_text
from datasets.core.codec import Codec
from datasets.core.gev import fit_gev_many

FEWEST_SUBJECTS = 4
"""A half needs two."""
ORACLE, HALVES, ONE_SUBJECT = "ceiling-oracle", "ceiling-halves", "ceiling-one-subject"
MEANINGS = {
    ORACLE: "knows the truth of a random half of the observers, scored against that of all: as one who knows the "
    "truth of endlessly many observers would",
    HALVES: "knows the truth of a random half of the observers, scored against that of the other half: both are noisy, "
    "so not comparable with predictors",
    ONE_SUBJECT: "one observer, scored against the truth of the others",
}

_SPLITS_TOTAL, _FIT_SPLITS_TOTAL = 100_000, 2_000
_MOST_SPLITS, _FEWEST_SPLITS = 1000, 2
_FITTED_SINGLES_TOTAL = 2_000

Estimate = Callable[[np.ndarray, Codec], np.ndarray]


def _mean(samples: np.ndarray, codec: Codec) -> np.ndarray:
    return np.asarray(samples.mean(axis=1))


def _median(samples: np.ndarray, codec: Codec) -> np.ndarray:
    return np.asarray(np.median(samples, axis=1))


def _sur(share: float) -> Estimate:
    def estimate(samples: np.ndarray, codec: Codec) -> np.ndarray:
        levels = fit_gev_many(samples).quantile(share if codec.sign > 0 else 1 - share)
        return np.clip(levels, codec.lowest, codec.highest)

    return estimate


ESTIMATES: dict[str, Estimate] = {"mean": _mean, "median": _median, "sur50": _sur(0.50), "sur75": _sur(0.75)}
"""The truths of `datasets.core.truths` that follow from samples: many sets at once, (sets, subjects) to (sets,)."""


@dataclass(frozen=True)
class Ceiling:
    """One of the answers above; levels, shape (draws, pictures).

    :param name: `ORACLE`, `HALVES` or `ONE_SUBJECT`.
    """

    name: str
    predicted: np.ndarray
    true: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """Predicted minus true level, shape (draws, pictures)."""
        return self.predicted - self.true


def has_ceiling(truth: str, samples: Sequence[np.ndarray]) -> bool:
    """Whether a truth follows from samples, and every picture has enough of them."""
    return truth in ESTIMATES and bool(samples) and all(len(jnds) >= FEWEST_SUBJECTS for jnds in samples)


def splits_of(truth: str, pictures: int) -> int:
    """How many random halvings each picture gets: fewer for many pictures, fewer still where each needs fits.

    With 1,008 pictures and fits (2 halvings, 4 halves each) the ceiling's standard error is about 1 %.
    """
    total = _FIT_SPLITS_TOTAL if truth.startswith("sur") else _SPLITS_TOTAL
    return int(np.clip(total // pictures, _FEWEST_SPLITS, _MOST_SPLITS))


def ceilings(truth: str, names: Sequence[str], samples: Sequence[np.ndarray], codec: Codec) -> list[Ceiling]:
    """The three answers under a truth; the same names and samples give the same.

    :param truth: one of `ESTIMATES`.
    :param samples: each picture's subjects' JNDs in levels, `FEWEST_SUBJECTS` or more.
    :returns: empty where there is no ceiling.
    """
    if not has_ceiling(truth, samples):
        return []
    estimate, splits = ESTIMATES[truth], splits_of(truth, len(names))
    generator = np.random.default_rng(seed_of_text("\n".join([truth, *names])))
    halves = np.empty((2, splits, len(names)))
    whole = np.empty(len(names))
    most = max(map(len, samples))
    if truth.startswith("sur"):
        most = min(most, max(2, _FITTED_SINGLES_TOTAL // len(names)))
    alone = np.empty((2, most, len(names)))
    for places, rows in by_count(samples):
        whole[places] = estimate(rows, codec)
        halves[:, :, places] = _halves(rows, splits, estimate, codec, generator)
        alone[:, :, places] = _one_out(rows, most, estimate, codec, generator)
    singles, rests = alone
    # Each half is asked in turn, so that neither the larger nor the smaller of an odd number counts more.
    both = halves.reshape(2 * splits, -1)
    return [
        Ceiling(ORACLE, both, np.broadcast_to(whole, both.shape)),
        Ceiling(HALVES, both, halves[::-1].reshape(both.shape)),
        Ceiling(ONE_SUBJECT, singles, rests),
    ]


def by_count(samples: Sequence[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pictures with equally many subjects: their places, and their samples, shape (pictures, subjects)."""
    counts = np.array([len(jnds) for jnds in samples])
    for count in np.unique(counts):
        places = np.flatnonzero(counts == count)
        yield places, np.stack([np.array(samples[int(place)], dtype=float) for place in places])


def _halves(
    rows: np.ndarray, splits: int, estimate: Estimate, codec: Codec, generator: np.random.Generator
) -> np.ndarray:
    """Truths of both halves, shape (2, splits, pictures)."""
    pictures, subjects = rows.shape
    order = generator.random((splits, pictures, subjects)).argsort(axis=2)
    shuffled = np.take_along_axis(np.broadcast_to(rows, order.shape), order, axis=2).reshape(-1, subjects)
    middle = subjects // 2
    parts = (estimate(part, codec) for part in (shuffled[:, :middle], shuffled[:, middle:]))
    return np.stack([part.reshape(splits, pictures) for part in parts])


def _one_out(
    rows: np.ndarray, most: int, estimate: Estimate, codec: Codec, generator: np.random.Generator
) -> np.ndarray:
    """JNDs of single subjects and the truths of the others, shape (2, most, pictures).

    Subjects in random order, from the start again where there are fewer than `most`.
    """
    pictures, subjects = rows.shape
    shuffled = generator.permuted(rows, axis=1)
    chosen = min(most, subjects)
    others = np.stack([np.delete(shuffled, subject, axis=1) for subject in range(chosen)])
    rests = estimate(others.reshape(-1, subjects - 1), codec).reshape(chosen, pictures)
    again = np.arange(most) % chosen
    return np.stack([shuffled.T[:chosen][again], rests[again]])
