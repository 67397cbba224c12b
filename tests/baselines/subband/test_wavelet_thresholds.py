"""Protects the 9/7 wavelet: its steps and basis amplitudes, the transform, and how its bands are drawn."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.subband._wavelet_thresholds import (
    _AMPLITUDES,
    band_thresholds,
    levels_of,
    pyramid,
    pyramid_corners,
    quantisation_steps,
    split_columns,
    wavelet_bands,
)

LOW = (0.0378284555, -0.0238494650, -0.1106244044, 0.3774028556, 0.8526986790)
HIGH = (-0.0645388826, 0.0406894176, 0.4180922732, -0.7884856164)
SHAPES = [(8, 8), (33, 47), (64, 48), (135, 240), (1, 1), (3, 50), (481, 321)]


def noise(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 20, shape).astype(np.float32)


@pytest.mark.parametrize(
    ("pixels_per_degree", "name"),
    [(56.55, "watson_1997_dwt_Q_Y_r56.55_levels1-4_LL,LH,HH,HL"), (32.0, "watson_1997_dwt_Q_Y_r32")],
)
def test_steps_are_exact(pixels_per_degree, name, reference_values):
    assert quantisation_steps(pixels_per_degree)[:4] == pytest.approx(
        np.array(reference_values["tables"][name]), abs=1e-6
    )


def test_steps_are_the_printed_ones():
    """The paper's own row for level 1, at its 56.55 px/deg; thresholds are half a step, finest band first."""
    assert quantisation_steps(56.55)[0] == pytest.approx([31.96, 57.53, 169.77, 57.53], abs=0.005)
    half = quantisation_steps(24.3) / 2
    assert band_thresholds(24.3, 2) == pytest.approx((*half[0, 1:], *half[1, 1:], half[1, 0]))


@given(st.floats(2, 400))
def test_thresholds_are_positive_and_finite(pixels_per_degree):
    found = quantisation_steps(pixels_per_degree)
    assert found.shape == (6, 4)
    assert np.isfinite(found).all()
    assert (found > 0).all()


def peaks(inverse_low: np.ndarray, inverse_high: np.ndarray) -> np.ndarray:
    """Amplitudes of the basis functions LL, LH, HH, HL, products of what one coefficient makes along each side."""
    low, high = np.abs(inverse_low).max(), np.abs(inverse_high).max()
    return np.array([low * low, low * high, high * high, low * high])


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_our_basis_functions_have_the_papers_amplitudes(level):
    """Undoing the transform of each unit vector gives Table V, to its digits."""
    length = 256
    low = np.eye(length, dtype=np.float32)
    parts = []
    for _ in range(level):
        low, high = split_columns(np.ascontiguousarray(low))
        parts.append(high)
    inverse = np.linalg.inv(np.concatenate([low, high, *parts[:-1][::-1]]).astype(float))
    found = peaks(inverse[:, : len(low)], inverse[:, len(low) : 2 * len(low)])
    assert found == pytest.approx(_AMPLITUDES[level - 1], rel=5e-5)


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_bior44_has_the_papers_amplitudes(level):
    pywt = pytest.importorskip("pywt", reason="PyWavelets, the transform's reference, is not installed")
    size = 16 << level
    for band, printed in zip(("ll", "lh", "hh", "hl"), _AMPLITUDES[level - 1], strict=True):
        coarsest = {name: np.zeros((16, 16)) for name in ("ll", "lh", "hl", "hh")}
        coarsest[band][8, 8] = 1
        coefficients = [coarsest.pop("ll"), tuple(coarsest.values())]
        coefficients += [tuple(np.zeros((3, 16 << finer, 16 << finer))) for finer in range(1, level)]
        found = pywt.waverec2(coefficients, "bior4.4", mode="periodization")
        assert found.shape == (size, size)
        assert np.abs(found).max() == pytest.approx(printed, rel=5e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_transform_is_pywavelets_own(shape):
    """Every coefficient of errors as large as JPEG makes them, within 1e-4."""
    pywt = pytest.importorskip("pywt", reason="PyWavelets, the transform's reference, is not installed")
    plane, levels = noise(shape), levels_of(shape)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Level value of . is too high")  # borders are what is compared
        lowest, *details = pywt.wavedec2(plane.astype(float), "bior4.4", mode="periodization", level=levels)
    expected = [band for high_down, high_across, both in details[::-1] for band in (high_down, both, high_across)]
    for found, wanted in zip(wavelet_bands(plane, levels), [*expected, lowest], strict=True):
        assert found == pytest.approx(wanted, abs=1e-4)


@settings(max_examples=40)
@given(st.integers(1, 130), st.integers(0, 1000))
def test_the_transform_is_its_definition(rows, seed):
    """Filters along a column that repeats beyond its ends, in plain loops."""
    column = noise((rows, 1), seed)
    even = np.append(column[:, 0], column[-1, 0]) if rows % 2 else column[:, 0]
    low, high = split_columns(column)
    for taps, first, found in ((LOW, 0, low), (HIGH, 1, high)):
        reach, mirrored = len(taps) - 1, (*taps, *taps[-2::-1])
        expected = [
            sum(tap * even[(2 * k + first + place - reach) % even.size] for place, tap in enumerate(mirrored))
            for k in range(even.size // 2)
        ]
        assert found[:, 0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("shape", "levels"),
    [((1080, 1920), 6), ((480, 640), 5), ((64, 64), 3), ((8, 8), 1), ((1, 1), 1), ((9000, 9000), 6), ((31, 900), 2)],
)
def test_small_pictures_have_fewer_levels(shape, levels):
    assert levels_of(shape) == levels


def test_levels_add_up_to_the_picture():
    bands = wavelet_bands(noise((64, 96)), 3)
    assert len(bands) == 10
    assert sum(band.size for band in bands) == 64 * 96


@pytest.mark.parametrize("shape", [(64, 96), (33, 47), (8, 8), (1, 5)])
def test_the_pyramid_holds_every_band_in_its_place(shape):
    """Exactly where sides are even at every level; else all but coefficients of repeated edges."""
    levels = levels_of(shape)
    bands = wavelet_bands(noise(shape), levels)
    drawn = pyramid(bands, shape, levels)
    assert drawn.shape == (shape[0] + shape[0] % 2, shape[1] + shape[1] % 2)
    for (top, bottom, left, right), band in zip(pyramid_corners(shape, levels), bands, strict=True):
        assert band.shape == (bottom - top, right - left)
        inner = np.s_[: max(band.shape[0] - 1, 1), : max(band.shape[1] - 1, 1)]
        assert np.array_equal(drawn[top:bottom, left:right][inner], band[inner])
    if shape == (64, 96):
        assert sorted(drawn.ravel()) == sorted(np.concatenate([band.ravel() for band in bands]))
        assert np.array_equal(drawn[32:, :48], bands[0])
        assert np.array_equal(drawn[:32, 48:], bands[2])
