"""Protects the mean gradient: its unit, its order on real photographs, and what the line makes of it."""

import functools

import numpy as np
import pytest

from baselines.learned.gradient2022 import Gradient2022
from datasets.codecs.jpeg import Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture


def of_grey(plane: np.ndarray) -> Picture:
    pixels = np.repeat(plane.astype(np.uint8)[:, :, None], 3, axis=2)
    return Picture("p", "p", Jpeg(), 24.3, ladder_or_none=CompressedLadder(Jpeg(), functools.partial(np.array, pixels)))


@pytest.mark.parametrize("slope", [1, 4])
def test_a_ramp_has_its_slope_in_grey_levels_a_pixel(slope):
    """The border mirrors, so that the first and the last of the 50 columns have no slope."""
    ramp = np.tile(slope * np.arange(50), (40, 1))
    assert Gradient2022().feature(of_grey(ramp)) == pytest.approx(slope * 48 / 50)
    assert Gradient2022().feature(of_grey(ramp.T)) == pytest.approx(slope * 48 / 50)
    assert Gradient2022().feature(of_grey(np.full((40, 50), 90))) == 0


def test_busier_photographs_have_more_of_it():
    from skimage import data

    moon, camera, brick = (
        Gradient2022().feature(of_grey(plane)) for plane in (data.moon(), data.camera(), data.brick())
    )
    assert moon < camera < brick


def test_observers_of_one_error_leave_the_line_nearly_level(rated_pictures):
    """The fixture's observers look at the PSNR alone, whatever the picture: near 34 dB, spread 20 log10(e^.3) = 2.6."""
    levels = np.array([np.median(one.samples) for one in rated_pictures])
    predictor = Gradient2022().fit(rated_pictures, levels, seed=0)
    assert abs(predictor.slope_) < 1
    assert np.mean([predictor.psnr_at_jnd(one) for one in rated_pictures]) == pytest.approx(34.15, abs=0.5)
    assert predictor.spread_db_ == pytest.approx(2.6, rel=0.2)
    asked = [one.without_samples() for one in rated_pictures]
    errors = [abs(predictor.predict(one).level - at) for one, at in zip(asked, levels, strict=True)]
    assert np.mean(errors) < 5
