"""Protects Watson 1997: its steps and basis amplitudes, the 9/7 transform, and the visibility made of them."""

import dataclasses
import functools
import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from baselines.registry import registry
from baselines.watson1997 import Watson1997, pooled
from baselines.wavelet_thresholds import (
    _AMPLITUDES,
    _room,
    _split_rows,
    band_thresholds,
    levels_of,
    quantisation_steps,
    wavelet_bands,
)
from datasets.codec import Bpg, Jpeg
from datasets.errors import UserError
from datasets.ladder import CompressedLadder, ShippedLadder
from datasets.picture import Picture

RANDOM = np.random.default_rng(0)
LOW = (0.0378284555, -0.0238494650, -0.1106244044, 0.3774028556, 0.8526986790)
HIGH = (-0.0645388826, 0.0406894176, 0.4180922732, -0.7884856164)
PLANES = {
    "black": np.zeros((16, 16), np.uint8),
    "white": np.full((17, 19), 255, np.uint8),
    "grey": np.full((40, 24), 128, np.uint8),
    "noise": RANDOM.integers(0, 256, (33, 47), dtype=np.uint8),
    "8x8": RANDOM.integers(0, 256, (8, 8), dtype=np.uint8),
    "row": RANDOM.integers(0, 256, (1, 50), dtype=np.uint8),
    "pixel": np.full((1, 1), 200, np.uint8),
    "checkerboard": (np.indices((24, 24)).sum(0) % 2 * 255).astype(np.uint8),
}
SHAPES = [(8, 8), (33, 47), (64, 48), (135, 240), (1, 1), (3, 50), (481, 321)]


def compressed(rgb: np.ndarray, pixels_per_degree: float = 24.3) -> Picture:
    ladder = CompressedLadder(Jpeg(), functools.partial(np.array, rgb))
    return Picture("one", "one", Jpeg(), pixels_per_degree, ladder_or_none=ladder)


def photograph() -> np.ndarray:
    from skimage import data

    return np.ascontiguousarray(data.coffee()[100:228, 150:278])


def halves(plane: np.ndarray) -> np.ndarray:
    return _split_rows(plane, _room(*plane.shape))


def noise(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 20, shape).astype(np.float32)


@pytest.mark.parametrize(
    ("pixels_per_degree", "name"),
    [
        (56.55, "watson_1997_dwt_Q_Y_r56.55_levels1-4_LL,LH,HH,HL"),
        (32.0, "watson_1997_dwt_Q_Y_r32"),
    ],
)
def test_steps_are_exact(pixels_per_degree, name, shared_data):
    reference = json.loads((shared_data / "reference" / "jnd-reference-values.json").read_text())
    assert quantisation_steps(pixels_per_degree)[:4] == pytest.approx(np.array(reference["tables"][name]), abs=1e-6)


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
        low, high = halves(np.ascontiguousarray(low))
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
    low, high = halves(column)
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


@pytest.mark.parametrize("exponent", [1.0, 2.0, 3.5, 4.0])
def test_pooling_is_its_definition(exponent):
    """A mean over pixels, whatever the band."""
    plane, thresholds = noise((32, 48)), band_thresholds(24.3, 2)
    bands = wavelet_bands(plane, 2)
    ratios = [np.abs(band.astype(float)) / t for band, t in zip(bands, thresholds, strict=True)]
    total = sum(float((ratio**exponent).sum()) for ratio in ratios)
    assert pooled(wavelet_bands(plane, 2), thresholds, exponent) == pytest.approx(
        (total / plane.size) ** (1 / exponent), rel=1e-5
    )


def test_visibility_does_not_depend_on_the_size():
    """The same error four times over is as visible as once."""
    plane, thresholds = noise((32, 48)), band_thresholds(24.3, 2)
    once = pooled(wavelet_bands(plane, 2), thresholds, 4.0)
    assert pooled(wavelet_bands(np.tile(plane, (2, 2)), 2), thresholds, 4.0) == pytest.approx(once, rel=1e-5)


@given(st.floats(0.01, 10), st.integers(0, 1000), st.sampled_from([2.0, 3.0, 4.0]))
def test_visibility_is_of_degree_one(factor, seed, exponent):
    """So a threshold on it is a scaling of the published thresholds."""
    plane, thresholds = noise((16, 24), seed), band_thresholds(24.3, 1)
    once = pooled(wavelet_bands(plane, 1), thresholds, exponent)
    assert pooled(wavelet_bands(plane * np.float32(factor), 1), thresholds, exponent) == pytest.approx(
        factor * once, rel=1e-4
    )


@pytest.mark.parametrize("plane", PLANES.values(), ids=PLANES.keys())
@pytest.mark.parametrize("masking", [0.0, 0.7])
def test_profiles_are_finite_on_any_picture(plane, masking):
    rgb = np.repeat(plane[:, :, None], 3, axis=2)
    found = Watson1997(masking=masking).profile(compressed(rgb))
    assert found.shape == (100,)
    assert np.isfinite(found).all()
    assert (found >= 0).all()


def test_the_identical_picture_is_invisible(tmp_path):
    """Levels that decode to the reference itself, as files of a data set."""
    rgb = photograph()
    Image.fromarray(rgb).save(tmp_path / "same.png")
    files = {int(level): tmp_path / "same.png" for level in Bpg().levels}
    ladder = ShippedLadder(Bpg(), functools.partial(np.array, rgb), files)
    for masking in (0.0, 0.7):
        assert not Watson1997(masking=masking).profile(Picture("a", "a", Bpg(), 24.3, ladder_or_none=ladder)).any()


def test_a_photographs_profile_falls():
    """From worst to best, all but a few steps; and as published the level is no end of the ladder."""
    one = compressed(photograph())
    profile = Watson1997().profile(one)
    assert (np.diff(profile) > 0).mean() < 0.1
    assert profile[0] > 1 > profile[-1]
    assert Watson1997().visibility(one, 30) == pytest.approx(profile[29])


def test_geometry_comes_from_the_picture():
    """Farther away less is seen."""
    one = compressed(photograph())
    far = dataclasses.replace(one, pixels_per_degree=60.0, _memo={})
    assert (Watson1997().profile(far) < Watson1997().profile(one)).all()


def test_masking_raises_thresholds_by_the_picture_itself():
    one = compressed(photograph())
    plain, masked = (Watson1997(masking=w).thresholds(one.reference_luma, 24.3) for w in (0.0, 0.7))
    for coefficient, base, raised in zip(
        wavelet_bands(one.reference_luma.astype(np.float32), 4), plain[:-1], masked[:-1], strict=False
    ):
        assert raised == pytest.approx(np.maximum(base, np.abs(coefficient) ** 0.7 * base**0.3), rel=1e-4)
    assert masked[-1] == plain[-1]
    assert (Watson1997(masking=0.7).profile(one) < Watson1997().profile(one)).all()


def test_calibrated_and_as_published_are_registered():
    assert registry()["watson1997"].make().threshold is None
    assert registry()["watson1997-as-published"].make().threshold == 1


def test_a_run_says_how_deep_the_transform_went():
    assert Watson1997().remark(compressed(photograph())).startswith("4 wavelet levels")


@pytest.mark.parametrize(
    ("parameters", "text"),
    [({"exponent": 0.5}, r"exponent is 1\.\.8, not 0\.5"), ({"masking": 2.0}, r"masking is 0 \(none\) to 1, not 2")],
)
def test_parameters_that_mean_nothing_are_refused(parameters, text):
    with pytest.raises(UserError, match=text):
        Watson1997(**parameters).profile(compressed(photograph()))
