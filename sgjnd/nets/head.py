"""SG-JND's head: stages joined from semantic to fine, then a quality and a weight for each patch."""

from __future__ import annotations

from typing import final

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from baselines.learned.network.nets.training import LEAST_WEIGHT
from sgjnd.config import Config
from sgjnd.nets.cross_scale_attention import CrossScaleAttention

Widths = tuple[int, ...]


@final
class Head(nn.Module):
    """Patch qualities and weights from projected tokens.

    With `level_input` the level itself is an input: a network that sees pictures alone has to learn from the
    artefacts' size what the file says. It enters twice: straight into the logit, as what holds for all pictures, and
    into the quality.

    :param reference: channels of the reference's tokens, stage by stage, from fine to semantic.
    :param difference: channels of a difference's tokens, likewise.
    :param distances: numbers of the stages' distances; those beyond one a stage belong to the first.
    """

    def __init__(self, config: Config, reference: Widths, difference: Widths, distances: int) -> None:
        super().__init__()
        self._config, width = config, config.width
        last, first = len(reference) - 1, int(config.pixels)
        ranges = {"all": range(last + 1), "backbone": range(first, last + 1), "last": (last,), "pixels": (0,)}
        stages = ranges[config.stages]
        self.embeddings = nn.ModuleList(
            [_Embedding(config, stage, reference, difference, distances) for stage in stages]
        )
        joined = width if config.attention else width * len(stages)
        steps = len(stages) - 1 if config.attention else 0
        self.fusion = nn.ModuleList([CrossScaleAttention(width, config.heads) for _ in range(steps)])
        self.norm = nn.LayerNorm(joined)
        self.dropout = nn.Dropout(config.dropout)
        if config.level_input:
            self.level = nn.Linear(2, width)
            self.population = nn.Parameter(torch.zeros(3))
        self.quality = _two_layers(joined + width * config.level_input, width, config.dropout)
        self.weight = _two_layers(joined, width, 0.0, start=1.0)

    def forward(self, reference: Tensor, difference: Tensor, distance: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and weights of some patches of one level of each of several pictures.

        :param reference: tokens, shape (batch, patches, tokens, channels).
        :param difference: tokens, likewise.
        :param distance: shape (batch, patches, tokens, distances).
        :param level: from the worst (0) to the best (1), shape (batch,).
        :returns: logits that a patch's compression is noticed, and the patches' weights, each (batch, patches).
        """
        batch, patches = difference.shape[:2]
        stages = [embed(reference, difference, distance).flatten(0, 1) for embed in self.embeddings]
        if self._config.attention:
            fused = stages[-1]
            for attend, finer in zip(self.fusion, reversed(stages[:-1]), strict=True):
                fused = attend(fused, finer)
        else:
            fused = torch.cat(stages, dim=-1)
        patch = self.dropout(self.norm(fused.mean(dim=1))).view(batch, patches, -1)
        quality = self._quality(patch, level)
        if not self._config.patch_weights:
            return quality, torch.ones_like(quality)
        return quality, nnf.relu(self.weight(patch)[..., 0]) + LEAST_WEIGHT

    def _quality(self, patch: Tensor, level: Tensor) -> Tensor:
        if not self._config.level_input:
            return self.quality(patch)[..., 0]
        powers = torch.stack([level, level.square()], dim=-1)
        known = self.level(powers)[:, None].expand(-1, patch.shape[1], -1)
        base = self.population[0] + powers @ self.population[1:]
        return self.quality(torch.cat([patch, known], dim=-1))[..., 0] + base[:, None]


@final
class _Embedding(nn.Module):
    """One stage's reference, difference and distance as tokens of the head's width."""

    def __init__(self, config: Config, stage: int, reference: Widths, difference: Widths, distances: int) -> None:
        super().__init__()
        self._branches, self._has_distance = config.branches, config.distances and config.branches != "reference"
        self._reference, self._difference = _slice(reference, stage), _slice(difference, stage)
        extra = range(len(reference), distances) if stage == 0 else ()
        self._distances = [stage, *extra]
        self.dropout = nn.Dropout(config.dropout)
        if config.branches != "difference":
            self.of_reference = nn.Linear(reference[stage], config.width)
        if config.branches != "reference":
            self.of_difference = nn.Linear(difference[stage], config.width)
        if self._has_distance:
            self.of_distance = nn.Linear(len(self._distances), config.width)

    def forward(self, reference: Tensor, difference: Tensor, distance: Tensor) -> Tensor:
        branches = []
        if self._branches != "difference":
            branches.append(self.of_reference(self.dropout(reference[..., self._reference])))
        if self._branches != "reference":
            branches.append(self.of_difference(self.dropout(difference[..., self._difference])))
        if self._has_distance:
            branches.append(self.of_distance(distance[..., self._distances]))
        return nnf.gelu(torch.stack(branches).sum(dim=0) if len(branches) > 1 else branches[0])


def _two_layers(inputs: int, hidden: int, dropout: float, *, start: float = 0.0) -> nn.Sequential:
    """Two layers that answer `start`, whatever their input, until they are trained."""
    first, last = nn.Linear(inputs, hidden), nn.Linear(hidden, 1)
    nn.init.zeros_(last.weight)
    nn.init.constant_(last.bias, start)
    return nn.Sequential(first, nn.GELU(), nn.Dropout(dropout), last)


def _slice(widths: Widths, stage: int) -> slice:
    start = sum(widths[:stage])
    return slice(start, start + widths[stage])
