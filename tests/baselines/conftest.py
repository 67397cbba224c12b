"""What the tests of the baselines share: small rated pictures, and reference maps of published models."""

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from datasets.codec import Jpeg
from datasets.ladder import CompressedLadder
from datasets.picture import Picture

settings.register_profile("unhurried", deadline=None)  # first calls import scipy or OpenCV
settings.load_profile("unhurried")


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


@dataclass(frozen=True)
class ReferenceMaps:
    """Statistics and pixels of published models' maps on two images, from runs of the authors' or independent code.

    :param images: name to luma, uint8, shape (512, 512); the very pixels the maps were made from.
    :param rows: image, then map, to its statistics.
    """

    images: Mapping[str, np.ndarray]
    rows: Mapping[str, Mapping[str, Any]]

    def assert_exact(self, found: np.ndarray, image: str, name: str, within: float = 1e-6) -> None:
        """Every statistic and pixel of a map, to the digits that are given."""
        row = self.rows[image][name]
        assert list(found.shape) == row["shape"]
        for statistic in ("mean", "std", "min", "max", "median"):
            assert float(getattr(np, statistic)(found)) == pytest.approx(row[statistic], abs=within), statistic
        for place, value in row["pixels"].items():
            assert found[tuple(map(int, place.split(",")))] == pytest.approx(value, abs=within), place


@pytest.fixture(scope="session")
def reference_maps(shared_data: Path) -> ReferenceMaps:
    """The reference file beside the checkout; its images' hashes are checked first."""
    from PIL import Image
    from skimage import data

    reference = json.loads((shared_data / "reference" / "jnd-reference-values.json").read_text())
    images = {"camera": data.camera(), "astronaut_L": np.asarray(Image.fromarray(data.astronaut()).convert("L"))}
    for name, pixels in images.items():
        assert hashlib.sha256(pixels.tobytes()).hexdigest() == reference["_meta"]["images"][name]["sha256"], name
    return ReferenceMaps(images, reference["maps"])
