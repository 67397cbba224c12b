"""A smooth function of features: a weighted sum of bumps around some of the pictures that it was fitted to."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from torch import nn


@final
class KernelRegression(nn.Module):
    """A support vector regression with a Gaussian kernel on standardised features.

    :param supports: pictures that it remembers.
    :param features: of a picture.
    :param reach: the kernel's gamma times the number of features.
    """

    def __init__(self, supports: int, features: int, reach: float) -> None:
        super().__init__()
        self._gamma = reach / features
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("spread", torch.ones(features))
        self.register_buffer("vectors", torch.zeros(supports, features))
        self.register_buffer("weights", torch.zeros(supports))
        self.register_buffer("bias", torch.zeros(1))

    def forward(self, features: np.ndarray) -> float:
        """The value for one picture.

        :param features: shape (features,).
        """
        mean, spread, vectors, weights, bias = (buffer.double() for buffer in self.buffers())
        standardised = (torch.from_numpy(features).double() - mean) / spread
        bumps = torch.exp(-self._gamma * (vectors - standardised).square().sum(dim=1))
        return float(bumps @ weights + bias)

    @classmethod
    def fitted(
        cls, features: np.ndarray, values: np.ndarray, *, misfit: float, tolerated: float, reach: float
    ) -> KernelRegression:
        """The one that fits values best.

        :param features: shape (pictures, features).
        :param values: shape (pictures,).
        :param misfit: what an error of 1 costs against a smooth function.
        :param tolerated: errors up to this cost nothing.
        """
        from sklearn.svm import SVR

        mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
        found = SVR(C=misfit, epsilon=tolerated, gamma=reach / features.shape[1])
        found.random_state = 0  # unused, but without one numpy's global state is moved
        found.fit((features - mean) / spread, values)
        network = cls(len(found.support_), features.shape[1], reach)
        parts = (mean, spread, found.support_vectors_, found.dual_coef_[0], found.intercept_)
        for buffer, part in zip(network.buffers(), parts, strict=True):
            buffer.copy_(torch.from_numpy(np.ascontiguousarray(part)))
        return network
