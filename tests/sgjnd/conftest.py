"""What the tests of SG-JND share: settings for seconds, true levels, a fitted predictor, and pictures in BPG."""

import dataclasses
import functools
from pathlib import Path
from typing import Any, final

import cv2
import numpy as np
import pytest

from datasets.codec import Bpg, Jpeg
from datasets.dataset import Dataset, DatasetCard, Manifest
from datasets.ladder import ShippedLadder
from datasets.picture import Picture
from datasets.truths import find_truth
from sgjnd.checkpoint import save_checkpoint
from sgjnd.lite import SgJndLite
from sgjnd.looking import Looker

QUICK = {
    "patch_pixels": 32,
    "most_patches": 4,
    "patches_per_picture": 2,
    "levels_per_picture": 6,
    "grid_levels": 10,
    "epochs": 12,
    "width": 8,
    "heads": 2,
    "components": 3,
    "members": 2,
    "batch": 12,
}


@final
class Few(Dataset):
    """Pictures that the tests have made."""

    card = DatasetCard("few", "Few crops", "criteria on the error", "", "", "", redistributable=True, needs_root=False)

    @classmethod
    def open(cls, root, options):
        raise NotImplementedError


@pytest.fixture(scope="session")
def rated_dataset(rated_pictures) -> Few:
    """The rated pictures as a data set."""
    return Few(tuple(rated_pictures), Manifest({"made": "by tests"}), ("Made by tests.",))


@pytest.fixture
def quick() -> dict[str, Any]:
    """Settings under which a fit takes a second."""
    return dict(QUICK)


@pytest.fixture(scope="session")
def true_levels(rated_pictures) -> np.ndarray:
    """Of the rated pictures, shape (pictures,)."""
    return np.array([find_truth("mean").level(picture) for picture in rated_pictures])


@pytest.fixture(scope="session")
def fitted_lite(rated_pictures, true_levels) -> SgJndLite:
    """Fitted on the first six pictures, of three sources; the last two are of a source it has not seen."""
    return SgJndLite(settings=QUICK, device="cpu").fit(rated_pictures[:6], true_levels[:6], seed=3)


@pytest.fixture(scope="session")
def bpg_pictures(rated_pictures, tmp_path_factory) -> list[Picture]:
    """Three of the rated pictures as a data set ships BPG: a decoded file a level, samples in QP, 1 the best."""
    return [_in_bpg(picture, tmp_path_factory.mktemp(picture.name)) for picture in rated_pictures[1:6:2]]


def _in_bpg(picture: Picture, folder: Path) -> Picture:
    codec, jpeg, files = Bpg(), Jpeg(), {}
    for level in map(int, codec.levels):
        pixels = jpeg.decode(jpeg.encode(picture.reference, round(_as_qf(level))))
        files[level] = folder / f"{level}.png"
        cv2.imwrite(str(files[level]), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    ladder = ShippedLadder(codec, functools.partial(np.array, picture.reference), files)
    samples = np.clip(51 - (picture.samples - 1) * 50 / 99, 1, 51)
    return Picture(picture.name, picture.source, codec, 24.3, samples, {}, ladder)


def _as_qf(level: int) -> float:
    return 1 + (51 - level) * 99 / 50


@pytest.fixture(scope="session")
def checkpoint_file(rated_pictures, true_levels, tmp_path_factory) -> Path:
    """What `sgjnd.predict` takes: a network that has learned its pictures, none of which was held out."""
    pictures = [dataclasses.replace(picture, source="one") for picture in rated_pictures]
    settings = {**QUICK, "epochs": 30, "members": 1}
    taught = SgJndLite(settings=settings, device="cpu").fit(pictures, true_levels, seed=0)
    looker = Looker(taught.config(), device="cpu")
    about = {"data": "crops of four photographs", "samples": "simulated observers", "truth": "mean"}
    path = tmp_path_factory.mktemp("checkpoint") / "small.safetensors"
    save_checkpoint(path, taught.fitted_, looker.config, looker.chosen, looker.channels, about)
    return path
