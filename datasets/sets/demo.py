"""The demo set: real photographs that ship inside installed packages, and simulated observers.

No download, and nothing here was rated by people: `datasets.simulation.observers` says what the observers are, and
`python -m datasets.make_demo` computed their samples. Left out although scikit-image ships them: the left picture of
its motorcycle pair, for which it states no licence, and the Hubble deep field, whose noise the metric takes for detail
(nearly all observers notice above QF 85, which tells predictors apart by nothing).
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from datasets.common.errors import DataError, UserError
from datasets.common.hashing import sha256_of_file
from datasets.core.codec import Jpeg
from datasets.core.dataset import Dataset, DatasetCard, Manifest, OpenOptions, hashes_of
from datasets.core.imaging import Box, grid
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import PIXELS_PER_DEGREE, Picture
from datasets.core.picture_file import PictureFile, read_picture
from datasets.sets._simulated_samples import OBSERVERS_METRIC, read_samples, refuse_options

LARGEST_SIDE = 512
"""Of a crop, in pixels: larger ones would make the demo slower, not better."""

DISTRIBUTIONS = {"skimage": "scikit-image", "sklearn": "scikit-learn", "matplotlib": "matplotlib"}
"""Import name to the name that pip knows."""


@dataclass(frozen=True)
class Photograph:
    """A photograph inside an installed package.

    :param source: what folds group by.
    :param package: the package's import name.
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
        """Where the installation has it; nothing is imported.

        :raises DataError: where the package or the file is missing.
        """
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
        digest = f"sha256:{sha256_of_file(path)}"
        if digest != f"sha256:{self.sha256}":
            raise DataError(
                f"{path}: is not the file that the demo set was made from (expected sha256:{self.sha256}, found "
                f"{digest}). The installed {DISTRIBUTIONS[self.package]} is of another version or was changed: install "
                "one that ships it, or use another data set."
            )
        return digest


def read_crop(path: Path, box: Box) -> np.ndarray:
    """One picture's pixels, uint8 RGB, shape (height, width, 3)."""
    return box.cut(read_picture(path))


PHOTOGRAPHS = (
    Photograph(
        "astronaut",
        "skimage",
        "data/astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        (512, 512),
        (2, 2),
        "NASA; public domain, no known copyright restrictions",
    ),
    Photograph(
        "chelsea",
        "skimage",
        "data/chelsea.png",
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
        (300, 451),
        (1, 1),
        "Stefan van der Walt; CC0",
    ),
    Photograph(
        "china",
        "sklearn",
        "datasets/images/china.jpg",
        "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
        (427, 640),
        (1, 2),
        "danielbuechele on Flickr; CC BY 2.0",
    ),
    Photograph(
        "coffee",
        "skimage",
        "data/coffee.png",
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
        (400, 600),
        (1, 2),
        "Rachel Michetti, courtesy of Pikolo Espresso Bar; CC0",
    ),
    Photograph(
        "flower",
        "sklearn",
        "datasets/images/flower.jpg",
        "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
        (427, 640),
        (1, 2),
        "vultilion on Flickr (by the address that scikit-learn gives; its text names danielbuechele); CC BY 2.0",
    ),
    Photograph(
        "grace_hopper",
        "matplotlib",
        "mpl-data/sample_data/grace_hopper.jpg",
        "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
        (600, 512),
        (2, 2),
        "Wikimedia Commons, File:Grace_Hopper.jpg, by the file's own comment; US Navy photograph, public domain",
    ),
    Photograph(
        "ihc",
        "skimage",
        "data/ihc.png",
        "f8dd1aa387ddd1f49d8ad13b50921b237df8e9b262606d258770687b0ef93cef",
        (512, 512),
        (2, 2),
        "Center for Microscopy and Molecular Imaging; no known copyright restrictions",
    ),
    Photograph(
        "retina",
        "skimage",
        "data/retina.jpg",
        "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6",
        (1411, 1411),
        (2, 2),
        "Mikael Häggström; CC0",
    ),
    Photograph(
        "rocket",
        "skimage",
        "data/rocket.jpg",
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
        (427, 640),
        (1, 2),
        "SpaceX; public domain",
    ),
)


SAMPLES = Path(__file__).with_name("demo_samples.csv")


@final
class Demo(Dataset):
    """Crops of the photographs with the committed samples."""

    card = DatasetCard(
        name="demo",
        title="Demo (simulated observers)",
        samples="simulated observers",
        terms="Photographs inside scikit-image, scikit-learn and matplotlib, each under its own terms: "
        + "; ".join(f"{photograph.source}: {photograph.terms}" for photograph in PHOTOGRAPHS)
        + ". No person has rated them: the samples are computed.",
        home="",
        redistributable=True,
        references=(OBSERVERS_METRIC,),
        needs_root=False,
    )

    @classmethod
    def open(cls, root: Path | None, options: OpenOptions) -> Dataset:
        if root is not None:
            raise UserError("--root: the demo set comes with the installation and has none. Leave --root out.")
        refuse_options("the demo set", options)
        sampled = read_samples(SAMPLES, "Install jnd-bench again.")
        parts = hashes_of([SAMPLES], SAMPLES.parent)
        pictures = []
        for photograph in PHOTOGRAPHS:
            path = photograph.file()
            parts[f"{photograph.package}/{photograph.path}"] = photograph.checked_hash(path)
            for name, box in photograph.crops():
                if name not in sampled:
                    raise DataError(f"{SAMPLES}: has no samples of {name}. Install jnd-bench again.")
                ladder = CompressedLadder(
                    Jpeg(), PictureFile(path, functools.partial(read_crop, box=box), f"cut to {box}")
                )
                jnds = sampled[name].jnds.astype(float)
                pictures.append(
                    Picture(name, photograph.source, Jpeg(), PIXELS_PER_DEGREE, jnds, ladder_or_none=ladder)
                )
        return cls(tuple(sorted(pictures, key=lambda picture: picture.name)), Manifest(parts), _notes())


def _notes() -> tuple[str, ...]:
    jpegs = [photograph.source for photograph in PHOTOGRAPHS if photograph.was_jpeg]
    return (
        "The samples come from simulated observers, not from people.",
        f"JPEGs already before they were compressed here: {', '.join(jpegs)}.",
    )
