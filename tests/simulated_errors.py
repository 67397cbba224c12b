"""Errors of predictors whose order is known, for tests and benchmarks of comparisons."""

from __future__ import annotations

import numpy as np
from scipy.stats import gamma, norm

MEAN, SHAPE = 6.0, 1.6
"""Of the absolute errors in levels: a gamma distribution."""


def simulated_errors(seed: int, sources: int, pictures_each: int, predictors: int, gain: float = 0.0) -> np.ndarray:
    """Absolute errors of predictors that are equally good, but for the first half, which errs less by a share.

    Before they are bent to a gamma distribution, errors of two predictors correlate by 0.7, and what is a predictor's
    own on two pictures of a source by 0.5.

    :param gain: the share, 0 to 1.
    :returns: shape (predictors, sources x pictures_each), pictures of a source side by side.
    """
    rng = np.random.default_rng(seed)
    hard = np.repeat(rng.standard_normal(sources), pictures_each)
    of_source = np.repeat(rng.standard_normal((predictors, sources)), pictures_each, axis=1)
    own = rng.standard_normal((predictors, sources * pictures_each))
    normal = np.sqrt(0.7) * hard + np.sqrt(0.15) * of_source + np.sqrt(0.15) * own
    errors = np.asarray(gamma.ppf(norm.cdf(normal), SHAPE, scale=MEAN / SHAPE))
    errors[: predictors // 2] *= 1 - gain
    return errors


def source_names(sources: int, pictures_each: int = 1) -> list[str]:
    """A name for each picture's source."""
    return [f"s{index:03d}" for index in range(sources) for _ in range(pictures_each)]
