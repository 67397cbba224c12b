"""What the tests of SG-JND share: settings for seconds, a fitted predictor, and pictures in BPG."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any, final

import pytest

from baselines.learned.network.checkpoint import load_predictor, save_predictor
from datasets.codecs import codec_named
from datasets.core.dataset import Dataset, DatasetCard, Manifest
from sgjnd.predictors import SgJndLite

SMALL_NETWORK = {
    "patch_pixels": 32,
    "most_patches": 2,
    "patches_per_picture": 2,
    "levels_per_picture": 4,
    "grid_levels": 6,
    "epochs": 4,
    "width": 8,
    "heads": 2,
    "components": 2,
    "members": 2,
}
"""Settings with which a training takes seconds."""

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

    card = DatasetCard("few", "Few crops", "criteria on the error", "", "", redistributable=True, needs_root=False)

    @classmethod
    def open(cls, root, options):
        raise NotImplementedError


@pytest.fixture(scope="session")
def rated_dataset(rated_pictures) -> Few:
    """One of the rated pictures of each source, as a data set."""
    return Few(tuple(rated_pictures[::2]), Manifest({"made": "by tests"}), ("Made by tests.",))


@pytest.fixture
def quick() -> dict[str, Any]:
    """Settings under which a fit takes a second."""
    return dict(QUICK)


@pytest.fixture(scope="session")
def fitted_lite(rated_pictures, true_levels) -> SgJndLite:
    """Fitted on the first six pictures, of three sources; the last two are of a source it has not seen."""
    return SgJndLite(settings=QUICK, device="cpu").fit(rated_pictures[:6], true_levels[:6], seed=3)


@pytest.fixture(scope="session")
def checkpoint_file(rated_pictures, true_levels, tmp_path_factory) -> Path:
    """What `sgjnd.predict` takes: a network that has learned its pictures, none of which was held out."""
    pictures = [dataclasses.replace(picture, source="one") for picture in rated_pictures]
    settings = {**QUICK, "epochs": 30, "members": 1}
    fitted = SgJndLite(settings=settings, device="cpu").fit(pictures, true_levels, seed=0)
    about = {"data": "crops of four photographs", "samples": "simulated observers", "truth": "mean"}
    path = tmp_path_factory.mktemp("checkpoint") / "small.safetensors"
    save_predictor(path, fitted, about)
    return path


@pytest.fixture(scope="session")
def checkpoint_folder(checkpoint_file, tmp_path_factory) -> Path:
    """The small network as if one for JPEG, for WebP and for AVIF came with an installation."""
    folder = tmp_path_factory.mktemp("checkpoints")
    shutil.copy(checkpoint_file, folder / "sgjnd-lite-simulated-jpeg.safetensors")
    for name in ("webp", "avif"):
        predictor = load_predictor(checkpoint_file, device="cpu")
        fitted, shrunk = predictor.fitted_, len(codec_named(name).levels) / 100
        prior = dataclasses.replace(
            fitted.prior, **{name: value * shrunk for name, value in dataclasses.asdict(fitted.prior).items()}
        )
        predictor.fitted_ = dataclasses.replace(fitted, codec=name, prior=prior)
        save_predictor(folder / f"sgjnd-lite-simulated-{name}.safetensors", predictor, dict(fitted.about))
    return folder
