"""What a data set is to everyone else: a card, pictures, and a hash of what it was built from.

A new data set is one file in `datasets/sets/` with one final subclass of `Dataset`; it is found by its card's name.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from datasets import sets
from datasets.common.errors import UserError, unknown_name
from datasets.common.hashing import canonical_json, sha256_of_bytes, sha256_of_file
from datasets.core.codec import Codec
from datasets.core.folds import Folds, read_folds
from datasets.core.picture import Picture
from datasets.core.reference import Reference, citation


@dataclass(frozen=True)
class DatasetCard:
    """What a reader of a table has to know about a data set.

    :param name: as flags and columns say it.
    :param title: for people.
    :param samples: who gave the JNDs, in words that stand in every table, e.g. `simulated observers`.
    :param terms: what may be done with it, and who gives it out.
    :param home: where its owners give it out; empty where there is nothing to fetch.
    :param redistributable: whether its pictures may be shown in a report that is passed on.
    :param references: what to cite.
    :param needs_root: whether `--root` must be given.
    :param default_truths: the truths a run reports when none are named.
    :param default_folds: the folds a run uses when none are named.
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
    """

    jnd: int = 1
    anchor: str = "source"
    level_direction: str = "auto"

    def __post_init__(self) -> None:
        if self.jnd not in (1, 2, 3):
            raise UserError(f"--jnd is 1, 2 or 3, not {self.jnd}")
        if self.anchor not in ("source", "best-level"):
            raise unknown_name("anchor", self.anchor, ("source", "best-level"))
        if self.level_direction not in ("auto", "up", "down"):
            raise unknown_name("level direction", self.level_direction, ("auto", "up", "down"))


@dataclass(frozen=True)
class Manifest:
    """What a data set was built from: a name for every part, and its hash or size.

    :param parts: e.g. `{'labels/JND_image_01.txt': 'sha256:...', 'jpeg/SRC0001_JPEG_001.jpg': 'bytes:5123'}`.
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
    :param manifest: what they were built from.
    :param notes: what the loader found out and a reader should know (e.g. the level direction), one sentence each.
    """

    card: ClassVar[DatasetCard]

    pictures: tuple[Picture, ...]
    manifest: Manifest
    notes: tuple[str, ...] = field(default=())

    @classmethod
    @abstractmethod
    def open(cls, root: Path | None, options: OpenOptions) -> Dataset:
        """Read the labels and find the files under a root; no pixels are decoded.

        :raises DataError: for the first missing, truncated or inconsistent file, named with what was expected.
        """

    @property
    def codec(self) -> Codec:
        """The codec of all pictures."""
        return self.pictures[0].codec

    def folds(self, name: str) -> Folds:
        """Folds of this data set by name, or anyone's CSV file by path.

        :raises UserError: where there are none of that name.
        """
        return read_folds(name, self.card.name)

    @property
    def has_pixels(self) -> bool:
        """Whether the root holds pictures, or labels only."""
        return all(picture.has_pixels for picture in self.pictures)


def dataset_classes() -> dict[str, type[Dataset]]:
    """Every data set by name, found in the files of `datasets/sets/`."""
    classes: dict[str, type[Dataset]] = {}
    for module in pkgutil.iter_modules(sets.__path__):
        for value in vars(importlib.import_module(f"{sets.__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Dataset) and hasattr(value, "card"):
                other = classes.setdefault(value.card.name, value)
                if other is not value:
                    raise UserError(
                        f"the data sets {other.__module__}:{other.__qualname__} and {value.__module__}:"
                        f"{value.__qualname__} are both named {value.card.name!r}. Give one card another name."
                    )
    return dict(sorted(classes.items()))


def open_dataset(name: str, root: str | Path | None = None, options: OpenOptions | None = None) -> Dataset:
    """Open a data set by name.

    :raises UserError: where there is no such set, or its root is missing.
    :raises DataError: where something under the root is wrong.
    """
    classes = dataset_classes()
    if name not in classes:
        raise unknown_name("data set", name, classes)
    card = classes[name].card
    if card.needs_root and root is None:
        raise UserError(
            f"data set {name!r} needs --root DIR, the folder it was unpacked into or made in. "
            f"'python -m datasets.get {name}' says where it comes from."
        )
    if root is not None and not Path(root).is_dir():
        raise UserError(f"--root {root}: there is no such folder")
    return classes[name].open(Path(root) if root is not None else None, options or OpenOptions())


def codec_named(name: str) -> Codec | None:
    """The codec of a name, from `datasets.core.codec`, from a data set's file in `datasets/sets/`, or anyone's.

    :returns: None where no class that is loaded has the name.
    """
    if name not in _codec_classes():
        dataset_classes()  # loads the files of all data sets, and the codecs in them
    codec = _codec_classes().get(name)
    return None if codec is None else codec()


def _codec_classes() -> dict[str, type[Codec]]:
    classes: list[type[Codec]] = Codec.__subclasses__()
    for codec in classes:
        classes += codec.__subclasses__()
    return {codec.name: codec for codec in reversed(classes) if hasattr(codec, "name")}


def hashes_of(files: Iterable[Path], root: Path) -> dict[str, str]:
    """Manifest parts of files by their bytes."""
    return {path.relative_to(root).as_posix(): f"sha256:{sha256_of_file(path)}" for path in files}


def sizes_of(files: Iterable[Path], root: Path) -> dict[str, str]:
    """Manifest parts of many files by size alone: a ladder has thousands, and recompression changes its sizes."""
    return {path.relative_to(root).as_posix(): f"bytes:{path.stat().st_size}" for path in files}
