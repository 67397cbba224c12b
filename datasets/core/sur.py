"""The satisfied-user-ratio (SUR) curve of a picture, from its subjects' JND samples.

A generalised extreme value (GEV) distribution is fitted to the samples on the level axis by maximum likelihood, as
SUR-FeatNet does (Lin et al. 2020, who compared 18 families). A subject notices at every level no better than
that subject's JND, so the share of satisfied people is the share whose JND is worse than the level.
"""

from __future__ import annotations

import numpy as np

from datasets.core.codec import Codec
from datasets.core.gev import fit_gev


def sur_curve(samples: np.ndarray, codec: Codec) -> np.ndarray:
    """Share of satisfied people at every level from worst to best, shape (levels,), rising, in [0, 1]."""
    below = fit_gev(samples).cdf(codec.levels)
    return below if codec.sign > 0 else 1 - below


def sur_level(samples: np.ndarray, codec: Codec, share: float) -> float:
    """The level at which `share` of the people are satisfied, clipped to the codec's range."""
    level = fit_gev(samples).quantile(share if codec.sign > 0 else 1 - share)
    return float(np.clip(level, codec.lowest, codec.highest))


def jnd_probabilities(sur: np.ndarray) -> np.ndarray:
    """The distribution of the JND that a SUR curve implies, shape (levels + 1,), non-negative, summing to one.

    Cell k holds the people whose JND lies between level k-1 and level k (from worst to best); the first and
    the last cell hold those below the worst and above the best level.
    """
    steps = np.diff(np.concatenate([[0.0], np.asarray(sur, dtype=float), [1.0]]))
    steps = np.maximum(steps, 0.0)
    return steps / steps.sum()
