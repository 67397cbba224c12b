"""Protects the soft fit: clean answers, what the prior does, weights of answers that err alike, and its minimum."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from baselines.learned.network.search.fit import EVIDENCE, LogisticCurve, Prior, likeness, soft_fit, weights
from datasets.common.errors import UserError

LEVELS = np.arange(100)
FLAT = Prior(49.5, 100.0, 6.0, 1.0)
"""Hardly anything known: the middle, give or take all levels."""


def logistic(x0: float, scale: float, positions: np.ndarray = LEVELS) -> np.ndarray:
    return 1 / (1 + np.exp((positions - x0) / scale))


@pytest.mark.parametrize("x0", [5.0, 30.0, 49.5, 62.3, 94.0])
@pytest.mark.parametrize("scale", [2.0, 6.0, 12.0])
def test_clean_answers_are_fitted(x0, scale):
    found = soft_fit(LEVELS, logistic(x0, scale), Prior(49.5, 100.0, 6.0, 5.0), 100)
    assert found.position == pytest.approx(x0, abs=1.1)
    assert found.scale == pytest.approx(scale, rel=0.1)
    assert not found.clipped
    assert found.asked == tuple(range(100))


def test_with_much_evidence_the_prior_hardly_matters():
    prior = Prior(20.0, 15.0, 4.0)
    found = soft_fit(LEVELS, logistic(60.0, 8.0), prior, 100, evidence=1e6)
    assert found.position == pytest.approx(60, abs=2)
    assert abs(found.position - 60) < abs(soft_fit(LEVELS, logistic(60, 8), prior, 100, evidence=10).position - 60)


@pytest.mark.parametrize("middle", [20.0, 80.0])
def test_the_prior_pulls_towards_itself_the_more_the_narrower_it_is(middle):
    answers = logistic(50.0, 8.0)
    found = [soft_fit(LEVELS, answers, Prior(middle, spread, 8.0), 100).position for spread in (100, 20, 10, 2)]
    distances = np.abs(np.array(found) - middle)
    assert (np.diff(distances) < 0).all()
    assert distances[0] < 30
    assert distances[-1] < 6


def test_few_answers_and_all_of_them_shrink_alike():
    """Twenty answers around the goal are no more evidence about it than all hundred."""
    prior = Prior(20.0, 15.0, 8.0)
    answers = logistic(60.0, 8.0)
    every = soft_fit(LEVELS, answers, prior, 100).position
    near = np.arange(20, 100, 4)
    assert soft_fit(near, answers[near], prior, 100).position == pytest.approx(every, abs=1)
    assert every < 57


@pytest.mark.parametrize(("constant", "end"), [(0.0, 0.0), (1.0, 99.0)])
def test_answers_that_all_agree_end_at_the_end_of_the_range(constant, end):
    found = soft_fit(LEVELS, np.full(100, constant), FLAT, 100)
    assert (found.position, found.clipped) == (end, True)
    assert np.isfinite(found.scale)


def test_answers_that_say_nothing_leave_the_prior():
    for middle in (49.5, 52.0):
        found = soft_fit(LEVELS, np.full(100, 0.5), Prior(middle, 10.0, 8.0), 100)
        assert found.position == pytest.approx(middle, abs=2)
        assert found.scale > 8


def test_no_answers_leave_the_prior():
    found = soft_fit(np.empty(0, int), np.empty(0), Prior(40.0, 10.0, 6.0), 100)
    assert (found.position, found.asked) == (pytest.approx(40), ())
    assert found.scale == pytest.approx(6)


@pytest.mark.parametrize(("x0", "end"), [(-15.0, 0.0), (115.0, 99.0)])
def test_a_fall_outside_the_range_is_clipped(x0, end):
    found = soft_fit(LEVELS, logistic(x0, 6.0), FLAT, 100)
    assert (found.position, found.clipped) == (end, True)


def test_one_overconfident_wrong_answer_moves_the_fit_little():
    answers = logistic(50.0, 8.0)
    wrong = answers.copy()
    wrong[90] = 1.0
    right, moved = (soft_fit(LEVELS, one, FLAT, 100).position for one in (answers, wrong))
    assert abs(moved - right) < 1.5


def test_lone_answers_count_fully_and_crowded_ones_share():
    assert weights(np.array([0, 99]), 100) == pytest.approx(1, abs=1e-6)
    assert weights(np.array([50, 51]), 100).sum() == pytest.approx(1.15, abs=0.01)
    assert weights(LEVELS, 100)[20:80] == pytest.approx(EVIDENCE / 100, rel=2e-3)
    assert weights(LEVELS, 100, evidence=100).tolist() == [1] * 100
    assert weights(np.arange(51), 51)[20:30] == pytest.approx(EVIDENCE / 51, rel=1e-2)
    assert likeness(np.array([3]), np.array([3, 4, 60]), 100)[0] == pytest.approx([1, 0.739, 0], abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(arrays(float, 24, elements=st.floats(0, 1)), st.floats(0, 99), st.floats(0.5, 60), st.floats(0.5, 15))
def test_no_neighbour_is_better_than_the_fit(answers, middle, spread, scale):
    """Whatever the answers: within the range, deterministic, and a minimum of the documented cost along x0."""
    prior = Prior(middle, spread, scale)
    positions = np.arange(2, 98, 4)
    found = soft_fit(positions, answers, prior, 100)
    assert found == soft_fit(positions, answers, prior, 100)
    assert 0 <= found.position <= 99
    assert found.scale > 0
    if not found.clipped:
        costs = [cost_of(found.position + step, found.scale, positions, answers, prior) for step in (-0.05, 0, 0.05)]
        assert costs[1] <= min(costs) + 1e-9


def cost_of(x0: float, scale: float, positions: np.ndarray, answers: np.ndarray, prior: Prior) -> float:
    slope = (x0 - positions) / scale
    entropy = answers * np.logaddexp(0, -slope) + (1 - answers) * np.logaddexp(0, slope)
    return float(entropy @ weights(positions, 100)) + ((x0 - prior.position) / prior.spread) ** 2 / 2


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(20)))
def test_the_order_of_the_answers_does_not_matter(order):
    positions = np.arange(20) * 5
    answers = np.random.default_rng(3).uniform(0, 1, 20)
    prior = Prior(50.0, 20.0, 6.0)
    found = soft_fit(positions[list(order)], answers[list(order)], prior, 100)
    assert found.position == pytest.approx(soft_fit(positions, answers, prior, 100).position, abs=1e-3)
    assert found.asked == tuple(positions[list(order)])


@given(st.floats(0, 99), st.floats(0.01, 50))
def test_the_curve_never_rises_and_is_half_at_the_position(position, scale):
    curve = LogisticCurve(position, scale, (), False).noticeable(100)
    assert curve.shape == (100,)
    assert (np.diff(curve) <= 0).all()
    assert ((curve >= 0) & (curve <= 1)).all()
    at = round(position)
    assert LogisticCurve(float(at), scale, (), False).noticeable(100)[at] == 0.5


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"spread": 0.0}, "spread"),
        ({"scale": -1.0}, "scale"),
        ({"scale_spread": np.nan}, "scale_spread"),
        ({"position": np.inf}, "position"),
    ],
)
def test_a_prior_that_makes_no_sense_is_named(wrong, named):
    with pytest.raises(UserError, match=f"prior's {named}"):
        Prior(**{"position": 50.0, "spread": 10.0, "scale": 6.0, **wrong})


def test_a_fit_of_all_levels_takes_milliseconds():
    answers = np.random.default_rng(0).uniform(0, 1, 100)
    start = time.process_time()
    for _ in range(50):
        soft_fit(LEVELS, answers, Prior(50.0, 15.0, 6.0), 100)
    assert time.process_time() - start < 0.5
