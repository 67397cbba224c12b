"""Protects stored scores (each level is measured once, under its own key) and the search for a level."""

import dataclasses
import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.interface.threshold import crossing
from baselines.metric._scores import PictureScores, coarse_positions, interpolated, search
from datasets.codecs.jpeg import Jpeg
from datasets.common import cache
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture

PIXELS = np.random.default_rng(3).integers(0, 256, (24, 32, 3), dtype=np.uint8)
MADE_WITH = {"metric": "mean", "ingredients": {"package": "1.0"}}
FALLING = np.geomspace(50, 0.02, 100) * (1 + 0.3 * np.sin(np.arange(100) / 9) / 9)


class Begin:
    """A score that counts how often it is begun and asked."""

    def __init__(self, value: float | None = None) -> None:
        self.begun = self.asked = 0
        self.value = value

    def __call__(self, reference, pixels_per_degree):
        self.begun += 1

        def score(rgb):
            self.asked += 1
            return float(np.abs(rgb.astype(float) - reference).mean()) if self.value is None else self.value

        return score


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("JND_BENCH_CACHE", str(tmp_path))
    return tmp_path


def small_picture(pixels=PIXELS, pixels_per_degree=24.3) -> Picture:
    ladder = CompressedLadder(Jpeg(), functools.partial(np.array, pixels))
    return Picture("one", "one", Jpeg(), pixels_per_degree, ladder_or_none=ladder)


def ask(picture: Picture, begin: Begin, positions, made_with=MADE_WITH) -> list[float]:
    scores = PictureScores(picture, begin, made_with)
    return [scores.at(position) for position in positions]


def test_each_level_is_measured_once_in_memory_and_on_disk():
    picture, begin = small_picture(), Begin()
    first = ask(picture, begin, [0, 50, 99, 50])
    assert (begin.begun, begin.asked) == (1, 3)
    assert ask(picture.without_samples(), begin, [50, 99]) == [first[1], first[2]]
    assert ask(dataclasses.replace(picture, measurements={}), begin, [0, 99]) == [first[0], first[2]]
    assert (begin.begun, begin.asked) == (1, 3)


def test_positions_count_from_the_worst_level():
    picture = small_picture()
    worst, best = ask(picture, Begin(), [0, 99])
    assert worst == pytest.approx(np.abs(picture.ladder.rgb(1).astype(float) - PIXELS).mean())
    assert best < worst


def test_nothing_is_read_or_hashed_where_nothing_is_asked(monkeypatch):
    picture = small_picture()
    monkeypatch.setattr("baselines.metric._scores.key_of", lambda *_: pytest.fail("hashed"))
    assert ask(picture, Begin(), []) == []


@pytest.mark.parametrize(
    ("other", "made_with"),
    [
        (small_picture(PIXELS[::-1].copy()), MADE_WITH),
        (small_picture(pixels_per_degree=60.0), MADE_WITH),
        (small_picture(), {**MADE_WITH, "metric": "median"}),
        (small_picture(), {**MADE_WITH, "ingredients": {"package": "1.1"}}),
    ],
    ids=["pixels", "geometry", "metric", "version"],
)
def test_another_thing_is_measured_anew(other, made_with):
    ask(small_picture(), Begin(), [10])
    begin = Begin()
    ask(other, begin, [10], made_with)
    assert begin.asked == 1


def test_what_other_processes_stored_is_not_lost():
    picture, other = small_picture(), small_picture()
    ask(other, Begin(), [1])
    scores = PictureScores(picture, Begin(), MADE_WITH)
    scores.at(2)
    ask(other, Begin(), [3])  # after `scores` has read the file
    scores.at(4)
    begin = Begin()
    ask(small_picture(), begin, [1, 2, 3, 4])
    assert begin.asked == 0


def test_each_score_says_what_it_took_and_only_reused_ones_are_added_to_the_clock():
    ask(small_picture(), Begin(), [5])
    scores = PictureScores(small_picture(), Begin(), MADE_WITH)
    scores.at(5), scores.at(6)
    assert scores.asked == [5, 6]
    assert scores.reused_ms == scores.ms(5) > 0
    assert scores.ms(6) > 0


def test_a_score_that_is_no_number_is_an_error_and_is_not_kept():
    with pytest.raises(ValueError, match="the score at QF 8 is nan"):
        ask(small_picture(), Begin(float("nan")), [7])
    begin = Begin()
    ask(small_picture(), begin, [7])
    assert begin.asked == 1


def test_a_damaged_file_is_measured_again(empty_cache):
    (first,) = ask(small_picture(), Begin(), [5])
    (file,) = empty_cache.rglob("*.arrays")
    file.write_bytes(file.read_bytes()[:-9])
    begin = Begin()
    with pytest.warns(cache.CacheWarning, match="damaged"):
        assert ask(small_picture(), begin, [5]) == [first]
    assert begin.asked == 1


def counted(profile):
    asked: list[int] = []

    def visibility(position: int) -> float:
        asked.append(position)
        return float(profile[position])

    return visibility, asked


def coarse(count: int = 100, number: int = 14) -> list[int]:
    return coarse_positions(number, count).tolist()


@pytest.mark.parametrize("count", [100, 51, 14, 3, 2])
def test_coarse_positions_hold_both_ends_and_leave_gaps_of_eight_at_most(count):
    result = coarse(count)
    assert result[0] == 0
    assert result[-1] == count - 1
    assert max(np.diff(result)) <= 8
    assert len(result) == min(14, count)


@given(st.floats(0.001, 100))
def test_a_falling_curve_gives_the_full_profiles_answer_in_seven_measurements(threshold):
    visibility, asked = counted(FALLING)
    result = search(visibility, {}, threshold, coarse(), 100)
    assert result == (pytest.approx(crossing(FALLING, threshold)[0]), crossing(FALLING, threshold)[1])
    assert len(asked) == len(set(asked)) <= 7


@given(st.floats(0.001, 100))
def test_with_the_coarse_levels_known_three_more_suffice(threshold):
    visibility, asked = counted(FALLING)
    known = {place: float(FALLING[place]) for place in coarse()}
    result = search(visibility, known, threshold, coarse(), 100)
    assert result == (pytest.approx(crossing(FALLING, threshold)[0]), crossing(FALLING, threshold)[1])
    assert len(asked) <= 3


@given(st.lists(st.floats(0, 10), min_size=2, max_size=60), st.floats(0, 11))
def test_any_curve_known_everywhere_gives_its_envelopes_crossing(values, threshold):
    envelope = np.maximum.accumulate(np.array(values)[::-1])[::-1]
    visibility, asked = counted(values)
    position, clipped = search(visibility, dict(enumerate(values)), threshold, range(len(values)), len(values))
    assert (position, clipped) == (pytest.approx(crossing(envelope, threshold)[0]), crossing(envelope, threshold)[1])
    assert asked == []


@given(st.lists(st.floats(0, 10), min_size=2, max_size=60), st.floats(0, 11))
def test_any_curve_ends_between_a_level_above_and_one_not_above(values, threshold):
    """Whatever a curve does inside gaps, the answer is a place where it does fall to the threshold, or an end."""
    visibility, _ = counted(values)
    position, clipped = search(visibility, {}, threshold, coarse(len(values)), len(values))
    assert 0 <= position <= len(values) - 1
    if not clipped and position > 0:
        assert values[int(np.ceil(position)) - 1] > threshold >= values[int(np.ceil(position))]


def test_the_last_of_several_falls_counts_where_the_coarse_levels_show_it():
    values = np.array([9, 1, 8, 1, 7, 1, 0.5])
    known = {place: float(values[place]) for place in (0, 2, 4, 6)}
    visibility, _ = counted(values)
    position, _ = search(visibility, known, 2.0, [0, 2, 4, 6], 7)
    assert position == pytest.approx(4 + 5 / 6)


def test_interpolation_passes_through_what_was_measured_and_never_rises():
    known = {place: float(FALLING[place]) for place in coarse()}
    result = interpolated(known, 100)
    assert result[coarse()] == pytest.approx(FALLING[coarse()])
    assert (np.diff(result) <= 0).all()
    assert np.log(result) == pytest.approx(np.log(FALLING), abs=0.02)


@given(st.lists(st.sampled_from([0.0, 0.0, 1e-6, 0.5, 1.0, 4.0]), min_size=4, max_size=4))
def test_interpolation_stands_zeros_and_curves_that_rise(values):
    known = dict(zip([0, 3, 6, 10], values, strict=True))
    result = interpolated(known, 11)
    assert np.isfinite(result).all()
    assert (np.diff(result) <= 0).all()
    assert result[[0, 3, 6, 10]].tolist() == np.maximum.accumulate(np.array(values)[::-1])[::-1].tolist()


def test_a_curve_measured_everywhere_is_its_envelope():
    assert interpolated({0: 3.0, 1: 1.0, 2: 2.0, 3: 0.0}, 4).tolist() == [3, 2, 2, 0]
