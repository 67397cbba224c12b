"""Protects Chou & Li 1995: exact against a reference map, sound on any plane, and its rule from map to level."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from baselines.pixel._masking import luminance_adaptation
from baselines.pixel.chou1995 import Chou1995

NOISE = np.random.default_rng(0).integers(0, 256, (33, 65), dtype=np.uint8)


@pytest.mark.parametrize("image", ["camera", "astronaut_L"])
def test_exact_against_the_reference_map(image, reference_maps):
    """A row of an independent implementation of Eqs 1-5, zero borders; every statistic and pixel to 1e-6."""
    found = Chou1995(border="zero").jnd_map(reference_maps.images[image])
    reference_maps.assert_exact(found, image, "chou_li_1995_max")


@settings(max_examples=50)
@given(arrays(np.uint8, st.tuples(st.integers(8, 21), st.integers(8, 21))))
def test_the_map_is_sound_on_any_plane(plane):
    found = Chou1995().jnd_map(plane)
    assert found.shape == plane.shape
    assert np.isfinite(found).all()
    assert 3 <= found.min() <= found.max() <= 255 * (0.0001 * 255 + 0.115) + 20
    assert np.allclose(Chou1995().jnd_map(plane.astype(float)), found)
    assert np.allclose(Chou1995().jnd_map(plane.T), found.T)


@pytest.mark.parametrize("grey", [0, 40, 127, 200, 255])
def test_a_flat_plane_is_masked_by_its_luminance_alone(grey):
    found = Chou1995().jnd_map(np.full((10, 10), grey, np.uint8))
    assert found == pytest.approx(float(luminance_adaptation(np.array([grey]))[0]))


def test_borders_change_only_the_two_outer_pixels():
    reflected, zero = Chou1995().jnd_map(NOISE), Chou1995(border="zero").jnd_map(NOISE)
    assert np.array_equal(reflected[2:-2, 2:-2], zero[2:-2, 2:-2])
    assert not np.array_equal(reflected, zero)


def test_as_published_predicts_the_level_with_the_psnr_of_jnd_noise(rated_pictures):
    """Noise of the map's amplitude and random sign, as the paper tests itself, has the predicted level's PSNR."""
    one = rated_pictures[0]
    predictor = Chou1995(threshold=1.0).fit(rated_pictures, np.full(len(rated_pictures), 50.0), seed=0)
    level = predictor.predict(one.without_samples()).level
    luma = one.reference_luma.astype(float)
    jnd = predictor.jnd_map(luma)
    noised = luma + np.random.default_rng(0).choice([-1, 1], luma.shape) * jnd
    noise_rmse = np.sqrt(np.mean((noised - luma) ** 2))
    ladder_rmse = np.sqrt(one.summary().mse)
    assert 1 < level < 100
    assert ladder_rmse[int(np.floor(level)) - 1] >= noise_rmse >= ladder_rmse[int(np.ceil(level)) - 1 :].max() - 1e-9
