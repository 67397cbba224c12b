"""From pooled features of a reference and of what a level changed in it to the share of people who notice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import final

import numpy as np
import torch
from torch import Tensor, nn

from baselines.learned.network.nets.tokens import Projection
from baselines.learned.network.nets.training import Batch, Examples
from baselines.learned.network.settings import TrainingSettings


@final
class SurHead(nn.Module):
    """Fully connected layers on both vectors side by side.

    :param channels: of the backbone's stages.
    :param components: principal components of each stage that the vectors are reduced to, at most.
    :param hidden: units of the layer between.
    :param dropout: share of units left out in training.
    """

    def __init__(self, channels: Sequence[int], components: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.reference = Projection(channels, components, logarithm=(0, 0))
        self.difference = Projection(channels, components, logarithm=(0, sum(channels)))
        last = nn.Linear(hidden, 1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        inputs = sum(self.reference.widths) + sum(self.difference.widths)
        self.layers = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(dropout), last
        )

    def forward(self, reference: Tensor, difference: Tensor) -> tuple[Tensor, Tensor]:
        """Projected vectors of both, (batch, width each), to logits of noticing and weights, each (batch, 1)."""
        logit = self.layers(torch.cat([reference, difference], dim=-1))
        return logit, torch.ones_like(logit)

    def shares(self, reference: np.ndarray, differences: np.ndarray) -> np.ndarray:
        """The share of people who notice each level of one picture.

        :param reference: pooled features, shape (channels,).
        :param differences: of each level, shape (levels, channels).
        :returns: shape (levels,), float64.
        """
        with torch.inference_mode():
            changed = self.difference(torch.from_numpy(differences))
            known = self.reference(torch.from_numpy(reference)).expand(len(changed), -1)
            return np.asarray(self(known, changed)[0][:, 0].sigmoid().double().numpy())


@final
class VectorExamples(Examples):
    """Pictures as vectors with labels; some of them held out.

    :param reference: projected, shape (pictures, width).
    :param difference: projected, shape (pictures, levels, width).
    :param held_out: numbers of the pictures to stop by; may be empty.
    """

    def __init__(
        self,
        reference: Tensor,
        difference: Tensor,
        labels: np.ndarray,
        trained: Sequence[int],
        held_out: Sequence[int],
        config: TrainingSettings,
    ) -> None:
        super().__init__(labels, trained, config)
        self._reference, self._difference, self._held_out = reference, difference, list(held_out)
        self._targets = torch.from_numpy(labels).float()

    def epoch(self, seed: int) -> Iterator[Batch]:
        for pictures, levels in self.draw(torch.Generator().manual_seed(seed)):
            yield self._batch(pictures, levels)

    def held_out(self) -> Iterator[Batch]:
        levels = torch.arange(self._targets.shape[1])
        for number in self._held_out:
            yield self._batch(torch.full_like(levels, number), levels)

    def _batch(self, pictures: Tensor, levels: Tensor) -> Batch:
        inputs = (self._reference[pictures], self._difference[pictures, levels])
        return Batch(inputs, torch.ones(len(pictures), 1), self._targets[pictures, levels])
