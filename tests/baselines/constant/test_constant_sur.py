"""Protects the constant with a curve: the mean of the training pictures' SUR curves."""

import numpy as np
import pytest

from baselines.constant.constant_sur import ConstantSur
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.core.gev import sur_curve
from datasets.core.picture import Picture


def picture(name: str, codec: Codec, centre: float, subjects: int = 30) -> Picture:
    samples = np.random.default_rng(3).normal(centre, 4, subjects)
    return Picture(name, name, codec, 24.3, np.clip(np.round(samples), codec.lowest, codec.highest))


@pytest.mark.parametrize("codec", [Jpeg(), Bpg()], ids=["jpeg", "bpg"])
def test_it_is_the_mean_curve_and_the_median_level(codec):
    pictures = [picture("a", codec, 20), picture("b", codec, 30), picture("c", codec, 44)]
    predictor = ConstantSur().fit(pictures, np.array([20.0, 30.0, 44.0]), seed=0)
    curve = predictor.predict(picture("new", codec, 90, subjects=0)).sur
    assert curve == pytest.approx(np.mean([sur_curve(rated.samples, codec) for rated in pictures], axis=0))
    assert (np.diff(curve) >= 0).all()
    assert predictor.predict(pictures[0]).level == 30.0


def test_pictures_without_samples_do_not_count():
    rated, bare = picture("a", Jpeg(), 40), picture("b", Jpeg(), 60, subjects=0)
    predictor = ConstantSur().fit([rated, bare], np.array([40.0, 60.0]), seed=0)
    assert predictor.predict(bare).sur == pytest.approx(sur_curve(rated.samples, Jpeg()))
    with pytest.raises(UserError, match="needs training pictures with subjects' samples"):
        ConstantSur().fit([bare], np.array([60.0]), seed=0)


def test_nobody_can_change_the_curve_it_gives():
    rated = picture("a", Jpeg(), 40)
    predictor = ConstantSur().fit([rated], np.array([40.0]), seed=0)
    predictor.predict(rated).sur[:] = 0
    assert predictor.predict(rated).sur.max() > 0.99
