"""The photographs of the demo set: where installed packages have them, how they are cut, and under which terms."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.common.errors import DataError
from datasets.common.hashing import sha256_of_file
from datasets.core.crops import Box, grid
from datasets.core.picture_file import read_picture

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
    :param was_jpeg: whether the package ships a JPEG, so that the reference has losses of its own.
    :param terms: author and licence as the package or the file states them.
    """

    source: str
    package: str
    path: str
    sha256: str
    size: tuple[int, int]
    cells: tuple[int, int]
    was_jpeg: bool
    terms: str

    def crops(self) -> Iterator[tuple[str, Box]]:
        """Names and places of its pictures, in reading order."""
        for number, box in enumerate(grid(*self.size, *self.cells, LARGEST_SIDE), start=1):
            yield f"{self.source}-{number}", box

    def file(self) -> Path:
        """Where the installation has it; nothing is imported.

        :raises DataError: where the package or the file is missing.
        """
        found = importlib.util.find_spec(self.package)
        for folder in (found and found.submodule_search_locations) or ():
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
        found = f"sha256:{sha256_of_file(path)}"
        if found != f"sha256:{self.sha256}":
            raise DataError(
                f"{path}: is not the file that the demo set was made from (expected sha256:{self.sha256}, found "
                f"{found}). The installed {DISTRIBUTIONS[self.package]} is of another version or was changed: install "
                "one that ships it, or use another data set."
            )
        return found


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
        False,
        "NASA; public domain, no known copyright restrictions",
    ),
    Photograph(
        "chelsea",
        "skimage",
        "data/chelsea.png",
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
        (300, 451),
        (1, 1),
        False,
        "Stefan van der Walt; CC0",
    ),
    Photograph(
        "china",
        "sklearn",
        "datasets/images/china.jpg",
        "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
        (427, 640),
        (1, 2),
        True,
        "danielbuechele on Flickr; CC BY 2.0",
    ),
    Photograph(
        "coffee",
        "skimage",
        "data/coffee.png",
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
        (400, 600),
        (1, 2),
        False,
        "Rachel Michetti, courtesy of Pikolo Espresso Bar; CC0",
    ),
    Photograph(
        "flower",
        "sklearn",
        "datasets/images/flower.jpg",
        "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
        (427, 640),
        (1, 2),
        True,
        "vultilion on Flickr (by the address that scikit-learn gives; its text names danielbuechele); CC BY 2.0",
    ),
    Photograph(
        "grace_hopper",
        "matplotlib",
        "mpl-data/sample_data/grace_hopper.jpg",
        "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
        (600, 512),
        (2, 2),
        True,
        "Wikimedia Commons, File:Grace_Hopper.jpg, by the file's own comment; US Navy photograph, public domain",
    ),
    Photograph(
        "ihc",
        "skimage",
        "data/ihc.png",
        "f8dd1aa387ddd1f49d8ad13b50921b237df8e9b262606d258770687b0ef93cef",
        (512, 512),
        (2, 2),
        False,
        "Center for Microscopy and Molecular Imaging; no known copyright restrictions",
    ),
    Photograph(
        "retina",
        "skimage",
        "data/retina.jpg",
        "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6",
        (1411, 1411),
        (2, 2),
        True,
        "Mikael Häggström; CC0",
    ),
    Photograph(
        "rocket",
        "skimage",
        "data/rocket.jpg",
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
        (427, 640),
        (1, 2),
        True,
        "SpaceX; public domain",
    ),
)
