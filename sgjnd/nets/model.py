"""The whole of SG-JND: projections and the heads that are averaged, and with its backbone for fine-tuning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import final

import numpy as np
import torch
from torch import Tensor, nn

from baselines.learned.network.extractor import PictureFeatures
from baselines.learned.network.nets.backbones import Backbone
from baselines.learned.network.nets.tokens import (
    PIXEL_DIFFERENCE,
    PIXEL_REFERENCE,
    Projection,
    difference_tokens,
    reference_tokens,
    ycbcr,
)
from baselines.learned.network.nets.training import pooled
from sgjnd.config import Config
from sgjnd.nets.examples import Tokens
from sgjnd.nets.head import Head

_EVERY = 4
"""Of the measured levels, every so many are enough to find axes by: neighbours are alike."""
_MASKED = 2
"""Distances more with the pixel stage: the luma's error over its spread, and over its gradient, in the same cell.
Contrast hides errors, and in a ratio the head need not find that out."""
_FAINT = 5e-3
"""Added to distances before the logarithm."""
_FLAT = 0.06
"""Added to what masks: one grey level, in the pixel stage's unit of 16."""


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
        sizes = (3, PIXEL_REFERENCE) if pixels else (0, 0)  # spreads and gradient
        self.reference = Projection(reference, config.components, logarithm=sizes)
        self.difference = Projection(difference, config.components, logarithm=(0, sum(difference)))
        self._pixels = pixels
        distances = len(reference) + (_MASKED if pixels else 0)
        self.register_buffer("distance_mean", torch.zeros(distances))
        self.register_buffer("distance_spread", torch.ones(distances))
        widths = self.reference.widths, self.difference.widths
        self.members = nn.ModuleList([Head(config, *widths, distances) for _ in range(config.members)])

    def fit_projections(self, features: Callable[[], Iterable[PictureFeatures]]) -> None:
        """Set the projections from training pictures.

        :param features: gives those of each picture, anew each time it is called.
        """
        self.reference.fit(picture.reference for picture in features())
        self.difference.fit(picture.difference[::_EVERY] for picture in features())
        logs = [self._logs(*_tensors(picture)).flatten(0, 2) for picture in features()]
        everything = torch.cat(logs).double()
        self.get_buffer("distance_mean").copy_(everything.mean(dim=0))
        self.get_buffer("distance_spread").copy_(everything.std(dim=0) + 1e-3)

    def tokens(self, features: PictureFeatures, level: np.ndarray) -> Tokens:
        """One picture, projected.

        :param level: of each level from the worst (0) to the best (1), shape (levels,).
        """
        reference, difference, distance = _tensors(features)
        at = torch.as_tensor(level, dtype=torch.float32)
        with torch.no_grad():
            distances = self.distances(reference, difference, distance)
            return Tokens(self.reference(reference), self.difference(difference), distances, at)

    def keep_member(self, number: int) -> None:
        """Leave one head."""
        self.members = nn.ModuleList([self.members[number]])

    def distances(self, reference: Tensor, difference: Tensor, distance: Tensor) -> Tensor:
        """Logarithms of a stage's distance each, and with the pixel stage of the luma's error over what masks it.

        :param reference: tokens, shape (patches, tokens, channels), or with leading dimensions as the others.
        :param difference: tokens, shape (..., patches, tokens, channels).
        :param distance: tokens, shape (..., patches, tokens, stages).
        :returns: standardised, shape (..., patches, tokens, stages, and two more with the pixel stage).
        """
        logs = self._logs(reference, difference, distance)
        return (logs - self.get_buffer("distance_mean")) / self.get_buffer("distance_spread")

    def _logs(self, reference: Tensor, difference: Tensor, distance: Tensor) -> Tensor:
        logs = torch.log(distance.float() + _FAINT)
        if not self._pixels:
            return logs
        error = torch.log(difference[..., :1].float() + _FAINT)
        around = torch.log(reference[..., [3, 6]].float() + _FLAT)  # spread and gradient of the luma
        return torch.cat([logs, error - around], dim=-1)

    def patches(self, tokens: Tokens) -> tuple[Tensor, Tensor]:
        """Each patch's probability and share of the weight, means over the members, each (levels, patches)."""
        with torch.inference_mode():
            answers = [head(*tokens.inputs()) for head in self.members]
            probability = torch.stack([quality.sigmoid() for quality, _ in answers]).mean(dim=0)
            share = torch.stack([weight / weight.sum(dim=-1, keepdim=True) for _, weight in answers]).mean(dim=0)
            return probability, share

    def probabilities(self, tokens: Tokens) -> np.ndarray:
        """That a level is noticed, the mean over the members, shape (levels,), float64."""
        with torch.inference_mode():
            answers = [pooled(*head(*tokens.inputs())) for head in self.members]
            return np.asarray(torch.stack(answers).mean(dim=0).double().numpy())


@final
class WholeNetwork(nn.Module):
    """From pixels of patches to their logits and weights.

    The backbone's batch normalisation keeps its ImageNet statistics: batches are small, and of few pictures.

    :param member: which of the model's heads.
    """

    def __init__(self, backbone: Backbone, model: Model, config: Config, member: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = model.members[member]
        self._model = [model]  # in a list: its projections are not trained, and its other heads not this network's
        self._config = config

    def train(self, mode: bool = True) -> WholeNetwork:
        super().train(mode)
        self.backbone.eval()
        return self

    def forward(self, reference: Tensor, level: Tensor, at: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and weights of patches.

        :param reference: RGB 0..255, shape (batch, patches, 3, side, side).
        :param level: the same places of the compressed picture.
        :param at: from the worst (0) to the best (1), shape (batch,).
        """
        batch, patches = reference.shape[:2]
        model, config = self._model[0], self._config
        both = torch.cat([reference.flatten(0, 1), level.flatten(0, 1)])
        maps = [stage.float() for stage in self.backbone(both)]
        here, there = ([stage.chunk(2)[side] for stage in maps] for side in (0, 1))
        pixels = tuple(ycbcr(both).chunk(2)) if config.pixels else None
        known = reference_tokens(here, pixels[0] if pixels else None, config.token_cells)
        difference, distance = difference_tokens(here, there, pixels, config.token_cells)  # type: ignore[arg-type]
        tokens = model.reference(known), model.difference(difference), model.distances(known, difference, distance)
        return self.head(*(values.unflatten(0, (batch, patches)) for values in tokens), at)


def _tensors(features: PictureFeatures) -> tuple[Tensor, ...]:
    return tuple(map(torch.from_numpy, (features.reference, features.difference, features.distance)))
