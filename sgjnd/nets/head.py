"""SG-JND's head: stages joined from semantic to fine, then a quality and a weight for each patch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from baselines.learned.network.nets.training import LEAST_WEIGHT


@final
@dataclass(frozen=True)
class Form:
    """What a head is built like.

    :param reference: channels of the reference's tokens, stage by stage, from fine to semantic.
    :param difference: channels of a difference's tokens, stage by stage.
    :param distances: numbers of the stages' distances; those beyond one a stage belong to the first.
    :param stages: which of the stages are used, by number.
    :param width: channels of a token inside.
    :param heads: of the attention.
    :param dropout: share of channels left out in training.
    :param attention: whether stages are fused by attention, or put side by side.
    :param patch_weights: whether patches are weighed.
    :param branches: `both`, `reference` or `difference`.
    """

    reference: tuple[int, ...]
    difference: tuple[int, ...]
    distances: int
    stages: tuple[int, ...]
    width: int
    heads: int
    dropout: float
    attention: bool
    patch_weights: bool
    branches: str


@final
class Head(nn.Module):
    """Patch qualities and weights from projected tokens.

    The level itself is an input: a network that saw pictures alone would have to learn from the artefacts' size what
    the file says. It enters twice: straight into the logit, as what holds for all pictures, and into the quality.
    """

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form
        self.embeddings = nn.ModuleList([_Embedding(form, stage) for stage in form.stages])
        joined = form.width if form.attention else form.width * len(form.stages)
        steps = len(form.stages) - 1 if form.attention else 0
        self.fusion = nn.ModuleList([CrossScaleAttention(form.width, form.heads) for _ in range(steps)])
        self.norm = nn.LayerNorm(joined)
        self.dropout = nn.Dropout(form.dropout)
        self.level = nn.Linear(2, form.width)
        self.population = nn.Parameter(torch.zeros(3))
        self.quality = _two_layers(joined + form.width, form.width, form.dropout)
        self.weight = _two_layers(joined, form.width, 0.0, start=1.0)

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
        if self._form.attention:
            fused = stages[-1]
            for attend, finer in zip(self.fusion, reversed(stages[:-1]), strict=True):
                fused = attend(fused, finer)
        else:
            fused = torch.cat(stages, dim=-1)
        patch = self.dropout(self.norm(fused.mean(dim=1))).view(batch, patches, -1)
        powers = torch.stack([level, level.square()], dim=-1)
        known = self.level(powers)[:, None].expand(-1, patches, -1)
        base = self.population[0] + powers @ self.population[1:]
        quality = self.quality(torch.cat([patch, known], dim=-1))[..., 0] + base[:, None]
        if not self._form.patch_weights:
            return quality, torch.ones_like(quality)
        return quality, nnf.relu(self.weight(patch)[..., 0]) + LEAST_WEIGHT


@final
class CrossScaleAttention(nn.Module):
    """Tokens of the semantic level ask (query) those of the next finer one (key and value), and add the answers.

    The form of TOPIQ's cross-scale attention (Chen et al. 2024): pre-norm, several heads, one step a stage.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.norm_semantic, self.norm_finer = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key_value, self.out = (
            nn.Linear(width, width),
            nn.Linear(width, 2 * width),
            nn.Linear(width, width),
        )

    def forward(self, semantic: Tensor, finer: Tensor) -> Tensor:
        """Both of shape (patches, tokens, width)."""
        patches, tokens, width = semantic.shape
        each = width // self._heads
        query = self.query(self.norm_semantic(semantic)).view(patches, tokens, self._heads, each).transpose(1, 2)
        key, value = self.key_value(self.norm_finer(finer)).view(patches, -1, 2, self._heads, each).unbind(2)
        # Written out: for a handful of tokens torch's fused attention costs several times as much on a CPU.
        likeness = query @ key.permute(0, 2, 3, 1) / math.sqrt(each)
        answers = (likeness.softmax(dim=-1) @ value.transpose(1, 2)).transpose(1, 2)
        return semantic + self.out(answers.flatten(2))


@final
class _Embedding(nn.Module):
    """One stage's reference, difference and distance as tokens of the head's width."""

    def __init__(self, form: Form, stage: int) -> None:
        super().__init__()
        self._stage, self._branches = stage, form.branches
        self._reference = _slice(form.reference, stage)
        self._difference = _slice(form.difference, stage)
        extra = range(len(form.reference), form.distances) if stage == 0 else ()
        self._distances = [stage, *extra]
        self.dropout = nn.Dropout(form.dropout)
        if form.branches != "difference":
            self.of_reference = nn.Linear(form.reference[stage], form.width)
        if form.branches != "reference":
            self.of_difference = nn.Linear(form.difference[stage], form.width)
            self.of_distance = nn.Linear(len(self._distances), form.width)

    def forward(self, reference: Tensor, difference: Tensor, distance: Tensor) -> Tensor:
        branches = []
        if self._branches != "difference":
            branches.append(self.of_reference(self.dropout(reference[..., self._reference])))
        if self._branches != "reference":
            branches.append(self.of_difference(self.dropout(difference[..., self._difference])))
            branches.append(self.of_distance(distance[..., self._distances]))
        return nnf.gelu(torch.stack(branches).sum(dim=0) if len(branches) > 1 else branches[0])


def _two_layers(inputs: int, hidden: int, dropout: float, *, start: float = 0.0) -> nn.Sequential:
    """Two layers that answer `start`, whatever their input, until they are trained."""
    first, last = nn.Linear(inputs, hidden), nn.Linear(hidden, 1)
    nn.init.zeros_(last.weight)
    nn.init.constant_(last.bias, start)
    return nn.Sequential(first, nn.GELU(), nn.Dropout(dropout), last)


def _slice(widths: Sequence[int], stage: int) -> slice:
    start = sum(widths[:stage])
    return slice(start, start + widths[stage])
