"""Protects the arithmetic of one threshold: crossings by hand and by property, the best threshold against brute
force, and the observer against simulated people."""

import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from baselines.interface.threshold import LogNormalObserver, best_threshold, crossing, crossings, fit_observer

VALUES = st.integers(0, 12).map(float) | st.floats(0, 12, allow_subnormal=False)


@st.composite
def envelopes(draw, most: int = 6) -> np.ndarray:
    """Never rising rows, many with plateaus and zeros, shape (pictures, levels)."""
    shape = (draw(st.integers(1, most)), draw(st.integers(2, 12)))
    return np.sort(draw(arrays(float, shape, elements=VALUES)), axis=1)[:, ::-1]


def total_error(rows: np.ndarray, positions: np.ndarray, threshold: float) -> float:
    return sum(abs(crossing(row, threshold)[0] - position) for row, position in zip(rows, positions, strict=True))


@pytest.mark.parametrize(
    ("threshold", "position", "clipped"),
    [
        (9.0, 0.0, True),  # nobody notices anything
        (8.0, 0.0, False),
        (7.0, 0.5, False),
        (6.0, 1.0, False),
        (4.5, 1.75, False),
        (4.0, 2.0, False),  # the worst end of a plateau
        (3.0, 3.5, False),  # below it, from its best end on
        (2.0, 4.0, False),
        (1.0, 4.0, True),  # everybody notices everything
    ],
)
def test_crossing_by_hand(threshold, position, clipped):
    assert crossing(np.array([8.0, 6.0, 4.0, 4.0, 2.0]), threshold) == (position, clipped)


def test_crossing_of_a_flat_envelope():
    flat = np.full(5, 3.0)
    assert crossing(flat, 3.0) == (0.0, False)
    assert crossing(flat, 3.1) == (0.0, True)
    assert crossing(flat, 2.9) == (4.0, True)


@given(envelopes(most=1), arrays(float, 20, elements=st.floats(-1, 13)))
def test_a_higher_threshold_never_asks_for_a_better_level(rows, thresholds):
    positions, _ = crossings(rows[0], np.sort(thresholds))
    assert (np.diff(positions) <= 0).all()
    assert positions.min() >= 0
    assert positions.max() <= rows.shape[1] - 1


@given(envelopes(most=1), st.floats(-1, 13))
def test_the_envelope_falls_to_the_threshold_where_they_cross(rows, threshold):
    (envelope,) = rows
    position, clipped = crossing(envelope, threshold)
    assert clipped == (threshold > envelope[0] or threshold < envelope[-1])
    if not clipped:
        assert np.interp(position, np.arange(len(envelope)), envelope) == pytest.approx(threshold, abs=1e-9)
        assert (envelope[: int(np.ceil(position))] > threshold).all()


@settings(max_examples=200)
@given(envelopes(), st.data())
def test_no_threshold_of_a_fine_grid_is_better_than_the_best(rows, data):
    last = rows.shape[1] - 1
    positions = data.draw(arrays(float, len(rows), elements=st.floats(0, last) | st.integers(0, last).map(float)))
    least = total_error(rows, positions, best_threshold(rows, positions))
    grid = np.unique(np.concatenate([np.linspace(-0.5, 13, 500), rows.ravel(), np.nextafter(rows.ravel(), -1)]))
    errors = sum(np.abs(crossings(row, grid)[0] - at) for row, at in zip(rows, positions, strict=True))
    assert least <= errors.min() + 1e-6


@example(0)
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_leaving_knots_out_loses_nothing(seed):
    """Enough knots for the coarse grid to matter; brute force tries every knot and its lower neighbour."""
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.integers(0, rng.integers(3, 500), (20, 40)).astype(float), axis=1)[:, ::-1]
    positions = rng.uniform(0, 39, 20)
    exact = [np.interp(at, np.arange(40), row) for at, row in zip(positions, rows, strict=True)]
    knots = np.unique(np.concatenate([rows.ravel(), np.nextafter(rows.ravel(), -1), exact]))
    errors = sum(np.abs(crossings(row, knots)[0] - at) for row, at in zip(rows, positions, strict=True))
    assert total_error(rows, positions, best_threshold(rows, positions)) == pytest.approx(errors.min(), abs=1e-6)


def test_ties_end_at_the_midpoint():
    """Two pictures that want 2 and 6: every threshold between is as good."""
    line = np.linspace(10, 0, 11)
    assert best_threshold(np.array([line, line]), np.array([4.0, 8.0])) == pytest.approx(4.0)
    assert best_threshold(np.array([line, line, line]), np.array([2.0, 4.0, 8.0])) == pytest.approx(6.0)


def test_the_best_end_of_a_plateau_can_be_reached():
    """At 3 the crossing stands at the plateau's worst end; only just below 3 does it stand at its best end."""
    rows = np.array([[5.0, 3.0, 3.0, 3.0, 1.0]])
    for position in (0.5, 1.0, 3.0, 3.5):
        found, _ = crossing(rows[0], best_threshold(rows, np.array([position])))
        assert found == pytest.approx(position)


def test_truths_at_the_ends_clip_no_further_than_needed():
    rows = np.array([[5.0, 4.0, 1.0], [7.0, 4.0, 2.0]])
    assert best_threshold(rows, np.array([0.0, 0.0])) == 7.0
    assert best_threshold(rows, np.array([2.0, 2.0])) == 1.0


def test_400_pictures_take_less_than_a_second(benchmark):
    rng = np.random.default_rng(0)
    rows = rng.lognormal(1, 1, (400, 1)) * np.exp(-np.linspace(0, 3, 100)) * rng.lognormal(0, 0.1, (400, 100))
    rows = np.maximum.accumulate(rows[:, ::-1], axis=1)[:, ::-1]
    positions = np.clip(rng.normal(50, 15, 400), 0, 99)
    start = time.process_time()
    benchmark.pedantic(best_threshold, (rows, positions), rounds=1)
    assert time.process_time() - start < 1


def simulated(median: float, sigma: float, *, pictures: int = 40) -> tuple[np.ndarray, list[np.ndarray]]:
    """Envelopes with plateaus, and 30 people's JND positions each: the best level at which they still notice."""
    rng = np.random.default_rng(1)
    noisy = rng.lognormal(2.5, 0.4, (pictures, 1)) * np.exp(-np.linspace(0, 4, 100)) * rng.lognormal(0, 0.05, (1, 100))
    rows = np.maximum.accumulate(noisy[:, ::-1], axis=1)[:, ::-1]
    people = rng.lognormal(np.log(median), sigma, (pictures, 30))
    found = [
        [max(np.flatnonzero(row > one), default=0) for one in group] for row, group in zip(rows, people, strict=True)
    ]
    return rows, list(np.array(found, dtype=float))


@pytest.mark.parametrize(("median", "sigma"), [(1.0, 0.3), (3.0, 0.6), (0.6, 0.15)])
def test_the_observer_that_made_the_samples_is_recovered(median, sigma):
    observer = fit_observer(*simulated(median, sigma))
    assert observer is not None
    assert np.exp(observer.log_median) == pytest.approx(median, rel=0.05)
    assert observer.log_sigma == pytest.approx(sigma, rel=0.1)


def test_people_who_notice_even_at_the_best_level_do_not_break_the_observer():
    rows, samples = simulated(1.0, 0.3)
    for group in samples:
        group[:2] = 99.0
    observer = fit_observer(rows, samples)
    assert observer is not None
    assert np.exp(observer.log_median) == pytest.approx(1.0, rel=0.15)
    everybody = fit_observer(rows, [np.full(30, 99.0)] * len(rows))
    assert everybody is not None
    assert everybody.satisfied(rows[0])[98] < 0.5


@pytest.mark.parametrize("position", [0.0, 2.0, 4.0])
def test_samples_that_all_agree_give_a_usable_curve(position):
    observer = fit_observer(np.array([[5.0, 3.0, 3.0, 3.0, 0.0]]), [np.full(30, position)])
    assert observer is not None
    curve = observer.satisfied(np.array([5.0, 3.0, 3.0, 3.0, 0.0]))
    assert np.isfinite(curve).all()
    assert (np.diff(curve) >= 0).all()


def test_samples_inside_a_plateau_tell_where_the_threshold_is():
    """They stand where the visibility is 3; a fit that ignored them would know only the two stragglers."""
    rows = np.array([[9.0, 3.0, 3.0, 3.0, 1.0]])
    observer = fit_observer(rows, [np.array([2.0] * 28 + [0.0] * 2)])
    assert observer is not None
    assert np.exp(observer.log_median) == pytest.approx(3.0, rel=0.1)


def test_no_samples_no_observer():
    assert fit_observer(np.array([[2.0, 1.0]]), [np.empty(0)]) is None
    assert fit_observer(np.array([[2.0, 1.0], [3.0, 1.0]]), [np.empty(0), np.array([0.0])]) is not None


@given(envelopes(most=1), st.floats(-3, 3), st.floats(0.01, 3))
def test_satisfaction_is_a_share_that_rises_with_quality_and_is_half_at_the_median(rows, log_median, log_sigma):
    observer = LogNormalObserver(log_median, log_sigma)
    curve = observer.satisfied(rows[0])
    assert curve.shape == rows[0].shape
    assert ((curve >= 0) & (curve <= 1)).all()
    assert (np.diff(curve) >= 0).all()
    assert observer.satisfied(np.exp([log_median]))[0] == pytest.approx(0.5)
