"""Protects the pieces of pixel-domain models: exact against reference maps, and the properties behind them."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from baselines.pixel_masking import (
    BACKGROUND,
    GRADIENTS,
    background_luminance,
    correlate,
    largest_gradient,
    luminance_adaptation,
)
from datasets.errors import UserError

IMAGES = ("camera", "astronaut_L")


def reference_image(name: str, expected_sha256: str) -> np.ndarray:
    """The image of a reference row, uint8, shape (512, 512), checked to be the one the row was made from."""
    from PIL import Image
    from skimage import data

    pixels = data.camera() if name == "camera" else np.asarray(Image.fromarray(data.astronaut()).convert("L"))
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == expected_sha256
    return pixels


def assert_matches_row(found: np.ndarray, row: dict) -> None:
    """Every statistic and pixel of a reference row, to the digits it gives."""
    assert list(found.shape) == row["shape"]
    for statistic in ("mean", "std", "min", "max", "median"):
        assert float(getattr(np, statistic)(found)) == pytest.approx(row[statistic], abs=1e-6), statistic
    for place, value in row["pixels"].items():
        assert found[tuple(map(int, place.split(",")))] == pytest.approx(value, abs=1e-6), place


@pytest.fixture(scope="module")
def reference(shared_data: Path) -> dict:
    return json.loads((shared_data / "reference" / "jnd-reference-values.json").read_text())


@pytest.mark.parametrize("image", IMAGES)
def test_exact_against_the_reference_maps(image, reference):
    plane = reference_image(image, reference["_meta"]["images"][image]["sha256"]).astype(float)
    rows = reference["maps"][image]
    background = background_luminance(plane, border="zero")
    assert_matches_row(background, rows["background_luminance_B5"])
    assert_matches_row(luminance_adaptation(background), rows["LA_chou"])
    assert_matches_row(largest_gradient(plane, border="zero"), rows["mg_5x5_max_gradient"])


def test_operators_are_as_printed():
    assert BACKGROUND.sum() == 32
    assert BACKGROUND[2, 2] == 0
    assert all(kernel.sum() == 0 and np.abs(kernel).sum() == 32 for kernel in GRADIENTS)
    assert all(np.array_equal(kernel[::-1, ::-1], -kernel) for kernel in GRADIENTS)
    assert np.array_equal(GRADIENTS[3], GRADIENTS[0].T)


@pytest.mark.parametrize(("border", "mode"), [("reflect", "mirror"), ("zero", "constant")])
@pytest.mark.parametrize("kernel", [BACKGROUND, *GRADIENTS], ids=["B", "G1", "G2", "G3", "G4"])
def test_filters_agree_with_scipy(kernel, border, mode):
    plane = np.random.default_rng(0).uniform(0, 255, (23, 17))
    assert correlate(plane, kernel, border=border) == pytest.approx(ndimage.correlate(plane, kernel, mode=mode))


def test_whole_numbers_and_floats_filter_alike():
    plane = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)
    assert np.array_equal(largest_gradient(plane), largest_gradient(plane.astype(float)))


def test_the_largest_gradient_turns_with_the_picture_and_ignores_its_polarity():
    plane = np.random.default_rng(0).uniform(0, 255, (20, 31))
    found = largest_gradient(plane)
    assert largest_gradient(plane.T) == pytest.approx(found.T)
    assert largest_gradient(plane[:, ::-1]) == pytest.approx(found[:, ::-1])
    assert largest_gradient(255 - plane) == pytest.approx(found)


def test_a_flat_plane_is_its_own_background_and_has_no_gradient():
    flat = np.full((12, 9), 200.0)
    assert background_luminance(flat) == pytest.approx(flat)
    assert largest_gradient(flat) == pytest.approx(0)


def test_luminance_adaptation_by_hand():
    """20 in black, 3 at 127 from both sides, 6 in white; nothing lower than 3."""
    assert luminance_adaptation(np.array([0.0, 127.0, 255.0])) == pytest.approx([20, 3, 6])
    assert luminance_adaptation(np.array([127 / 4])) == pytest.approx(17 * 0.5 + 3)
    assert luminance_adaptation(np.array([127.001])) == pytest.approx([3.0], abs=1e-3)
    assert luminance_adaptation(np.linspace(0, 255, 1000)).min() >= 3


def test_an_unknown_border_says_which_there_are():
    with pytest.raises(UserError, match=r"no border 'mirror'.*reflect, zero"):
        correlate(np.zeros((8, 8)), BACKGROUND, border="mirror")
