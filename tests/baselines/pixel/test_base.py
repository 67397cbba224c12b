"""Protects what all pixel-domain models promise: sound maps on any picture, and rules that turn maps into visibility.

Runs over every registered predictor that draws a map, so a new model is covered by being there.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from baselines.interface.registry import Registered, registry
from baselines.pixel._base import RULES, PixelMapPredictor
from datasets.codecs.bpg import Bpg
from datasets.common.errors import UserError
from datasets.core.ladder import ShippedLadder
from datasets.core.picture import Picture

MODELS = {
    name: entry for name, entry in registry().items() if entry.kind == "pixel" and "threshold" not in entry.parameters
}
EVERY = pytest.mark.parametrize("entry", MODELS.values(), ids=MODELS.keys())
EVERY_ON_LUMA = pytest.mark.parametrize(
    "entry",
    [entry for name, entry in MODELS.items() if not name.endswith("-color")],
    ids=[name for name in MODELS if not name.endswith("-color")],
)
RANDOM = np.random.default_rng(0)
PLANES = {
    "grey": np.full((16, 24), 127, np.uint8),
    "black": np.zeros((16, 16), np.uint8),
    "white": np.full((17, 19), 255, np.uint8),
    "noise": RANDOM.integers(0, 256, (33, 47), dtype=np.uint8),
    "8x8": RANDOM.integers(0, 256, (8, 8), dtype=np.uint8),
    "8x31": RANDOM.integers(100, 120, (8, 31), dtype=np.uint8),
    "black and white": np.kron(np.indices((4, 5)).sum(axis=0) % 2, np.full((7, 7), 255)).astype(np.uint8),
}


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    """Luma, uint8, shape (128, 144): whole 8x8 blocks."""
    from skimage import data

    return np.ascontiguousarray(data.camera()[80:208, 160:304])


def made(entry: Registered, **more: object) -> PixelMapPredictor:
    predictor = entry.make(**more)
    assert isinstance(predictor, PixelMapPredictor)
    return predictor


def as_rgb(plane: np.ndarray) -> np.ndarray:
    return np.repeat(plane[:, :, None], 3, axis=2)


def shipped(tmp_path: Path, reference: np.ndarray, levels: Mapping[int, np.ndarray]) -> Picture:
    """A grey picture whose levels are PNG files with exactly these pixels."""
    from PIL import Image

    files = {level: tmp_path / f"{level}.png" for level in levels}
    for level, plane in levels.items():
        Image.fromarray(as_rgb(plane)).save(files[level])
    ladder = ShippedLadder(Bpg(), lambda: as_rgb(reference), files)
    return Picture("grey", "grey", Bpg(), 24.3, ladder_or_none=ladder)


@EVERY
@pytest.mark.parametrize("plane", PLANES.values(), ids=PLANES.keys())
def test_maps_are_positive_and_finite_on_any_picture(entry, plane):
    found = made(entry).map_of(as_rgb(plane))
    assert found.shape[:2] == plane.shape
    assert np.isfinite(found).all()
    assert found.min() > 0
    assert found.max() < 256, "no pixel can change by more than all there is"


@EVERY
def test_maps_of_colour_pictures_are_positive_and_finite(entry):
    found = made(entry).map_of(np.random.default_rng(1).integers(0, 256, (21, 34, 3), dtype=np.uint8))
    assert np.isfinite(found).all()
    assert found.min() > 0


@EVERY_ON_LUMA
def test_floats_and_bytes_have_the_same_map(entry, photograph):
    """But for a few pixels where float32 and float64 fall on different sides of an edge's threshold."""
    found, other = made(entry).jnd_map(photograph), made(entry).jnd_map(photograph.astype(float))
    assert np.mean(np.abs(found - other) > 1e-5) < 0.01


@EVERY
def test_a_map_does_not_change_the_picture_and_comes_out_the_same_twice(entry, photograph):
    rgb = as_rgb(photograph)
    kept = rgb.copy()
    rgb.setflags(write=False)
    first = made(entry).map_of(rgb)
    assert np.array_equal(first, made(entry).map_of(rgb))
    assert np.array_equal(rgb, kept)


@EVERY
@pytest.mark.parametrize(("shape", "size"), [((1, 50), "50x1"), ((50, 1), "1x50"), ((7, 30), "30x7")])
def test_pictures_too_small_are_refused(entry, shape, size):
    with pytest.raises(UserError, match=f"at least 8x8 pixels, not {size}"):
        made(entry).map_of(np.zeros((*shape, 3), np.uint8))


@EVERY_ON_LUMA
def test_planes_too_small_are_refused_too(entry):
    with pytest.raises(UserError, match="at least 8x8 pixels, not 50x1"):
        made(entry).jnd_map(np.zeros((1, 50), np.uint8))


TURNS = {"transposed": np.transpose, "left to right": np.fliplr, "upside down": np.flipud}
ASYMMETRIC = {
    "wu2017": (0.08, "12-degree bins from 0 do not map onto themselves when turned by 90 degrees"),
    "wu2017-paper": (0.08, "12-degree bins from 0 do not map onto themselves when turned by 90 degrees"),
}


@EVERY_ON_LUMA
@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS.keys())
def test_without_edges_maps_turn_with_the_picture(entry, turn, photograph):
    """Inside, to rounding; where a model is not symmetric, to the share of the mean that `ASYMMETRIC` explains."""
    predictor = made(entry, edge_protection=False)
    inner = np.s_[8:-8, 8:-8]
    found, expected = predictor.jnd_map(turn(photograph).copy())[inner], turn(predictor.jnd_map(photograph))[inner]
    allowed, _ = ASYMMETRIC.get(entry.name, (1e-6, ""))
    assert np.abs(found - expected).mean() <= allowed * expected.mean()


@EVERY_ON_LUMA
@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS.keys())
def test_with_edges_maps_turn_with_the_picture_but_for_a_few(entry, turn, photograph):
    """Two neighbours of equal gradient: the thinning keeps the one that comes first."""
    predictor = made(entry)
    inner = np.s_[8:-8, 8:-8]
    found, expected = predictor.jnd_map(turn(photograph).copy())[inner], turn(predictor.jnd_map(photograph))[inner]
    allowed, _ = ASYMMETRIC.get(entry.name, (0.01, ""))
    assert np.abs(found - expected).mean() <= allowed * expected.mean()


@EVERY
@pytest.mark.parametrize("rule", RULES)
def test_visibility_is_0_where_nothing_has_changed(entry, rule, photograph, tmp_path):
    picture = shipped(tmp_path, photograph, {1: photograph, 51: (photograph // 64) * 64})
    predictor = made(entry, rule=rule)
    assert predictor.visibility(picture, 1) == 0
    assert predictor.visibility(picture, 51) > 0


@EVERY_ON_LUMA
def test_noise_of_the_map_s_amplitude_has_visibility_1(entry, tmp_path):
    """The models' own test: error = map times a random sign, here rounded to whole grey levels at random."""
    from skimage import data

    reference = np.clip(data.camera()[200:328, 100:260], 70, 185)
    predictor = made(entry, edge_protection=False)
    rng = np.random.default_rng(0)
    noise = rng.choice([-1, 1], reference.shape) * predictor.jnd_map(reference)
    noised = np.floor(reference + noise + rng.uniform(0, 1, reference.shape))
    assert noised.min() >= 0
    assert noised.max() <= 255
    picture = shipped(tmp_path, reference, {51: noised.astype(np.uint8)})
    assert predictor.visibility(picture, 51) == pytest.approx(1, rel=0.05)


@EVERY_ON_LUMA
@pytest.mark.parametrize("rule", ["noise-psnr", "minkowski-4"])
def test_rules_of_degree_1_double_with_the_error(entry, rule, photograph, tmp_path):
    levels = {one: np.clip(photograph, 10, 245) + np.uint8(error) for one, error in ((1, 4), (2, 8))}
    picture = shipped(tmp_path, np.clip(photograph, 10, 245), levels)
    predictor = made(entry, rule=rule)
    assert predictor.visibility(picture, 2) == pytest.approx(2 * predictor.visibility(picture, 1), rel=1e-5)


def test_rules_by_hand(tmp_path):
    """A flat grey of 127 whose published map is 3 everywhere; half of the pixels are off by 6."""
    entry, flat = MODELS["chou1995"], np.full((16, 16), 127, np.uint8)
    changed = flat.copy()
    changed[8:] += 6
    picture = shipped(tmp_path, flat, {1: changed})
    found = {rule: made(entry, rule=rule).visibility(picture, 1) for rule in RULES}
    assert found["noise-psnr"] == pytest.approx(np.sqrt(0.5 * 36 / 9))
    assert found["minkowski-4"] == pytest.approx((0.5 * 2**4) ** 0.25)
    assert found["exceedance"] == pytest.approx(0.5)
    assert found["pspnr"] == pytest.approx(np.sqrt(0.5 * 3**2))


@EVERY
def test_one_level_and_the_whole_profile_agree(entry, rated_pictures):
    one = rated_pictures[2]
    for rule in RULES:
        predictor = made(entry, rule=rule)
        profile = predictor.profile(one)
        assert [predictor.visibility(one, level) for level in (1, 60)] == pytest.approx(profile[[0, 59]])


@EVERY
def test_an_unknown_rule_is_answered_by_the_right_ones(entry, rated_pictures):
    with pytest.raises(UserError, match=r"no rule 'noise-snr'. Did you mean 'noise-psnr'.*minkowski-4"):
        made(entry, rule="noise-snr").profile(rated_pictures[0])


@EVERY
def test_as_published_is_registered_beside_the_calibrated_model(entry):
    published = registry()[f"{entry.predictor.card.name}-as-published"]
    assert published.parameters == {"threshold": 1.0}
