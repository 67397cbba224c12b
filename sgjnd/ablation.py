"""What each part of SG-JND is worth: out-of-fold errors of variants over several fold seeds, kept as they are made."""

from __future__ import annotations

import functools
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from baselines.interface.prediction import Prediction
from baselines.interface.predictor import JNDPredictor
from baselines.interface.registry import registry
from datasets.common.commands import progress
from datasets.common.errors import DataError
from datasets.common.files import write_atomically
from datasets.core.dataset import Dataset, open_dataset
from datasets.core.folds import dealt
from datasets.core.picture import Picture
from datasets.core.truths import find_truth
from sgjnd.lite import SgJndLite

FOLDS = 5
_DRAWS = 5000


@dataclass(frozen=True)
class Variant:
    """One row.

    :param name: as flags and tables say it.
    :param meaning: for people.
    :param settings: of `sgjnd.config.Config`.
    :param share: of the training sources that are used.
    """

    name: str
    meaning: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    share: float = 1.0

    def make(self) -> JNDPredictor:
        """A new predictor."""
        return SgJndLite(settings=dict(self.settings))


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("sgjnd-lite", "as registered"),
        Variant("no-attention", "stages side by side instead of cross-scale attention", {"attention": False}),
        Variant("no-patch-weights", "all patches count alike", {"patch_weights": False}),
        Variant("last-stage", "the most semantic stage alone", {"stages": "last"}),
        Variant("reference-only", "no distorted branch: reference and level alone", {"branches": "reference"}),
        Variant("difference-only", "no reference branch", {"branches": "difference"}),
        Variant("low-level", "the pixel stage alone: no semantic features", {"stages": "pixels"}),
        Variant("no-pixels", "the backbone's stages alone, without the pixel stage", {"stages": "backbone"}),
        Variant("random-backbone", "the same network with random weights", {"weights": "none"}),
        Variant("random-no-pixels", "random weights and no pixel stage", {"weights": "none", "stages": "backbone"}),
        Variant("lite2", "EfficientNet-Lite2", {"backbone": "efficientnet-lite2"}),
        Variant("one-member", "one head instead of three", {"members": 1}),
        Variant("hard-label", "trained on noticeable or not", {"label": "hard"}),
        Variant("quarter", "a quarter of the training sources", share=0.25),
        Variant("half", "half of the training sources", share=0.5),
    )
}


@dataclass(frozen=True)
class Task:
    """One row under one fold seed.

    :param dataset: its name.
    :param root: its folder.
    :param row: name of a variant, or of a registered predictor.
    """

    dataset: str
    root: str | None
    truth: str
    row: str
    fold_seed: int


@dataclass(frozen=True, eq=False)
class Compared:
    """A row of the table.

    :param row: its name.
    :param mae: mean absolute error in levels, over pictures and fold seeds.
    :param interval: 95 % bootstrap interval of it over sources.
    :param differences: by name of another row: this row's MAE minus the other's, and its paired interval.
    """

    row: str
    mae: float
    interval: tuple[float, float]
    differences: Mapping[str, tuple[float, float, float]]


def run(tasks: Sequence[Task], folder: Path, *, jobs: int) -> Iterator[tuple[Task, np.ndarray]]:
    """Absolute errors of every picture for each task; what is in the folder already is read, not computed.

    :param folder: holds a JSON file a task, each written as soon as it is done.
    :param jobs: processes, of one thread each.
    :raises DataError: where a file in the folder is damaged.
    """
    waiting = []
    for task in tasks:
        if (stored := _stored(folder, task)) is None:
            waiting.append(task)
        else:
            yield task, stored
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_start_worker, initargs=(os.getpid(),))
    try:
        found = pool.map(functools.partial(_computed, folder), waiting)
        yield from progress(zip(waiting, found, strict=True), "rows", len(waiting))
    finally:
        pool.shutdown(cancel_futures=True)


def made_with(task: Task) -> dict[str, Any]:
    """What a row's errors depend on besides the code and the task: data, settings, and share of the sources."""
    variant = VARIANTS.get(task.row)
    predictor = _make(task.row)
    settings = asdict(predictor.config()) if isinstance(predictor, SgJndLite) else predictor.get_params()
    return {
        "data": open_dataset(task.dataset, task.root).manifest.sha256,
        "settings": {name: value for name, value in settings.items() if name != "device"},
        "share": variant.share if variant else 1.0,
    }


def errors_of(task: Task) -> np.ndarray:
    """Out-of-fold absolute errors, shape (pictures,)."""
    dataset = open_dataset(task.dataset, task.root)
    truth = find_truth(task.truth)
    pictures = dataset.pictures
    true = np.array([truth.level(picture) for picture in pictures])
    fold = folds_of(pictures, task.fold_seed)
    predicted = np.empty(len(pictures))
    for number in range(FOLDS):
        trained = _training(task, pictures, fold != number)
        predictor = _make(task.row).fit(
            [pictures[i] for i in trained], true[trained], seed=1000 * task.fold_seed + number
        )
        for index in np.flatnonzero(fold == number):
            predicted[index] = Prediction.of(predictor.predict(pictures[index].without_samples())).level
        for picture in pictures:
            picture.ladder.forget_pixels()
    return np.abs(predicted - true)


def folds_of(pictures: Sequence[Picture], seed: int) -> np.ndarray:
    """Each picture's fold, 0 to `FOLDS` - 1, dealt as fold files are; shape (pictures,)."""
    fold_of = dealt([picture.source for picture in pictures], FOLDS, seed=seed)
    return np.array([fold_of[picture.source] - 1 for picture in pictures])


def compare(errors: Mapping[str, np.ndarray], sources: Sequence[str], against: Sequence[str]) -> list[Compared]:
    """MAE of every row with its interval, and paired differences, pictures resampled by source.

    :param errors: of each row, means over fold seeds, shape (pictures,).
    :param against: rows that the others are compared with.
    """
    names, inverse = np.unique(np.asarray(sources), return_inverse=True)
    draws = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=_DRAWS)
    counts = draws @ np.bincount(inverse)

    def interval(values: np.ndarray) -> tuple[float, float]:
        means = draws @ np.bincount(inverse, values) / counts
        low, high = np.quantile(means, [0.025, 0.975])
        return float(low), float(high)

    rows = []
    for row, values in errors.items():
        paired = {
            other: (float((values - errors[other]).mean()), *interval(values - errors[other]))
            for other in against
            if other in errors and other != row
        }
        rows.append(Compared(row, float(values.mean()), interval(values), paired))
    return sorted(rows, key=lambda one: one.mae)


def _make(row: str) -> JNDPredictor:
    return VARIANTS[row].make() if row in VARIANTS else registry()[row].make()


def _training(task: Task, pictures: Sequence[Picture], allowed: np.ndarray) -> np.ndarray:
    """Numbers of the training pictures: all, or those of a random share of the sources."""
    share = VARIANTS[task.row].share if task.row in VARIANTS else 1.0
    sources = sorted({p.source for p, may in zip(pictures, allowed, strict=True) if may})
    kept = np.random.default_rng(task.fold_seed).permutation(sources)[: max(2, round(share * len(sources)))]
    return np.array([i for i, p in enumerate(pictures) if allowed[i] and p.source in set(kept)])


def _computed(folder: Path, task: Task) -> np.ndarray:
    errors = errors_of(task)
    content = {"task": vars(task), "made_with": made_with(task), "absolute_error": errors.tolist()}
    write_atomically(_file(folder, task), json.dumps(content) + "\n")
    return errors


def _stored(folder: Path, task: Task) -> np.ndarray | None:
    """A stored row; None where there is none, or where it was made with something else."""
    path = _file(folder, task)
    if not path.is_file():
        return None
    now = json.loads(json.dumps(made_with(task)))
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        errors = np.array(content["absolute_error"], dtype=float)
        return errors if content.get("made_with") == now else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: is damaged ({error}). Delete it; it is made again.") from error


def _file(folder: Path, task: Task) -> Path:
    return folder / f"{task.dataset}-{task.truth}" / f"{task.row}-{task.fold_seed}.json"


def _start_worker(parent: int) -> None:
    """One thread, and no life after the parent's end."""
    import cv2
    import torch

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def sources_of(dataset: Dataset) -> list[str]:
    """Of every picture, in order."""
    return [picture.source for picture in dataset.pictures]
