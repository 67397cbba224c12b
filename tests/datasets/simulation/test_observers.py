"""Protects the simulated observers: who notices where, how far they disagree, and that they stay who they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.simulation.observers import (
    LOG_SIGMA,
    ONE_JND_LOSS_JOD,
    PERSONAL_SHARE,
    REGION_FACTOR,
    LossCurve,
    criteria,
    evaluated_levels,
    measure_curve,
    simulated_jnds,
)

LOSSES = st.lists(st.floats(0, 5), min_size=100, max_size=100)


@given(LOSSES, st.lists(st.floats(0.001, 6), min_size=1, max_size=20))
def test_an_observer_notices_at_the_highest_qf_whose_loss_is_above_the_criterion(losses, criteria_jod):
    found = simulated_jnds(LossCurve(evaluated_levels(1), tuple(losses)), np.array(criteria_jod))
    for jnd, criterion in zip(found, criteria_jod, strict=True):
        above = [level for level, loss in enumerate(losses, start=1) if loss > criterion]
        assert jnd == max(above, default=1)


@given(LOSSES)
def test_the_envelope_never_rises_and_lies_on_or_above_the_losses(losses):
    envelope = LossCurve(evaluated_levels(1), tuple(losses)).envelope()
    assert envelope.shape == (100,)
    assert np.all(np.diff(envelope) <= 0)
    assert np.all(envelope >= losses)


def test_the_ends_of_the_scale():
    curve = LossCurve((1, 100), (4.0, 1.0))
    assert simulated_jnds(curve, np.array([9.0])).tolist() == [1]
    assert simulated_jnds(curve, np.array([0.5])).tolist() == [100]


@pytest.mark.parametrize("every", [1, 2, 3, 4, 7, 20])
def test_both_ends_are_always_evaluated(every):
    levels = evaluated_levels(every)
    assert (levels[0], levels[-1]) == (1, 100)
    assert max(np.diff(levels)) <= every
    assert len(set(levels)) == len(levels)


def test_a_straight_curve_loses_nothing_by_interpolation():
    whole = LossCurve(evaluated_levels(1), tuple(np.linspace(3, 0, 100)))
    part = LossCurve(evaluated_levels(4), tuple(np.linspace(3, 0, 100)[np.array(evaluated_levels(4)) - 1]))
    np.testing.assert_allclose(part.envelope(), whole.envelope(), atol=1e-12)


def test_criteria_are_log_normal_around_the_loss_of_one_jnd():
    logs = np.log(criteria("a", 20_000, 0))
    assert abs(logs.mean() - np.log(ONE_JND_LOSS_JOD * REGION_FACTOR)) < 0.01
    assert abs(logs.std() - LOG_SIGMA) < 0.01
    assert abs(((logs - logs.mean()) ** 3).mean() / logs.std() ** 3) < 0.1


def test_a_person_keeps_a_character_over_pictures():
    first, second = (np.log(criteria(name, 20_000, 0)) for name in ("a", "b"))
    assert abs(np.corrcoef(first, second)[0, 1] - PERSONAL_SHARE) < 0.03


def test_an_observer_does_not_change_with_how_many_there_are():
    np.testing.assert_array_equal(criteria("a", 5, 0), criteria("a", 30, 0)[:5])


def test_criteria_depend_on_seed_and_picture_only():
    np.testing.assert_array_equal(criteria("a", 30, 0), criteria("a", 30, 0))
    assert not np.allclose(criteria("a", 30, 0), criteria("a", 30, 1))
    assert not np.allclose(criteria("a", 30, 0), criteria("b", 30, 0))


def test_criteria_are_the_known_ones():
    """The committed samples of the demo set depend on them."""
    np.testing.assert_allclose(criteria("astronaut-1", 3, 0), KNOWN_CRITERIA, rtol=1e-9)


def test_a_curve_is_measured_at_every_level_with_the_pictures_own_jpeg():
    seen = []

    def loss(reference, test):
        seen.append(test)
        return float(np.abs(reference.astype(float) - test).mean()) - 0.5

    picture = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    curve = measure_curve(picture, loss, every=10)
    assert curve.levels == evaluated_levels(10)
    assert len(seen) == len(curve.levels)
    assert all(test.shape == picture.shape for test in seen)
    assert min(curve.loss_jod) >= 0
    assert curve.loss_jod[0] > curve.loss_jod[-1]


KNOWN_CRITERIA = [1.9480735854543079, 1.1444595434867046, 1.980355435268947]
