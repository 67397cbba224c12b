"""A small rated data set with real pixels, and predictors that misbehave."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, final

import numpy as np
import pandas as pd
import pytest

from datasets.codecs.jpeg import Jpeg
from datasets.core.dataset import Dataset, DatasetCard, Manifest, OpenOptions
from datasets.core.folds import Folds
from datasets.core.imaging import Box
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture
from datasets.sets.demo import PHOTOGRAPHS, read_crop
from protocols.kfold import KFold
from protocols.plan import Experiment, Job
from protocols.workers.measure import Visit
from protocols.workers.run_folds import Row, fold_tasks, predictions_of
from protocols.workers.task import Monitor

NAMES = ("astronaut", "coffee", "chelsea", "rocket")
FILES = {photograph.source: photograph.file() for photograph in PHOTOGRAPHS if photograph.source in NAMES}


@final
class Rated(Dataset):
    """Two crops of each of four photographs, rated by seeded random numbers."""

    card: ClassVar[DatasetCard] = DatasetCard(
        name="rated",
        title="Test crops",
        samples="random numbers",
        terms="",
        home="",
        redistributable=True,
        needs_root=False,
    )

    @classmethod
    def open(cls, root: Path | None, options: OpenOptions) -> Rated:
        generator = np.random.default_rng(5)
        pictures = []
        for name in NAMES:
            for row in (20, 120):
                samples = np.clip(np.round(generator.normal(generator.uniform(30, 60), 8, size=12)), 1, 100)
                read = functools.partial(read_crop, FILES[name], Box(row, 100, 96, 96))  # worker processes can find it
                ladder = CompressedLadder(Jpeg(), read)
                pictures.append(Picture(f"{name}-{row}", name, Jpeg(), 24.3, samples, {}, ladder))
        return cls(tuple(sorted(pictures, key=lambda p: p.name)), Manifest({"made": "by tests"}))


def cross_validate(job: Job, visits: Mapping[str, Visit]) -> pd.DataFrame:
    """Out-of-fold predictions of a job in this process, with visits that were applied to its pictures."""
    rows: dict[str, Row] = {}
    for task in fold_tasks(job, visits):
        rows |= task.run(Monitor()).rows
    return predictions_of(job, rows)


@pytest.fixture
def make_experiment() -> Callable[..., Experiment]:
    """A function that makes a experiment over the rated crops: `make_experiment(seed=0)`."""

    def make(seed: int = 0, limit: int = 0, folds: str = "half") -> Experiment:
        dataset = Rated.open(None, OpenOptions())
        fold_of = {name: number % 2 + 1 for number, name in enumerate(NAMES)}
        halves = Folds(folds, fold_of, "0" * 64)
        return Experiment(KFold(), dataset, dataset.pictures, halves, OpenOptions(), limit, seed)

    return make
