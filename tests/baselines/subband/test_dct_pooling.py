"""Protects pooling: reference values, its definition in plain loops, and the histogram against the full sum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.subband._dct_blocks import Blocks, inverse_block_dct
from baselines.subband._dct_error import ErrorSource, QuantisedErrors
from baselines.subband._dct_pooling import Pooling
from datasets.common.errors import UserError

LEVELS = list(range(1, 101))
MIXED = np.full((8, 8), 4.0)
MIXED[:2, :2] = [[2.3, 2.3], [2.3, 4.0]]


class Given(ErrorSource):
    """The same errors at every level."""

    def __init__(self, errors: np.ndarray) -> None:
        self._errors = errors

    def errors(self, level: int) -> np.ndarray:
        return self._errors.copy()

    def plane(self, level: int) -> np.ndarray:
        return inverse_block_dct(self._errors)


def noise(rows: int = 5, columns: int = 7, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Errors and thresholds."""
    rng = np.random.default_rng(seed)
    shape = (8, 8, rows, columns)
    return rng.normal(0, 5, shape), rng.uniform(0.5, 20, shape)


def by_definition(ratio: np.ndarray, exponents: np.ndarray, exponent: float, *, summed: bool) -> float:
    """One picture or window, frequency by frequency."""
    total = 0.0
    for place in np.ndindex(8, 8):
        powers = np.abs(ratio[place]) ** exponents[place]
        total += float(powers.sum() if summed else powers.mean()) ** (exponent / exponents[place])
    return total ** (1 / exponent)


@pytest.mark.parametrize("summed", [False, True])
@pytest.mark.parametrize(("exponents", "exponent"), [(MIXED, 4.0), (np.full((8, 8), 2.0), 2.0), (MIXED + 1, 3.0)])
def test_pooling_is_its_definition(exponents, exponent, summed):
    errors, thresholds = noise()
    pooling = Pooling(exponents, exponent, summed)
    expected = by_definition(errors / thresholds, exponents, exponent, summed=summed)
    assert pooling.pool(errors.copy(), pooling.weights(thresholds.copy())) == pytest.approx(expected)


@pytest.mark.parametrize("summed", [False, True])
@pytest.mark.parametrize("side", [1, 3, 5, 6, 99])
def test_the_worst_window_counts(side, summed):
    """Every place of the window within the picture is tried; a window is no larger than the picture."""
    errors, thresholds = noise()
    down, across = min(side, 5), min(side, 7)
    expected = max(
        by_definition(
            (errors / thresholds)[:, :, row : row + down, column : column + across], MIXED, 4.0, summed=summed
        )
        for row in range(5 - down + 1)
        for column in range(7 - across + 1)
    )
    pooling = Pooling(MIXED, 4.0, summed, side)
    assert pooling.pool(errors.copy(), pooling.weights(thresholds.copy())) == pytest.approx(expected)


@settings(max_examples=25)
@given(st.floats(0.01, 100), st.integers(0, 1000))
def test_visibility_is_of_degree_one(factor, seed):
    """So a threshold on it is a scaling of the published thresholds."""
    errors, thresholds = noise(seed=seed)
    pooling = Pooling(MIXED, 4.0)
    once = pooling.pool(errors.copy(), pooling.weights(thresholds.copy()))
    assert pooling.pool(errors * factor, pooling.weights(thresholds.copy())) == pytest.approx(factor * once)
    assert pooling.pool(errors.copy(), pooling.weights(thresholds * factor)) == pytest.approx(once / factor)


def test_a_mean_does_not_know_the_pictures_size_and_a_sum_does():
    errors, thresholds = noise()
    found = {}
    for summed in (False, True):
        pooling = Pooling(np.full((8, 8), 4.0), 4.0, summed)
        found[summed] = [
            pooling.pool(np.tile(errors, (1, 1, n, n)), pooling.weights(np.tile(thresholds, (1, 1, n, n))))
            for n in (1, 2)
        ]
    assert found[False][1] == pytest.approx(found[False][0])
    assert found[True][1] == pytest.approx(found[True][0] * 4**0.25)


@pytest.mark.parametrize("summed", [False, True])
@pytest.mark.parametrize("exponents", [np.full((8, 8), 4.0), MIXED], ids=["4", "mixed"])
def test_the_histogram_gives_the_full_sum(exponents, summed):
    """On a photograph within 1 % at every QF (0.02 % below QF 90), against float64 without any binning."""
    from skimage import data

    plane = data.camera()
    pooling = Pooling(exponents, 4.0, summed)
    thresholds = np.random.default_rng(0).uniform(0.5, 20, (8, 8, 64, 64))
    fast = pooling.pool_ladder(
        QuantisedErrors(Blocks.of(plane)), LEVELS, pooling.weights(thresholds.astype(np.float32))
    )
    exact, weights = QuantisedErrors(Blocks.of(plane, np.float64)), pooling.weights(thresholds)
    full = np.array([pooling.pool(exact.errors(level), weights) for level in LEVELS])
    assert fast == pytest.approx(full, rel=0.01)
    assert fast[:89] == pytest.approx(full[:89], rel=2e-4)


def test_other_sources_are_pooled_level_by_level():
    errors, thresholds = noise()
    pooling = Pooling(MIXED, 4.0)
    weights = pooling.weights(thresholds)
    assert pooling.pool_ladder(Given(errors), [3, 4], weights) == pytest.approx([pooling.pool(errors, weights)] * 2)


@pytest.mark.parametrize("plane", [np.zeros((8, 8)), np.full((8, 8), 255.0), np.indices((8, 8)).sum(0) % 2 * 255.0])
def test_the_largest_coefficients_fit_the_histogram(plane):
    source = QuantisedErrors(Blocks.of(plane))
    pooling = Pooling(np.full((8, 8), 4.0), 4.0)
    weights = pooling.weights(np.ones_like(source.shifted))
    full = [pooling.pool(source.errors(level), weights) for level in LEVELS]
    assert pooling.pool_ladder(source, LEVELS, weights) == pytest.approx(full, abs=0.07)


def test_levels_without_a_table_are_refused():
    source = QuantisedErrors(Blocks.of(np.zeros((8, 8))))
    with pytest.raises(UserError, match=r"1\.\.100"):
        Pooling(MIXED, 4.0).pool_ladder(source, [0], np.ones_like(source.shifted))
