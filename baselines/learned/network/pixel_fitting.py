"""Training a small network on pixels, from random weights."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from baselines.learned.network.extractor import has_fast_bf16
from baselines.learned.network.search.rules import evenly
from baselines.learned.network.training_set import Fitted, Lesson, held_out_sources
from datasets.core.picture import Picture

if TYPE_CHECKING:
    from baselines.learned.network.nets.convolution import PairNetwork
    from baselines.learned.network.pixel_predictor import PixelSettings


def fit_pixels(
    lesson: Lesson,
    config: PixelSettings,
    *,
    seed: int,
    device: str,
    plane: Callable[[Picture], np.ndarray] | None,
    step: int,
    folder: Path | None,
) -> Fitted[PairNetwork]:
    """Train on random patches, and stop by the sources held out.

    :param plane: gives what else is looked at of a picture; None for nothing.
    :param step: patches start at multiples of it.
    :param folder: where training is kept after every epoch, to go on after a kill; removed in the end.
    :raises UserError: where there is nothing to learn from.
    """
    import torch

    from baselines.learned.network.nets.pixel_examples import PixelExamples
    from baselines.learned.network.nets.training import Training

    lesson.check(config.label)
    count = len(lesson.codec.levels)
    held_out = next(held_out_sources(lesson.pictures, 1, seed))
    trained = [number for number in range(len(lesson.pictures)) if number not in held_out]
    positions = evenly(min(config.grid_levels, count), count)
    labels = lesson.labels(config.label)
    examples = PixelExamples(
        lesson.pictures, labels, trained, sorted(held_out), config, device, positions, maps=plane, step=step
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = new_network(config, has_plane=plane is not None).to(device)
    rates = [(network.parameters(), config.learning_rate)]
    training = Training(network, rates, config, seed=seed, folder=folder, bf16=has_fast_bf16(device))
    training.run(examples)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    return lesson.fitted(network.cpu().eval(), config.label)


def new_network(config: PixelSettings, *, has_plane: bool) -> PairNetwork:
    """An untrained network."""
    from baselines.learned.network.nets.convolution import PairForm, PairNetwork

    return PairNetwork(PairForm(config.blocks, config.first_channels, config.hidden, config.dropout, has_plane))
