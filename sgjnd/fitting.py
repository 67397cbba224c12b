"""Fitting SG-JND: its heads on a frozen backbone, and then its backbone too."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from baselines.learned.network.extractor import FeatureExtractor, PictureFeatures
from baselines.learned.network.imagenet_weights import build, channels_of
from baselines.learned.network.training_set import Fitted, Progress, TrainingSet, no_progress
from datasets.common.threads import one_torch_thread
from sgjnd.config import Config

if TYPE_CHECKING:
    from sgjnd.nets.examples import Tokens
    from sgjnd.nets.model import Model


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
    """Train the heads on the frozen backbone first, then one head and the backbone together.

    A head that knows nothing yet would undo the backbone's first layers before it has learned anything.

    :param folder: as in `fit_frozen`.
    """
    import copy

    from baselines.learned.network.nets.pixel_examples import PixelExamples
    from baselines.learned.network.nets.training import Training
    from sgjnd.nets.model import WholeNetwork

    config, device = extractor.config, extractor.device
    started = fit_frozen(extractor, training_set, seed=seed, folder=folder and folder / "heads", progress=progress)
    backbone = build(extractor.chosen).to(device)
    model = copy.deepcopy(started.model).to(device)
    trained, held_out = next(training_set.held_out(config.members, seed))
    labels, positions = training_set.labels(config.label), extractor.positions(training_set.codec)
    examples = PixelExamples(training_set.pictures, labels, trained, held_out, config, device, positions[::4])
    network = WholeNetwork(backbone, model, config, 0)
    rates = [
        (network.head.parameters(), config.learning_rate / 10),  # it has been trained before
        (backbone.parameters(), config.backbone_learning_rate),
    ]
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
    import torch

    from sgjnd.nets.model import Model

    channels = channels_of(extractor.chosen.backbone)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Model(extractor.config, channels)

    def features() -> Iterator[PictureFeatures]:
        return (PictureFeatures.of(measurement) for measurement in training_set.measurements())

    model.fit_projections(features)
    level = positions / (len(training_set.codec.levels) - 1)
    return model, [model.tokens(picture, level) for picture in features()]
