"""Protects the count of orientations: its table against arctangents, its ties, and what it says of simple patterns."""

import numpy as np
import pytest
from scipy import ndimage

from baselines.pixel._pattern_complexity import blurred_counts, count_orientations, prewitt, which_blurred_count

NOISE = np.random.default_rng(0).integers(0, 256, (30, 41), dtype=np.uint8)


def count(plane: np.ndarray, *, smooth_apart: bool = True, border: str = "reflect") -> np.ndarray:
    return count_orientations(*prewitt(plane, border=border), smooth_apart=smooth_apart, border=border)


@pytest.mark.parametrize(("border", "mode"), [("reflect", "mirror"), ("zero", "constant")])
def test_prewitt_sums_are_those_of_scipy(border, mode):
    across, down = prewitt(NOISE, border=border)
    assert np.array_equal(across, ndimage.prewitt(NOISE.astype(int), axis=1, mode=mode))
    assert np.array_equal(down, ndimage.prewitt(NOISE.astype(int), axis=0, mode=mode))


def test_floats_are_rounded_to_whole_grey_levels():
    assert all(map(np.array_equal, prewitt(NOISE + 0.3, border="zero"), prewitt(NOISE, border="zero")))


@pytest.mark.parametrize("smooth_apart", [True, False])
def test_the_table_agrees_with_arctangents_pixel_by_pixel(smooth_apart):
    """Bins of 12 degrees of the direction along the edge, from whole degrees; gradients below 5 apart."""
    plane = (NOISE // 9).astype(np.uint8)
    across, down = (one.astype(float) for one in prewitt(plane, border="reflect"))
    whole = np.rint(np.degrees(np.arctan2(across, -down + 0.0)))
    bins = np.floor(np.where(whole < 0, whole + 180, whole) / 12 + 0.5)
    smooth = np.hypot(across / 3, down / 3) < 5 - 1e-9
    bins[smooth & smooth_apart] = 99
    expected = ndimage.generic_filter(bins, lambda met: len(set(met)), size=3, mode="mirror")
    expected[smooth & smooth_apart] = 1
    assert np.array_equal(count(plane, smooth_apart=smooth_apart), expected)


def test_a_gradient_of_5_exactly_is_not_smooth():
    """Sums of 9 and 12 are as long as 15 = 3 x 5; in floating point they may be shorter."""
    plane = np.zeros((3, 3))
    assert count_orientations(np.int16(plane + 9), np.int16(plane + 12), smooth_apart=True, border="reflect").max() == 1
    lone = np.int16(plane)
    lone[1, 1] = 12
    other = np.int16(plane)
    other[1, 1] = 9
    assert count_orientations(lone, other, smooth_apart=True, border="reflect")[1, 1] == 2
    other[1, 1] = 8
    assert count_orientations(lone, other, smooth_apart=True, border="reflect")[1, 1] == 1


def test_a_flat_plane_and_a_ramp_have_one_orientation_and_noise_has_many():
    ramp = np.tile(np.arange(0, 240, 8, dtype=np.uint8), (20, 1))
    assert count(np.full((12, 12), 90, np.uint8)).max() == 1
    assert count(ramp)[:, 2:-2].max() == 1
    assert count(NOISE).mean() > 5
    assert count(NOISE).max() <= 9


def test_with_zero_borders_the_outermost_pixels_count_1():
    found = count(NOISE, border="zero")
    assert set(found[[0, -1]].ravel()) | set(found[:, [0, -1]].ravel()) == {1}
    assert np.array_equal(found[2:-2, 2:-2], count(NOISE)[2:-2, 2:-2])


@pytest.mark.parametrize("border", ["reflect", "zero"])
def test_blurred_counts_are_those_of_a_gaussian(border):
    import cv2

    counts = count(NOISE, border=border)
    kind = {"reflect": cv2.BORDER_REFLECT_101, "zero": cv2.BORDER_CONSTANT}[border]
    expected = cv2.GaussianBlur(counts.astype(float), (3, 3), 1, borderType=kind)
    assert blurred_counts().take(which_blurred_count(counts, border=border)) == pytest.approx(expected, rel=1e-12)
