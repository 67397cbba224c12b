"""Protects the SUR curve: curves rise within [0, 1], directions mirror."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.core.codec import Bpg, Jpeg
from datasets.core.sur import jnd_probabilities, sur_curve, sur_level

SAMPLES = st.lists(st.integers(1, 100), min_size=1, max_size=40).map(lambda levels: np.array(levels, dtype=float))


@given(SAMPLES, st.sampled_from([Jpeg(), Bpg()]))
@settings(max_examples=60, deadline=None)
def test_a_curve_rises_from_worst_to_best_within_0_and_1(samples, codec):
    curve = sur_curve(np.clip(samples, codec.lowest, codec.highest), codec)
    assert curve.shape == codec.levels.shape
    assert np.isfinite(curve).all() and curve.min() >= 0 and curve.max() <= 1
    assert np.all(np.diff(curve) >= 0)


@given(SAMPLES)
@settings(max_examples=30, deadline=None)
def test_levels_rise_with_the_share_and_stay_in_range(samples):
    levels = [sur_level(samples, Jpeg(), share) for share in (0.01, 0.25, 0.5, 0.75, 0.99)]
    assert levels == sorted(levels)
    assert levels[0] >= 1 and levels[-1] <= 100


@given(SAMPLES)
@settings(max_examples=40, deadline=None)
def test_the_implied_jnds_are_a_distribution(samples):
    cells = jnd_probabilities(sur_curve(samples, Jpeg()))
    assert cells.shape == (101,)
    assert cells.min() >= 0 and cells.sum() == pytest.approx(1)


def test_the_implied_jnds_give_the_curve_back():
    curve = sur_curve(np.array([20.0, 25, 30, 35, 50]), Jpeg())
    np.testing.assert_allclose(np.cumsum(jnd_probabilities(curve))[:-1], curve, atol=1e-12)


def test_on_bpg_satisfaction_falls_as_qp_rises():
    samples = np.array([22.0, 25, 27, 28, 30, 33, 35])
    by_qp = dict(zip(Bpg().levels.tolist(), sur_curve(samples, Bpg()), strict=True))
    assert by_qp[1] > 0.99 and by_qp[51] < 0.05
    assert np.all(np.diff([by_qp[qp] for qp in range(1, 52)]) <= 0)
    assert sur_level(samples, Bpg(), 0.75) < sur_level(samples, Bpg(), 0.5)


def test_on_jpeg_satisfaction_rises_with_qf():
    samples = np.array([22.0, 25, 27, 28, 30, 33, 35])
    curve = sur_curve(samples, Jpeg())
    assert curve[0] < 0.01 and curve[99] > 0.99
    assert sur_level(samples, Jpeg(), 0.75) > sur_level(samples, Jpeg(), 0.5)


@pytest.mark.parametrize("codec", [Jpeg(), Bpg()])
def test_the_share_at_a_level_is_the_share_asked_for(codec):
    samples = np.array([22.0, 25, 27, 28, 30, 33, 35])
    for share in (0.25, 0.5, 0.75):
        curve = sur_curve(samples, codec)
        position = codec.position(sur_level(samples, codec, share))
        assert np.interp(position, np.arange(len(curve)), curve) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("samples", [[30.0], [30.0, 30.0], [30.0] * 30, [28.0, 32.0]])
def test_one_two_or_equal_samples_still_give_a_curve(samples):
    values = np.array(samples)
    curve = sur_curve(values, Jpeg())
    assert np.all(np.diff(curve) >= 0) and curve[19] < 0.01 and curve[45] > 0.99
    assert sur_level(values, Jpeg(), 0.5) == pytest.approx(values.mean(), abs=1)


def test_a_far_outlier_makes_no_numerical_noise():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for outlier in (1.0, 100.0, 1e4):
            curve = sur_curve(np.append(np.linspace(28, 32, 29), outlier), Jpeg())
            assert np.isfinite(curve).all()
