"""Photographs of any size for benchmarks, as a data set whose samples mean nothing."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import ClassVar, final

import numpy as np

from benchmarks.stand_in import SHARED, cuts_of
from datasets.codecs.jpeg import Jpeg
from datasets.core.dataset import Dataset, DatasetCard, Manifest, OpenOptions
from datasets.core.folds import Folds
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture
from datasets.core.picture_file import PictureFile, read_picture
from protocols.kfold import KFold
from protocols.plan import Experiment

PIXELS_PER_DEGREE = 24.3


@final
class Photographs(Dataset):
    """Pictures with random samples: what methods cost does not depend on them."""

    card: ClassVar[DatasetCard] = DatasetCard(
        name="photographs",
        title="Photographs for the clock",
        samples="random numbers",
        terms="",
        home="",
        redistributable=False,
    )

    @classmethod
    def open(cls, root: Path | None, options: OpenOptions) -> Photographs:
        """The PNG files of a folder, sorted."""
        assert root is not None
        generator = np.random.default_rng(0)
        pictures = []
        for file in sorted(root.glob("*.png")):
            samples = np.clip(np.round(generator.normal(generator.uniform(30, 60), 8, 30)), 1, 100)
            ladder = CompressedLadder(Jpeg(), PictureFile(file))
            pictures.append(Picture(file.stem, file.stem, Jpeg(), PIXELS_PER_DEGREE, samples, {}, ladder))
        return cls(tuple(pictures), Manifest({"made": "by benchmarks"}))


def write_photographs(out: Path, count: int, width: int = 1920, height: int = 1080) -> Path:
    """Write so many photographs of a size, each another: cut from real ones where they are, else from scikit-image's.

    :returns: the folder.
    """
    import cv2

    out.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        pixels = _full_hd(number)
        if (width, height) != (1920, 1080):
            pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))
        cv2.imwrite(str(out / f"photograph-{number:03d}.png"), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    return out


def experiment_of(folder: Path, folds: int = 5) -> Experiment:
    """All photographs of a folder in so many folds."""
    dataset = Photographs.open(folder, OpenOptions())
    fold_of = {picture.source: number % folds + 1 for number, picture in enumerate(dataset.pictures)}
    shuffle = Folds("benchmark", fold_of, "0" * 64)
    return Experiment(KFold(), dataset, dataset.pictures, shuffle, OpenOptions(), 0, 0, folder)


@functools.lru_cache(maxsize=4)
def _full_hd(number: int) -> np.ndarray:
    files = sorted(SHARED.glob("*.png"))
    if files:
        return list(cuts_of(read_picture(files[number // 2 % len(files)])))[number % 2]
    from skimage import data

    return list(cuts_of([data.chelsea, data.astronaut, data.coffee, data.rocket][number // 2 % 4]()))[number % 2]
