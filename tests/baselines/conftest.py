"""What the tests of the baselines share: reference maps of published models."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest


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
