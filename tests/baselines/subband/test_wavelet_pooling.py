"""Protects the pooling of wavelet errors: its definition, its degree, and the foveal window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.subband._wavelet_pooling import WaveletPooling, in_blocks
from baselines.subband._wavelet_thresholds import band_thresholds, levels_of, wavelet_bands

SHAPES = [(64, 128), (33, 47), (8, 8), (16, 16), (1, 50), (130, 70)]


def noise(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 20, shape).astype(np.float32)


def pooled(
    plane: np.ndarray, exponent: float = 4.0, *, levels: int = 2, summed: bool = False, window: int = 0
) -> float:
    thresholds = band_thresholds(24.3, levels)
    return WaveletPooling(exponent, summed, window).pool(wavelet_bands(plane, levels), thresholds)


@pytest.mark.parametrize("exponent", [1.0, 2.0, 3.5, 4.0])
@pytest.mark.parametrize("summed", [False, True])
def test_pooling_is_its_definition(exponent, summed):
    """A mean over pixels, or their sum, whatever the band; thresholds may be numbers or arrays."""
    plane, thresholds = noise((32, 48)), band_thresholds(24.3, 2)
    bands = wavelet_bands(plane, 2)
    ratios = [np.abs(band.astype(float)) / t for band, t in zip(bands, thresholds, strict=True)]
    total = sum(float((ratio**exponent).sum()) for ratio in ratios)
    expected = pytest.approx((total / (1 if summed else plane.size)) ** (1 / exponent), rel=1e-5)
    assert pooled(plane, exponent, summed=summed) == expected
    spread = tuple(np.full(band.shape, t) for band, t in zip(bands, thresholds, strict=True))
    assert WaveletPooling(exponent, summed).pool(wavelet_bands(plane, 2), spread) == expected


def test_a_mean_does_not_know_the_pictures_size_and_a_sum_does():
    """The same error four times over is as visible as once."""
    plane = noise((32, 48))
    assert pooled(np.tile(plane, (2, 2))) == pytest.approx(pooled(plane), rel=1e-5)
    assert pooled(np.tile(plane, (2, 2)), summed=True) == pytest.approx(4**0.25 * pooled(plane, summed=True), rel=1e-5)


@given(st.floats(0.01, 10), st.integers(0, 1000), st.sampled_from([2.0, 3.0, 4.0]), st.sampled_from([0, 2]))
def test_visibility_is_of_degree_one(factor, seed, exponent, window):
    """So a threshold on it is a scaling of the published thresholds."""
    plane = noise((16, 24), seed)
    once = pooled(plane, exponent, levels=1, window=window)
    found = pooled(plane * np.float32(factor), exponent, levels=1, window=window)
    assert found == pytest.approx(factor * once, rel=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_blocks_share_out_every_coefficient_once(shape):
    bands = wavelet_bands(np.abs(noise(shape)), levels_of(shape))
    found = in_blocks(bands)
    assert found.shape == (-(-shape[0] // 8), -(-shape[1] // 8))
    assert found.sum() == pytest.approx(sum(band.sum(dtype=float) for band in bands), rel=1e-4)


def test_a_block_has_the_coefficients_above_it():
    """16 of a finest band, 4 of the next, 1 of the third, a quarter of the fourth level's four."""
    found = in_blocks(wavelet_bands(np.zeros((64, 64), np.float32), 4))
    assert not found.any()
    bands = [np.zeros((64 >> level, 64 >> level), np.float32) for level in (1, 2, 3, 4) for _ in range(3)]
    bands.append(np.zeros((4, 4), np.float32))
    for place, (count, level) in enumerate([(16, 1), (4, 2), (1, 3), (0.25, 4)]):
        one = [band.copy() for band in bands]
        side = max(8 >> level, 1)
        one[3 * place][side : 2 * side, 2 * side : 3 * side] = 1
        expected = np.zeros((8, 8))
        expected[np.s_[1, 2] if level < 4 else np.s_[2:4, 4:6]] = count
        assert np.array_equal(in_blocks(tuple(one)), expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("summed", [False, True])
def test_a_window_as_large_as_the_picture_is_the_picture(shape, summed):
    plane, levels = noise(shape), levels_of(shape)
    whole = pooled(plane, levels=levels, summed=summed)
    assert pooled(plane, levels=levels, summed=summed, window=99) == pytest.approx(whole, rel=1e-4)


def test_the_worst_window_counts():
    """An error in one corner: a window sees more of it than the picture does, and a sum loses little."""
    plane = np.zeros((128, 128), np.float32)
    plane[96:112, 16:32] = noise((16, 16))
    whole, worst = pooled(plane), pooled(plane, window=4)
    assert worst == pytest.approx(whole * (128**2 / 32**2) ** 0.25, rel=0.02)
    assert pooled(plane, summed=True, window=4) == pytest.approx(pooled(plane, summed=True), rel=0.02)
    assert pooled(plane, window=2) > worst
    assert pooled(np.roll(plane, (-64, 64), (0, 1)), window=4) == pytest.approx(worst, rel=1e-3)
