"""From patches to a picture."""

from __future__ import annotations

from torch import Tensor

LEAST_WEIGHT = 1e-6
"""Added to every patch's weight, so that they never sum to nothing."""


def pooled(quality: Tensor, weight: Tensor) -> Tensor:
    """A picture's probability: the weighted mean of its patches' (the form of WaDIQaM, Bosse et al. 2018).

    :param quality: logits, shape (batch, patches).
    :returns: shape (batch,).
    """
    return (quality.sigmoid() * weight).sum(dim=-1) / weight.sum(dim=-1)
