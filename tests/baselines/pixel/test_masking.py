"""Protects the pieces of pixel-domain models: exact against reference maps, and the properties behind them."""

import numpy as np
import pytest
from scipy import ndimage

from baselines.pixel._masking import (
    BACKGROUND,
    GRADIENTS,
    background_luminance,
    correlate,
    largest_gradient,
    luminance_adaptation,
)
from datasets.common.errors import UserError

IMAGES = ("camera", "astronaut_L")


@pytest.mark.parametrize("image", IMAGES)
def test_exact_against_the_reference_maps(image, reference_maps):
    plane = reference_maps.images[image].astype(float)
    background = background_luminance(plane, border="zero")
    reference_maps.assert_exact(background, image, "background_luminance_B5")
    reference_maps.assert_exact(luminance_adaptation(background), image, "LA_chou")
    reference_maps.assert_exact(largest_gradient(plane, border="zero"), image, "mg_5x5_max_gradient")


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
