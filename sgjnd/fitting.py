"""Fitting SG-JND's heads on a frozen backbone, and what a fit knows besides the network."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.codec import Codec
from datasets.errors import UserError
from datasets.picture import Picture
from datasets.torch_threads import one_torch_thread
from sgjnd.config import Config
from sgjnd.features import LevelTokens
from sgjnd.labels import hard_labels, noticing_shares, truth_share
from sgjnd.looking import Looker, has_fast_bf16
from sgjnd.search_fit import Prior
from sgjnd.weights import build

if TYPE_CHECKING:
    from sgjnd.nets.backbone import Backbone
    from sgjnd.nets.examples import Tokens
    from sgjnd.nets.model import Model
    from sgjnd.nets.training import History

_LEAST_SPREAD = 2.0
"""Of levels between pictures, in a prior: where all training pictures agree, a new one may still differ."""

Say = Callable[[int, int, "History"], None]
"""Told of every finished epoch: the member, the epoch, the losses so far."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained network, and how its probabilities become a level.

    :param model: projections and heads.
    :param prior: over the position at which half of the people notice.
    :param share: of satisfied people at which the truth stands on the curve.
    :param codec: name of the codec whose levels it knows.
    :param backbone: where it was trained too; None where it is the pretrained one.
    """

    model: Model
    prior: Prior
    share: float
    codec: str
    backbone: Backbone | None = None


@dataclass(frozen=True, eq=False)
class Lesson:
    """What there is to learn from.

    :param pictures: rated pictures of one codec.
    :param true_levels: under the run's truth, shape (pictures,).
    :param measured: what `Looker.measure` has of each.
    """

    pictures: Sequence[Picture]
    true_levels: np.ndarray
    measured: Sequence[Mapping[str, Any]]

    def check(self, label: str) -> None:
        """:raises UserError: where nothing can be learned from it; the text says why."""
        if not len(self.pictures):
            raise UserError("SG-JND needs training pictures, and there are none")
        if len(self.pictures) == 1:
            raise UserError("SG-JND needs two training pictures or more: one says nothing of how pictures differ")
        wrong = [p.name for p, level in zip(self.pictures, self.true_levels, strict=True) if not np.isfinite(level)]
        if wrong:
            raise UserError(f"the true level of {', '.join(wrong[:5])} is no number: leave such pictures out")
        if label == "share" and not any(picture.samples.size for picture in self.pictures):
            raise UserError("no training picture has subjects' samples: train with label='hard', which needs none")

    def key(self) -> str:
        """Names pictures, samples, true levels and features."""
        digest = hashlib.sha256()
        for picture, level, measured in zip(self.pictures, self.true_levels, self.measured, strict=True):
            samples = np.asarray(picture.samples, dtype=float).tobytes()
            digest.update(f"{picture.name} {picture.source} {level!r} {measured.get('key')} ".encode() + samples)
        return digest.hexdigest()

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


def fit_frozen(
    looker: Looker, lesson: Lesson, *, seed: int, folder: Path | None = None, say: Say = lambda *_: None
) -> tuple[Fitted, list[History]]:
    """Train the heads on features of a frozen backbone.

    :param folder: where training is kept after every epoch, to go on after a kill; None keeps nothing.
    :returns: the fit, and every member's losses.
    """
    import torch

    from sgjnd.nets.examples import Examples
    from sgjnd.nets.training import Training

    config = looker.config
    lesson.check(config.label)
    positions = looker.positions(lesson.codec)
    labels = torch.from_numpy(lesson.labels(config.label)[:, positions])
    with one_torch_thread():  # heads are so small that threads would spend their time waiting for each other
        model, tokens = _prepared(looker, lesson, positions, seed)
        histories = []
        for member, held_out in enumerate(held_out_sources(lesson.pictures, config.members, seed)):
            trained = [number for number in range(len(lesson.pictures)) if number not in held_out]
            examples = Examples(tokens, labels, trained, sorted(held_out), config)
            head = model.members[member]
            place = folder / f"member-{member}" if folder else None
            training = Training(
                head, [(head.parameters(), config.learning_rate)], config, seed=seed + 7919 * member, folder=place
            )
            histories.append(training.run(examples, say=functools.partial(say, member)))
    model.eval()
    # Hard labels have the truth in them: the network's own half is where it stands.
    share = 0.5 if config.label == "hard" else truth_share(lesson.pictures, lesson.true_levels)
    return Fitted(model, prior_of(lesson, config.label), share, lesson.codec.name), histories


def fit_whole(
    looker: Looker, lesson: Lesson, *, seed: int, folder: Path | None = None, say: Say = lambda *_: None
) -> tuple[Fitted, list[History]]:
    """Train the heads on the frozen backbone first, then one head and the backbone together.

    A head that knows nothing yet would undo the backbone's first layers before it has learned anything.

    :param folder: as in `fit_frozen`.
    """
    import copy

    from sgjnd.nets.finetune import PixelExamples, WholeNetwork
    from sgjnd.nets.training import Training

    config, codec = looker.config, lesson.codec
    started, histories = fit_frozen(looker, lesson, seed=seed, folder=folder and folder / "heads", say=say)
    backbone = build(looker.chosen).to(looker.device)
    model = copy.deepcopy(started.model).to(looker.device)
    held_out = next(held_out_sources(lesson.pictures, config.members, seed))
    trained = [number for number in range(len(lesson.pictures)) if number not in held_out]
    labels, positions = lesson.labels(config.label), looker.positions(codec)
    examples = PixelExamples(lesson.pictures, labels, trained, sorted(held_out), config, looker.device, positions[::4])
    network = WholeNetwork(backbone, model, config, 0)
    rates = [
        (network.head.parameters(), config.learning_rate / 10),  # it has been trained before
        (backbone.parameters(), config.backbone_learning_rate),
    ]
    bf16 = has_fast_bf16(looker.device)
    training = Training(network, rates, config, seed=seed, folder=folder and folder / "whole", bf16=bf16)
    histories.append(training.run(examples, say=functools.partial(say, config.members)))
    model.keep_member(0)
    return dataclasses.replace(started, model=model.cpu().eval(), backbone=backbone.cpu().eval()), histories


def _prepared(looker: Looker, lesson: Lesson, positions: np.ndarray, seed: int) -> tuple[Model, list[Tokens]]:
    """An untrained model whose projections are fitted, and every picture's tokens."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = new_model(looker.config, looker)
    features = _streamed(looker, lesson)
    model.fit_projections(features)
    level = positions / (len(lesson.codec.levels) - 1)
    return model, [model.tokens(reference, levels, level) for reference, levels in features()]


def new_model(config: Config, looker: Looker) -> Model:
    """An untrained network for a looker's backbone."""
    from sgjnd.nets.model import Model

    return Model(config, looker.channels)


def prior_of(lesson: Lesson, label: str) -> Prior:
    """Mean and spread of the positions at which the labels pass one half, and a typical width of one picture's curve.

    :param label: one of `sgjnd.labels.LABELS`.
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


def _streamed(looker: Looker, lesson: Lesson) -> Callable[[], Iterator[tuple[np.ndarray, LevelTokens]]]:
    def features() -> Iterator[tuple[np.ndarray, LevelTokens]]:
        for picture, measured in zip(lesson.pictures, lesson.measured, strict=True):
            found = looker.features(picture, dict(measured))
            yield found.reference, found.levels

    return features
