"""Transfer: trained on other data sets, tested on one that no method has seen, or has seen a few rated sources of.

A row is named for what it was trained on, `NAME@mcl-jci`, and stands beside those of cross-validation on the same
folds. A source is never trained on and tested: what a training set shares with the test set is left out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np

from baselines.interface.registry import Registered, Wanted, choose_predictors
from datasets.common.errors import UserError
from datasets.common.files import users_path
from datasets.common.hashing import key_of, seed_of
from datasets.core.codec import Codec
from datasets.core.dataset import Dataset, OpenOptions
from datasets.core.folds import Folds
from datasets.core.picture import Picture
from datasets.core.shared_sources import shared_sources
from datasets.sets import dataset_class, dataset_classes, open_dataset
from protocols.kfold import shuffled_folds
from protocols.plan import Job, Protocol
from protocols.scoring.transfer_table import transfer_table
from protocols.store.share_names import ADAPTED_TO, FOREIGN_SETS, split_transfer_name, transfer_name
from protocols.store.store import StoredRun

_DIGITS = 4


@final
@dataclass(frozen=True)
class ForeignSet:
    """A data set that is trained on.

    :param label: as rows are named for it.
    :param pictures: without those of sources that are in the test set; names and sources begin with the label.
    :param flag: as `--train` names it, DIR for its folder.
    :param sha256: of all that the training takes from the set.
    :param notes: what a reader must know of it, one sentence each.
    """

    label: str
    flag: str
    pictures: tuple[Picture, ...]
    sha256: str
    notes: tuple[str, ...]


@final
@dataclass(frozen=True)
class Transfer(Protocol):
    """Training on other data sets than the one that is tested.

    :param train: the data sets to train on: `NAME:DIR`, `NAME` where it needs no folder, or opened.
    :param adapt: how many rated sources of the test set are added to the training, each number a row of its own.
    :param fold_file: where no sources are added, the folds beside whose rows these stand: shipped ones by name, or a
        CSV file (source,fold); empty for the data set's own.
    :param fold_seeds: how many shuffles into folds there are where sources are added; each draws its own. A picture is
        tested after training on sources of other folds.
    :param sets: the opened data sets.
    """

    name = "transfer"
    meaning = "trained on other data sets (--train), and on N sources of this one with --adapt N"

    train: tuple[str | Dataset, ...] = ()
    adapt: tuple[int, ...] = ()
    fold_file: str = ""
    fold_seeds: int = 3
    sets: tuple[ForeignSet, ...] = ()

    def opened(self, dataset: Dataset, options: OpenOptions, limit: int) -> Protocol:
        if not self.train:
            raise UserError("--protocol transfer needs --train NAME:DIR, the data sets to train on")
        sets = sorted((_opened(given, dataset, options, limit) for given in self.train), key=lambda each: each.label)
        labels = [each.label for each in sets]
        if twice := {label for label in labels if labels.count(label) > 1}:
            raise UserError(f"--train: {', '.join(twice)} is named twice. Name each data set once")
        return replace(self, sets=tuple(sets))

    @property
    def training(self) -> tuple[Picture, ...]:
        return tuple(picture for each in self.sets for picture in each.pictures)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(note for each in self.sets for note in each.notes)

    def folds(self, dataset: Dataset) -> list[Folds]:
        if not self.adapt:
            return [dataset.folds(self.fold_file or dataset.card.default_folds)]
        if self.fold_file:
            raise UserError("--folds and --adapt: where sources are added, folds are dealt by seed. Leave one out")
        shuffles = shuffled_folds(dataset, self.fold_seeds)
        folds = list(shuffles[0].fold_of.values())
        left = len(folds) - max(map(folds.count, folds))
        if wrong := [count for count in self.adapt if not 1 <= count <= left]:
            raise UserError(
                f"--adapt {wrong[0]}: of the {len(folds)} sources of {dataset.name!r}, {left} are not in the "
                f"fold that is tested. Give 1 to {left}"
            )
        return shuffles

    def predictors(self, wanted: Sequence[Wanted]) -> tuple[list[Registered], list[str]]:
        """Each predictor, and the constant, without sources of the test set and with every number of them."""
        entries, notes = choose_predictors(wanted)
        if "constant" not in {entry.name for entry in entries}:
            entries += choose_predictors(["constant"])[0]
        label = "+".join(each.label for each in self.sets)
        counts = sorted({0, *self.adapt})
        return [replace(e, name=transfer_name(e.name, label, count)) for e in entries for count in counts], notes

    def trained_on(self, job: Job, pictures: Sequence[Picture]) -> Sequence[Picture]:
        """All pictures of the other sets, and those of the sources that are drawn, nested."""
        own = {picture.name for picture in job.experiment.pictures}
        sources = sorted({picture.source for picture in pictures if picture.name in own})
        drawn: set[str] = set()
        if count := _count(job):
            shuffle = int(job.experiment.folds.name.rpartition("seed")[2])
            drawn.update(np.random.default_rng(shuffle).permutation(sources)[:count].tolist())
        return [picture for picture in pictures if picture.name not in own or picture.source in drawn]

    def fits_once(self, job: Job) -> bool:
        return _count(job) == 0

    def seed(self, job: Job, fold: int) -> int:
        """The same for all folds, and for every number of added sources."""
        experiment, identity = job.experiment, job.identity
        return seed_of(
            seed=experiment.seed,
            dataset=identity.dataset,
            folds=identity.folds,
            truth=identity.truth,
            jnd=identity.jnd,
            predictor=split_transfer_name(identity.predictor)[:2],
        )

    def key_parts(self, job: Job) -> dict[str, Any]:
        sets = {each.label: {"set": each.flag, "sha256": each.sha256} for each in self.sets}
        return {FOREIGN_SETS: sets, ADAPTED_TO: _count(job)}

    def summary(self, runs: Sequence[StoredRun]) -> str:
        """By truth: a row for each predictor and what it was trained on, a column for each tested data set."""
        return transfer_table(runs)


def _count(job: Job) -> int:
    return split_transfer_name(job.entry.name)[2]


def _opened(given: str | Dataset, tested: Dataset, options: OpenOptions, limit: int) -> ForeignSet:
    """A data set to train on, without what it shares with the one that is tested."""
    other = _open(given, tested.codec, options) if isinstance(given, str) else given.afresh()
    flag = f"--train {given if isinstance(given, str) else other.name}"
    if (other.name, other.manifest) == (tested.name, tested.manifest):
        raise UserError(f"{flag}: is the data set that is tested. Name another, or run --protocol kfold")
    if other.codec != tested.codec:
        raise UserError(
            f"{flag}: its levels are {_levels(other.codec)}, and those of {tested.name!r} are {_levels(tested.codec)}. "
            "Train on data sets of the same codec and direction"
        )
    shared = shared_sources(other.pictures, tested.pictures)
    pictures = [picture for picture in other.pictures if picture.source not in shared][: limit or None]
    if not pictures:
        raise UserError(f"{flag}: all its sources are in {tested.name!r}, too, so nothing is left to train on")
    label = other.name
    if other.card.needs_root and not other.card.home:  # anyone's own: there may be many of one name
        label += f"-{other.manifest.sha256[:_DIGITS]}"
    return ForeignSet(
        label,
        f"{other.opens_as}:DIR" if other.card.needs_root else other.opens_as,
        tuple(replace(p, name=f"{label}:{p.name}", source=f"{label}:{p.source}") for p in pictures),
        key_of({"data": other.fingerprint(), "pictures": [picture.name for picture in pictures]}, digits=64),
        tuple(_notes(other, label, pictures, shared)),
    )


def _open(given: str, codec: Codec, options: OpenOptions) -> Dataset:
    name, _, root = given.partition(":")
    module_class, _, folder = root.partition(":")
    if name not in dataset_classes() and module_class.isidentifier() and not users_path(root).exists():
        name, root = f"{name}:{module_class}", folder
    card = dataset_class(name).card
    if card.needs_root and not root:
        raise UserError(f"--train {given}: needs the folder of the data set. Write --train {name}:DIR")
    if root and not users_path(root).is_dir():
        raise UserError(f"--train {given}: there is no folder {root}")
    in_codec = codec.name if codec.name in card.codecs else ""
    return open_dataset(name, Path(root) if root else None, replace(options, codec=in_codec, level_direction="auto"))


def _levels(codec: Codec) -> str:
    return f"{codec.label} from {codec.worst_level} (worst) to {codec.best_level}"


def _notes(other: Dataset, label: str, pictures: Sequence[Picture], shared: set[str]) -> Iterator[str]:
    sources = len({picture.source for picture in pictures})
    samples = "" if other.samples.lower() in other.title.lower() else f" ({other.samples})"
    yield f"@{label}: trained on {other.title}{samples}, {len(pictures)} pictures of {sources} sources."
    if shared:
        names = f"{', '.join(sorted(shared)[:3])}{' ...' if len(shared) > 3 else ''}"
        yield f"@{label}: {len(shared)} sources are in the test set, by name or pixels, and left out: {names}."
    yield from (f"@{label}: {note}" for note in other.notes)
