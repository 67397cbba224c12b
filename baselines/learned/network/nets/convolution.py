"""A small network on pixels for pairs of patches: one branch for both pictures, then a quality and a weight."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from baselines.learned.network.nets.training import LEAST_WEIGHT

if TYPE_CHECKING:
    from baselines.learned.network.pixel_predictor import PixelSettings

_ERRORS_ARE_SMALL = 8.0
"""Factor on what compression changes: without it contents, ten times larger, drown it while weights are random."""


@final
class PairNetwork(nn.Module):
    """Logits that patches of a level differ visibly from the reference's, and the patches' weights.

    :param has_plane: whether a plane of the reference (a JND map) is a further input, and weighs the patches.
    """

    def __init__(self, config: PixelSettings, *, has_plane: bool) -> None:
        super().__init__()
        self.branch = _branch(3 + has_plane, config)
        self.plane_branch = _branch(1, config) if has_plane else None
        wide = config.first_channels * 2 ** (config.blocks - 1)
        self.quality = _two_layers(3 * wide, config)
        self.weight = _two_layers(wide if has_plane else 3 * wide, config)
        nn.init.constant_(self.weight[-1].bias, 1.0)  # type: ignore[arg-type]

    def forward(
        self, reference: Tensor, level: Tensor, at: Tensor, plane: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Logits and weights of patches.

        :param reference: RGB 0..255, shape (batch, patches, 3, side, side).
        :param level: the same places of the compressed picture.
        :param at: where the level stands; not used.
        :param plane: of the reference, shape (batch, patches, side, side).
        :returns: logits and weights, each (batch, patches).
        """
        batch = len(reference)
        flat = None if plane is None else plane.flatten(0, 1)
        known, changed = (self.features(pixels.flatten(0, 1), flat) for pixels in (reference, level))
        quality, weight = self.compare(known, changed, self.plane_features(flat))
        return quality.unflatten(0, (batch, -1)), weight.unflatten(0, (batch, -1))

    def features(self, pixels: Tensor, plane: Tensor | None) -> Tensor:
        """Features of some cells a patch, shape (patches, features, cells).

        :param pixels: RGB 0..255, shape (patches, 3, side, side).
        :param plane: shape (patches, side, side).
        """
        scaled = (pixels.float() - 128) / 64
        if plane is not None:
            scaled = torch.cat([scaled, _scaled(plane)], dim=1)
        return self.branch(scaled.contiguous(memory_format=torch.channels_last)).flatten(2)

    def plane_features(self, plane: Tensor | None) -> Tensor | None:
        """One vector a patch of the plane; None without one."""
        return None if self.plane_branch is None or plane is None else self.plane_branch(_scaled(plane)).mean((2, 3))

    def compare(self, reference: Tensor, level: Tensor, plane: Tensor | None) -> tuple[Tensor, Tensor]:
        """Features of both, as `features` gives them, to logits and weights, each (patches,)."""
        changed = _ERRORS_ARE_SMALL * (level - reference).abs()
        both = torch.cat([features.mean(dim=-1) for features in (reference, level, changed)], dim=-1)
        weight = self.weight(both if plane is None else plane)
        return self.quality(both)[..., 0], nnf.relu(weight[..., 0]) + LEAST_WEIGHT


def _branch(inputs: int, config: PixelSettings) -> nn.Sequential:
    """Double-convolution blocks: two 3x3 convolutions with ReLU, then the largest of every 2x2."""
    layers: list[nn.Module] = []
    for block in range(config.blocks):
        channels = config.first_channels * 2**block
        for width in (inputs, channels):
            convolution = nn.Conv2d(width, channels, 3, padding=1)
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            layers += [convolution, nn.ReLU()]
        layers.append(nn.MaxPool2d(2))
        inputs = channels
    return nn.Sequential(*layers)


def _two_layers(inputs: int, config: PixelSettings) -> nn.Sequential:
    """Ends in nothing, whatever its input, until it is trained."""
    last = nn.Linear(config.hidden, 1)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(inputs, config.hidden), nn.ReLU(), nn.Dropout(config.dropout), last)


def _scaled(plane: Tensor) -> Tensor:
    """Thresholds in grey levels, of which most lie between 3 and 20."""
    return (plane.float()[:, None] - 8) / 8
