"""Plans: a protocol's experiments x truths x predictors are jobs, each under a key that names all it depends on."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import warnings
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from baselines.interface.predictor import JNDPredictor
from baselines.interface.registry import Registered, Wanted, choose_predictors
from datasets.common.errors import UserError, check_name
from datasets.common.hashing import seed_of
from datasets.core.dataset import Dataset, OpenOptions
from datasets.core.folds import Folds
from datasets.core.picture import Picture
from datasets.core.truths import Truth, find_truth
from protocols.store.reuse import reusable_run
from protocols.store.run_key import UNKNOWN, key_parts, run_key
from protocols.store.store import Identity, Store, StoredRun


class Protocol(ABC):
    """What is trained and tested on what. A new protocol is one file in this folder with one final subclass."""

    name: ClassVar[str]
    """As `--protocol` takes it."""
    meaning: ClassVar[str]
    """For people, one sentence."""

    def opened(self, dataset: Dataset, options: OpenOptions, limit: int) -> Protocol:
        """The protocol with all that it needs besides the data set that is tested.

        :param limit: how many pictures of each set are wanted; 0 for all.
        :raises UserError: where that cannot be had.
        """
        return self

    @property
    def training(self) -> tuple[Picture, ...]:
        """Pictures of other data sets, which are trained on and never tested."""
        return ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of those pictures, one sentence each."""
        return ()

    @abstractmethod
    def folds(self, dataset: Dataset) -> list[Folds]:
        """The folds of each experiment: each picture is tested in its fold by what was trained on the others."""

    def predictors(self, wanted: Sequence[Wanted]) -> tuple[list[Registered], list[str]]:
        """The predictors to run, and a note on each that is left out.

        :param wanted: names, globs, `package.module:Class`, classes, predictors; none takes the protocol's own choice.
        :raises UserError: as `baselines.interface.registry.choose_predictors`.
        """
        return choose_predictors(wanted)

    def trained_on(self, job: Job, pictures: Sequence[Picture]) -> Sequence[Picture]:
        """The pictures that a predictor is trained on, of all that it is not tested on."""
        return pictures

    def fits_once(self, job: Job) -> bool:
        """Whether one fit serves all folds, since it is trained on no picture of the data set that is tested."""
        return False

    def seed(self, job: Job, fold: int) -> int:
        """From which all randomness of fitting one fold derives."""
        identity = job.identity
        return seed_of(
            seed=job.experiment.seed,
            dataset=identity.dataset,
            folds=identity.folds,
            fold=fold,
            truth=identity.truth,
            jnd=identity.jnd,
            predictor=identity.predictor,
        )

    def key_parts(self, job: Job) -> dict[str, Any]:
        """What else a job's predictions depend on, by name."""
        return {}

    def summary(self, runs: Sequence[StoredRun]) -> str:
        """A table of the finished runs in Markdown; empty where the leaderboard says all."""
        return ""


def with_settings(protocol: str | Protocol, settings: Mapping[str, Any]) -> Protocol:
    """A protocol with some of its settings.

    :param protocol: its name, or an object, whose other settings stay.
    :param settings: by field.
    :raises UserError: where it has no such setting.
    """
    made = find_protocol(protocol)() if isinstance(protocol, str) else protocol
    for name in settings:
        if name not in _settings_of(type(made)):
            users = " or ".join(other for other, protocol in protocols().items() if name in _settings_of(protocol))
            raise UserError(f"{_FLAGS[name]} is for --protocol {users}, not {made.name}")
    return dataclasses.replace(made, **settings) if settings else made  # type: ignore[type-var]


_FLAGS = {"fold_file": "--folds", "fold_seeds": "--fold-seeds", "train": "--train", "adapt": "--adapt"}


def _settings_of(protocol: type[Protocol]) -> Collection[str]:
    return getattr(protocol, "__dataclass_fields__", {})


def find_protocol(name: str) -> type[Protocol]:
    """The protocol of a name."""
    known = protocols()
    check_name("protocol", name, known)
    return known[name]


def protocols() -> dict[str, type[Protocol]]:
    """Every protocol by its name: the final subclasses of `Protocol` in the files of this folder."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not module.ispkg:
            importlib.import_module(f"protocols.{module.name}")
    return {protocol.name: protocol for protocol in sorted(Protocol.__subclasses__(), key=lambda cls: cls.name)}


@dataclass(frozen=True)
class Experiment:
    """What every predictor is asked: pictures of a data set, folds, and which JND.

    :param pictures: those that take part, in order; fewer than the data set's where limited.
    :param limit: how many pictures the run was limited to; 0 for all.
    :param seed: from which all seeds derive.
    :param root: the folder the data set was read from; None where it needs none.
    """

    protocol: Protocol
    dataset: Dataset
    pictures: tuple[Picture, ...]
    folds: Folds
    options: OpenOptions
    limit: int
    seed: int
    root: Path | None = None

    @property
    def all_pictures(self) -> tuple[Picture, ...]:
        """Those that take part, and those of other data sets that are only trained on; no two have one name."""
        return (*self.pictures, *self.protocol.training)


@dataclass(frozen=True)
class Job:
    """One predictor under one truth in an experiment.

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
            dataset=experiment.dataset.name,
            folds=experiment.folds.name,
            truth=self.truth.name,
            jnd=experiment.options.jnd,
            limit=experiment.limit,
            predictor=self.entry.name,
        )


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


def named_pictures(plans: Sequence[Plan]) -> dict[str, Picture]:
    """The pictures of all plans, each name once: experiments may differ in their samples."""
    experiments = {id(plan.job.experiment.dataset): plan.job.experiment for plan in plans}
    return {picture.name: picture for experiment in experiments.values() for picture in experiment.all_pictures}


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
    experiments: Sequence[Experiment],
    truths: Sequence[str],
    entries: Sequence[Registered],
    store: Store,
    *,
    rerun: str,
    device: str,
) -> list[Plan]:
    """Every experiment x truth x predictor, with what the store already has.

    :param rerun: `never` reuses any stored run of the same identity, `stale` those whose key is the same, `always`
        none.
    """
    plans = [
        _plan(Job(experiment, truth, entry, device), store, rerun)
        for experiment in experiments
        for truth in map(find_truth, truths)
        for entry in entries
    ]
    unknown = {plan.job.entry.name: plan.key_parts[UNKNOWN] for plan in plans if UNKNOWN in plan.key_parts}
    for name, why in unknown.items():
        warnings.warn(f"{name} is run anew each time, for it {UNKNOWN}: {why.partition(';')[0]}", stacklevel=2)
    return plans


def _plan(job: Job, store: Store, rerun: str) -> Plan:
    parts = key_parts(job)
    key = run_key(parts)
    stored, reason = reusable_run(store, job.identity, key, parts, rerun=rerun)
    return Plan(job, key, parts, stored, reason)
