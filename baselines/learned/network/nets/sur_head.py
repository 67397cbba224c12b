"""From pooled features of a reference and of what a level changed in it to the share of people who notice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import final

import numpy as np
import torch
from torch import Tensor, nn

from baselines.learned.network.nets.tokens import Projection
from baselines.learned.network.nets.training import Batch, drawn_batches
from baselines.learned.network.settings import TrainingSettings
from baselines.learned.network.training_set import drawing_chances


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
class VectorExamples:
    """Pictures as vectors with labels; some of them held out.

    :param reference: projected, shape (pictures, width).
    :param difference: projected, shape (pictures, levels, width).
    :param labels: share who notice at each of the levels, shape (pictures, levels).
    :param trained: numbers of the pictures to train on.
    :param held_out: numbers of those to stop by; may be empty.
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
        self._reference, self._difference, self._config = reference, difference, config
        self._labels = torch.from_numpy(labels).float()
        self._chance = torch.from_numpy(drawing_chances(labels))
        self._trained, self._held_out = torch.as_tensor(list(trained)), list(held_out)

    def steps(self) -> int:
        return -(-len(self._trained) * self._drawn() // self._config.batch)

    def epoch(self, seed: int) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(seed)
        batches = drawn_batches(self._chance, self._trained, self._drawn(), self._config.batch, generator)
        for pictures, levels in batches:
            yield self._batch(pictures, levels)

    def held_out(self) -> Iterator[Batch]:
        levels = torch.arange(self._labels.shape[1])
        for number in self._held_out:
            yield self._batch(torch.full_like(levels, number), levels)

    def _drawn(self) -> int:
        return min(self._config.levels_per_picture, self._labels.shape[1])

    def _batch(self, pictures: Tensor, levels: Tensor) -> Batch:
        inputs = (self._reference[pictures], self._difference[pictures, levels])
        return Batch(inputs, torch.ones(len(pictures), 1), self._labels[pictures, levels])
