"""Protects the fit of GEV distributions: to samples, to thousands of them, and through shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import genextreme

from datasets.common.errors import UserError
from datasets.core.codec import Bpg, Jpeg
from datasets.core.gev import GevFit, fit_gev, fit_gev_many, gev_through
from datasets.core.sur import sur_curve


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
        expected = [fit_gev(row).quantile(share) for row in samples]
        assert many.quantile(share) == pytest.approx(expected, abs=0.1)
