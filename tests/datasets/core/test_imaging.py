"""Protects the pixel measures that everything shares."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from datasets.core.imaging import MSE_FLOOR, luma, mse, psnr_db

PHOTOGRAPH = np.ascontiguousarray(data.astronaut()[:64, :80])


def test_luma_is_pillows_within_one_and_equal_on_grey():
    rgb = data.coffee()
    pillows = np.asarray(Image.fromarray(rgb).convert("L")).astype(int)
    assert luma(rgb).dtype == np.uint8
    assert np.abs(luma(rgb).astype(int) - pillows).max() <= 1
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    np.testing.assert_array_equal(luma(grey), np.arange(256)[None, :])


def test_luma_weighs_the_primaries_as_bt_601():
    primaries = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], dtype=np.uint8)
    np.testing.assert_allclose(luma(primaries)[0], 255 * np.array([0.299, 0.587, 0.114]), atol=0.51)


@given(st.integers(0, 255), st.integers(0, 255))
@settings(deadline=None)
def test_mse_of_flat_planes_is_the_squared_difference(first, second):
    planes = [np.full((4, 5), value, dtype=np.uint8) for value in (first, second)]
    assert mse(*planes) == pytest.approx((first - second) ** 2, rel=1e-12)


def test_mse_is_numpys_and_colour_counts_every_channel():
    other = PHOTOGRAPH[::-1].copy()
    assert mse(PHOTOGRAPH, other) == pytest.approx(np.mean((PHOTOGRAPH.astype(float) - other) ** 2), rel=1e-12)


def test_mse_does_not_depend_on_how_pixels_lie_in_memory():
    """Planes one after another, as filters want them, both pictures or one alone, and a window of a larger picture."""
    other = np.roll(PHOTOGRAPH, 3, axis=1)
    expected = mse(PHOTOGRAPH, other)
    apart = [np.moveaxis(np.moveaxis(one, 2, 0).copy(), 0, 2) for one in (PHOTOGRAPH, other)]
    window = np.zeros((100, 90, 3), np.uint8)[20:84, 5:85]
    window[:] = other
    for pair in (apart, (PHOTOGRAPH, apart[1]), (PHOTOGRAPH, window), (window, PHOTOGRAPH)):
        assert mse(*pair) == expected


def test_psnr_stops_at_the_error_of_rounding():
    assert psnr_db(0.0) == psnr_db(MSE_FLOOR) == pytest.approx(58.92, abs=0.01)
    assert psnr_db(1.0) == pytest.approx(48.1308, abs=1e-4)
    assert np.all(np.diff(psnr_db(np.array([0.0, 0.5, 5.0, 50.0]))) < 0)
