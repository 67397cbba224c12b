"""Fitting SG-JND: its heads on a frozen backbone, and then its backbone too."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from baselines.learned.network.extractor import Features, Looker, has_fast_bf16
from baselines.learned.network.training_set import Fitted, Lesson, Say, held_out_sources
from baselines.learned.network.weights import build
from datasets.common.threads import one_torch_thread
from sgjnd.config import Config

if TYPE_CHECKING:
    from baselines.learned.network.nets.training import History
    from sgjnd.nets.examples import Tokens
    from sgjnd.nets.model import Model


def fit_frozen(
    looker: Looker[Config], lesson: Lesson, *, seed: int, folder: Path | None = None, say: Say = lambda *_: None
) -> tuple[Fitted[Model], list[History]]:
    """Train the heads on features of a frozen backbone.

    :param folder: where training is kept after every epoch, to go on after a kill; None keeps nothing.
    :returns: the fit, and every member's losses.
    """
    import torch

    from baselines.learned.network.nets.training import Training
    from sgjnd.nets.examples import Examples

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
    return lesson.fitted(model, config.label), histories


def fit_whole(
    looker: Looker[Config], lesson: Lesson, *, seed: int, folder: Path | None = None, say: Say = lambda *_: None
) -> tuple[Fitted[Model], list[History]]:
    """Train the heads on the frozen backbone first, then one head and the backbone together.

    A head that knows nothing yet would undo the backbone's first layers before it has learned anything.

    :param folder: as in `fit_frozen`.
    """
    import copy

    from baselines.learned.network.nets.pixel_examples import PixelExamples
    from baselines.learned.network.nets.training import Training
    from sgjnd.nets.finetune import WholeNetwork

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


def _prepared(looker: Looker[Config], lesson: Lesson, positions: np.ndarray, seed: int) -> tuple[Model, list[Tokens]]:
    """An untrained model whose projections are fitted, and every picture's tokens."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = new_model(looker.config, looker)

    def features() -> Iterator[Features]:
        return map(Features.of, lesson.measurements())

    model.fit_projections(lambda: ((picture.reference, picture.levels) for picture in features()))
    level = positions / (len(lesson.codec.levels) - 1)
    return model, [model.tokens(picture.reference, picture.levels, level) for picture in features()]


def new_model(config: Config, looker: Looker[Config]) -> Model:
    """An untrained network for a looker's backbone."""
    from sgjnd.nets.model import Model

    return Model(config, looker.channels)
