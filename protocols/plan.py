"""Jobs: one run is data set x folds x truth x predictor, under a key that names all it depends on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baselines.interface.predictor import JNDPredictor
from baselines.interface.registry import Registered
from datasets.common.code_hash import method_sha256
from datasets.common.errors import UserError
from datasets.common.hashing import key_of
from datasets.core.dataset import Dataset, OpenOptions
from datasets.core.folds import Folds
from datasets.core.picture import Picture
from datasets.core.truths import Truth, find_truth
from protocols.store.store import Identity, Store, StoredRun

KEY_VERSION = 1
"""Goes up where runs stored before must not be reused; the form of their files has a version of its own."""


@dataclass(frozen=True)
class Experiment:
    """What every predictor is asked: pictures of a data set, folds, and which JND.

    :param dataset: opened.
    :param pictures: those that take part, in order; fewer than the data set's where limited.
    :param folds: covering their sources.
    :param options: how the data set was opened.
    :param limit: how many pictures the run was limited to; 0 for all.
    :param seed: from which all seeds derive.
    :param root: the folder the data set was read from; None where it needs none.
    """

    dataset: Dataset
    pictures: tuple[Picture, ...]
    folds: Folds
    options: OpenOptions
    limit: int
    seed: int
    root: Path | None = None


@dataclass(frozen=True)
class Job:
    """One predictor under one truth on a experiment.

    :param entry: the predictor as registered.
    :param device: where it may compute: `auto`, `cpu` or `cuda`; not part of the key.
    """

    experiment: Experiment
    truth: Truth
    entry: Registered
    device: str

    def make(self) -> JNDPredictor:
        """A new, unfitted predictor."""
        return self.entry.make(device=self.device)

    @property
    def identity(self) -> Identity:
        """What the run is about."""
        experiment = self.experiment
        return Identity(
            dataset=experiment.dataset.card.name,
            folds=experiment.folds.name,
            truth=self.truth.name,
            jnd=experiment.options.jnd,
            limit=experiment.limit,
            predictor=self.entry.name,
        )

    def key_parts(self) -> dict[str, Any]:
        """Everything the predictions depend on, by name."""
        experiment, predictor = self.experiment, self.make()
        parameters = {name: value for name, value in predictor.get_params().items() if name != "device"}
        ingredients = dict(predictor.ingredients())
        return {
            **({"ingredients": ingredients} if ingredients else {}),
            "schema": KEY_VERSION,
            "data set": experiment.dataset.card.name,
            "data": experiment.dataset.manifest.sha256,
            "decoder": experiment.dataset.codec.library() if experiment.dataset.has_pixels else "none",
            "anchor": experiment.options.anchor,
            "level direction": experiment.options.level_direction,
            "jnd": experiment.options.jnd,
            "limit": experiment.limit,
            "folds": experiment.folds.name,
            "fold file": experiment.folds.sha256,
            "truth": self.truth.name,
            "predictor": self.entry.name,
            "parameters": {name: _plain(value) for name, value in sorted(parameters.items())},
            "method": method_sha256(type(predictor)),
            "seed": experiment.seed,
        }


@dataclass(frozen=True)
class Plan:
    """What will happen to a job.

    :param stored: the run to reuse; None where it is to be run.
    :param reason: why, for people.
    """

    job: Job
    key: str
    key_parts: dict[str, Any]
    stored: StoredRun | None
    reason: str


def limited(pictures: Sequence[Picture], folds: Folds, limit: int) -> tuple[Picture, ...]:
    """The first pictures of each fold in turn until there are `limit`, so that every fold is touched.

    :raises UserError: where fewer than two folds would be left.
    """
    queues = [[p for p in pictures if folds.fold_of[p.source] == number] for number in folds.numbers]
    in_turn = [queue[turn] for turn in range(max(map(len, queues))) for queue in queues if turn < len(queue)]
    chosen = set(map(id, in_turn[:limit]))
    if len({folds.fold_of[p.source] for p in in_turn[:limit]}) < 2:
        raise UserError(f"--limit {limit}: at least 2 pictures are needed, one to train on and one to test")
    return tuple(p for p in pictures if id(p) in chosen)


def plan_jobs(
    experiment: Experiment,
    truths: Sequence[str],
    entries: Sequence[Registered],
    store: Store,
    *,
    rerun: str,
    device: str,
) -> list[Plan]:
    """Every truth x predictor of a experiment, with what the store already has.

    :param rerun: `never` reuses any stored run of the same identity, `stale` those whose key is the same, `always`
        none.
    """
    return [_plan(job, store, rerun) for job in _enumerate(experiment, truths, entries, device)]


def _enumerate(
    experiment: Experiment, truths: Sequence[str], entries: Sequence[Registered], device: str
) -> Iterator[Job]:
    for truth in truths:
        for entry in entries:
            yield Job(experiment, find_truth(truth), entry, device)


def _plan(job: Job, store: Store, rerun: str) -> Plan:
    parts = job.key_parts()
    key = key_of(parts, digits=12)
    stored = store.find(job.identity)
    same = stored[-1] if stored and stored[-1].key == key else None
    if rerun == "always":
        return Plan(job, key, parts, None, "asked for by --rerun always")
    if same is not None and (same.status == "complete" or rerun == "never"):
        return Plan(job, key, parts, same, f"stored {same.record.finished}, nothing it depends on has changed")
    if same is not None:
        return Plan(job, key, parts, None, f"its stored run is {same.status}: pictures failed")
    if stored and rerun == "never":
        return Plan(job, key, parts, stored[-1], "stored and stale, kept by --rerun never")
    if stored:
        return Plan(job, key, parts, None, f"stale: {_changes(stored[-1].record.key_parts, parts)}")
    if damaged := store.damaged(job.identity):
        return Plan(job, key, parts, None, f"damaged: {damaged[0].file}: {damaged[0].reason}")
    return Plan(job, key, parts, None, "not stored yet")


def _changes(before: dict[str, Any], now: dict[str, Any]) -> str:
    changed = [name for name in now if before.get(name) != now[name]]
    return f"changed since it was stored: {', '.join(changed)}"


def _plain(value: Any) -> Any:
    """A parameter as canonical JSON can hold it; what JSON has no form for by its repr."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    return repr(value)
