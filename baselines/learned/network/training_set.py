"""What a network is taught from, and what a fit knows besides the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from baselines.learned.network.labels import hard_labels, noticing_shares, truth_share
from baselines.learned.network.search.fit import Prior
from datasets.common.errors import UserError
from datasets.common.hashing import sha256_of_pieces
from datasets.core.codec import Codec
from datasets.core.picture import Picture

if TYPE_CHECKING:
    from baselines.learned.network.nets.backbone import Backbone
    from baselines.learned.network.nets.training import History

Network = TypeVar("Network")

_LEAST_SPREAD = 2.0
"""Of levels between pictures, in a prior: where all training pictures agree, a new one may still differ."""

Say = Callable[[int, int, "History"], None]
"""Told of every finished epoch: the member, the epoch, the losses so far."""


@dataclass(frozen=True, eq=False)
class Fitted(Generic[Network]):
    """A trained network, and how its probabilities become a level.

    :param model: the network.
    :param prior: over the position at which half of the people notice.
    :param share: of satisfied people at which the truth stands on the curve.
    :param codec: name of the codec whose levels it knows.
    :param backbone: where it was trained too; None where it is the pretrained one.
    """

    model: Network
    prior: Prior
    share: float
    codec: str
    backbone: Backbone | None = None


@dataclass(frozen=True, eq=False)
class Lesson:
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

    def fitted(self, network: Network, label: str) -> Fitted[Network]:
        """A network that has learned it, with the prior and the share at which its truth stands.

        :param label: what the network was trained to say, one of `baselines.learned.network.labels.LABELS`.
        """
        # Hard labels have the truth in them: the network's own half is where it stands.
        share = 0.5 if label == "hard" else truth_share(self.pictures, self.true_levels)
        return Fitted(network, prior_of(self, label), share, self.codec.name)

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


def prior_of(lesson: Lesson, label: str) -> Prior:
    """Mean and spread of the positions at which the labels pass one half, and a typical width of one picture's curve.

    :param label: one of `baselines.learned.network.labels.LABELS`.
    """
    codec = lesson.codec
    medians = [
        np.median(picture.samples) if label == "share" and picture.samples.size else level
        for picture, level in zip(lesson.pictures, lesson.true_levels, strict=True)
    ]
    at = np.asarray(codec.position(np.array(medians, dtype=float)))
    spreads = [picture.samples.std() for picture in lesson.pictures if picture.samples.size > 1]
    width = float(np.mean(spreads)) * np.sqrt(3) / np.pi if spreads else len(codec.levels) / 20
    return Prior(float(at.mean()), max(float(at.std()), _LEAST_SPREAD), max(width, 0.5))


def held_out_sources(pictures: Sequence[Picture], members: int, seed: int) -> Iterator[set[int]]:
    """For each member the numbers of the pictures that it stops by: a share of the sources, another for each.

    With one source there is nothing to hold out, and members train to the last epoch.
    """
    sources = sorted({picture.source for picture in pictures})
    order = np.random.default_rng(seed).permutation(len(sources))
    shares = min(max(members, 5), len(sources))
    for member in range(members):
        chosen = {sources[index] for index in order[member % shares :: shares]} if len(sources) > 1 else set()
        yield {number for number, picture in enumerate(pictures) if picture.source in chosen}
