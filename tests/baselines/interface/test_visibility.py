"""Protects the way from a visibility to a level: envelope, threshold, direction of the codec, clipping, SUR curve."""

import functools
from typing import final

import numpy as np
import pytest

from baselines.interface.card import Card
from baselines.interface.visibility import VisibilityPredictor
from baselines.metric.psnr import Psnr
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.core.codec import Codec
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture

CODECS = pytest.mark.parametrize("codec", [Jpeg(), Bpg()], ids=["jpeg", "bpg"])
CALLS: list[tuple[str, int]] = []


@final
class Fading(VisibilityPredictor):
    """Halves every ten levels towards the best; a picture's geometry stands for how visible its errors are."""

    gain: float = 1.0
    wobble: float = 0.0

    card = Card(name="fading", title="Fading", needs_pictures=False)
    published_threshold = 2.0

    def visibility(self, picture: Picture, level: int) -> float:
        CALLS.append((picture.name, level))
        position = float(picture.codec.position(level))
        return self.gain * picture.pixels_per_degree * 2 ** (-position / 10) + self.wobble * (level % 2)


@final
class Given(VisibilityPredictor):
    """Whatever profile the test gives."""

    values: tuple[float, ...] = ()

    card = Card(name="given", title="Given", needs_pictures=False)

    def visibility(self, picture: Picture, level: int) -> float:
        raise NotImplementedError("the profile is given")

    def profile(self, picture: Picture) -> np.ndarray:
        return np.array(self.values)


def picture(codec: Codec, strength: float, *, samples: int = 0, threshold: float = 2.0) -> Picture:
    """A label-only picture whose JND stands where `Fading` is at the threshold."""
    rng = np.random.default_rng(int(strength * 100))
    people = 10 * np.log2(strength / (threshold * rng.lognormal(0, 0.2, samples)))
    levels = np.asarray(codec.level_at(np.clip(np.floor(people), 0, len(codec.levels) - 1)), dtype=float)
    return Picture(f"p{strength:g}", f"p{strength:g}", codec, strength, levels)


def level_of(rated: Picture, threshold: float = 2.0) -> float:
    return float(rated.codec.level_at(10 * np.log2(rated.pixels_per_degree / threshold)))


def trained(codec: Codec, **parameters: float) -> Fading:
    pictures = [picture(codec, strength, samples=30) for strength in (4.0, 8.0, 16.0, 32.0)]
    return Fading(**parameters).fit(pictures, np.array([level_of(rated) for rated in pictures]), seed=0)


@CODECS
def test_the_threshold_behind_the_levels_is_found_in_both_directions(codec):
    predictor = trained(codec)
    assert predictor.threshold_ == pytest.approx(2.0, rel=0.01)
    for strength in (5.0, 11.0, 30.0):
        asked = picture(codec, strength)
        assert predictor.predict(asked).level == pytest.approx(level_of(asked), abs=0.2)
        assert not predictor.predict(asked).clipped


@CODECS
def test_a_more_visible_picture_needs_a_better_level(codec):
    predictor = trained(codec)
    positions = [
        codec.position(predictor.predict(picture(codec, strength)).level) for strength in (3.0, 6.0, 12.0, 24.0)
    ]
    assert (np.diff(positions) > 0).all()


@CODECS
def test_predictions_beyond_the_ladder_are_cut_off_at_its_ends_and_counted(codec):
    predictor = trained(codec)
    faint, glaring = picture(codec, 0.5), picture(codec, 1e6)
    assert predictor.predict(faint).level == codec.worst_level
    assert predictor.predict(glaring).level == codec.best_level
    assert predictor.predict(faint).clipped
    assert predictor.predict(glaring).clipped


@CODECS
def test_the_curve_rises_from_worst_to_best_and_is_half_where_the_median_person_notices(codec):
    predictor = trained(codec)
    asked = picture(codec, 11.0)
    curve = predictor.predict(asked).sur
    assert curve is not None
    assert (np.diff(curve) >= 0).all()
    half = np.interp(0.5, curve, np.arange(len(curve)))
    assert half == pytest.approx(10 * np.log2(11.0 / 2.0), abs=0.7)


def test_without_samples_there_is_no_curve():
    pictures = [picture(Jpeg(), strength) for strength in (4.0, 8.0)]
    predictor = Fading().fit(pictures, np.array([level_of(rated) for rated in pictures]), seed=0)
    assert predictor.predict(pictures[0]).sur is None


@CODECS
def test_a_scale_on_the_visibility_changes_no_prediction(codec):
    """So calibrating a published map is the same as scaling it."""
    plain, scaled = trained(codec), trained(codec, gain=7.3)
    assert scaled.threshold_ == pytest.approx(7.3 * plain.threshold_)
    for strength in (5.0, 11.0, 30.0):
        asked = picture(codec, strength)
        assert scaled.predict(asked).level == pytest.approx(plain.predict(asked).level, abs=1e-6)
        assert np.allclose(scaled.predict(asked).sur, plain.predict(asked).sur, atol=1e-3)


def test_the_published_threshold_is_registered_and_left_alone():
    assert Fading.variants() == {"fading": {}, "fading-as-published": {"threshold": 2.0}}
    pictures = [picture(Jpeg(), strength) for strength in (4.0, 8.0)]
    assert Fading(threshold=2.0).fit(pictures, np.array([90.0, 90.0]), seed=0).threshold_ == 2.0
    assert Given.variants() == {"given": {}}


def test_the_envelope_is_the_largest_visibility_from_there_to_the_best_level():
    profile = np.linspace(50, 0, 100)
    profile[[20, 60]] = 45.0, 30.0
    envelope = Given(values=tuple(profile)).measure(picture(Jpeg(), 4.0))["envelope"]
    assert (np.diff(envelope) <= 0).all()
    assert (envelope >= profile).all()
    assert envelope[11:21] == pytest.approx(45.0, abs=0.51)
    assert (envelope[40:61] == 30.0).all()
    assert envelope[61] == profile[61]


@pytest.mark.parametrize("broken", [(1.0, -0.1), (1.0, float("nan")), (float("inf"), 1.0), (1.0,) * 3])
def test_a_profile_that_is_none_is_refused(broken):
    values = (*broken, *[0.0] * 98)
    with pytest.raises(ValueError, match="given gave visibilities"):
        Given(values=values).measure(picture(Jpeg(), 4.0))["envelope"]


def test_a_profile_is_measured_once_for_all_folds_truths_and_thresholds():
    pictures = [picture(Jpeg(), strength, samples=5) for strength in (4.0, 8.0, 16.0)]
    CALLS.clear()
    for threshold in (None, 2.0):
        for fold in ([0, 1], [1, 2], [0, 2]):
            training = [pictures[index] for index in fold]
            predictor = Fading(threshold=threshold).fit(training, np.full(2, 50.0), seed=0)
            for rated in pictures:
                predictor.predict(rated.without_samples())
                predictor.predict(rated.without_samples())
    assert len(CALLS) == 3 * 100
    Fading(gain=2.0).measurement(pictures[0])
    assert len(CALLS) == 4 * 100


def test_pictures_where_nothing_is_lost_get_a_level_and_a_curve(rated_pictures):
    """A flat picture is the same at almost every level: zeros and plateaus in its profile."""
    flat = CompressedLadder(Jpeg(), functools.partial(np.full, (64, 64, 3), 128, np.uint8))
    blank = Picture("flat", "flat", Jpeg(), 24.3, np.array([1.0, 1.0, 100.0]), {}, flat)
    pictures = [*rated_pictures, blank]
    predictor = Psnr().fit(pictures, np.array([rated.samples.mean() for rated in pictures]), seed=0)
    assert 1 <= predictor.predict(blank.without_samples()).level <= 100
    curve = predictor.predict(blank.without_samples()).sur
    assert curve is not None
    assert np.isfinite(curve).all()
