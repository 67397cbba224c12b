"""From raw tokens to a few standard numbers a stage: what a frozen backbone's tokens are reduced to before training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import final

import numpy as np
import torch
from torch import Tensor, nn

_FLOOR = 0.02
"""Added to differences before the logarithm: below it float16 rounding is all there is."""
_RIDGE = 1e-2
"""Share of the largest component's variance added to each one's, so that whitening does not blow up noise."""


@final
class Projection(nn.Module):
    """Standardised principal components of each stage's channels.

    :param channels: of each stage.
    :param components: at most so many of each stage.
    :param logarithm: first and end of the channels whose logarithm is taken: sizes of things, which span decades.
    """

    def __init__(self, channels: Sequence[int], components: int, *, logarithm: tuple[int, int]) -> None:
        super().__init__()
        self._channels = tuple(channels)
        self._logarithm = logarithm
        self.widths = tuple(min(components, count) for count in channels)
        self.register_buffer("mean", torch.zeros(sum(channels)))
        self.register_buffer("spread", torch.ones(sum(channels)))
        for stage, (count, width) in enumerate(zip(channels, self.widths, strict=True)):
            self.register_buffer(f"axes_{stage}", torch.zeros(count, width))

    def fit(self, tokens: Iterable[np.ndarray]) -> None:
        """Find means, spreads and axes in one pass over blocks of tokens, each of shape (..., channels)."""
        total = sum(self._channels)
        count, sums, products = 0, np.zeros(total), np.zeros((total, total))
        for block in tokens:
            flat = self._scaled(torch.from_numpy(block)).reshape(-1, total).numpy()
            count, sums = count + len(flat), sums + flat.sum(axis=0, dtype=float)
            products += flat.T @ flat
        mean = sums / count
        covariance = products / count - np.outer(mean, mean)
        spread = np.sqrt(np.maximum(np.diag(covariance), 0)) + 1e-3
        correlation = covariance / np.outer(spread, spread)
        self.get_buffer("mean").copy_(torch.from_numpy(mean))
        self.get_buffer("spread").copy_(torch.from_numpy(spread))
        start = 0
        for stage, (size, width) in enumerate(zip(self._channels, self.widths, strict=True)):
            part = np.s_[start : start + size]
            variances, axes = np.linalg.eigh(correlation[part, part])
            variances, axes = variances[::-1][:width].clip(0), axes[:, ::-1][:, :width]
            axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(width)])  # eigh leaves the sign open
            whitened = axes / np.sqrt(variances + _RIDGE * max(variances[0], 1e-6))
            self.get_buffer(f"axes_{stage}").copy_(torch.from_numpy(np.ascontiguousarray(whitened)))
            start += size

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of shape (..., channels) to (..., sum of widths), float32."""
        scaled = (self._scaled(tokens) - self.get_buffer("mean")) / self.get_buffer("spread")
        stages = scaled.split(self._channels, dim=-1)
        return torch.cat([values @ self.get_buffer(f"axes_{stage}") for stage, values in enumerate(stages)], dim=-1)

    def _scaled(self, tokens: Tensor) -> Tensor:
        first, end = self._logarithm
        values = tokens.float()
        if end > first:
            logs = torch.log(values[..., first:end] + _FLOOR)
            values = torch.cat([values[..., :first], logs, values[..., end:]], dim=-1)
        return values
