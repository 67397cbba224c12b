"""What all tests share: small rated pictures and their true levels, data beside the checkout, a cache of their own."""

import functools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import settings

from datasets.core.codec import Bpg, Jpeg
from datasets.core.ladder import CompressedLadder, ShippedLadder
from datasets.core.picture import Picture
from datasets.core.truths import find_truth

# Several processes share the cores: threads of torch and BLAS that wait for each other by spinning cost tenfold there.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # as in a background job: commands that tests start would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("unhurried", deadline=None)  # first calls import scipy or OpenCV
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one file share fixtures, so one process runs them; the contract's are told apart by predictor."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))


def _picture(name: str, pixels: np.ndarray, criteria: np.ndarray) -> Picture:
    ladder = CompressedLadder(Jpeg(), functools.partial(np.array, pixels))
    rmse = np.sqrt(ladder.summary().mse)
    samples = [max(np.flatnonzero(rmse > criterion), default=0) + 1 for criterion in criteria]
    return Picture(name, name.split("-")[0], Jpeg(), 24.3, np.array(samples, float), {}, ladder)


@pytest.fixture(scope="session")
def rated_pictures() -> list[Picture]:
    """Eight 64x64 crops of four real photographs; the observers' criterion is on the luma error, log-normal."""
    from skimage import data

    rng = np.random.default_rng(5)
    photographs = {"astronaut": data.astronaut(), "chelsea": data.chelsea(), "coffee": data.coffee()}
    photographs["rocket"] = data.rocket()
    corners = {"1": np.s_[20:84, 180:244], "2": np.s_[150:214, 100:164]}
    return [
        _picture(f"{source}-{number}", np.ascontiguousarray(pixels[corner]), rng.lognormal(np.log(5), 0.3, 30))
        for source, pixels in photographs.items()
        for number, corner in corners.items()
    ]


@pytest.fixture(scope="session")
def true_levels(rated_pictures) -> np.ndarray:
    """Of the rated pictures, under the truth `mean`, shape (pictures,)."""
    return np.array([find_truth("mean").level(picture) for picture in rated_pictures])


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


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Features are kept in a folder of this run, by processes that tests start too: none come from an older run."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JND_BENCH_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real pictures, ladders, labels and reference numbers that stand beside the checkout, where they do."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the shared test data are not at {folder}")
    return folder


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which nothing is kept yet, for this test and the processes that it starts."""
    folder = tmp_path / "empty-cache"
    folder.mkdir()
    monkeypatch.setenv("JND_BENCH_CACHE", str(folder))
    return folder
