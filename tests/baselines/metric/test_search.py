"""Protects the search for a level: the full profile's answer from few measurements, ends, and curves that rise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.interface.threshold import crossing
from baselines.metric._search import coarse_positions, interpolated, search

FALLING = np.geomspace(50, 0.02, 100) * (1 + 0.3 * np.sin(np.arange(100) / 9) / 9)


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
