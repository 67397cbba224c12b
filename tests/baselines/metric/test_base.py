"""Protects metrics as predictors: few measurements, the full ladder's answer, given thresholds, and what is missing."""

import dataclasses
import functools
import pickle
from typing import final

import numpy as np
import pytest

from baselines.interface.card import Card
from baselines.interface.threshold import crossing
from baselines.metric._base import GivenThreshold, MetricPredictor
from baselines.metric.psnr import Psnr
from baselines.metric.ssim import Ssim
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.imaging import luma, mse
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture

ASKED: list[float] = []


@final
class Likeness(MetricPredictor):
    """100 minus the root mean squared luma error, which `Psnr` takes of every level; counts how often it is asked."""

    package = "numpy"
    given = {"as-told": GivenThreshold(96.0, "as somebody told")}
    card = Card(name="likeness", title="Likeness", needs_pictures=True)

    def against(self, reference, pixels_per_degree):
        def score(rgb):
            ASKED.append(float(np.sqrt(mse(luma(rgb), luma(reference)))))
            return 100 - ASKED[-1]

        return score

    def distance(self, score):
        return 100 - score


@final
class Absent(MetricPredictor):
    package = "no-such-package"
    install = "pip install -e '.[extra]'"
    card = Card(name="absent", title="Absent", needs_pictures=True)

    def against(self, reference, pixels_per_degree):
        raise NotImplementedError

    def distance(self, score):
        return score


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("JND_BENCH_CACHE", str(tmp_path))
    ASKED.clear()


@pytest.fixture
def pictures(rated_pictures) -> list[Picture]:
    """Those of all tests, of which nothing has been measured yet."""
    return [dataclasses.replace(picture, measurements={}) for picture in rated_pictures]


def medians(pictures) -> np.ndarray:
    return np.array([np.median(picture.samples) for picture in pictures])


def test_the_calibrated_method_measures_seventeen_levels_of_a_hundred(pictures):
    predictor = Likeness().fit(pictures, medians(pictures), seed=0)
    assert len(ASKED) == 14 * len(pictures)
    predicted = [predictor.predict(picture.without_samples()).level for picture in pictures]
    assert len(ASKED) <= 17 * len(pictures)
    full = Psnr(threshold=predictor.threshold_).fit(pictures, medians(pictures), seed=0)
    expected = [full.predict(picture).level for picture in pictures]
    assert predicted == pytest.approx(expected, abs=0.2)  # a bump on the way
    assert predictor.threshold_ == pytest.approx(5.0, rel=0.1)  # what the fixture's observers notice
    assert np.exp(predictor.observer_.log_median) == pytest.approx(5.0, rel=0.1)


def test_a_given_threshold_is_searched_in_seven_and_needs_no_training_picture_measured(pictures):
    predictor = Likeness(threshold=96.0).fit(pictures, medians(pictures), seed=0)
    assert ASKED == []
    assert predictor.threshold_ == 4.0
    picture = pictures[0].without_samples()
    level = predictor.predict(picture).level
    assert len(ASKED) <= 7
    assert level == pytest.approx(Psnr(threshold=4.0).fit(pictures, medians(pictures), seed=0).predict(picture).level)
    assert predictor.predict(picture).sur is None


def test_folds_variants_and_later_runs_measure_nothing_again(pictures):
    first = Likeness().fit(pictures, medians(pictures), seed=0)
    answers = [first.predict(picture).level for picture in pictures]
    given = Likeness(threshold=96.0).fit(pictures, medians(pictures), seed=0)
    given_answers = [given.predict(picture).level for picture in pictures]
    asked = len(ASKED)
    later = [dataclasses.replace(picture, measurements={}) for picture in pictures]  # only the disk remembers
    again = Likeness().fit(later, medians(later), seed=0)
    assert [again.predict(picture).level for picture in later] == answers
    assert [given.predict(picture).level for picture in later] == given_answers
    assert len(ASKED) == asked <= 20 * len(pictures)  # the search shares the coarse levels


def test_the_full_ladder_is_measured_where_it_is_asked_for(pictures):
    picture = pictures[0]
    full = Likeness(levels="all")
    measurement = full.measurement(picture)
    assert measurement["positions"].tolist() == list(range(100))
    assert len(ASKED) == 100
    profile = Psnr().profile(picture)
    assert 100 - measurement["scores"] == pytest.approx(profile)
    for threshold in (1.0, 4.0, 9.0):
        full.threshold_, full.observer_ = threshold, None
        assert full.predict(picture).level == pytest.approx(1 + crossing(full.envelope(picture), threshold)[0])


def test_measuring_gives_the_same_before_and_after_more_levels_are_known(pictures):
    """Runs compare what workers measured; the memory must not show in it."""
    picture, predictor = pictures[0], Likeness()
    before = predictor.measure(picture)
    predictor.fit(pictures, medians(pictures), seed=0).predict(picture)
    np.testing.assert_equal(predictor.measure(picture), before)
    assert before["positions"].dtype.kind == "i"


def test_searched_and_full_answers_on_photographs_hardly_differ():
    """SSIM on three photographs, at twelve thresholds: less than a quarter of a level on average."""
    from skimage import data

    apart = []
    for pixels in (data.astronaut(), data.coffee(), data.chelsea()):
        ladder = CompressedLadder(Jpeg(), functools.partial(np.array, np.ascontiguousarray(pixels[:128, 150:278])))
        picture = Picture("one", "one", Jpeg(), 24.3, ladder_or_none=ladder)
        full = Ssim(levels="all").envelope(picture)
        for threshold in np.linspace(0.85, 0.98, 12):
            searched = Ssim(threshold=threshold).fit([picture], np.array([50.0]), seed=0)
            apart.append(abs(searched.predict(picture).level - 1 - crossing(full, 1 - threshold)[0]))
    assert np.mean(apart) < 0.25
    assert np.max(apart) < 4


def test_what_lies_beyond_an_end_is_clipped_there_and_said(pictures):
    picture = pictures[0]
    for threshold, level in ((-300.0, 1.0), (99.9999, 100.0)):
        predictor = Likeness(threshold=threshold).fit(pictures, medians(pictures), seed=0)
        assert predictor.predict(picture).level == level
        assert predictor.predict(picture).clipped
    assert not Likeness(threshold=96.0).fit(pictures, medians(pictures), seed=0).predict(picture).clipped


def test_given_thresholds_are_registered_and_their_source_is_told(pictures):
    assert Likeness.variants() == {"likeness": {}, "likeness-as-told": {"threshold": 96.0}}
    assert Likeness(threshold=96.0).remark(pictures[0]) == "searched among 100 levels; threshold 96, as somebody told"
    assert Likeness().remark(pictures[0]) == "14 of 100 levels measured, then those around the answer"
    assert Likeness(levels="all", threshold=1.0).remark(pictures[0]) == "all 100 levels measured; threshold 1"


def test_where_not_exact_the_curve_through_the_coarse_levels_answers(pictures):
    """Half a level from the exact answer on average, for fewer measurements; for a given threshold too."""
    exact = Likeness().fit(pictures, medians(pictures), seed=0)
    apart = {}
    for name, threshold in (("fitted", None), ("given", 100 - exact.threshold_)):
        ASKED.clear()
        fresh = [dataclasses.replace(picture, measurements={}) for picture in pictures]
        curve = Likeness(threshold=threshold, exact=False).fit(fresh, medians(pictures), seed=0)
        answers = [curve.predict(picture).level for picture in fresh]
        assert ASKED == []  # the disk remembers the coarse levels
        assert not any(curve.predict(picture).clipped for picture in fresh)
        apart[name] = np.abs(np.array(answers) - [exact.predict(picture).level for picture in pictures])
    assert apart["fitted"] == pytest.approx(apart["given"], abs=1e-6)
    assert 0 < apart["fitted"].mean() < 0.5
    assert "the others interpolated" in curve.remark(pictures[0])


def test_what_is_measured_has_a_name_of_its_own():
    same = {Likeness().measured_as, Likeness(threshold=None).measured_as}
    others = {Likeness(threshold=96.0).measured_as, Likeness(threshold=95.0).measured_as}
    whole = {
        Likeness(levels="all").measured_as,
        Likeness(levels="all", threshold=96.0).measured_as,
    }
    assert (len(same), len(others), len(whole), len(same | others | whole)) == (1, 2, 1, 4)


def test_a_picture_forgets_its_scores_when_it_travels(pictures):
    predictor = Likeness().fit(pictures, medians(pictures), seed=0)
    there = pickle.loads(pickle.dumps((predictor, pictures[0])))
    assert there[0].predict(there[1]).level == predictor.predict(pictures[0]).level


def test_a_missing_package_is_told_with_what_to_install(pictures):
    assert Likeness().unavailable() == ""
    assert Likeness().ingredients() == {"numpy": np.__version__}
    assert "no-such-package, which is not installed" in Absent().unavailable()
    assert "pip install -e '.[extra]'" in Absent().unavailable()
    with pytest.raises(UserError, match="no-such-package"):
        Absent().measure(pictures[0])


@pytest.mark.parametrize("levels", [1, 0, "every", 2.5, None])
def test_a_wrong_number_of_levels_is_an_error(levels, pictures):
    with pytest.raises(UserError, match="levels is a whole number from 2, or 'all'"):
        Likeness(levels=levels).measure(pictures[0])


def test_a_negative_distance_is_an_error(pictures, monkeypatch):
    monkeypatch.setattr(Likeness, "distance", lambda self, score: -1.0)
    with pytest.raises(ValueError, match=r"likeness gave the score .*negative"):
        Likeness().measure(pictures[0])
