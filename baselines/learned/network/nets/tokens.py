"""From maps to tokens: averages over a few cells of a patch, of the reference and of what compression changed in it.

A difference's token is a root mean square (how much changed, whichever way); a distance's likewise, of maps whose
channels at each place are scaled to unit length (as LPIPS does), so that it does not grow with contrast. The finest
stage is the pixels themselves, if asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

PIXEL_REFERENCE, PIXEL_DIFFERENCE = 7, 3
"""Channels of the pixel stage: means and spreads of Y, Cb, Cr and the gradient of Y; errors of Y, Cb, Cr."""
_TINY = 1e-6
_FLAT = 1e-9
"""Added under roots, whose slope at zero is infinite."""


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


def _pooled(stage: Tensor, cells: int) -> Tensor:
    return adaptive_avg_pool2d(stage, cells)


def _side_by_side(stages: Sequence[Tensor]) -> Tensor:
    return torch.cat(list(stages), dim=1).flatten(2).transpose(1, 2)


def _unit_distance(first: Tensor, second: Tensor) -> Tensor:
    difference = first / (first.norm(dim=1, keepdim=True) + _TINY) - second / (second.norm(dim=1, keepdim=True) + _TINY)
    return difference.square().sum(dim=1, keepdim=True)


def _gradient(luma: Tensor) -> Tensor:
    across = torch.nn.functional.pad((luma[..., 1:] - luma[..., :-1]).abs(), (1, 0))
    down = torch.nn.functional.pad((luma[..., 1:, :] - luma[..., :-1, :]).abs(), (0, 0, 1, 0))
    return across + down
