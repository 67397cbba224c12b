"""Protects the pooling of wavelet errors: its definition, its degree, the foveal window, and profiles along a guide."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.interface.threshold import best_threshold, crossings
from baselines.subband._dct_blocks import Blocks, inverse_block_dct
from baselines.subband._dct_error import QuantisedErrors
from baselines.subband._wavelet_pooling import (
    WaveletPooling,
    frequency_weights,
    guide_of,
    guided_profile,
    in_blocks,
    leads,
)
from baselines.subband._wavelet_thresholds import band_thresholds, levels_of, wavelet_bands
from baselines.subband.watson1997 import Watson1997
from datasets.core.picture import Picture
from datasets.sets import open_dataset
from tests.baselines.subband.profiles import compressed, envelope, levels_apart

SHAPES = [(64, 128), (33, 47), (8, 8), (16, 16), (1, 50), (130, 70)]
MOST_QF = 0.5
"""How far a predicted level may move."""


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


def assert_levels_stay(pictures: list[Picture], **parameters: float) -> None:
    """At any of a hundred thresholds of each picture, and at one threshold fitted to all of them at QF 50."""
    fast = np.array([Watson1997(**parameters).profile(one) for one in pictures])
    exact = np.array([Watson1997(stride=1, **parameters).profile(one) for one in pictures])
    assert max(np.abs(levels_apart(*both)).max() for both in zip(fast, exact, strict=True)) <= MOST_QF
    envelopes = np.array([envelope(one) for one in exact])
    threshold = np.array([best_threshold(envelopes, np.full(len(pictures), 49.0))])
    for one, other in zip(fast, exact, strict=True):
        assert np.abs(crossings(envelope(one), threshold)[0] - crossings(envelope(other), threshold)[0]) <= MOST_QF


@pytest.mark.parametrize("exponent", [2.0, 4.0])
def test_weights_are_what_the_wavelet_makes_of_a_basis_function(exponent):
    """The transform of one coefficient's plane, at each of the places that the coarsest level tells apart."""
    weights, thresholds = frequency_weights(24.3, 3, exponent), band_thresholds(24.3, 3)

    def measured(down: int, across: int) -> float:
        coefficients = np.zeros((8, 8, 32, 32), dtype=np.float32)
        coefficients[down, across, 16, 16] = 1  # one place is all there is up to the third level
        bands = wavelet_bands(inverse_block_dct(coefficients), 3)
        return sum(
            float((np.abs(band.astype(float) / t) ** exponent).sum()) for band, t in zip(bands, thresholds, strict=True)
        )

    largest = measured(*np.unravel_index(weights.argmax(), (8, 8)))
    for place in [(0, 0), (0, 1), (1, 0), (3, 2), (7, 7)]:
        assert weights[place] == pytest.approx(measured(*place) / largest, rel=1e-3)


def test_weights_are_positive_and_the_same_across_and_down():
    for pixels_per_degree in (4.0, 24.3, 93.0):
        weights = frequency_weights(pixels_per_degree, 6, 4.0)
        assert weights.min() > 0
        assert weights.max() == 1
        assert weights == pytest.approx(weights.T, rel=1e-4)


def test_a_profile_along_its_guide_is_measured_at_few_places():
    guide = 30 * np.exp(-np.linspace(0, 4, 100) + 0.01 * np.cos(np.arange(100)))
    profile = guide * np.linspace(1, 1.2, 100)
    calls: list[int] = []

    def measure(place: int) -> float:
        calls.append(place)
        return float(profile[place])

    assert guided_profile(measure, guide, 4) == pytest.approx(profile, rel=1e-3)
    assert sorted(calls) == sorted({*range(0, 100, 4), 1, 97, 98, 99})
    calls.clear()
    assert np.array_equal(guided_profile(measure, guide, 1), profile)
    assert calls == list(range(100))


def test_where_the_guide_fails_or_the_profile_is_flat_everything_is_measured():
    guide = np.geomspace(30, 0.5, 100)
    jagged = guide.copy()
    jagged[40:50] *= np.random.default_rng(0).uniform(0.8, 1.2, 10)
    jagged[70:80] = jagged[70]
    found = guided_profile(lambda place: float(jagged[place]), guide, 4)
    assert np.array_equal(found[40:50], jagged[40:50])
    assert np.array_equal(found[70:80], jagged[70:80])
    assert found == pytest.approx(jagged, rel=1e-9)


@pytest.mark.parametrize("guide", [np.zeros(100), np.linspace(1, 0, 100)])
def test_a_guide_that_touches_zero_leads_nowhere(guide):
    profile = np.linspace(2, 1, 100)
    assert np.array_equal(guided_profile(lambda place: float(profile[place]), guide, 4), profile)


def test_a_profile_of_zeros_is_zeros():
    assert guided_profile(lambda place: 0.0, np.linspace(2, 1, 100), 4) == pytest.approx(np.zeros(100), abs=1e-29)


def test_the_guide_is_about_proportional_to_the_profile():
    """Within a fifth over the whole ladder."""
    from skimage import data

    one = compressed(np.ascontiguousarray(data.coffee()[:256, :256]))
    source = QuantisedErrors(Blocks.of(one.reference_luma))
    depth = levels_of(one.reference_luma.shape)
    guide = guide_of(source, list(range(1, 101)), pixels_per_degree=24.3, depth=depth, exponent=4.0)
    ratio = Watson1997(stride=1).profile(one) / guide
    assert ratio.max() / ratio.min() < 1.25


def mosaic() -> np.ndarray:
    """scikit-image's photographs side by side, shape (512, 768, 3): each alone is too small to be guided."""
    from skimage import data

    near, far = np.s_[:256, :256], np.s_[144:400, 250:506]
    upper = data.astronaut()[near], data.coffee()[near], data.chelsea()[near]
    lower = data.astronaut()[far], data.coffee()[far], data.rocket()[far]
    return np.ascontiguousarray(np.concatenate([np.concatenate(upper, axis=1), np.concatenate(lower, axis=1)]))


@pytest.mark.parametrize("exponent", [2.0, 4.0])
def test_levels_stay(exponent):
    one = compressed(mosaic())
    assert_levels_stay([one], exponent=exponent)
    assert Watson1997(exponent=exponent).remark(one).endswith("most QF interpolated along a guide")
    assert "guide" not in Watson1997(exponent=exponent, stride=1).remark(one)


def test_small_pictures_are_measured_at_every_level():
    """So the demo set's levels, of crops up to 512x512, do not move at all."""
    pictures = open_dataset("demo").pictures
    assert not any(leads(one.reference_luma.shape, one.pixels_per_degree) for one in pictures)
    one = min(pictures, key=lambda one: one.reference_luma.size)
    assert np.array_equal(Watson1997().profile(one), Watson1997(stride=1).profile(one))


@pytest.mark.parametrize(
    "parameters", [{"masking": 0.7}, {"window_degrees": 2.0}, {"errors": "decoded"}, {"pixels_per_degree": 60.0}]
)
def test_every_level_is_measured_where_the_guide_is_not_known_to_lead(parameters, monkeypatch):
    monkeypatch.setattr("baselines.subband._wavelet_pooling.FEWEST_PIXELS", 0)
    given, rgb = dict(parameters), mosaic()[200:264, 200:264]
    one = compressed(np.ascontiguousarray(rgb), given.pop("pixels_per_degree", 24.3))
    assert np.array_equal(Watson1997(**given).profile(one), Watson1997(stride=1, **given).profile(one))
