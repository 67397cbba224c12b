"""Protects the pixel measures that everything shares."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from datasets.core.imaging import MSE_FLOOR, crops_of_size, flash_share, grid, luma, mse, psnr_db, window_sums

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


def flat(height: int, width: int, colour: tuple[int, int, int] = (0, 0, 0)) -> np.ndarray:
    return np.full((height, width, 3), colour, dtype=np.uint8)


@pytest.mark.parametrize(
    ("size", "block", "pixels_per_degree", "share"),
    [
        ((400, 500), (0, 0, 100, 100), 20, 100 * 100 / 200**2),
        ((400, 500), (300, 400, 100, 100), 20, 100 * 100 / 200**2),
        ((400, 500), (150, 10, 100, 100), 10, 1),
        ((400, 500), (150, 10, 60, 400), 10, 60 * 100 / 100**2),
        ((400, 500), (0, 0, 400, 500), 24.3, 1),
        ((100, 500), (0, 0, 100, 500), 20, 100 * 200 / 200**2),
        ((30, 40), (0, 0, 30, 40), 20, 30 * 40 / 200**2),
        ((30, 40), (5, 5, 10, 10), 47, 10 * 10 / 470**2),
        ((30, 40), (0, 0, 0, 0), 24.3, 0),
        ((3, 4), (1, 1, 1, 2), 0.01, 1),
    ],
    ids=str,
)
def test_the_share_that_flashes_is_of_the_worst_field_of_ten_degrees(size, block, pixels_per_degree, share):
    """Whatever part of a field the picture leaves free stands still."""
    dark, bright = flat(*size), flat(*size)
    top, left, height, width = block
    bright[top : top + height, left : left + width] = 255
    assert flash_share(dark, bright, pixels_per_degree) == pytest.approx(share, rel=1e-12)
    assert flash_share(bright, dark, pixels_per_degree) == flash_share(dark, bright, pixels_per_degree)


def test_flashes_far_from_each_other_do_not_add_up():
    dark, bright = flat(500, 500), flat(500, 500)
    bright[:50, :50] = bright[200:230, 200:230] = bright[-40:, -40:] = 255
    assert flash_share(dark, bright, 10) == 50 * 50 / 100**2
    assert flash_share(dark, bright, 50) == (50 * 50 + 30 * 30 + 40 * 40) / 500**2


@pytest.mark.parametrize(
    ("first", "second", "flashes"),
    [
        ((0, 0, 0), (88, 88, 88), False),  # 0.0976 of full luminance
        ((0, 0, 0), (90, 90, 90), True),  # 0.1022
        ((188, 188, 188), (200, 200, 200), False),  # 0.503 and 0.578
        ((188, 188, 188), (205, 205, 205), True),  # 0.610
        ((245, 245, 245), (255, 255, 255), False),
        ((0, 0, 0), (0, 160, 0), True),  # green weighs 0.7152
        ((0, 0, 0), (0, 0, 255), False),  # blue 0.0722
        ((0, 0, 0), (150, 0, 0), True),  # saturated red, though 0.065 of luminance
        ((150, 0, 0), (0, 70, 0), True),  # and though there is next to no change of it
        ((0, 0, 0), (60, 0, 0), False),  # a red too dark to count
        ((0, 0, 0), (100, 60, 60), False),  # and one that is not saturated
        ((120, 30, 30), (120, 30, 30), False),
    ],
)
def test_a_pixel_flashes_by_a_tenth_of_full_luminance_or_by_saturated_red(first, second, flashes):
    assert flash_share(flat(10, 10, first), flat(10, 10, second), 1) == flashes


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 1000))
@settings(deadline=None, max_examples=30)
def test_sums_of_windows_are_those_of_slices(height, width, seed):
    plane = np.random.default_rng(seed).integers(0, 2**31, (6, 7))
    sums = window_sums(plane, height, width)
    assert sums.shape == (max(1, 7 - height), max(1, 8 - width))
    for (row, column), total in np.ndenumerate(sums):
        assert total == plane[row : row + height, column : column + width].sum()


SIDE = st.integers(128, 3000)


@given(SIDE, SIDE, st.integers(128, 900), st.integers(1, 12))
def test_crops_lie_inside_and_apart_and_are_even(height, width, size, most):
    boxes = crops_of_size(height, width, size, most)
    assert 1 <= len(boxes) <= most
    for box in boxes:
        assert 0 <= box.top <= height - box.height
        assert 0 <= box.left <= width - box.width
        assert box.height % 2 == box.width % 2 == 0
        assert box.height == min(size, height) // 2 * 2
        assert box.width == min(size, width) // 2 * 2
    for a, b in combinations(boxes, 2):
        above = a.top + a.height <= b.top or b.top + b.height <= a.top
        assert above or a.left + a.width <= b.left or b.left + b.width <= a.left


@pytest.mark.parametrize(
    ("height", "width", "size", "most", "count"),
    [
        (512, 768, 512, 4, 1),
        (1365, 2048, 512, 4, 4),
        (1365, 2048, 512, 99, 8),
        (2048, 600, 512, 3, 3),
        (300, 451, 512, 4, 1),
    ],
)
def test_how_many_fit(height, width, size, most, count):
    assert len(crops_of_size(height, width, size, most)) == count


def test_fewer_crops_than_fit_keep_the_pictures_shape():
    lefts = {box.left for box in crops_of_size(1024, 2048, 256, 8)}
    tops = {box.top for box in crops_of_size(1024, 2048, 256, 8)}
    assert (len(tops), len(lefts)) == (2, 4)


def test_none_is_the_picture_whole_but_for_an_odd_line():
    (box,) = crops_of_size(427, 641, None, 4)
    assert (box.height, box.width) == (426, 640)


def test_crops_are_spread_evenly():
    assert [box.left for box in grid(100, 400, 1, 2, 100)] == [50, 250]


def test_a_cut_is_a_copy_of_those_pixels():
    pixels = np.arange(40 * 60 * 3, dtype=np.uint8).reshape(40, 60, 3)
    box = grid(40, 60, 2, 2)[3]
    cut = box.cut(pixels)
    np.testing.assert_array_equal(cut, pixels[20:40, 30:60])
    assert cut.flags.c_contiguous
    assert not np.shares_memory(cut, pixels)
