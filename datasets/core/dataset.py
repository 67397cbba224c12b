"""What a data set is to everyone else: a card, pictures, and a hash of what it was built from."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from datasets.common.cache import sha256_of_files
from datasets.common.errors import UserError, unknown_name
from datasets.common.hashing import canonical_json, key_of, sha256_of_bytes
from datasets.core.codec import Codec
from datasets.core.folds import Folds, read_folds
from datasets.core.picture import Picture
from datasets.core.reference import Reference, citation


@dataclass(frozen=True)
class DatasetCard:
    """What a reader of a table has to know about a data set.

    :param name: as flags and columns say it.
    :param samples: who gave the JNDs, in words that stand in every table, e.g. `simulated observers`.
    :param terms: what may be done with it, and who gives it out.
    :param home: where its owners give it out; empty where there is nothing to fetch.
    :param redistributable: whether its pictures may be shown in a report that is passed on.
    :param needs_root: whether `--root` must be given.
    :param default_truths: the truths a run reports when none are named.
    :param default_folds: the folds a run uses when none are named.
    :param codecs: names of those in which it opens, the default first; empty where its files decide.
    """

    name: str
    title: str
    samples: str
    terms: str
    home: str
    redistributable: bool
    references: tuple[Reference, ...] = ()
    needs_root: bool = True
    default_truths: tuple[str, ...] = ("mean",)
    default_folds: str = "kfold5-v1"
    codecs: tuple[str, ...] = ()

    @property
    def citation(self) -> str:
        """What to cite, in one line for people; empty where there is nothing."""
        return citation(self.references)


@dataclass(frozen=True)
class OpenOptions:
    """How to read a root. Every data set takes them all and refuses what it cannot do.

    :param jnd: which JND the samples are, 1 (first), 2 or 3.
    :param anchor: `source`: levels are compared with the source picture; `best-level`: with the codec's best level.
    :param level_direction: `up` if a higher file index is better quality, `down` if worse, `auto` to ask the files.
    :param codec: the name of the codec, for a set that opens in several; empty for the set's own.
    """

    jnd: int = 1
    anchor: str = "source"
    level_direction: str = "auto"
    codec: str = ""

    def __post_init__(self) -> None:
        if self.jnd not in (1, 2, 3):
            raise UserError(f"--jnd is 1, 2 or 3, not {self.jnd!r}")
        if self.anchor not in ("source", "best-level"):
            raise unknown_name("anchor", self.anchor, ("source", "best-level"))
        if self.level_direction not in ("auto", "up", "down"):
            raise unknown_name("level direction", self.level_direction, ("auto", "up", "down"))


@dataclass(frozen=True)
class Manifest:
    """What a data set was built from: a name for every part, and its hash or value.

    :param parts: e.g. `{'labels/JND_image_01.txt': 'sha256:...', 'anchor': 'source'}`; what pictures are made of is in
        their fingerprints.
    """

    parts: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """Hash of all parts, whatever their order."""
        return sha256_of_bytes(canonical_json(self.parts))


@dataclass(frozen=True)
class Dataset(ABC):
    """An opened data set: pictures in a fixed order, all of one codec.

    :param pictures: sorted by name.
    :param notes: what the loader found out and a reader should know (e.g. the level direction), one sentence each.
    :param screening: what whoever collected the samples reports of their raters, a line each; mostly unknown.
    """

    card: ClassVar[DatasetCard]

    pictures: tuple[Picture, ...]
    manifest: Manifest
    notes: tuple[str, ...] = field(default=())
    screening: tuple[str, ...] = field(default=())

    @classmethod
    @abstractmethod
    def open(cls, root: Path | None, options: OpenOptions) -> Dataset:
        """Read the labels and find the files under a root; no pixels are decoded.

        :raises UserError: where the options ask for what the set has not.
        :raises DataError: for the first missing, truncated or inconsistent file, named with what was expected.
        """

    @property
    def codec(self) -> Codec:
        """The codec of all pictures."""
        return self.pictures[0].codec

    @property
    def name(self) -> str:
        """As tables, pages and stored runs name it: the card's, or one of its own where there are several of a kind."""
        return self.card.name

    @property
    def title(self) -> str:
        """The card's, with what tells several of a kind apart, such as the codec."""
        return self.card.title

    @property
    def opens_as(self) -> str:
        """By which name it is opened again: the card's, or `module:Class` where its class stands elsewhere."""
        cls = type(self)
        return self.card.name if cls.__module__.startswith("datasets.") else f"{cls.__module__}:{cls.__qualname__}"

    @property
    def samples(self) -> str:
        """Who gave the JNDs: as the card says it, or more exactly."""
        return self.card.samples

    @property
    def references(self) -> tuple[Reference, ...]:
        """What to cite: the card's, or what this very set was made with."""
        return self.card.references

    def fingerprint(self) -> str:
        """Names all that results depend on: what it was built from, and every picture with its ratings and levels."""
        return key_of({"manifest": self.manifest.sha256, "pictures": [*map(_content_of, self.pictures)]}, digits=64)

    def afresh(self) -> Dataset:
        """The same data set, of whose files nothing is known yet: they may have changed since it was opened."""
        return dataclasses.replace(self, pictures=tuple(picture.afresh() for picture in self.pictures))

    def folds(self, name: str) -> Folds:
        """Folds of this data set by name, or anyone's CSV file by path; the codecs of a set share them.

        :raises UserError: where there are none of that name.
        """
        return read_folds(name, self.card.name)

    @property
    def has_pixels(self) -> bool:
        """Whether the root holds pictures, or labels only."""
        return all(picture.has_pixels for picture in self.pictures)


def _content_of(picture: Picture) -> list[object]:
    try:
        seen = picture.fingerprint() if picture.has_pixels else picture.codec.name
    except UserError as error:  # the picture fails, and the others go on
        seen = f"cannot be read: {error}"
    rated = [sha256_of_bytes(np.asarray(picture.samples, dtype=float).tobytes()), dict(picture.tabulated)]
    return [picture.name, picture.source, picture.pixels_per_degree, *rated, seen]


def hashes_of(files: Iterable[Path], root: Path) -> dict[str, str]:
    """Manifest parts of files by their bytes."""
    paths = list(files)
    hashes = sha256_of_files(paths)
    return {path.relative_to(root).as_posix(): f"sha256:{sha256}" for path, sha256 in zip(paths, hashes, strict=True)}
