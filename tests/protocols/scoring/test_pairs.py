"""Differences against cases worked out by hand and by scipy: a tie, a winner, clusters, Holm, failures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from protocols.scoring.bootstrap import resampled_means
from protocols.scoring.pairs import compare_pairs, holm, rank, with_failures


def _names(count: int) -> list[str]:
    return [f"s{index:03d}" for index in range(count)]


def test_holm_by_hand():
    # Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1, never falling: 0.04, 0.06, 0.06, 0.06.
    assert holm(np.array([0.04, 0.01, 0.03, 0.02])) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm(np.array([0.9, 0.6])) == pytest.approx([1.0, 1.0])
    assert holm(np.array([0.02])) == pytest.approx([0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_never_lowers_a_p_nor_changes_their_order(values):
    p = np.array(values)
    corrected = holm(p)
    assert (corrected >= p).all() and (corrected <= 1).all()
    assert (np.diff(corrected[np.argsort(p, kind="stable")]) >= 0).all()


def test_a_known_tie_is_a_tie():
    rng = np.random.default_rng(1)
    errors = rng.exponential(5, 60)
    pairs = compare_pairs(np.stack([errors, errors, errors[::-1]]), _names(60))
    same = pairs.at(0, 1)
    assert (pairs.difference[same], pairs.low[same], pairs.high[same], pairs.p[same]) == (0, 0, 0, 1)
    mirrored = pairs.at(2, 0)
    assert pairs.p_corrected[mirrored] == 1, "the same errors on other pictures have the same mean"
    assert not pairs.separable.any()


def test_a_known_winner_wins_by_what_it_is_better():
    rng = np.random.default_rng(2)
    hard = rng.exponential(10, 80)
    errors = np.stack([hard + rng.normal(3, 1, 80), hard, hard + rng.normal(0, 0.5, 80)])
    pairs = compare_pairs(errors, _names(80))
    won, level = pairs.at(0, 1), pairs.at(1, 2)
    assert pairs.difference[won] == pytest.approx(3, abs=0.3)
    assert pairs.low[won] < pairs.difference[won] < pairs.high[won]
    assert pairs.separable[won] and not pairs.separable[level]


def test_pairing_takes_out_what_is_hard_for_all():
    rng = np.random.default_rng(3)
    hard = rng.exponential(20, 60)
    pairs = compare_pairs(np.stack([hard + 1 + rng.normal(0, 1, 60), hard]), _names(60))
    spread = resampled_means(hard[None], _names(60), 2000).std()
    assert pairs.high[0] - pairs.low[0] < 0.5 * spread, "each mean alone moves far more than their difference"
    assert pairs.separable[0]


def test_the_interval_is_that_of_the_normal_theory():
    rng = np.random.default_rng(4)
    difference = rng.normal(1, 4, 400)
    pairs = compare_pairs(np.stack([20 + difference, np.full(400, 20.0)]), _names(400))
    half = 1.96 * difference.std() / np.sqrt(400)
    assert pairs.low[0] == pytest.approx(difference.mean() - half, abs=0.06)
    assert pairs.high[0] == pytest.approx(difference.mean() + half, abs=0.06)


def test_pictures_of_one_source_are_not_independent():
    """Equally good predictors differ by source alone: taking 20 crops of a source for 20 sources finds winners."""
    clustered = wrong = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        of_source = np.repeat(rng.normal(0, 3, 30), 20)
        errors = np.stack([20 + of_source + rng.normal(0, 1, 600), np.full(600, 20.0)])
        sources = np.repeat(_names(30), 20).tolist()
        clustered += int(compare_pairs(errors, sources).separable[0])
        wrong += int(compare_pairs(errors, _names(600)).separable[0])
    assert clustered <= 6, "about 5 % of 40, a little more as 30 sources are few"
    assert wrong >= 20, "each picture for itself is sure of a difference that is not there"


def test_a_few_sources_that_agree_prove_nothing():
    errors = np.array([[5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0]])
    assert compare_pairs(errors, _names(4)).p[0] == pytest.approx(2 ** (1 - 4), rel=0.02)
    assert compare_pairs(errors, ["a", "a", "a", "a"]) is None
    assert compare_pairs(errors[:1], _names(4)) is None


def test_a_failed_picture_counts_as_the_worst_answer():
    errors = with_failures(np.array([[30.0, np.nan, np.nan], [40.0, 50.0, 60.0]]), np.array([33.0, 20.0, 90.0]), 1, 100)
    assert errors.tolist() == [[3, 80, 89], [7, 30, 30]]


def test_failing_never_helps():
    rng = np.random.default_rng(5)
    true = rng.uniform(20, 80, 50)
    predicted = true + np.stack([rng.normal(0, 6, 50), rng.normal(0, 6, 50)])
    whole = with_failures(predicted, true, 1, 100)
    predicted[1, np.argsort(-whole[1])[:5]] = np.nan
    failing = with_failures(predicted, true, 1, 100)
    assert failing[1].mean() > whole[1].mean(), "failing where it errs most costs more than erring"


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
