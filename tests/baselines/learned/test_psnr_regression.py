"""Protects regressions on one feature: an exact relation is found, people's spread too, and odd data end in words."""

from typing import final

import numpy as np
import pytest

from baselines.interface.card import Card
from baselines.learned._psnr_regression import PsnrRegression
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.core.imaging import psnr_db
from datasets.core.ladder import CompressedLadder, LadderSummary
from datasets.core.picture import Picture

SLOPE, INTERCEPT = -3.0, 42.0
FEATURES = (2.0, 5.0, 9.0, 14.0, 25.0)


@final
class Named(PsnrRegression):
    """The feature is the picture's name."""

    card = Card(name="named", title="Named", needs_pictures=True)

    def feature(self, picture: Picture) -> float:
        return float(picture.name)


def picture(feature: float, *, codec: Codec | None = None, samples: tuple[float, ...] = ()) -> Picture:
    """A made-up ladder whose error falls evenly to nothing, faster where the feature is small."""
    codec = codec or Jpeg()
    rmse = (1 + feature / 10) * np.linspace(12, 0, len(codec.levels))
    ladder = CompressedLadder(codec, lambda: np.zeros((8, 8, 3), np.uint8))
    ladder.known_summary = LadderSummary(rmse**2, np.full(len(rmse), np.nan), 0.0)
    return Picture(str(feature), str(feature), codec, 24.3, np.array(samples), {}, ladder)


def level(feature: float, *, more_db: float = 0.0, codec: Codec | None = None) -> float:
    """Where a made-up ladder has the PSNR of the exact relation."""
    codec = codec or Jpeg()
    rmse = 255 * 10 ** (-(INTERCEPT + SLOPE * np.log(feature) + more_db) / 20)
    return float(codec.level_at((1 - rmse / 12 / (1 + feature / 10)) * (len(codec.levels) - 1)))


def fitted(codec: Codec | None = None) -> Named:
    pictures = [picture(feature, codec=codec) for feature in FEATURES]
    return Named().fit(pictures, np.array([level(feature, codec=codec) for feature in FEATURES]), seed=0)


@pytest.mark.parametrize("codec", [Jpeg(), Bpg()])
def test_an_exact_relation_is_found_on_both_directions_of_level(codec):
    predictor = fitted(codec)
    assert predictor.slope_ == pytest.approx(SLOPE)
    assert predictor.intercept_ == pytest.approx(INTERCEPT)
    for feature in (3.0, 20.0):
        asked = picture(feature, codec=codec)
        assert predictor.predict(asked).level == pytest.approx(level(feature, codec=codec))
        assert not predictor.predict(asked).clipped


def test_without_samples_there_is_no_curve():
    assert fitted().predict(picture(3.0)).sur is None


def test_the_curve_is_a_gaussian_in_db_around_the_regression():
    """Subjects who need 1, 2 or 3 dB more than the relation: on average 2, with a spread of sqrt(2/3)."""
    beyond = (1.0, 2.0, 3.0)
    rated = [picture(f, samples=tuple(level(f, more_db=db) - 0.5 for db in beyond)) for f in FEATURES]
    predictor = Named().fit(rated, np.array([level(feature) for feature in FEATURES]), seed=0)
    assert predictor.shift_db_ == pytest.approx(2.0)
    assert predictor.spread_db_ == pytest.approx(np.sqrt(2 / 3))
    curve = predictor.predict(picture(7.0)).sur
    assert (np.diff(curve) >= 0).all()
    assert 0 <= curve[0] < 0.001 < 0.999 < curve[-1] <= 1
    needed = psnr_db(picture(7.0).summary().mse) - (INTERCEPT + SLOPE * np.log(7.0)) - 2.0
    assert np.interp(0.0, needed, curve) == pytest.approx(0.5, abs=0.01)


def test_subjects_who_agree_leave_a_steep_curve_not_a_division_by_zero():
    rated = [picture(feature, samples=(level(feature) - 0.5,) * 4) for feature in FEATURES]
    curve = Named().fit(rated, np.array([level(f) for f in FEATURES]), seed=0).predict(picture(7.0)).sur
    assert np.isfinite(curve).all()
    assert curve[0] == 0
    assert curve[-1] == 1


def test_equal_features_give_the_mean_psnr_whatever_is_asked():
    same = [picture(5.0), picture(5.0), picture(5.0 + 1e-12)]
    levels = np.array([level(5.0, more_db=db) for db in (-1.0, 0.0, 4.0)])
    predictor = Named().fit(same, levels, seed=0)
    assert predictor.slope_ == 0
    assert predictor.psnr_at_jnd(picture(20.0)) == pytest.approx(INTERCEPT + SLOPE * np.log(5.0) + 1.0)


def test_a_psnr_that_no_level_has_is_clipped():
    predictor, asked = fitted(), picture(5.0)
    assert not predictor.predict(asked).clipped
    predictor.intercept_ = 10.0
    assert (predictor.predict(asked).level, predictor.predict(asked).clipped) == (1.0, True)


def test_a_feature_of_nothing_has_a_prediction():
    assert 1 <= fitted().predict(picture(0.0)).level <= 100


@pytest.mark.parametrize("levels", [(50.0, np.nan), (np.nan, np.inf)])
def test_too_few_pictures_are_told(levels):
    with pytest.raises(UserError, match=r"named needs two training pictures.*there are [01]\. Use a larger"):
        Named().fit([picture(2.0), picture(3.0)], np.array(levels), seed=0)


def test_a_picture_without_a_level_is_left_out():
    pictures = [picture(feature) for feature in (*FEATURES, 3.0)]
    levels = np.array([*(level(feature) for feature in FEATURES), np.nan])
    assert Named().fit(pictures, levels, seed=0).slope_ == pytest.approx(SLOPE)


def test_a_feature_that_is_no_number_is_the_methods_fault():
    for odd in (-1.0, np.nan):
        with pytest.raises(ValueError, match="named gave the feature"):
            Named().measure(picture(odd))
