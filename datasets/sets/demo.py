"""The demo set: real photographs that ship inside installed packages, and simulated observers.

No download, and nothing here was rated by people: `datasets.simulation.observers` says what the observers are, and
`python -m datasets.simulation.make_demo` computed their samples, a table a codec. Left out although scikit-image ships
them: the left picture of its motorcycle pair, for which it states no licence, and the Hubble deep field, whose noise
the metric takes for detail (nearly all observers notice above QF 85, which tells predictors apart by nothing).
"""

from __future__ import annotations

import csv
import functools
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from datasets.codecs import codec_named
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError, UserError
from datasets.common.hashing import sha256_of_file
from datasets.core.dataset import Dataset, DatasetCard, Manifest, OpenOptions, hashes_of
from datasets.core.folds import Folds, read_folds
from datasets.core.imaging import Box, grid
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import PIXELS_PER_DEGREE, Picture
from datasets.core.picture_file import PictureFile, read_picture
from datasets.sets._simulated_samples import (
    CVVDP,
    SimulatedDataset,
    notes_on_samples,
    read_samples,
    refuse_options,
)

LARGEST_SIDE = 512
"""Of a crop, in pixels: larger ones would make the demo slower, not better."""

DISTRIBUTIONS = {"skimage": "scikit-image", "sklearn": "scikit-learn", "matplotlib": "matplotlib"}
"""Import name to the name that pip knows."""


@dataclass(frozen=True)
class Photograph:
    """A photograph inside an installed package.

    :param source: what folds group by.
    :param path: of the file inside the package's folder.
    :param sha256: of the file; another version of the package may ship another file.
    :param size: height and width in pixels.
    :param cells: rows and columns of crops.
    :param terms: author and licence as the package or the file states them.
    """

    source: str
    package: str
    path: str
    sha256: str
    size: tuple[int, int]
    cells: tuple[int, int]
    terms: str

    @property
    def was_jpeg(self) -> bool:
        """Whether the package ships a JPEG, so that the reference has losses of its own."""
        return self.path.endswith(".jpg")

    def crops(self) -> Iterator[tuple[str, Box]]:
        """Names and places of its pictures, in reading order."""
        for number, box in enumerate(grid(*self.size, *self.cells, LARGEST_SIDE), start=1):
            yield f"{self.source}-{number}", box

    def file(self) -> Path:
        """Where the installation has it; nothing is imported."""
        package = importlib.util.find_spec(self.package)
        for folder in (package and package.submodule_search_locations) or ():
            if (path := Path(folder, self.path)).is_file():
                return path
        raise DataError(
            f"{self.package}/{self.path}: the demo set's picture {self.source!r} is not in the installation. "
            f"Install the package that ships it again: pip install --force-reinstall {DISTRIBUTIONS[self.package]}"
        )

    def checked_hash(self, path: Path) -> str:
        """The hash of its file, as manifests have it.

        :raises DataError: where it is not the file that the observers have seen.
        """
        digest = sha256_of_file(path)
        if digest != self.sha256:
            raise DataError(
                f"{path}: is not the file that the demo set was made from (expected sha256:{self.sha256}, found "
                f"sha256:{digest}). The installed {DISTRIBUTIONS[self.package]} is of another version or was changed: "
                "install one that ships it, or use another data set."
            )
        return f"sha256:{digest}"


def _photographs() -> Iterator[Photograph]:
    with _HERE.joinpath("demo_photographs.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            size, cells = (int(row["height"]), int(row["width"])), (int(row["rows"]), int(row["columns"]))
            yield Photograph(row["source"], row["package"], row["path"], row["sha256"], size, cells, row["terms"])


def samples_file(codec: str) -> Path:
    """The table of samples of a codec by its name; beside it stands a JSON file with the losses that were seen."""
    return _HERE / ("demo_samples.csv" if codec == Jpeg.name else f"demo_samples_{codec}.csv")


_HERE = Path(__file__).parent
CODECS = (Jpeg.name, *sorted(path.stem.removeprefix("demo_samples_") for path in _HERE.glob("demo_samples_*.json")))
"""Names of those with samples."""
PHOTOGRAPHS = tuple(_photographs())


def read_crop(path: Path, box: Box) -> np.ndarray:
    """One picture's pixels, uint8 RGB, shape (height, width, 3)."""
    return box.cut(read_picture(path))


class DemoSet(SimulatedDataset, ABC):
    """Crops of the photographs with committed samples."""

    @classmethod
    def open(cls, root: Path | None, options: OpenOptions) -> Dataset:
        if root is not None:
            raise UserError("--root: the demo set comes with the installation and has none. Leave --root out.")
        codec = codec_named(options.codec or Jpeg.name)
        refuse_options("the demo set", options, codec)
        codec.check_available()
        table = cls.samples_of(codec.name)
        sampled = read_samples(table, "Install jnd-bench again.", codec)
        parts = hashes_of([table], table.parent)
        pictures = []
        for photograph in PHOTOGRAPHS:
            path = photograph.file()
            parts[f"{photograph.package}/{photograph.path}"] = photograph.checked_hash(path)
            for name, box in photograph.crops():
                if name not in sampled:
                    raise DataError(f"{table}: has no samples of {name}. Install jnd-bench again.")
                file = PictureFile(path, functools.partial(read_crop, box=box), f"cut to {box}")
                jnds, ladder = sampled[name].jnds.astype(float), CompressedLadder(codec, file)
                pictures.append(Picture(name, photograph.source, codec, PIXELS_PER_DEGREE, jnds, ladder_or_none=ladder))
        jpegs = ", ".join(photograph.source for photograph in PHOTOGRAPHS if photograph.was_jpeg)
        notes = (
            *notes_on_samples(codec),
            f"JPEGs already before they were compressed here: {jpegs}.",
        )
        return cls(tuple(sorted(pictures, key=lambda picture: picture.name)), Manifest(parts), notes)

    @staticmethod
    @abstractmethod
    def samples_of(codec: str) -> Path:
        """The table of samples of a codec by its name."""

    def folds(self, name: str) -> Folds:
        return read_folds(name, Demo.card.name)


def _card(name: str, title: str, about_observers: str, in_codecs: tuple[str, ...]) -> DatasetCard:
    return DatasetCard(
        name=name,
        title=title,
        samples="simulated observers",
        terms="Photographs inside scikit-image, scikit-learn and matplotlib, each under its own terms: "
        + "; ".join(f"{photograph.source}: {photograph.terms}" for photograph in PHOTOGRAPHS)
        + f". No person has rated them: the samples are computed. {about_observers}",
        home="",
        redistributable=True,
        references=(CVVDP.reference,),
        needs_root=False,
        codecs=in_codecs,
    )


@final
class Demo(DemoSet):
    """The observers of today (demo-v2)."""

    samples_of = staticmethod(samples_file)
    card = _card(
        "demo",
        "Demo (simulated observers)",
        "Samples demo-v2: one draw (seed 0) of 30 observers, whose criteria were fitted on 150 other photographs; "
        "another seed moves a picture's mean by 1.5 QF in JPEG.",
        CODECS,
    )


@final
class DemoV1(DemoSet):
    """The observers before their criteria were fitted, so that older results can be read and repeated."""

    samples_of = staticmethod(lambda codec: _HERE / "demo_samples_v1.csv")
    card = _card(
        "demo-v1",
        "Demo, samples v1 (simulated observers)",
        "Samples demo-v1: criteria before they were fitted, 7 % lower and 27 % more spread. Use demo.",
        (Jpeg.name,),
    )
