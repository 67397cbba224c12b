"""Protects Watson 1997: its two error sources, its visibility on any picture, its window, and its parameters."""

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from baselines.interface.registry import registry
from baselines.interface.threshold import crossings
from baselines.subband._dct_blocks import Blocks
from baselines.subband._dct_error import QuantisedErrors, luma_table
from baselines.subband._wavelet_thresholds import wavelet_bands
from baselines.subband.watson1997 import Watson1997
from datasets.common.errors import UserError
from datasets.core.codec import Bpg, Jpeg
from datasets.core.ladder import CompressedLadder, ShippedLadder
from datasets.core.picture import Picture
from datasets.core.picture_file import read_picture

KODAK = Path(__file__).resolve().parents[4] / "shared" / "data" / "photos" / "kodak"
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


def compressed(rgb: np.ndarray, pixels_per_degree: float = 24.3) -> Picture:
    ladder = CompressedLadder(Jpeg(), functools.partial(np.array, rgb))
    return Picture("one", "one", Jpeg(), pixels_per_degree, ladder_or_none=ladder)


def photograph() -> np.ndarray:
    from skimage import data

    return np.ascontiguousarray(data.coffee()[100:228, 150:278])


def photographs() -> list[np.ndarray]:
    """Three; Kodak's where they stand beside the checkout, else scikit-image's."""
    if KODAK.is_dir():
        return [read_picture(KODAK / f"{number}.png") for number in (8, 15, 24)]
    from skimage import data

    return [np.ascontiguousarray(one[:256, :256]) for one in (data.astronaut(), data.coffee(), data.chelsea())]


def levels_apart(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How far two profiles' levels are apart at a hundred thresholds that both reach, in QF, with sign."""
    first, second = (np.maximum.accumulate(one[::-1])[::-1] for one in (first, second))
    thresholds = np.geomspace(max(first[-1], second[-1]) * 1.01, min(first[0], second[0]) * 0.99, 100)
    return crossings(first, thresholds)[0] - crossings(second, thresholds)[0]


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


def test_the_identical_picture_is_invisible(tmp_path):
    """Levels that decode to the reference itself, as files of a data set."""
    rgb = photograph()
    Image.fromarray(rgb).save(tmp_path / "same.png")
    files = {int(level): tmp_path / "same.png" for level in Bpg().levels}
    ladder = ShippedLadder(Bpg(), functools.partial(np.array, rgb), files)
    for parameters in ({}, {"masking": 0.7}, {"window_degrees": 2.0}):
        assert not Watson1997(**parameters).profile(Picture("a", "a", Bpg(), 24.3, ladder_or_none=ladder)).any()


def test_a_photographs_profile_falls():
    """From worst to best, all but a few steps; and as published the level is no end of the ladder."""
    one = compressed(photograph())
    profile = Watson1997().profile(one)
    assert (np.diff(profile) > 0).mean() < 0.1
    assert profile[0] > 1 > profile[-1]


@pytest.mark.parametrize("errors", ["decoded", "quantised"])
@pytest.mark.parametrize("window_degrees", [0.0, 2.0])
def test_one_level_and_the_whole_profile_agree(errors, window_degrees):
    one, predictor = compressed(photograph()), Watson1997(errors=errors, window_degrees=window_degrees)
    profile = predictor.profile(one)
    for level in (1, 30, 75, 100):
        assert predictor.visibility(one, level) == pytest.approx(profile[level - 1], rel=0.02)


def test_geometry_comes_from_the_picture():
    """Farther away less is seen."""
    one = compressed(photograph())
    far = dataclasses.replace(one, pixels_per_degree=60.0, measurements={})
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


@pytest.mark.parametrize("errors", ["decoded", "quantised"])
@pytest.mark.parametrize("how", ["black", "white", "clipped"])
def test_black_white_and_clipped_areas_do_not_dominate(errors, how):
    """Visibility rises at most 2.5 times between QF 5 and 95."""
    grey = np.repeat(photograph()[:, :, 1:2], 3, axis=2)
    before, after = grey, grey.copy()
    if how == "clipped":
        after = np.clip((grey.astype(float) - 128) * 3 + 128, 0, 255).astype(np.uint8)
    else:
        before = np.ascontiguousarray(grey[:, :32])
        after[:, 32:] = 0 if how == "black" else 255
    first, second = (Watson1997(errors=errors).profile(compressed(rgb)) for rgb in (before, after))
    assert np.isfinite(second).all()
    assert (second[4:95] <= 2.5 * first[4:95]).all()


def test_a_window_of_the_pictures_size_is_the_picture():
    one = compressed(photograph())
    for pooling in ("mean", "sum"):
        whole = Watson1997(pooling=pooling).visibility(one, 40)
        assert Watson1997(pooling=pooling, window_degrees=90.0).visibility(one, 40) == pytest.approx(whole, rel=1e-4)
    assert Watson1997(window_degrees=1.0).visibility(one, 40) > Watson1997().visibility(one, 40)


def test_auto_quantises_where_jpegs_are_made_here():
    one = compressed(photograph())
    auto, quantised, decoded = (Watson1997(errors=errors).profile(one) for errors in ("auto", "quantised", "decoded"))
    assert np.array_equal(auto, quantised)
    assert not np.allclose(auto, decoded, rtol=1e-3)


@pytest.mark.slow(reason="decodes three photographs' ladders")
def test_how_far_apart_the_two_error_sources_are(capsys):
    """Decoded errors exceed quantised ones where pixels clip, and from QF 96 on by rounding to 8 bits.

    On all 24 Kodak photographs (24.3 px/deg) the sources' levels at the median visibility of QF 50 differ by 0.4 QF on
    average (1.3 at most); at a hundred thresholds of each, by 0.3 on average (3.6 at most).
    """
    for rgb in photographs():
        one = compressed(rgb)
        quantised, decoded = Watson1997(errors="quantised").profile(one), Watson1997(errors="decoded").profile(one)
        ratio, apart = quantised / decoded, levels_apart(quantised, decoded)
        with capsys.disabled():
            print(
                f"\nwatson1997: quantised / decoded {ratio[:90].min():.3f}..{ratio[:90].max():.3f} up to QF 90, "
                f"{ratio[95:].min():.3f}.. above 95; levels {np.abs(apart).mean():.2f} QF apart, {apart.min():.1f} to "
                f"{apart.max():+.1f}"
            )
        assert ratio[:90] == pytest.approx(1, abs=0.1)
        assert np.abs(apart).mean() < 1.5
        assert np.abs(apart).max() < 5


def test_the_sources_agree_where_nothing_clips():
    """A grey photograph between 40 and 215, up to QF 90: within 10 %, and one QF on average."""
    from skimage import data

    plane = (40 + data.camera()[:256, 128:384] * (175 / 255)).round().astype(np.uint8)
    one = compressed(np.repeat(plane[:, :, None], 3, axis=2))
    quantised, decoded = Watson1997(errors="quantised").profile(one), Watson1997(errors="decoded").profile(one)
    assert quantised[:90] == pytest.approx(decoded[:90], rel=0.1)
    assert np.abs(levels_apart(quantised[:90], decoded[:90])).mean() < 1


def test_calibrated_and_as_published_are_registered():
    assert registry()["watson1997"].make().threshold is None
    assert registry()["watson1997-as-published"].make().threshold == 1


def test_a_run_says_which_errors_and_how_deep_the_transform_went():
    one = compressed(photograph())
    assert Watson1997().remark(one).endswith("nothing was encoded (errors: quantised); 4 wavelet levels")
    assert "decoded lumas" in Watson1997(errors="decoded").remark(one)


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
