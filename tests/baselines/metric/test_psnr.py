"""Protects PSNR as a predictor: one PSNR for every picture, measured from the pixels themselves."""

import numpy as np
import pytest

from baselines.metric.psnr import Psnr
from datasets.core.imaging import luma
from datasets.core.picture import Picture


def test_visibility_is_the_root_mean_squared_luma_error_at_every_level(rated_pictures):
    picture: Picture = rated_pictures[0]
    profile = Psnr().profile(picture)
    for level in (1, 30, 77, 100):
        error = luma(picture.ladder.rgb(level)).astype(float) - luma(picture.reference).astype(float)
        assert profile[level - 1] == pytest.approx(np.sqrt(np.mean(error**2)), abs=1e-9)
        assert Psnr().visibility(picture, level) == pytest.approx(profile[level - 1], abs=1e-12)


def test_every_prediction_stands_at_the_same_psnr(rated_pictures):
    predictor = Psnr().fit(rated_pictures, np.array([picture.samples.mean() for picture in rated_pictures]), seed=0)
    reached = []
    for picture in rated_pictures:
        asked = picture.without_samples()
        if not predictor.predict(asked).clipped:
            envelope = predictor.envelope(asked)
            reached.append(np.interp(predictor.predict(asked).level - 1, np.arange(100), envelope))
    assert len(reached) >= 6
    assert reached == pytest.approx([predictor.threshold_] * len(reached))


def test_it_finds_the_psnr_at_which_made_up_observers_notice(rated_pictures):
    """The fixture's observers look at exactly this error, with a median criterion of 5 grey levels."""
    levels = np.array([np.median(picture.samples) for picture in rated_pictures])
    predictor = Psnr().fit(rated_pictures, levels, seed=0)
    assert predictor.threshold_ == pytest.approx(5.0, rel=0.1)
    assert np.exp(predictor.observer_.log_median) == pytest.approx(5.0, rel=0.1)
    assert predictor.observer_.log_sigma == pytest.approx(0.3, rel=0.2)
    errors = [
        abs(predictor.predict(picture.without_samples()).level - at)
        for picture, at in zip(rated_pictures, levels, strict=True)
    ]
    assert np.mean(errors) < 4


def test_the_threshold_of_aic4_stands_at_its_psnr(rated_pictures):
    parameters = Psnr.variants()["psnr-aic4"]
    predictor = Psnr(**parameters).fit(rated_pictures, np.full(8, 50.0), seed=0)
    picture = rated_pictures[0].without_samples()
    reached = np.interp(predictor.predict(picture).level - 1, np.arange(100), predictor.envelope(picture))
    assert 20 * np.log10(255 / reached) == pytest.approx(39.83, abs=0.01)
    assert predictor.predict(picture).sur is None
