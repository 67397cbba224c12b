"""What the tests of the baselines share: reference maps, the promises of metrics, and small trained networks."""

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from baselines.interface.contract.trial import restored_random_states
from baselines.learned.network.pixel_predictor import FAST, QUICK
from baselines.learned.pwjnd2020 import Pwjnd2020
from baselines.learned.surfeatnet2020 import SurFeatNet2020
from baselines.learned.vpjnd2025 import VpJnd2025
from baselines.metric._base import MetricPredictor
from datasets.codecs.jpeg import Jpeg
from datasets.core.picture import Picture

PIXELS = {
    **QUICK,
    "first_channels": 4,
    "hidden": 16,
    "learning_rate": 5e-3,
    "epochs": 20,
    "levels_per_picture": 8,
    "grid_levels": 20,
}
"""Settings under which a network on pixels learns eight small pictures in seconds."""
FEATURES = {
    "patch_pixels": 32,
    "most_patches": 4,
    "grid_levels": 10,
    "components": 3,
    "hidden": 16,
    "dropout": 0.0,
    "epochs": 60,
    "learning_rate": 1e-2,
}
"""The same on features of a pretrained network."""


@dataclass(frozen=True)
class ReferenceMaps:
    """Statistics and pixels of published models' maps on two images, from runs of the authors' or independent code.

    :param images: name to luma, uint8, shape (512, 512); the very pixels the maps were made from.
    :param rows: image, then map, to its statistics.
    """

    images: Mapping[str, np.ndarray]
    rows: Mapping[str, Mapping[str, Any]]

    def assert_exact(self, jnd_map: np.ndarray, image: str, name: str, within: float = 1e-6) -> None:
        """Every statistic and pixel of a map, to the digits that are given."""
        row = self.rows[image][name]
        assert list(jnd_map.shape) == row["shape"]
        for statistic in ("mean", "std", "min", "max", "median"):
            assert float(getattr(np, statistic)(jnd_map)) == pytest.approx(row[statistic], abs=within), statistic
        for place, value in row["pixels"].items():
            assert jnd_map[tuple(map(int, place.split(",")))] == pytest.approx(value, abs=within), place


@pytest.fixture(scope="session")
def reference_maps(reference_values: dict[str, Any]) -> ReferenceMaps:
    """The reference maps; the hashes of their images are checked first."""
    from PIL import Image
    from skimage import data

    images = {"camera": data.camera(), "astronaut_L": np.asarray(Image.fromarray(data.astronaut()).convert("L"))}
    for name, pixels in images.items():
        assert hashlib.sha256(pixels.tobytes()).hexdigest() == reference_values["_meta"]["images"][name]["sha256"], name
    return ReferenceMaps(images, reference_values["maps"])


@pytest.fixture(scope="session")
def photograph() -> np.ndarray:
    """A real photograph, uint8 RGB, shape (192, 200, 3)."""
    from skimage import data

    return np.ascontiguousarray(data.astronaut()[20:212, 130:330])


@pytest.fixture
def keeps_metrics_promises(
    photograph: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> Callable[[MetricPredictor], dict[int, float]]:
    """What every metric must keep, in one list; gives the scores at three QF."""

    def check(metric: MetricPredictor) -> dict[int, float]:
        codec, held = Jpeg(), photograph.copy()
        levels = {quality: codec.decode(codec.encode(photograph, quality)) for quality in (10, 50, 90)}
        before = {quality: pixels.copy() for quality, pixels in levels.items()}
        with restored_random_states() as states:
            metric.against(held, 24.3)(held)  # imports what it needs, which may count as a first use of generators
            was = states()
            score = metric.against(held, 24.3)
            scores = {quality: score(pixels) for quality, pixels in levels.items()}
            again = metric.against(held, 24.3)
            assert [again(levels[quality]) for quality in (90, 10)] == [scores[90], scores[10]], (
                "one score for one pair"
            )
            assert states() == was, "global random numbers are others'"
        distances = [metric.distance(scores[quality]) for quality in (10, 50, 90)]
        assert metric.distance(score(held)) == 0, "identical pictures are at distance 0"
        assert distances[0] > distances[1] > distances[2] > 0, "better quality is nearer"
        assert np.array_equal(held, photograph), "the reference is left as it was"
        assert all(np.array_equal(levels[quality], before[quality]) for quality in levels)
        assert capsys.readouterr() == ("", ""), "nothing is printed"
        return scores

    return check


@pytest.fixture(scope="session")
def same_source(rated_pictures) -> list[Picture]:
    """The rated pictures as if of one source: none is held out, so all are learned."""
    return [dataclasses.replace(picture, source="one") for picture in rated_pictures]


@pytest.fixture(scope="session")
def learned_pwjnd(same_source, true_levels) -> Pwjnd2020:
    """Has learned the rated pictures."""
    return Pwjnd2020(preset=FAST, settings=PIXELS, device="cpu").fit(same_source, true_levels, seed=0)


@pytest.fixture(scope="session")
def learned_vpjnd(same_source, true_levels) -> VpJnd2025:
    """Has learned the rated pictures and their JND maps."""
    return VpJnd2025(preset=FAST, settings=PIXELS, device="cpu").fit(same_source, true_levels, seed=0)


@pytest.fixture(scope="session")
def learned_surfeatnet(same_source, true_levels) -> SurFeatNet2020:
    """Has learned the rated pictures' features."""
    return SurFeatNet2020(settings=FEATURES, device="cpu").fit(same_source, true_levels, seed=0)
