"""Which level to ask about next: the one after whose answer the least is left unknown of a person's threshold.

Minimum expected entropy over a grid, as in Kontsevich and Tyler, Bayesian adaptive estimation of psychometric slope and
threshold, 1999; the slope is not asked for, so its uncertainty does not count.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from datasets.ratings.study.settings import STEPS
from datasets.ratings.yes_no import posterior_of, yes_probabilities


def next_step(shown: Sequence[int], noticed: Sequence[bool], last_step: int) -> int:
    """The step to show, 1 to `last_step`.

    :param shown: steps so far.
    :param noticed: the answers to them.
    :param last_step: that may be shown.
    """
    yes = _yes()
    posterior = posterior_of(yes[np.array(shown, dtype=int) - 1], np.array(noticed, dtype=bool))
    joint = yes[:last_step] * posterior
    after_yes, after_no = joint.sum(axis=2), ((1 - yes[:last_step]) * posterior).sum(axis=2)
    return 1 + int(np.argmin(_entropy(after_yes) + _entropy(after_no)))


def _entropy(joint: np.ndarray) -> np.ndarray:
    """Of thresholds given an answer, times the answer's probability, shape (steps,).

    :param joint: probability of threshold and answer, shape (steps, thresholds).
    """
    total = joint.sum(axis=1)
    logs = np.log(np.maximum(joint, 1e-300))
    return np.asarray(total * np.log(np.maximum(total, 1e-300)) - (joint * logs).sum(axis=1))


@functools.cache
def _yes() -> np.ndarray:
    """P(yes) of every step: step s is strength s - 1, for strength 0 is the best level."""
    return yes_probabilities(np.arange(float(STEPS)), STEPS)
