"""Protects Wu et al. 2017 beyond its reference rows: its parts by hand, the count of orientations, edge protection."""

import numpy as np
import pytest
from scipy import ndimage

from baselines.pixel._masking import background_luminance, luminance_adaptation
from baselines.pixel.wu2017 import (
    Wu2017,
    blurred_counts,
    complexity_masking,
    contrast_masking,
    count_orientations,
    local_variance,
    prewitt,
    which_blurred_count,
)
from datasets.common.errors import UserError

NOISE = np.random.default_rng(0).integers(0, 256, (40, 56), dtype=np.uint8)


def test_variance_is_that_of_25_pixels():
    found = local_variance(NOISE, border="reflect")
    assert found[10, 20] == pytest.approx(NOISE[8:13, 18:23].astype(float).var())
    around = np.pad(NOISE.astype(float), 2, mode="reflect")
    assert found[0, 55] == pytest.approx(around[0:5, 55:60].var())
    assert local_variance(np.full((9, 9), 200, np.uint8), border="reflect").max() == 0


def test_with_zero_borders_there_is_no_contrast_in_the_two_outer_pixels():
    found = local_variance(NOISE, border="zero")
    assert not found[:2].any() and not found[:, -2:].any()
    assert np.array_equal(found[2:-2, 2:-2], local_variance(NOISE, border="reflect")[2:-2, 2:-2])


def test_masking_by_hand():
    assert contrast_masking(np.array([[0.0, 26.0**2]])) == pytest.approx(np.array([[0, 1.84 * 26**0.4 / 2]]))
    assert complexity_masking(np.array([0.0, 1.0]), gain=0.3, knee=1.0) == pytest.approx([0, 0.15])
    assert complexity_masking(np.array([9.0]), gain=0.8, knee=0.1) == pytest.approx([0.8 * 9**0.7], rel=1e-3)


def test_the_paper_by_hand():
    """Eqs 7-14 at every pixel, from the count of orientations on."""
    across, down = prewitt(NOISE, border="reflect")
    contrast = np.hypot(across / 3, down / 3)
    count = count_orientations(across, down, smooth_apart=False, border="reflect").astype(float)
    pattern = np.log2(1 + contrast) * 0.8 * count**2.7 / (count**2 + 0.01)
    masking = np.maximum(pattern, 0.115 * 16 * contrast**2.4 / (contrast**2 + 26**2))
    adaptation = luminance_adaptation(background_luminance(NOISE))
    expected = adaptation + masking - 0.3 * np.minimum(adaptation, masking)
    assert Wu2017(variant="paper").jnd_map(NOISE) == pytest.approx(expected)


def test_a_flat_plane_is_masked_by_its_luminance_alone():
    """At 127 the paper keeps Chou & Li's 3; the code takes 0.7 of that."""
    flat = np.full((12, 12), 127, np.uint8)
    assert Wu2017(variant="paper").jnd_map(flat) == pytest.approx(3)
    assert Wu2017().jnd_map(flat) == pytest.approx(2.1)


def test_edges_end_pattern_masking_and_leave_contrast_masking():
    step = np.full((40, 40), 60, np.uint8)
    step[:, 20:] = 180
    protected, bare = Wu2017().jnd_map(step), Wu2017(edge_protection=False).jnd_map(step)
    assert (protected <= bare + 1e-9).all()
    assert protected[20, 5] == pytest.approx(bare[20, 5])
    contrast_alone = contrast_masking(local_variance(step, border="reflect"))[20, 19]
    adaptation = Wu2017(edge_protection=False).jnd_map(np.full((9, 9), int(background_luminance(step)[20, 19])))[4, 4]
    expected = adaptation + contrast_alone - 0.3 * min(adaptation, contrast_alone)
    assert protected[20, 19] == pytest.approx(expected, rel=0.01)


def test_only_the_code_spares_edges():
    assert np.array_equal(
        Wu2017(variant="paper").jnd_map(NOISE), Wu2017(variant="paper", edge_protection=False).jnd_map(NOISE)
    )


def test_an_unknown_variant_is_answered_by_the_right_ones():
    with pytest.raises(UserError, match=r"no variant 'cod'.*'code'"):
        Wu2017(variant="cod").jnd_map(NOISE)


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
