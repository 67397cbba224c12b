"""Protects Watson 1997 beyond what all subband models share: any picture, its window, its parameters."""

import dataclasses

import numpy as np
import pytest

from baselines.subband._dct_blocks import Blocks
from baselines.subband._dct_error import QuantisedErrors
from baselines.subband._wavelet_thresholds import wavelet_bands
from baselines.subband.watson1997 import Watson1997
from datasets.codecs.jpeg import luma_table
from datasets.common.errors import UserError
from tests.baselines.subband.profiles import compressed, photograph

RANDOM = np.random.default_rng(0)
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


@pytest.mark.parametrize("plane", PLANES.values(), ids=PLANES.keys())
@pytest.mark.parametrize(
    "parameters",
    [{}, {"masking": 0.7}, {"errors": "decoded"}, {"window_degrees": 1.0, "pooling": "sum"}, {"exponent": 8.0}],
    ids=["usual", "masking", "decoded", "window", "steep"],
)
def test_profiles_are_finite_on_any_picture(plane, parameters):
    rgb = np.repeat(plane[:, :, None], 3, axis=2)
    found = Watson1997(**parameters).profile(compressed(rgb))
    assert found.shape == (100,)
    assert np.isfinite(found).all()
    assert (found >= 0).all()


def test_a_photographs_profile_falls():
    """From worst to best, all but a few steps; and as published the level is no end of the ladder."""
    picture = compressed(photograph())
    profile = Watson1997().profile(picture)
    assert (np.diff(profile) > 0).mean() < 0.1
    assert profile[0] > 1 > profile[-1]


def test_geometry_comes_from_the_picture():
    """Farther away less is seen."""
    picture = compressed(photograph())
    far = dataclasses.replace(picture, pixels_per_degree=60.0, measurements={})
    assert (Watson1997().profile(far) < Watson1997().profile(picture)).all()


def test_masking_raises_thresholds_by_the_picture_itself():
    picture = compressed(photograph())
    plain, masked = (Watson1997(masking=w).thresholds(picture.reference_luma, 24.3) for w in (0.0, 0.7))
    for coefficient, base, raised in zip(
        wavelet_bands(picture.reference_luma.astype(np.float32), 4), plain[:-1], masked[:-1], strict=False
    ):
        assert raised == pytest.approx(np.maximum(base, np.abs(coefficient) ** 0.7 * base**0.3), rel=1e-4)
    assert masked[-1] == plain[-1]
    assert (Watson1997(masking=0.7).profile(picture) < Watson1997().profile(picture)).all()


def test_flat_mid_grey_loses_nothing():
    """All but what float32 leaves of it."""
    assert Watson1997().profile(compressed(np.full((16, 16, 3), 128, np.uint8))) == pytest.approx(0, abs=1e-4)


def test_nothing_is_lost_where_every_coefficient_is_a_multiple_of_its_step():
    """Blocks of grey 120: their DC, 64 below mid-grey, is lost but where 64 is a multiple of the step."""
    profile = Watson1997(errors="quantised").profile(compressed(np.full((32, 32, 3), 120, np.uint8)))
    lost = np.array([64 % luma_table(level)[0, 0] != 0 for level in range(1, 101)])
    assert lost.any()
    assert not lost.all()
    assert profile[~lost] == pytest.approx(0, abs=1e-4)
    assert (profile[lost] > 1e-3).all()


def test_quantised_errors_pool_to_what_the_dct_says():
    """With thresholds and weights out of the way: the plane's energy is the coefficients' (Parseval)."""
    source = QuantisedErrors(Blocks.of(compressed(photograph()).reference_luma))
    for level in (5, 50, 95):
        plane, coefficients = source.plane(level), source.errors(level)
        assert np.sum(plane.astype(float) ** 2) == pytest.approx(np.sum(coefficients.astype(float) ** 2), rel=1e-5)


def test_a_window_of_the_pictures_size_is_the_picture():
    picture = compressed(photograph())
    for pooling in ("mean", "sum"):
        whole = Watson1997(pooling=pooling).visibility(picture, 40)
        assert Watson1997(pooling=pooling, window_degrees=90.0).visibility(picture, 40) == pytest.approx(
            whole, rel=1e-4
        )
    assert Watson1997(window_degrees=1.0).visibility(picture, 40) > Watson1997().visibility(picture, 40)


def test_auto_quantises_where_jpegs_are_made_here():
    picture = compressed(photograph())
    auto, quantised, decoded = (
        Watson1997(errors=errors).profile(picture) for errors in ("auto", "quantised", "decoded")
    )
    assert np.array_equal(auto, quantised)
    assert not np.allclose(auto, decoded, rtol=1e-3)


def test_a_run_says_which_errors_and_how_deep_the_transform_went():
    picture = compressed(photograph())
    assert Watson1997().remark(picture).endswith("nothing was encoded (errors: quantised); 4 wavelet levels")
    assert "decoded lumas" in Watson1997(errors="decoded").remark(picture)


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"exponent": 0.5}, r"exponents are 1\.\.8, not 0\.5"),
        ({"masking": 2.0}, r"masking is 0 \(none\) to 1, not 2"),
        ({"window_degrees": -1.0}, r"window_degrees is 0 .* or more, not -1"),
        ({"stride": 0}, r"stride is a whole number of levels, 1 or more, not 0"),
        ({"pooling": "max"}, r"no pooling 'max'"),
        ({"errors": "quantized"}, r"Did you mean 'quantised'"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(parameters, text):
    with pytest.raises(UserError, match=text):
        Watson1997(**parameters).profile(compressed(photograph()))
