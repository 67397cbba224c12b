"""Fitting SG-JND: its heads on a frozen backbone, or head and backbone together."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from baselines.learned.network.extractor import FeatureExtractor, PictureFeatures
from baselines.learned.network.imagenet_weights import build, channels_of
from baselines.learned.network.search.rules import evenly
from baselines.learned.network.training_set import Fitted, Progress, TrainingSet, no_progress
from datasets.common.threads import one_torch_thread
from sgjnd.config import Config

if TYPE_CHECKING:
    from sgjnd.nets.examples import Tokens
    from sgjnd.nets.model import Model

_SCALE_PICTURES, _SCALE_LEVELS = 16, 5
"""Pictures, and levels of each, by which channels are standardised where no features are stored: enough for a mean."""


def fit_frozen(
    extractor: FeatureExtractor[Config],
    training_set: TrainingSet,
    *,
    seed: int,
    folder: Path | None = None,
    progress: Progress = no_progress,
) -> Fitted[Model]:
    """Train the heads on features of a frozen backbone.

    :param folder: where the state is written after every epoch, to go on after a kill; None for nowhere.
    """
    from baselines.learned.network.nets.training import Training
    from sgjnd.nets.examples import HeadExamples

    config = extractor.config
    positions = extractor.positions(training_set.codec)
    labels = training_set.labels(config.label)[:, positions]
    with one_torch_thread():  # heads are so small that threads would spend their time waiting for each other
        model, tokens = _prepared(extractor, training_set, positions, seed)
        histories = []
        for member, (trained, held_out) in enumerate(training_set.held_out(config.members, seed)):
            examples = HeadExamples(tokens, labels, trained, held_out, config)
            head = model.members[member]
            rates = [(head.parameters(), config.learning_rate)]
            of_member = folder / f"member-{member}" if folder else None
            training = Training(head, rates, config, seed=seed + 7919 * member, folder=of_member)
            histories.append(training.run(examples, progress=functools.partial(progress, member)))
    return training_set.fitted(model.eval(), config.label, histories)


def fit_whole(
    extractor: FeatureExtractor[Config],
    training_set: TrainingSet,
    *,
    seed: int,
    folder: Path | None = None,
    progress: Progress = no_progress,
) -> Fitted[Model]:
    """Train one head and the backbone together, from an untrained head or (`heads_first`) from one of `fit_frozen`.

    :param folder: as in `fit_frozen`.
    """
    import copy

    from baselines.learned.network.nets.pixel_examples import PixelExamples
    from baselines.learned.network.nets.training import Training
    from sgjnd.nets.model import WholeNetwork

    config, device = extractor.config, extractor.device
    if config.heads_first:
        started = fit_frozen(extractor, training_set, seed=seed, folder=folder and folder / "heads", progress=progress)
    else:
        started = training_set.fitted(_scaled(extractor, training_set, seed), config.label)
    backbone = build(extractor.chosen).to(device)
    model = copy.deepcopy(started.model).to(device)
    trained, held_out = next(training_set.held_out(config.members, seed))
    labels, positions = training_set.labels(config.label), extractor.positions(training_set.codec)
    examples = PixelExamples(training_set.pictures, labels, trained, held_out, config, device, positions[::4])
    network = WholeNetwork(backbone, model, config, 0)
    head_rate = config.learning_rate / 10 if config.heads_first else config.learning_rate
    rates = [(network.head.parameters(), head_rate), (backbone.parameters(), config.backbone_learning_rate)]
    whole = folder and folder / "whole"
    training = Training(network, rates, config, seed=seed, folder=whole, bf16=config.bf16)
    history = training.run(examples, progress=functools.partial(progress, config.members))
    model.keep_member(0)
    return dataclasses.replace(
        started, model=model.cpu().eval(), backbone=backbone.cpu().eval(), histories=(*started.histories, history)
    )


def _prepared(
    extractor: FeatureExtractor[Config], training_set: TrainingSet, positions: np.ndarray, seed: int
) -> tuple[Model, list[Tokens]]:
    """An untrained model whose projections are fitted, and every picture's tokens."""

    def features() -> Iterator[PictureFeatures]:
        return (PictureFeatures.of(measurement) for measurement in training_set.measurements())

    model = _untrained(extractor, features, seed)
    level = positions / (len(training_set.codec.levels) - 1)
    return model, [model.tokens(picture, level) for picture in features()]


def _scaled(extractor: FeatureExtractor[Config], training_set: TrainingSet, seed: int) -> Model:
    """An untrained model whose projections are fitted to a few of the pictures and levels."""
    positions = evenly(_SCALE_LEVELS, len(training_set.codec.levels))
    order = np.random.default_rng(seed).permutation(len(training_set.pictures))[:_SCALE_PICTURES]
    features = [extractor.of(training_set.pictures[number]).extract(positions) for number in order]
    with one_torch_thread():
        return _untrained(extractor, lambda: features, seed)


def _untrained(
    extractor: FeatureExtractor[Config], features: Callable[[], Iterable[PictureFeatures]], seed: int
) -> Model:
    """A model with projections that are fitted to features of training pictures."""
    import torch

    from sgjnd.nets.model import Model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Model(extractor.config, channels_of(extractor.chosen.backbone))
    model.fit_projections(features)
    return model
