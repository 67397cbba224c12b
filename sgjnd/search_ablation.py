"""Probabilities of every level, out-of-fold, stored once; then every search replayed on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from baselines.learned.network.extractor import Features, Looker
from baselines.learned.network.search.fit import Prior
from baselines.learned.network.search.replay import replay_all
from baselines.learned.network.search.rules import Strategy
from baselines.learned.network.search.strategies import strategy
from baselines.learned.network.training_set import Fitted, Lesson
from datasets.common.commands import progress
from datasets.common.errors import DataError
from datasets.common.files import write_atomically
from datasets.common.hashing import sha256_of_bytes
from datasets.core.dataset import Dataset, open_dataset
from datasets.core.picture import Picture
from datasets.core.truths import find_truth
from sgjnd.ablation import FOLDS, folds_of
from sgjnd.config import Config
from sgjnd.fitting import fit_frozen

if TYPE_CHECKING:
    from sgjnd.nets.model import Model


@dataclass(frozen=True, eq=False)
class Probabilities:
    """Of every level of every picture, from networks that were not trained on it.

    :param noticed: shape (pictures, levels), levels from the worst.
    :param priors: shape (pictures, 4): position, spread, scale, scale_spread of each picture's training folds.
    :param true_positions: shape (pictures,), moved from the truth's share to the half at which searches aim.
    """

    noticed: np.ndarray
    priors: np.ndarray
    true_positions: np.ndarray


def replayed(dataset: str, root: str | None, truth: str, folder: Path) -> str:
    """A table of every search, in Markdown.

    :param folder: keeps the probabilities; where they are there already, no picture is looked at.
    """
    opened, config = open_dataset(dataset, root), Config()
    found = _stored(_file(folder, opened, truth, config)) or _computed(opened, truth, config, folder)
    priors = [Prior(*(float(one) for one in row)) for row in found.priors]
    searches = list(_searches(config.evidence))
    table = replay_all(searches, found.noticed, priors, found.true_positions, reference=searches[0])
    return f"{opened.card.samples}, {len(found.noticed)} pictures\n\n{table.markdown()}"


def _searches(evidence: float) -> Iterator[Strategy]:
    yield strategy("full", evidence=evidence)
    for passes in (8, 12, 16, 20):
        yield strategy("grid", passes=passes, evidence=evidence)
    yield strategy("scan", evidence=evidence)
    for passes in (8, 14, 20):
        yield strategy("bayes", passes=passes, evidence=evidence)
    yield strategy("window")
    yield strategy("bisect")
    for other in (8.0, 15.0, 30.0):
        yield strategy("full", evidence=other)


def _computed(dataset: Dataset, truth: str, config: Config, folder: Path) -> Probabilities:
    pictures, named = dataset.pictures, find_truth(truth)
    codec = dataset.codec
    true = np.array([named.level(picture) for picture in pictures])
    grid, everything = Looker(config), Looker(Config(grid_levels=len(codec.levels)))
    measured = {picture.name: grid.measure(picture) for picture in progress(pictures, "looking at pictures")}
    fold = folds_of(pictures, 0)
    noticed = np.empty((len(pictures), len(codec.levels)))
    priors, at_half = np.empty((len(pictures), 4)), np.asarray(codec.position(true), dtype=float)
    for number in progress(range(FOLDS), "folds"):
        trained = np.flatnonzero(fold != number)
        lesson = Lesson([pictures[i] for i in trained], true[trained], lambda picture: measured[picture.name], "")
        fitted, _ = fit_frozen(grid, lesson, seed=number)
        for index in np.flatnonzero(fold == number):
            picture = pictures[index]
            noticed[index] = _all_levels(everything, fitted, picture)
            priors[index] = list(asdict(fitted.prior).values())
            at_half[index] -= fitted.prior.scale * np.log(fitted.share / (1 - fitted.share))
            picture.ladder.forget_pixels()
    found = Probabilities(noticed, priors, at_half)
    _keep(_file(folder, dataset, truth, config), found)
    return found


def _all_levels(looker: Looker[Config], fitted: Fitted[Model], picture: Picture) -> np.ndarray:
    features = Features.of(looker.measure(picture))
    level = np.linspace(0, 1, len(picture.codec.levels))
    return fitted.model.probabilities(fitted.model.tokens(features.reference, features.levels, level))


def _file(folder: Path, dataset: Dataset, truth: str, config: Config) -> Path:
    parts = json.dumps([dataset.manifest.sha256, truth, asdict(config)])
    return folder / f"{dataset.card.name}-{sha256_of_bytes(parts)[:12]}.probabilities.safetensors"


def _keep(path: Path, found: Probabilities) -> None:
    from safetensors.numpy import save

    write_atomically(path, save(vars(found)))


def _stored(path: Path) -> Probabilities | None:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if not path.is_file():
        return None
    try:
        return Probabilities(**load_file(path))
    except (SafetensorError, OSError, TypeError) as error:
        raise DataError(f"{path}: is damaged ({error}). Delete it; it is made again.") from error
