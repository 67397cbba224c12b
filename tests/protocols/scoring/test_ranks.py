"""Ranks against scipy and scikit-posthocs, cliques by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from protocols.scoring.ranks import rank


def _errors(predictors: int, pictures: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.round(np.abs(rng.normal(0, 8, (predictors, pictures)) + np.arange(predictors)[:, None]))


def test_ranks_and_friedman_are_scipys():
    errors = _errors(5, 40)
    found = rank(errors)
    assert found.mean_ranks == pytest.approx(stats.rankdata(errors, axis=0).mean(axis=1))
    reference = stats.friedmanchisquare(*errors)
    assert (found.friedman, found.friedman_p) == pytest.approx((reference.statistic, reference.pvalue))
    assert found.blocks == 40


def test_nemenyi_is_scikit_posthocs():
    posthocs = pytest.importorskip("scikit_posthocs")
    errors = _errors(6, 50, seed=1)
    reference = posthocs.posthoc_nemenyi_friedman(errors.T).to_numpy()
    assert rank(errors).p_values == pytest.approx(reference, abs=1e-6)


def test_the_critical_difference_is_demsars():
    # Demsar 2006, table 5: q of 4 classifiers is 2.569; his example has 14 data sets: 2.569 * sqrt(4 * 5 / (6 * 14)).
    assert rank(_errors(4, 14)).critical_difference == pytest.approx(1.25, abs=0.005)


def test_predictors_closer_than_the_critical_difference_share_a_bar():
    base = np.linspace(0, 1, 200)
    rng = np.random.default_rng(2)
    errors = np.stack([base + 20, base, base + rng.normal(0, 0.5, 200), base + 10])
    found = rank(errors)
    assert found.cliques == ((1, 2),) or found.cliques == ((2, 1),)
    assert found.p_values[1, 2] > 0.05 > found.p_values[0, 3]


def test_bars_that_lie_within_another_are_left_out():
    found = rank(_errors(8, 20, seed=3))
    for one in found.cliques:
        assert len(one) > 1
        assert not any(set(one) < set(other) for other in found.cliques)


def test_equal_predictors_rank_alike_and_rounding_breaks_no_tie():
    errors = _errors(1, 30).repeat(3, axis=0)
    found = rank(errors + np.array([[0], [1e-13], [0]]))
    assert found.mean_ranks.tolist() == [2, 2, 2]
    assert (found.friedman, found.friedman_p) == (0, 1)
    assert len(found.cliques) == 1


def test_two_predictors_or_one_picture_are_not_ranked():
    assert rank(_errors(2, 30)) is None
    assert rank(_errors(5, 1)) is None
