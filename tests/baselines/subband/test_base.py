"""Protects what all subband models share: sound thresholds on any plane, and a visibility that follows from them."""

import dataclasses
import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from baselines.interface.registry import registry
from baselines.subband._dct_blocks import Blocks
from baselines.subband.bae2013 import Bae2013
from baselines.subband.watson1993 import Watson1993
from baselines.subband.watson1997 import Watson1997
from baselines.subband.wei2009 import Wei2009
from baselines.subband.zhang2005 import Zhang2005
from datasets.codecs.bpg import Bpg
from datasets.common.errors import UserError
from datasets.core.ladder import ShippedLadder
from datasets.core.picture import Picture
from tests.baselines.subband.profiles import compressed, photograph

MODELS = (Watson1993, Zhang2005, Wei2009, Bae2013)
ALL = (*MODELS, Watson1997)
LOWEST = {Watson1993: 0.15**0.649, Zhang2005: 1.0, Wei2009: 1.0, Bae2013: 1.0}
"""Share of its mid-grey threshold that no coefficient's threshold falls below, on any picture."""
NOISE = np.random.default_rng(0).integers(0, 256, (33, 65), dtype=np.uint8)
PLANES = {
    "black": np.zeros((8, 8), np.uint8),
    "white": np.full((13, 21), 255, np.uint8),
    "grey": np.full((16, 8), 128, np.uint8),
    "noise": NOISE,
    "pixel": np.full((1, 1), 200, np.uint8),
    "checkerboard": (np.indices((24, 24)).sum(0) % 2 * 255).astype(np.uint8),
}
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.card.name)
every_subband_model = pytest.mark.parametrize("model", ALL, ids=lambda model: model.card.name)


def base(model, pixels_per_degree: float) -> np.ndarray:
    """Thresholds where nothing masks: on flat grey where the model's luminance elevation is 1."""
    grey = 76.5 if model is Bae2013 else 128.0
    return model().thresholds(Blocks.of(np.full((8, 8), grey), np.float64), pixels_per_degree)[:, :, 0, 0]


@each_model
@pytest.mark.parametrize("plane", PLANES.values(), ids=PLANES.keys())
@pytest.mark.parametrize("pixels_per_degree", [8.0, 24.3, 93.0])
def test_thresholds_are_positive_and_finite(plane, model, pixels_per_degree):
    found = model().threshold_map(plane, pixels_per_degree)
    assert found.shape == (-(-plane.shape[0] // 8), -(-plane.shape[1] // 8), 8, 8)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert (found >= base(model, pixels_per_degree) * LOWEST[model] * (1 - 1e-4)).all()


@each_model
@settings(max_examples=25)
@given(arrays(np.uint8, st.tuples(st.integers(1, 21), st.integers(1, 21))), st.floats(4, 200))
def test_thresholds_are_sound_on_any_plane(model, plane, pixels_per_degree):
    found = model().threshold_map(plane, pixels_per_degree)
    assert np.isfinite(found).all()
    assert (found >= base(model, pixels_per_degree) * LOWEST[model] * (1 - 1e-4)).all()


@each_model
def test_farther_away_fine_detail_is_harder_to_see(model):
    """From 6 cycles per degree on, thresholds at least double with twice the distance."""
    near, far = base(model, 24.3), base(model, 48.6)
    fine = np.hypot(*np.indices((8, 8))) * 24.3 / 16 > 6
    assert (far[fine] > 2 * near[fine]).all()


@each_model
def test_geometry_comes_from_the_picture(model):
    picture = compressed(photograph())
    other = dataclasses.replace(picture, pixels_per_degree=60.0, measurements={})
    assert not np.allclose(model().profile(picture), model().profile(other), rtol=0.05)


@every_subband_model
@pytest.mark.parametrize("errors", ["decoded", "quantised"])
@pytest.mark.parametrize("window_degrees", [0.0, 2.0])
def test_one_level_and_the_whole_profile_agree(model, errors, window_degrees):
    picture, predictor = compressed(photograph()), model(errors=errors, window_degrees=window_degrees)
    profile = predictor.profile(picture)
    assert profile.shape == (100,)
    for level in (1, 30, 75, 100):
        assert predictor.visibility(picture, level) == pytest.approx(profile[level - 1], rel=0.02)


@pytest.mark.parametrize(
    "model",
    [*(model() for model in ALL), Watson1997(masking=0.7), Watson1997(window_degrees=2.0)],
    ids=[*(model.card.name for model in ALL), "masking", "window"],
)
def test_the_identical_picture_is_invisible(model, tmp_path):
    """Levels that decode to the reference itself, as files of a data set."""
    rgb = photograph()
    Image.fromarray(rgb).save(tmp_path / "same.png")
    files = {int(level): tmp_path / "same.png" for level in Bpg().levels}
    picture = Picture(
        "same", "same", Bpg(), 24.3, ladder_or_none=ShippedLadder(Bpg(), functools.partial(np.array, rgb), files)
    )
    assert not model.profile(picture).any()


@each_model
def test_flat_mid_grey_loses_nothing(model):
    assert not model().profile(compressed(np.full((16, 16, 3), 128, np.uint8))).any()


def painted(how: str) -> tuple[Picture, Picture]:
    """A grey photograph, and the same with three quarters black or white, or with clipped contrast."""
    grey = np.repeat(photograph()[:, :, 1:2], 3, axis=2)
    if how == "clipped":
        return compressed(grey), compressed(np.clip((grey.astype(float) - 128) * 3 + 128, 0, 255).astype(np.uint8))
    after = grey.copy()
    after[:, 32:] = 0 if how == "black" else 255
    return compressed(np.ascontiguousarray(grey[:, :32])), compressed(after)


@every_subband_model
@pytest.mark.parametrize("errors", ["decoded", "quantised"])
@pytest.mark.parametrize("how", ["black", "white", "clipped"])
def test_black_white_and_clipped_areas_are_bounded(model, errors, how):
    """Visibility rises at most 2.5 times between QF 5 and 95; 10 times for Watson.

    His threshold for DC on black is 0.05 grey levels under the floor of 0.15, so a large black area that moves by
    one grey level counts (8.9 times at most here).
    """
    before, after = (model(errors=errors).profile(picture) for picture in painted(how))
    assert np.isfinite(after).all()
    assert (after[4:95] <= (10 if model is Watson1993 else 2.5) * before[4:95]).all()


@pytest.mark.parametrize("errors", ["decoded", "quantised"])
def test_without_a_floor_black_would_decide_all(errors):
    _, black = painted("black")
    low, usual = (Watson1993(errors=errors, luminance_floor=floor).profile(black) for floor in (1e-3, 0.15))
    assert np.isfinite(low).all()
    assert (low[4:95] / usual[4:95]).max() > 10


@pytest.mark.parametrize("model", [Watson1993, Zhang2005], ids=lambda model: model.card.name)
def test_thresholds_turn_with_the_picture(model):
    plane = photograph()[:, :, 1]
    found, turned = (model().threshold_map(luma, 24.3) for luma in (plane, np.ascontiguousarray(plane.T)))
    assert turned == pytest.approx(found.transpose(1, 0, 3, 2), rel=1e-3)


@every_subband_model
def test_calibrated_and_as_published_are_registered(model):
    name = model.card.name
    assert registry()[name].make().threshold is None
    assert registry()[f"{name}-as-published"].make().threshold == 1


@each_model
def test_a_run_says_which_errors_were_used(model):
    picture = compressed(photograph())
    assert "nothing was encoded" in model().remark(picture)
    assert "decoded lumas" in model(errors="decoded").remark(picture)


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"pooling": "max"}, r"no pooling 'max'.*mean, sum"),
        ({"exponent": 0.5}, r"exponents are 1\.\.8, not 0\.5"),
        ({"window_degrees": -1.0}, r"window_degrees is 0 \(the whole picture\) or more"),
        ({"errors": "files"}, r"no error source 'files'"),
        ({"luminance_floor": 0.0}, r"share of mid-grey above 0"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(parameters, text):
    with pytest.raises(UserError, match=text):
        Watson1993(**parameters).profile(compressed(photograph()))


def test_zhangs_own_exponent_is_checked_too():
    with pytest.raises(UserError, match=r"zhang2005: exponents are 1\.\.8, not 0"):
        Zhang2005(low_exponent=0.0).profile(compressed(photograph()))


def test_summed_blocks_never_come_down_to_the_published_limit():
    """Why -as-published averages: the sum over a photograph's blocks is above 1 even at QF 100."""
    from skimage import data

    picture = compressed(data.astronaut())
    summed = Watson1993(pooling="sum").profile(picture)
    assert summed.min() > 3
    assert summed == pytest.approx(Watson1993().profile(picture) * 4096**0.25, rel=1e-4)
