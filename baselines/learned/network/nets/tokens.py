"""From maps to tokens: averages over a few cells of a patch, of the reference and of what compression changed in it.

A difference's token is a root mean square (how much changed, whichever way); a distance's likewise, of maps whose
channels at each place are scaled to unit length (as LPIPS does), so that it does not grow with contrast. The finest
stage is the pixels themselves, if asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d as _pooled

PIXEL_REFERENCE, PIXEL_DIFFERENCE = 7, 3
"""Channels of the pixel stage: means and spreads of Y, Cb, Cr and the gradient of Y; errors of Y, Cb, Cr."""
_TINY = 1e-6
_FLAT = 1e-9
"""Added under roots, whose slope at zero is infinite."""
_FLOOR = 0.02
"""Added to differences before the logarithm: below it float16 rounding is all there is."""
_RIDGE = 1e-2
"""Share of the largest component's variance added to each one's, so that whitening does not blow up noise."""


def reference_tokens(maps: Sequence[Tensor], pixels: Tensor | None, cells: int) -> Tensor:
    """What is there, shape (patches, cells * cells, channels of all stages).

    :param maps: of a backbone, each (patches, channels, height, width).
    :param pixels: as `ycbcr` gives them; None leaves the pixel stage out.
    """
    stages = [_pooled(stage, cells) for stage in maps]
    if pixels is not None:
        mean, square = _pooled(pixels, cells), _pooled(pixels.square(), cells)
        spread = ((square - mean.square()).clamp(min=0) + _FLAT).sqrt()
        stages.insert(0, torch.cat([mean, spread, _pooled(_gradient(pixels[:, :1]), cells)], dim=1))
    return _side_by_side(stages)


def difference_tokens(
    reference: Sequence[Tensor], level: Sequence[Tensor], pixels: tuple[Tensor, Tensor] | None, cells: int
) -> tuple[Tensor, Tensor]:
    """What compression changed: sizes of differences, and a distance for each stage.

    :param reference: maps of the reference's patches.
    :param level: maps of the same patches, compressed.
    :param pixels: both as `ycbcr` gives them.
    :returns: shapes (patches, cells * cells, channels of all stages) and (patches, cells * cells, stages).
    """
    squares = [_pooled((there - here).square(), cells) for here, there in zip(reference, level, strict=True)]
    distances = [_pooled(_unit_distance(here, there), cells) for here, there in zip(reference, level, strict=True)]
    if pixels is not None:
        squares.insert(0, _pooled((pixels[1] - pixels[0]).square(), cells))
        distances.insert(0, squares[0].mean(dim=1, keepdim=True))
    sizes, distance = ([(stage + _FLAT).sqrt() for stage in stages] for stages in (squares, distances))
    return _side_by_side(sizes), _side_by_side(distance)


def ycbcr(batch: Tensor) -> Tensor:
    """BT.601 luma and chroma of RGB pixels 0..255, in units of 16 grey levels, so that squares fit float16."""
    r, g, b = batch.float().unbind(1)
    y = 0.299 * r + 0.587 * g + 0.114 * b
    return torch.stack([y, 0.564 * (b - y), 0.713 * (r - y)], dim=1) / 16


def _side_by_side(stages: Sequence[Tensor]) -> Tensor:
    return torch.cat(list(stages), dim=1).flatten(2).transpose(1, 2)


def _unit_distance(first: Tensor, second: Tensor) -> Tensor:
    difference = first / (first.norm(dim=1, keepdim=True) + _TINY) - second / (second.norm(dim=1, keepdim=True) + _TINY)
    return difference.square().sum(dim=1, keepdim=True)


def _gradient(luma: Tensor) -> Tensor:
    across = torch.nn.functional.pad((luma[..., 1:] - luma[..., :-1]).abs(), (1, 0))
    down = torch.nn.functional.pad((luma[..., 1:, :] - luma[..., :-1, :]).abs(), (0, 0, 1, 0))
    return across + down


@final
class Projection(nn.Module):
    """Standardised principal components of each stage's channels, or the standardised channels themselves.

    :param channels: of each stage.
    :param components: at most so many of each stage; 0 leaves the channels as they are.
    :param logarithm: first and end of the channels whose logarithm is taken: sizes of things, which span decades.
    """

    def __init__(self, channels: Sequence[int], components: int, *, logarithm: tuple[int, int]) -> None:
        super().__init__()
        self._channels = tuple(channels)
        self._logarithm = logarithm
        self._has_axes = components > 0
        self.widths = tuple(min(components or count, count) for count in channels)
        self.register_buffer("mean", torch.zeros(sum(channels)))
        self.register_buffer("spread", torch.ones(sum(channels)))
        for stage, (count, width) in enumerate(zip(channels, self.widths, strict=True) if self._has_axes else ()):
            self.register_buffer(f"axes_{stage}", torch.zeros(count, width))

    def fit(self, tokens: Iterable[np.ndarray]) -> None:
        """Find means, spreads and axes (if any) in one pass over blocks of tokens of shape (..., channels)."""
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
        if not self._has_axes:
            return
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
        if not self._has_axes:
            return scaled
        stages = scaled.split(self._channels, dim=-1)
        return torch.cat([values @ self.get_buffer(f"axes_{stage}") for stage, values in enumerate(stages)], dim=-1)

    def _scaled(self, tokens: Tensor) -> Tensor:
        first, end = self._logarithm
        values = tokens.float()
        if end > first:
            logs = torch.log(values[..., first:end] + _FLOOR)
            values = torch.cat([values[..., :first], logs, values[..., end:]], dim=-1)
        return values
