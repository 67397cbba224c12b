"""The whole of SG-JND behind its backbone: projections, and the heads that are averaged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import final

import numpy as np
import torch
from torch import Tensor, nn

from sgjnd.config import Config
from sgjnd.features import LevelTokens
from sgjnd.nets.examples import Tokens
from sgjnd.nets.head import Form, Head, pooled
from sgjnd.nets.projection import Projection
from sgjnd.nets.tokens import PIXEL_DIFFERENCE, PIXEL_REFERENCE

_FAINT = 1e-3
"""Added to distances before the logarithm."""


@final
class Model(nn.Module):
    """Tokens in, probabilities out.

    :param config: the settings.
    :param channels: of the backbone's stages.
    """

    def __init__(self, config: Config, channels: Sequence[int]) -> None:
        super().__init__()
        pixels = config.pixels
        reference = (PIXEL_REFERENCE, *channels) if pixels else tuple(channels)
        difference = (PIXEL_DIFFERENCE, *channels) if pixels else tuple(channels)
        self.reference = Projection(reference, config.components, logarithm=False)
        self.difference = Projection(difference, config.components, logarithm=True)
        self.register_buffer("distance_mean", torch.zeros(len(reference)))
        self.register_buffer("distance_spread", torch.ones(len(reference)))
        stages = tuple(range(len(reference))) if config.stages == "all" else (len(reference) - 1,)
        form = Form(
            self.reference.widths,
            self.difference.widths,
            stages,
            config.width,
            config.heads,
            config.dropout,
            config.attention,
            config.patch_weights,
            config.branches,
        )
        self.members = nn.ModuleList([Head(form) for _ in range(config.members)])

    def fit_projections(self, features: Callable[[], Iterable[tuple[np.ndarray, LevelTokens]]]) -> None:
        """Set the projections from training pictures.

        :param features: gives each picture's reference tokens and level tokens, anew each time it is called.
        """
        self.reference.fit(reference for reference, _ in features())
        self.difference.fit(levels.difference for _, levels in features())
        logs = [np.log(levels.distance.astype(float) + _FAINT).reshape(-1, levels.distance.shape[-1]) for _, levels in features()]
        everything = np.concatenate(logs)
        self.get_buffer("distance_mean").copy_(torch.from_numpy(everything.mean(axis=0)))
        self.get_buffer("distance_spread").copy_(torch.from_numpy(everything.std(axis=0) + 1e-3))

    def tokens(self, reference: np.ndarray, levels: LevelTokens, level: np.ndarray) -> Tokens:
        """One picture, projected.

        :param reference: tokens, shape (patches, tokens, channels).
        :param level: of each level from the worst (0) to the best (1), shape (levels,).
        """
        with torch.no_grad():
            return Tokens(
                self.reference(torch.from_numpy(reference)),
                self.difference(torch.from_numpy(levels.difference)),
                self.standardised(torch.from_numpy(levels.distance)),
                torch.as_tensor(level, dtype=torch.float32),
            )

    def keep_member(self, number: int) -> None:
        """Leave one head."""
        self.members = nn.ModuleList([self.members[number]])

    def standardised(self, distance: Tensor) -> Tensor:
        """Logarithms of distances, standardised."""
        logs = torch.log(distance.float() + _FAINT)
        return (logs - self.get_buffer("distance_mean")) / self.get_buffer("distance_spread")

    def patches(self, tokens: Tokens) -> tuple[Tensor, Tensor]:
        """Each patch's probability and share of the weight, means over the members, each (levels, patches)."""
        with torch.inference_mode():
            found = [head(*tokens.inputs()) for head in self.members]
            quality = torch.stack([one.sigmoid() for one, _ in found]).mean(dim=0)
            share = torch.stack([weight / weight.sum(dim=-1, keepdim=True) for _, weight in found]).mean(dim=0)
            return quality, share

    def probabilities(self, tokens: Tokens) -> np.ndarray:
        """That a level is noticed, the mean over the members, shape (levels,), float64."""
        with torch.inference_mode():
            found = [pooled(*head(*tokens.inputs())) for head in self.members]
            return np.asarray(torch.stack(found).mean(dim=0).double().numpy())
