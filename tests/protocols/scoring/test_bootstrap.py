"""Protects the one bootstrap: the same draws for everyone, by source, and the same ones behind every interval."""

from __future__ import annotations

import numpy as np
import pytest

from protocols.scoring.bootstrap import DRAWS, mean_interval, resampled_means, resamples
from protocols.scoring.pairs import compare_pairs


def _names(count: int) -> list[str]:
    return [f"s{index:03d}" for index in range(count)]


def test_draws_depend_on_the_sources_alone_and_each_draws_as_many_as_there_are():
    blocks = [np.concatenate(list(resamples(_names(25), 300))) for _ in range(2)]
    assert np.array_equal(*blocks)
    assert blocks[0].shape == (300, 25)
    assert (blocks[0].sum(axis=1) == 25).all()
    assert blocks[0].mean() == pytest.approx(1)
    assert blocks[0].var() == pytest.approx(24 / 25, abs=0.05)
    other = np.concatenate(list(resamples(_names(26)[1:], 300)))
    assert not np.array_equal(blocks[0], other)


def test_sources_count_by_their_pictures():
    errors = np.array([[1.0, 1.0, 1.0, 9.0]])
    means = resampled_means(errors, ["a", "a", "a", "b"], 4000)[:, 0]
    # Two sources: a alone and b alone a quarter each, both together half the time with all four pictures.
    assert sorted(set(means.round(6))) == [1, 3, 9]
    assert np.mean(means == 3) == pytest.approx(0.5, abs=0.03)


def test_an_interval_and_the_p_value_beside_it_come_from_the_same_draws():
    rng = np.random.default_rng(6)
    errors, sources = rng.exponential(5, 40), _names(40)
    pairs = compare_pairs(np.stack([errors, np.zeros(40)]), sources)
    assert mean_interval(errors, sources) == pytest.approx((pairs.low[0], pairs.high[0]), rel=1e-12)
    more = resampled_means(errors[None], sources, DRAWS + 1)
    assert resampled_means(errors[None], sources) == pytest.approx(more[:-1], rel=1e-12)
