"""Differences from the constant and the set of what may be best: cases whose answer is known, and error rates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from protocols.scoring.bootstrap import ALPHA
from protocols.scoring.families import against, confidence_set, sources_needed
from protocols.scoring.pairs import compare_pairs
from tests.simulated_errors import simulated_errors, source_names

PREDICTORS = 8


@pytest.mark.parametrize(("sources", "pictures_each"), [(9, 1), (20, 3)])
def test_equal_predictors_are_called_different_in_one_table_of_twenty_at_most(sources, pictures_each):
    tables = 40
    names = source_names(sources, pictures_each)
    wrong = {"against": 0, "set": 0}
    for seed in range(tables):
        errors = simulated_errors(seed, sources, pictures_each, PREDICTORS)
        family = against(errors, names, PREDICTORS - 1)
        wrong["against"] += bool((family.p < ALPHA).any())
        wrong["set"] += bool((confidence_set(errors, names, np.full(PREDICTORS, True)) < ALPHA).any())
    allowed = stats.binom.ppf(0.99, tables, ALPHA)
    assert max(wrong.values()) <= allowed, wrong


def test_more_is_found_than_by_a_correction_over_all_pairs():
    found = {"against": 0, "pairs": 0}
    names, last = source_names(40), 19
    for seed in range(6):
        errors = simulated_errors(seed, 40, 1, last + 1, gain=0.3)
        found["against"] += int(against(errors, names, last).better.sum())
        pairs = compare_pairs(errors, names)
        found["pairs"] += sum(bool(pairs.separable[pairs.at(place, last)]) for place in range((last + 1) // 2))
    assert found["against"] > 1.25 * found["pairs"] > 0, found


def test_a_known_winner_is_better_and_alone_in_the_set():
    rng = np.random.default_rng(2)
    hard = rng.exponential(10, 80)
    errors = np.stack([hard + rng.normal(3, 1, 80), hard + 3, hard, hard + 3 + rng.normal(3, 1, 80)])
    family = against(errors, source_names(80), 1)
    assert family.better.tolist() == [False, False, True, False]
    assert family.worse.tolist() == [False, False, False, True]
    assert family.difference[2] == pytest.approx(-3)
    assert (family.low <= family.difference + 1e-9).all() and (family.difference <= family.high + 1e-9).all()
    assert (family.difference[1], family.low[1], family.high[1], family.p[1]) == (0, 0, 0, 1)
    assert (confidence_set(errors, source_names(80), np.full(4, True)) >= ALPHA).tolist() == [False, False, True, False]


def test_the_same_predictor_twice_is_no_difference():
    errors = np.random.default_rng(1).exponential(5, (1, 60)).repeat(3, axis=0)
    assert against(errors, source_names(60), 0).p.tolist() == [1, 1, 1]
    assert confidence_set(errors, source_names(60), np.full(3, True)).tolist() == [1, 1, 1]


def test_a_single_difference_is_students_test():
    rng = np.random.default_rng(3)
    difference = rng.normal(0.35, 1, 60)
    errors = np.stack([20 + difference, np.full(60, 20.0)])
    p = stats.ttest_1samp(difference, 0).pvalue
    assert against(errors, source_names(60), 1).p[0] == pytest.approx(p, rel=0.35)


def test_who_did_not_answer_everywhere_is_never_in_the_set():
    errors = np.stack([np.zeros(30), np.arange(30.0)])
    assert confidence_set(errors, source_names(30), np.array([False, True])).tolist() == [0, 1]
    assert not confidence_set(errors, source_names(30), np.array([False, False])).any()


def test_few_sources_prove_nothing_however_large_the_difference():
    errors = np.stack([np.full(5, 1.0), np.full(5, 50.0)])
    assert against(errors, source_names(5), 1).p[0] == 2.0**-4
    assert (confidence_set(errors, source_names(5), np.full(2, True)) >= ALPHA).all()
    assert against(errors[:, :1], ["a"], 1) is None


def test_the_number_of_sources_is_that_of_the_normal_theory():
    difference = np.random.default_rng(5).normal(1, 4, 50)
    errors = np.stack([20 + difference, np.full(50, 20.0)])
    d = difference.mean() / difference.std(ddof=1)
    expected = ((1.959964 + 0.841621) / d) ** 2
    assert sources_needed(errors, source_names(50), np.array([0, 0]), np.array([1, 0])).tolist() == [
        np.ceil(expected),
        np.inf,
    ]


def test_pictures_of_a_source_count_as_one_source():
    errors = simulated_errors(7, 15, 1, PREDICTORS, gain=0.3)
    often = errors.repeat(10, axis=1)
    here, there = against(errors, source_names(15), 7), against(often, source_names(15, 10), 7)
    assert here.p == pytest.approx(there.p) and here.difference == pytest.approx(there.difference)
    needed = [
        sources_needed(e, n, np.array([0]), np.array([7]))[0]
        for e, n in ((errors, source_names(15)), (often, source_names(15, 10)))
    ]
    assert needed[0] == needed[1]
