"""Protects the table of searches replayed on stored probabilities: its numbers by hand, and its errors."""

import numpy as np
import pytest

from baselines.learned.network.search import strategy
from baselines.learned.network.search.fit import Prior
from baselines.learned.network.search.replay import replay, replay_all
from datasets.common.errors import UserError

STEPS = np.array([[1.0] * 30 + [0.0] * 70, [1.0] * 50 + [0.0] * 50, [1.0] * 71 + [0.0] * 29])
"""The levels fall at 29.5, 49.5 and 70.5."""
PRIORS = [Prior.flat(100)] * 3


def test_errors_by_hand():
    row = replay(strategy("window"), STEPS, PRIORS, np.array([29.5, 46.5, 74.5]))
    assert row.label == "window(length=6, needed=5)"
    assert row.passes == 100
    assert row.mae_levels == pytest.approx(7 / 3)
    assert row.rmse_levels == pytest.approx(5 / np.sqrt(3))


def test_distances_are_from_the_reference():
    window = strategy("window")
    (row,) = replay_all([strategy("bisect")], STEPS, PRIORS, np.zeros(3), reference=window).rows
    assert row.off_full_levels == row.most_off_full_levels == 0
    (full,) = replay_all([strategy("full")], STEPS, PRIORS, np.zeros(3)).rows
    assert full.off_full_levels == 0
    (shifted,) = replay_all([strategy("full", evidence=3)], STEPS, PRIORS, np.zeros(3)).rows
    assert 0 < shifted.off_full_levels < shifted.most_off_full_levels < 3


def test_each_picture_has_its_own_prior():
    unknown = np.full((2, 100), 0.5)
    priors = [Prior(45.0, 5.0, 6.0), Prior(55.0, 5.0, 6.0)]
    assert replay(strategy("full"), unknown, priors, np.array([45.0, 55.0])).mae_levels < 1
    assert replay(strategy("full"), unknown, priors, np.array([55.0, 45.0])).mae_levels > 9


def test_the_table_in_markdown():
    table = replay_all([strategy("window"), strategy("grid", passes=10)], STEPS, PRIORS, np.array([29.5, 46.5, 74.5]))
    heading, rule, window, grid = table.markdown().splitlines()
    assert heading.count("|") == rule.count("|") == window.count("|") == grid.count("|")
    assert window.startswith("| window(length=6, needed=5) | 100.0 | 2.33 | 2.89 |")
    assert grid.startswith("| grid(passes=10, evidence=15) | 10.0 |")


def test_what_cannot_be_replayed():
    with pytest.raises(UserError, match="probabilities of shape"):
        replay(strategy("full"), np.empty((0, 100)), [], np.empty(0))
    with pytest.raises(ValueError, match="3 pictures, but 2 priors"):
        replay(strategy("full"), STEPS, PRIORS[:2], np.zeros(3))
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        replay(strategy("full"), STEPS, PRIORS, np.zeros(2))
    with pytest.raises(UserError, match="picture 1 is not a number"):
        replay(strategy("full"), STEPS, PRIORS, np.array([1, np.nan, 2]))
    broken = STEPS.copy()
    broken[2, 4] = np.nan
    with pytest.raises(UserError, match="picture 2"):
        replay(strategy("full"), broken, PRIORS, np.zeros(3))
