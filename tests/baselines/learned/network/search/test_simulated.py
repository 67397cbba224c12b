"""Protects the comparison of searches behind their defaults, on simulated networks that err as trained ones may:
alike on neighbouring levels, and once more on each level by itself."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pytest

from baselines.learned.network.search import DEFAULT, STRATEGIES
from baselines.learned.network.search.fit import Prior
from baselines.learned.network.search.rules import Strategy

WIDTH = 8.0
"""Logistic width in levels of the probability against the position."""


@dataclass(frozen=True)
class Noise:
    """Errors in levels, all Gaussian with these standard deviations.

    :param offset: one error a picture.
    :param smooth: an error that wanders over the ladder; levels further apart than `length` err differently.
    :param single: an error of each level's own.
    """

    offset: float = 0.0
    smooth: float = 0.0
    single: float = 0.0
    length: float = 12.0


NOISES = {
    "independent": Noise(single=18.0),
    "mixed": Noise(offset=6.0, smooth=8.0, single=14.0),
    "smooth": Noise(offset=6.0, smooth=9.0, single=3.0),
}


@dataclass(frozen=True)
class Networks:
    """Answers at every level, shape (pictures, levels), and the true positions, shape (pictures,)."""

    probabilities: np.ndarray
    positions: np.ndarray

    def prior(self) -> Prior:
        return Prior(float(self.positions.mean()), float(self.positions.std()), WIDTH)

    def auc(self) -> float:
        """Pooled over pictures and levels, against noticeable or not."""
        from scipy.stats import rankdata

        noticeable = (np.arange(self.probabilities.shape[1]) < self.positions[:, None]).ravel()
        rank = rankdata(self.probabilities.ravel())[noticeable]
        above = len(rank)
        return float((rank.sum() - above * (above + 1) / 2) / (above * (noticeable.size - above)))


def simulate(noise: Noise, *, pictures: int, count: int = 100, seed: int = 1) -> Networks:
    """True positions are normal around 0.55 of the range with a deviation of 0.15 of it."""
    rng = np.random.default_rng(seed)
    positions = np.clip(rng.normal(0.55 * count, 0.15 * count, pictures), 1, count - 2)
    levels = np.arange(count)
    covariance = np.exp(-((levels[:, None] - levels) ** 2) / (2 * noise.length**2)) + 1e-6 * np.eye(count)
    wander = rng.standard_normal((pictures, count)) @ np.linalg.cholesky(covariance).T
    error = noise.offset * rng.standard_normal((pictures, 1)) + noise.smooth * wander
    error = error + noise.single * rng.standard_normal((pictures, count))
    slope = (positions[:, None] - levels + error) / WIDTH
    return Networks(1 / (1 + np.exp(-slope)), positions)


SEARCHES = {
    **{name: STRATEGIES[name]() for name in ("full", "grid", "scan", "bayes", "window", "bisect")},
    "bayes-14": STRATEGIES["bayes"](passes=14),
}


@dataclass(frozen=True)
class Replayed:
    """One search over all pictures: passes a picture, mean |error|, and mean distance from where `full` ends."""

    passes: float
    mae_levels: float
    off_full_levels: float


def replay(searches: dict[str, Strategy], networks: Networks, prior: Prior) -> dict[str, Replayed]:
    """Searches by name, `full` among them."""
    count = networks.probabilities.shape[1]
    curves = {
        name: [search.find(answers.__getitem__, count, prior) for answers in networks.probabilities]
        for name, search in searches.items()
    }
    positions = {name: np.array([curve.position for curve in ends]) for name, ends in curves.items()}
    return {
        name: Replayed(
            float(np.mean([len(curve.asked) for curve in ends])),
            np.abs(positions[name] - networks.positions).mean(),
            np.abs(positions[name] - positions["full"]).mean(),
        )
        for name, ends in curves.items()
    }


@functools.cache
def compared(noise: str) -> dict[str, Replayed]:
    networks = simulate(NOISES[noise], pictures=120)
    return replay(SEARCHES, networks, networks.prior())


@pytest.mark.parametrize(("noise", "auc"), [("independent", 0.94), ("mixed", 0.945), ("smooth", 0.975)])
def test_the_simulated_networks_are_as_good_as_stated(noise, auc):
    assert simulate(NOISES[noise], pictures=150).auc() == pytest.approx(auc, abs=0.01)


@pytest.mark.parametrize("noise", NOISES)
def test_soft_searches_beat_the_window_and_bisection(noise):
    rows = compared(noise)
    for soft in ("grid", "scan", "bayes", "bayes-14"):
        assert rows["full"].mae_levels <= rows[soft].mae_levels * 1.02
        assert rows[soft].mae_levels < 0.85 * rows["window"].mae_levels
        assert rows[soft].mae_levels < 0.85 * rows["bisect"].mae_levels
        assert rows[soft].passes <= 20


def test_where_errors_are_smooth_the_default_is_as_good_as_every_level():
    """What issues ask of a default: a fifth of the passes, 2 % of the error, one level on average."""
    rows = compared("smooth")
    assert rows[DEFAULT].passes <= 20
    assert rows[DEFAULT].mae_levels <= 1.02 * rows["full"].mae_levels
    assert rows[DEFAULT].off_full_levels <= 1.0
    assert rows["grid"].mae_levels <= 1.02 * rows["full"].mae_levels


@pytest.mark.parametrize(("noise", "most"), [("independent", 1.45), ("mixed", 1.15), ("smooth", 1.02)])
def test_what_the_default_loses_to_every_level(noise, most):
    rows = compared(noise)
    assert rows[DEFAULT].mae_levels <= most * rows["full"].mae_levels


@pytest.mark.parametrize("noise", NOISES)
def test_every_soft_search_beats_the_training_pictures_mean(noise):
    positions = simulate(NOISES[noise], pictures=120).positions
    constant = np.abs(positions - positions.mean()).mean()
    assert all(compared(noise)[name].mae_levels < 0.7 * constant for name in ("full", "grid", "scan", "bayes"))


def test_a_prior_scale_wrong_by_a_factor_of_two_costs_little():
    networks = simulate(NOISES["mixed"], pictures=60)
    right = networks.prior()
    errors = []
    for factor in (0.5, 1.0, 2.0):
        prior = Prior(right.position, right.spread, right.scale * factor)
        ends = [SEARCHES["scan"].find(answers.__getitem__, 100, prior).position for answers in networks.probabilities]
        errors.append(np.abs(np.array(ends) - networks.positions).mean())
    assert max(errors) - errors[1] < 0.9


@pytest.mark.parametrize("noise", NOISES)
def test_the_51_levels_of_bpg(noise):
    networks = simulate(NOISES[noise], pictures=60, count=51)
    searches = {name: SEARCHES[name] for name in ("full", "scan", "bayes", "window")}
    full, scan, bayes, window = replay(searches, networks, networks.prior()).values()
    assert full.passes == window.passes == 51
    assert scan.passes <= 20
    assert max(scan.mae_levels, bayes.mae_levels) < window.mae_levels
    assert scan.off_full_levels < 2.0
