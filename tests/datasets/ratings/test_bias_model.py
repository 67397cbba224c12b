"""Protects the model of raters: known variances come back, sparse tables work, odd tables end in no error."""

import numpy as np
import pytest

from datasets.ratings.bias_model import Variances, fit_bias_model

PICTURE, PERSON, REST = 64.0, 36.0, 64.0


def jnds(rng, raters, pictures, share=1.0):
    levels = 50 + 8 * rng.standard_normal(pictures) + 6 * rng.standard_normal((raters, 1))
    levels = levels + 8 * rng.standard_normal(levels.shape)
    left_out = rng.random(levels.shape) >= share
    left_out[np.arange(pictures) % raters, np.arange(pictures)] = (
        False  # someone rated each picture, and each person one
    )
    return np.where(left_out, np.nan, levels)


@pytest.mark.parametrize(("raters", "pictures", "share"), [(24, 40, 1.0), (60, 50, 0.25)])
def test_known_variances_come_back(raters, pictures, share):
    rng = np.random.default_rng(1)
    fits = [fit_bias_model(jnds(rng, raters, pictures, share)).variances for _ in range(12)]
    means = np.mean([(fit.picture, fit.person, fit.rest) for fit in fits], axis=0)
    np.testing.assert_allclose(means, (PICTURE, PERSON, REST), rtol=0.2)


def test_a_full_table_agrees_with_the_analysis_of_variance():
    levels = jnds(np.random.default_rng(2), 30, 50)
    raters, pictures = levels.shape
    by_rater, by_picture = levels.mean(axis=1, keepdims=True), levels.mean(axis=0)
    rest = ((levels - by_rater - by_picture + levels.mean()) ** 2).sum() / ((raters - 1) * (pictures - 1))
    between = pictures * by_rater.var(ddof=1)
    fit = fit_bias_model(levels).variances
    assert fit.rest == pytest.approx(rest, rel=0.05)
    assert fit.person == pytest.approx((between - rest) / pictures, rel=0.1)


def test_in_a_sparse_table_random_biases_find_pictures_better_than_means():
    rng = np.random.default_rng(3)
    truth = 50 + 8 * rng.standard_normal(40)
    levels = truth + 6 * rng.standard_normal((24, 1)) + 6 * rng.standard_normal((24, 40))
    levels[rng.random(levels.shape) > 0.3] = np.nan
    levels[0] = rng.uniform(1, 100, 40)  # one who did not look
    model = fit_bias_model(levels).pictures

    def error(pictures):
        return np.std(pictures - truth)

    assert error(model) < 0.85 * error(np.nanmean(levels, axis=0))


def test_who_did_not_look_has_noise_and_no_agreement():
    rng = np.random.default_rng(4)
    levels = jnds(rng, 20, 40)
    levels[3], levels[5] = rng.uniform(1, 100, 40), 50.0
    model = fit_bias_model(levels)
    assert np.argmax(model.noise_sd) == 3
    assert abs(model.agreement(levels, 3)[0]) < 0.45
    assert model.agreement(levels, 5) == (0.0, 40)
    assert min(model.agreement(levels, rater)[0] for rater in (0, 1, 2, 4, 6, 7)) > 0.3


@pytest.mark.parametrize("levels", [[[40.0]], [[40.0, 50.0]], [[40.0], [50.0]], [[7.0, np.nan], [np.nan, 9.0]]])
def test_tables_that_tell_nothing_say_so(levels):
    model = fit_bias_model(np.array(levels))
    assert np.isfinite(model.pictures).all()
    assert np.isnan(model.variances.rest)


def test_icc_standard_error_and_people_follow_from_the_variances():
    variances = Variances(60.0, 4.0, 100.0)
    assert variances.icc() == pytest.approx(60 / 164)
    assert variances.icc(26) == pytest.approx(60 / 64)
    assert variances.standard_error(26) == pytest.approx(2)
    assert variances.raters_for(2) == 26


def test_subjects_of_mcl_jci(mcl_jci_labels):
    files = sorted((mcl_jci_labels / "JND_samples").glob("*.txt"))
    levels = np.array([[int(line.split()[0]) for line in file.read_text().splitlines()] for file in files], float).T
    model = fit_bias_model(levels)
    assert levels.shape == (30, 50)
    assert np.sqrt(model.variances.rest) == pytest.approx(10.4, abs=0.2)
    assert np.sqrt(model.variances.picture) == pytest.approx(7.8, abs=0.2)
    assert min(model.agreement(levels, rater)[0] for rater in range(30)) > 0.3
