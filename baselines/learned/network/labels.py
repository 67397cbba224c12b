"""What the network is trained to say of a level, and at which levels it is asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.core.picture import Picture
from datasets.core.sur import sur_curve

_FAR = 0.15
"""Chance of a level that everybody or nobody notices, against one at which half do."""

LABELS = {
    "share": "share of the subjects who notice: what a level looks like to people, whatever the truth",
    "hard": "whether the level is worse than the picture's true level, 0 or 1 (Liu et al. 2020)",
}


def noticing_shares(picture: Picture) -> np.ndarray:
    """The share of a picture's subjects who notice at every level from worst to best, shape (levels,), falling.

    :raises UserError: where the picture has no samples.
    """
    if not picture.samples.size:
        raise UserError(f"{picture.name}: has no subjects' samples, so there is no share of them to learn from")
    codec = picture.codec
    at = np.asarray(codec.position(picture.samples))
    return np.asarray((at[None, :] >= np.arange(len(codec.levels))[:, None]).mean(axis=1))


def hard_labels(true_level: float, codec: Codec) -> np.ndarray:
    """1 at every level that is not better than the true one, else 0; shape (levels,)."""
    at = float(np.asarray(codec.position(true_level)))
    return (np.arange(len(codec.levels)) <= at).astype(float)


def drawing_chances(labels: np.ndarray) -> np.ndarray:
    """How often each level is drawn in training, relative to each other: near a picture's JND more often than far.

    :param labels: at levels from the worst, shape (pictures, levels).
    :returns: the same shape, positive.
    """
    uncertain = labels * (1 - labels)
    if uncertain.any():
        return np.asarray(_FAR + 4 * uncertain)
    step = labels.sum(axis=1, keepdims=True) - 0.5  # hard labels: near is within two levels of the step
    return np.asarray(_FAR + (np.abs(np.arange(labels.shape[1]) - step) <= 2))


def truth_share(pictures: Sequence[Picture], true_levels: np.ndarray) -> float:
    """The share of satisfied people at which a truth stands: the median over pictures of their own curve at it.

    Truths differ in which point of one distribution they are (`sur75` is 0.75 by name, `sqf` of MCL-JCI about 0.9), so
    one network that knows the shares answers under any of them.

    :returns: within [0.02, 0.98]; 0.5 where no picture has samples.
    """
    shares = [
        np.interp(picture.codec.position(level), np.arange(len(picture.codec.levels)), _satisfied(picture))
        for picture, level in zip(pictures, true_levels, strict=True)
        if picture.samples.size
    ]
    return float(np.clip(np.median(shares), 0.02, 0.98)) if shares else 0.5


def _satisfied(picture: Picture) -> np.ndarray:
    return sur_curve(picture.samples, picture.codec)
