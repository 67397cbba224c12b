"""What a network learns from: rated pictures, what it is to say of each level, and what a fit knows besides it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from baselines.learned.network.search.fit import Prior
from datasets.common.errors import UserError
from datasets.common.hashing import sha256_of_pieces
from datasets.core.codec import Codec
from datasets.core.gev import sur_curve
from datasets.core.picture import Picture

if TYPE_CHECKING:
    from baselines.learned.network.nets.backbones import Backbone
    from baselines.learned.network.nets.training import History

Network = TypeVar("Network")

LABELS = {
    "share": "share of the subjects who notice: what a level looks like to people, whatever the truth",
    "hard": "whether the level is worse than the picture's true level, 0 or 1 (Liu et al. 2020)",
}
_FAR = 0.15
"""Chance of a level that everybody or nobody notices, against one at which half do."""
_LEAST_SPREAD = 2.0
"""Of levels between pictures, in a prior: where all training pictures agree, a new one may still differ."""

Progress = Callable[[int, int, "History"], None]
"""Called after every epoch with the member, the epoch, and the losses so far."""


def no_progress(member: int, epoch: int, history: History) -> None:
    """For trainings that nobody watches."""


@dataclass(frozen=True, eq=False)
class Fitted(Generic[Network]):
    """A trained network, and how its probabilities become a level.

    :param model: the network.
    :param prior: over the position at which half of the people notice.
    :param share: of satisfied people at which the truth stands on the curve.
    :param codec: name of the codec whose levels it knows.
    :param backbone: where it was trained too; None where it is the pretrained one.
    :param histories: losses of each training; empty where it was read from a file.
    :param about: what it was trained on, in sentences by name; empty where it was not read from a file.
    """

    model: Network
    prior: Prior
    share: float
    codec: str
    backbone: Backbone | None = None
    histories: Sequence[History] = ()
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """What there is to learn from.

    :param pictures: rated pictures of one codec.
    :param true_levels: under the run's truth, shape (pictures,).
    :param measurement: gives what the predictor measured of a picture.
    :param measured_with: what that depends on besides the picture, as a text.
    """

    pictures: Sequence[Picture]
    true_levels: np.ndarray
    measurement: Callable[[Picture], Mapping[str, np.ndarray]]
    measured_with: str

    def check(self, label: str) -> None:
        """:raises UserError: where nothing can be learned from it; the text says why."""
        if not len(self.pictures):
            raise UserError("a network needs training pictures, and there are none")
        if len(self.pictures) == 1:
            raise UserError("a network needs two training pictures or more: one says nothing of how pictures differ")
        wrong = [p.name for p, level in zip(self.pictures, self.true_levels, strict=True) if not np.isfinite(level)]
        if wrong:
            raise UserError(f"the true level of {', '.join(wrong[:5])} is no number: leave such pictures out")
        if label == "share" and not any(picture.samples.size for picture in self.pictures):
            raise UserError("no training picture has subjects' samples: train with label='hard', which needs none")

    def fitted(self, network: Network, label: str, histories: Sequence[History] = ()) -> Fitted[Network]:
        """A network that has learned it, with the prior and the share at which its truth stands.

        :param label: what the network was trained to say, one of `LABELS`.
        """
        # Hard labels have the truth in them: the network's own half is where it stands.
        share = 0.5 if label == "hard" else truth_share(self.pictures, self.true_levels)
        return Fitted(network, prior_of(self, label), share, self.codec.name, histories=tuple(histories))

    def key(self) -> str:
        """Names pictures, samples, true levels and features."""
        pictures = (
            f"{picture.name} {picture.source} {level!r} {picture.fingerprint()} ".encode()
            + np.asarray(picture.samples, dtype=float).tobytes()
            for picture, level in zip(self.pictures, self.true_levels, strict=True)
        )
        return sha256_of_pieces([*pictures, self.measured_with.encode()])

    def measurements(self) -> Iterator[Mapping[str, np.ndarray]]:
        """What was measured of every picture, one after another."""
        return map(self.measurement, self.pictures)

    @property
    def codec(self) -> Codec:
        """Of all pictures."""
        return self.pictures[0].codec

    def labels(self, label: str) -> np.ndarray:
        """At every level from the worst, shape (pictures, levels). Pictures without samples get hard labels."""
        return np.stack(
            [
                noticing_shares(picture)
                if label == "share" and picture.samples.size
                else hard_labels(level, self.codec)
                for picture, level in zip(self.pictures, self.true_levels, strict=True)
            ]
        )

    def held_out(self, members: int, seed: int) -> Iterator[tuple[list[int], list[int]]]:
        """For each member the numbers of the pictures to train on, and of those to stop by.

        Members stop by a share of the sources, another for each. With one source there is nothing to hold out, and they
        train to the last epoch.
        """
        sources = sorted({picture.source for picture in self.pictures})
        order = np.random.default_rng(seed).permutation(len(sources))
        shares = min(max(members, 5), len(sources))
        numbers = range(len(self.pictures))
        for member in range(members):
            chosen = {sources[index] for index in order[member % shares :: shares]} if len(sources) > 1 else set()
            held_out = [number for number in numbers if self.pictures[number].source in chosen]
            yield [number for number in numbers if number not in held_out], held_out


def prior_of(training_set: TrainingSet, label: str) -> Prior:
    """Mean and spread of the positions at which the labels pass one half, and a typical width of one picture's curve.

    :param label: one of `LABELS`.
    """
    codec = training_set.codec
    medians = [
        np.median(picture.samples) if label == "share" and picture.samples.size else level
        for picture, level in zip(training_set.pictures, training_set.true_levels, strict=True)
    ]
    at = np.asarray(codec.position(np.array(medians, dtype=float)))
    spreads = [picture.samples.std() * codec.grain for picture in training_set.pictures if picture.samples.size > 1]
    width = float(np.mean(spreads)) * np.sqrt(3) / np.pi if spreads else len(codec.levels) / 20
    return Prior(float(at.mean()), max(float(at.std()), _LEAST_SPREAD), max(width, 0.5))


def noticing_shares(picture: Picture) -> np.ndarray:
    """The share of a picture's subjects who notice at every level from worst to best, shape (levels,), falling."""
    codec = picture.codec
    at = np.asarray(codec.position(picture.samples))
    return np.asarray((at[None, :] >= np.arange(len(codec.levels))[:, None]).mean(axis=1))


def hard_labels(true_level: float, codec: Codec) -> np.ndarray:
    """1 at every level that is not better than the true one, else 0; shape (levels,)."""
    at = float(np.asarray(codec.position(true_level)))
    return (np.arange(len(codec.levels)) <= at).astype(float)


def drawing_chances(labels: np.ndarray) -> np.ndarray:
    """How often each level is drawn in training, relative to each other: near a picture's JND more often than far.

    :param labels: at levels from the worst, shape (pictures, levels).
    :returns: the same shape, positive.
    """
    uncertain = labels * (1 - labels)
    if uncertain.any():
        return np.asarray(_FAR + 4 * uncertain)
    step = labels.sum(axis=1, keepdims=True) - 0.5  # hard labels: near is within two levels of the step
    return np.asarray(_FAR + (np.abs(np.arange(labels.shape[1]) - step) <= 2))


def truth_share(pictures: Sequence[Picture], true_levels: np.ndarray) -> float:
    """The share of satisfied people at which a truth stands: the median over pictures of their own curve at it.

    Truths differ in which point of one distribution they are (`sur75` is 0.75 by name, `sqf` of MCL-JCI about 0.9), so
    one network that knows the shares answers under any of them.

    :returns: within [0.02, 0.98]; 0.5 where no picture has samples.
    """
    shares = [
        np.interp(
            picture.codec.position(level),
            np.arange(len(picture.codec.levels)),
            sur_curve(picture.samples, picture.codec),
        )
        for picture, level in zip(pictures, true_levels, strict=True)
        if picture.samples.size
    ]
    return float(np.clip(np.median(shares), 0.02, 0.98)) if shares else 0.5
