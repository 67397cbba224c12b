"""Protects the fit of GEV distributions: to samples, to thousands of them, and through shares."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import genextreme

from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.gev import GevFit, fit_gev, fit_gev_many, gev_through, jnd_probabilities, sur_curve, sur_level


@pytest.mark.parametrize(("shape", "location", "scale"), [(0.2, 25, 6), (-0.2, 40, 10), (0.0, 30, 8)])
def test_the_fit_finds_the_parameters_of_a_large_sample(shape, location, scale):
    drawn = genextreme.rvs(-shape, location, scale, size=4000, random_state=7)
    found = fit_gev(drawn)
    assert found.shape == pytest.approx(shape, abs=0.04)
    assert found.location == pytest.approx(location, abs=0.6)
    assert found.scale == pytest.approx(scale, rel=0.05)


def test_the_fit_is_at_least_as_likely_as_scipys():
    drawn = np.round(genextreme.rvs(-0.15, 28, 7, size=30, random_state=3))
    ours = fit_gev(drawn)
    theirs = genextreme.logpdf(drawn, *genextreme.fit(drawn)).sum()
    assert genextreme.logpdf(drawn, -ours.shape, ours.location, ours.scale).sum() >= theirs - 1e-3


def test_the_quantile_undoes_the_distribution():
    fit = GevFit(0.1, 30.0, 7.0)
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert fit.cdf(fit.quantile(share)) == pytest.approx(share)
    assert GevFit(0.0, 30.0, 7.0).cdf(30.0) == pytest.approx(np.exp(-1))


@given(st.lists(st.integers(1, 100), min_size=1, max_size=40), st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_the_order_of_the_subjects_does_not_matter(samples, random):
    shuffled = list(samples)
    random.shuffle(shuffled)
    assert fit_gev(np.array(shuffled)) == fit_gev(samples)


@pytest.mark.parametrize("samples", [[], [np.nan], [30.0, np.nan], [np.inf, 3.0]])
def test_missing_samples_are_refused(samples):
    with pytest.raises(UserError, match="finite JND samples"):
        sur_curve(np.array(samples), Jpeg())


GRIDS = {"all": np.arange(1.0, 101.0), "grid": Jpeg().levels[2::5].astype(float), "bpg": Bpg().levels[::-3] * 1.0}


@pytest.mark.parametrize("at", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize(("shape", "location", "scale"), [(0.2, 25, 6), (-0.3, 40, 9), (0.0, 30, 3), (0.5, 12, 4)])
def test_a_gev_through_its_own_shares_is_found_again(at, shape, location, scale):
    found = gev_through(at, GevFit(shape, location, scale).cdf(at))
    assert found.location == pytest.approx(location, abs=0.02)
    assert (found.shape, found.scale) == pytest.approx((shape, scale), abs=0.02)


def test_a_gev_through_shares_is_nearer_to_them_than_one_through_the_samples():
    """That is what least squares on the curve are for; likelihood looks at the samples."""
    at, samples = GRIDS["grid"], np.array([12.0, 20, 22, 25, 26, 26, 30, 31, 40, 70])
    shares = (samples[None, :] <= at[:, None]).mean(axis=1)
    off = [np.square(fit.cdf(at) - shares).sum() for fit in (gev_through(at, shares), fit_gev(samples))]
    assert off[0] < off[1]


POOR_SHARES = {
    "nobody": lambda at: np.zeros(len(at)),
    "everybody": lambda at: np.ones(len(at)),
    "half": lambda at: np.full(len(at), 0.5),
    "a step": lambda at: (at > np.median(at)).astype(float),
    "a step at the end": lambda at: (at > at.min()).astype(float),
    "noise": lambda at: np.clip(at / 100 + np.random.default_rng(0).normal(0, 0.4, len(at)), 0, 1),
    "falling": lambda at: 1 - at / 101,
}


@pytest.mark.parametrize("at", [*GRIDS.values(), np.array([3.0, 4.0, 5.0])], ids=[*GRIDS, "three neighbours"])
@pytest.mark.parametrize("shares", POOR_SHARES.values(), ids=POOR_SHARES)
def test_a_gev_through_poor_shares_is_a_rising_curve_near_the_levels(at, shares):
    fit = gev_through(at, shares(at))
    width = np.ptp(at)
    assert -0.9 <= fit.shape <= 0.9 and 0.25 * (1 - 1e-6) <= fit.scale <= max(2 * width, 1) * (1 + 1e-6)
    assert at.min() - width <= fit.location <= at.max() + width
    curve = fit.cdf(GRIDS["all"])
    assert np.isfinite(curve).all() and curve.min() >= 0 and curve.max() <= 1 and (np.diff(curve) >= 0).all()
    assert np.isfinite([fit.quantile(share) for share in (0.02, 0.5, 0.98)]).all()


def test_where_all_or_nobody_notice_the_median_lies_beyond_the_levels():
    at = GRIDS["all"]
    assert gev_through(at, np.zeros(100)).quantile(0.5) > 100
    assert gev_through(at, np.ones(100)).quantile(0.5) < 1
    assert gev_through(at, (at > 50).astype(float)).quantile(0.5) == pytest.approx(50.5, abs=0.5)


@pytest.mark.parametrize(
    ("levels", "shares", "text"),
    [
        ([], [], "three or more finite ones, got 0"),
        ([1, 2], [0, 1], "three or more finite ones, got 2"),
        ([1, 2, 3], [0, np.nan, 1], "three or more finite ones"),
        ([1, 2, np.inf], [0, 0.5, 1], "three or more finite ones"),
        ([7, 7, 7], [0, 0.5, 1], "at different levels, got all at 7"),
    ],
)
def test_shares_without_a_curve_are_refused(levels, shares, text):
    with pytest.raises(UserError, match=text):
        gev_through(np.array(levels, dtype=float), np.array(shares, dtype=float))


def test_fits_of_many_are_those_of_one():
    rng = np.random.default_rng(5)
    samples = np.round(rng.gumbel(40, 7, (60, 30)))
    many = fit_gev_many(samples)
    for share in (0.25, 0.5, 0.75):
        expected = np.array([fit_gev(row).quantile(share) for row in samples])
        assert many.quantile(share) == pytest.approx(expected, abs=0.1)


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
