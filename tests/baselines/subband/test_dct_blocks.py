"""Protects the block DCT and its frequencies: against scipy's transform, padding as JPEG pads, geometry by hand."""

import numpy as np
import pytest
from scipy.fft import dctn

from baselines.subband._dct_blocks import (
    SIDE,
    Blocks,
    block_dct,
    cycles_per_degree,
    inverse_block_dct,
    normalisation,
    obliqueness,
    whole_blocks,
)

NOISE = np.random.default_rng(0).integers(0, 256, (24, 40), dtype=np.uint8)


@pytest.mark.parametrize(("dtype", "within"), [(np.float64, 1e-10), (np.float32, 2e-3)])
def test_every_block_is_scipys_orthonormal_dct(dtype, within):
    found = block_dct(NOISE, dtype)
    assert found.shape == (8, 8, 3, 5)
    assert found.dtype == dtype
    for row, column in np.ndindex(3, 5):
        block = NOISE[8 * row : 8 * row + 8, 8 * column : 8 * column + 8].astype(float)
        assert found[:, :, row, column] == pytest.approx(dctn(block, norm="ortho"), abs=within)


@pytest.mark.parametrize(("dtype", "within"), [(np.float64, 1e-10), (np.float32, 1e-3)])
def test_the_inverse_gives_the_plane_back(dtype, within):
    found = inverse_block_dct(block_dct(NOISE, dtype))
    assert found.dtype == dtype
    assert found == pytest.approx(NOISE, abs=within)


def test_dc_is_eight_times_the_mean_and_exact_in_float32():
    found = Blocks.of(NOISE)
    means = NOISE.reshape(3, 8, 5, 8).mean(axis=(1, 3))
    assert np.array_equal(found.coefficients[0, 0], 8 * means.astype(np.float32))
    assert np.array_equal(found.mean_luma, means.astype(np.float32))


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (9, 16), (13, 21), (7, 40)])
def test_partial_blocks_repeat_the_last_row_and_column(shape):
    plane = NOISE[:7, :1] if shape == (1, 1) else np.resize(NOISE, shape)
    padded = whole_blocks(plane)
    assert all(length % SIDE == 0 for length in padded.shape)
    height, width = plane.shape
    assert np.array_equal(padded[:height, :width], plane)
    assert (padded[height:, :width] == plane[-1]).all()
    assert (padded[:, width:] == padded[:, width - 1 : width]).all()
    assert block_dct(plane).shape[2:] == (padded.shape[0] // 8, padded.shape[1] // 8)


def test_marked_pixels_are_counted_by_block():
    marked = np.zeros((16, 24), dtype=bool)
    marked[8:16, 16:24] = True
    marked[0, 0] = True
    assert np.array_equal(Blocks.of(np.zeros((16, 24))).count(marked), [[1, 0, 0], [0, 0, 64]])


def test_frequencies_by_hand():
    """At 32 px/deg a block spans a quarter of a degree; coefficient (0, 1) has half a cycle in it."""
    found = cycles_per_degree(32)
    assert found[0, 0] == 0
    assert found[0, 1] == found[1, 0] == 2
    assert found[3, 4] == pytest.approx(10)
    assert cycles_per_degree(64) == pytest.approx(2 * found)


def test_gratings_are_oblique_on_the_diagonal_only():
    found = obliqueness()
    assert (found[0] == 0).all()
    assert (found[:, 0] == 0).all()
    assert np.diag(found)[1:] == pytest.approx(1)
    assert np.array_equal(found, found.T)
    assert found[1, 2] == pytest.approx((2 * 1 * 2 / 5) ** 2)


def test_a_basis_function_peaks_at_its_normalisation():
    """Near enough: sampled in the middle of pixels, the cosine's own peak may fall between two."""
    for vertical, horizontal in [(0, 0), (0, 4), (1, 1), (7, 3)]:
        one = np.zeros((8, 8))
        one[vertical, horizontal] = 1
        peak = np.abs(dctn(one, type=3, norm="ortho")).max()
        assert 0.7 * normalisation()[vertical, horizontal] <= peak <= normalisation()[vertical, horizontal] + 1e-12
