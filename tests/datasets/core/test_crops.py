"""Protects the crops: inside the picture, apart from each other, even, and as many as asked for."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.core.crops import crops_of_size, grid

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
